"""Simulated companies in; whether what was contracted on a day is what then happened out.

python -m integration_tests.contracted [--seeds 10] [--customers 400] [--months 18] [--days 120]

A company is built, and `mrr_contracted` with it. Then it lives on, and for every day what the
models expected of a subscription is held against its true MRR, as far as nothing new was decided:
until the company's ledger has a change of that subscription at another moment than those that its
objects had named beforehand, or a customer without a card brings one. What the mart says of a day
is compared as the sum of all.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_sandbox.account import Account, open_account
from stripe_sandbox.company.ledger import LedgerEntry, half_up

DAY = 86_400
_SHOWN = 20
# What is no decision: bills of what was agreed, and how they were paid.
_BILLS = {
    *("renewed", "first_payment", "payment_failed", "payment_recovered", "discount_expired"),
}


@dataclass
class Found:
    """What was compared, and what came out."""

    days: int = 0
    """Pairs of a subscription, and a day until something new was decided."""
    changes: Counter[str] = field(default_factory=Counter)
    """Reason -> expected changes that came."""
    decided: int = 0
    """Subscriptions of which something new was decided."""
    wrong: list[str] = field(default_factory=list)


def named_moments(account: Account) -> dict[str, set[int]]:
    """Subscription -> moments to come that its objects name, in Unix seconds."""
    store, found = account.store, {}
    for one in store.contents("subscription"):
        if one["status"] in ("canceled", "incomplete_expired"):
            continue
        moments = {one["cancel_at"], one["trial_end"] if one["status"] == "trialing" else None}
        moments.add((one["pause_collection"] or {}).get("resumes_at"))
        schedule = store.get("subscription_schedule", one["schedule"] or "") or {"phases": []}
        moments |= {phase["start_date"] for phase in schedule["phases"]}
        found[one["id"]] = {at for at in moments if at is not None and at > store.now}
    return found


def compare(account: Account, query: Any, days: int) -> Found:
    """Lets the company live on, and compares each day.

    Args:
        account: the company at the moment of the sync.
        query: asks the warehouse.
        days: how many.
    """
    found, start = Found(), account.store.now
    named, cardless = named_moments(account), _cardless(account)
    standing = _minor(account, start)
    expected: dict[str, list[tuple[int, int, str]]] = {}
    for key, at, after, reason in query(
        "select subscription_id, cast(epoch(changes_at) as bigint), mrr_after_minor, reason "
        "from stripe_marts_staging.int_stripe__contracted_changes order by changes_at"
    ):
        expected.setdefault(key, []).append((at, after, reason))
    account.advance(days * DAY)
    decided = _decided(account.company.ledger(), named, start)
    for key, at in _first_cards(account, cardless, start).items():
        decided[key] = min(at, decided.get(key, at))
    found.decided = len(decided)
    for day in range(1, days):
        at = start + day * DAY
        true = _minor(account, at)
        for key in named:
            if decided.get(key, at + 1) <= at:
                continue
            steps = [step for step in expected.get(key, []) if step[0] <= at]
            ours = steps[-1][1] if steps else standing.get(key, 0)
            found.days += 1
            if ours != true.get(key, 0):
                found.wrong.append(f"{key}, day {day}: {ours} for {true.get(key, 0)}, {steps}")
    found.wrong += _sums(query, standing, expected, start)
    for key, steps in expected.items():
        for at, _, reason in steps:
            if at < start + days * DAY and decided.get(key, at + 1) > at:
                found.changes[reason] += 1
    return found


def _sums(
    query: Any,
    standing: dict[str, int],
    expected: dict[str, list[tuple[int, int, str]]],
    start: int,
) -> list[str]:
    """Days on which all currencies of the mart come to something else than the subscriptions."""
    wrong = []
    rows = query(
        "select date_day - (select min(date_day) from stripe_marts.mrr_contracted), "
        "sum(closing_minor) from stripe_marts.mrr_contracted group by 1 order by 1"
    )
    midnight = start - start % DAY
    for day, closing in rows:
        at = midnight + (day + 1) * DAY
        ours = sum(
            next((step[1] for step in reversed(expected.get(key, [])) if step[0] < at), mrr)
            for key, mrr in {**dict.fromkeys(expected, 0), **standing}.items()
        )
        if ours != closing:
            wrong.append(f"day {day} of all currencies: {closing} for {ours}")
    return wrong


def _minor(account: Account, at: int) -> dict[str, int]:
    return {key: half_up(value) for key, value in account.company.truth_mrr(at).items()}


def _decided(ledger: list[LedgerEntry], named: dict[str, set[int]], start: int) -> dict[str, int]:
    """Subscription -> when something new was first decided of it."""
    found: dict[str, int] = {}
    for entry in ledger:
        key = entry.subscription_id
        if entry.at <= start or key not in named or entry.event_type in _BILLS:
            continue
        if not any(abs(entry.at - at) <= 3_600 for at in named[key]):
            found.setdefault(key, entry.at)
    return found


def _cardless(account: Account) -> dict[str, set[str]]:
    """Customers without a means of payment, with their subscriptions."""
    store = account.store
    paying = {one["customer"] for one in store.contents("payment_method")}
    paying |= {one.get("customer") for one in store.contents("card")}
    found: dict[str, set[str]] = {}
    for one in store.contents("subscription"):
        if one["customer"] not in paying:
            found.setdefault(one["customer"], set()).add(one["id"])
    return found


def _first_cards(account: Account, cardless: dict[str, set[str]], start: int) -> dict[str, int]:
    """Subscription -> when its customer, who had none, brought a means of payment."""
    return {
        key: one["created"]
        for one in account.store.contents("payment_method")
        if one["created"] > start
        for key in cardless.get(one["customer"], ())
    }


def main() -> int:
    """Checks each company.

    Returns:
        The exit code: 0 if all came as it was contracted.
    """
    parser = argparse.ArgumentParser(prog="contracted", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--months", type=int, default=18)
    parser.add_argument("--days", type=int, default=120, help="how far ahead is looked")
    arguments = parser.parse_args()
    good, changes = True, Counter[str]()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        found, bad = _check(seed, arguments)
        print(
            f"seed {seed}: {found.days} days of a subscription, {sum(found.changes.values())} "
            f"changes came as contracted, {found.decided} subscriptions decided anew, "
            f"{len(found.wrong)} days wrong"
        )
        for line in [*bad, *found.wrong][:_SHOWN]:
            print(f"  WRONG {line}")
        sys.stdout.flush()
        good &= not (bad or found.wrong) and found.days > 0
        changes.update(found.changes)
        gc.collect()
    print(", ".join(f"{reason} {count}" for reason, count in sorted(changes.items())))
    return 0 if good else 1


def _check(seed: int, arguments: argparse.Namespace) -> tuple[Found, list[str]]:
    account = open_account(
        "company", seed=seed, customers=arguments.customers, months=arguments.months
    )
    with tempfile.TemporaryDirectory(prefix="stripe-saas-contracted-") as name:
        folder = Path(name)
        database = folder / "stripe.duckdb"
        load_duckdb(database, folder, records_of(account), account.store.now)
        words = ("build", "--indirect-selection=cautious", "--select", "+mrr_contracted")
        built = run_dbt(folder / "dbt", duckdb_profile(database), words)
        bad = [f"{name}: {why}" for name, why in built.bad.items()]
        if not built.success:
            return Found(), bad
        with duckdb.connect(str(database), read_only=True) as connection:
            found = compare(account, lambda sql: connection.execute(sql).fetchall(), arguments.days)
    return found, bad


if __name__ == "__main__":
    sys.exit(main())
