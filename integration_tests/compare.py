"""Simulated companies in; whether `stripe-saas compare` explains another tool's export out.

python -m integration_tests.compare [--seeds 10] [--customers 300] [--months 18]

Ours counts by `discounts: all`. Each company writes its own export as a tool would that has taxes
and trials in, only coupons that last forever, what is canceled at the period's end and what is past
due out, a week four times a month, and rounds once a client: `other_books` of the sandbox, which
shares no arithmetic with the rules. Nothing may be left unexplained.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb

from integration_tests.ledger_check.shown import Shown
from integration_tests.ledger_check.syncing import Syncs
from integration_tests.warehouse.raw_tables import load_duckdb
from source_stripe_saas.mrr import options_from
from stripe_saas.cli import run as run_command
from stripe_saas.warehouse.places import RAW_SCHEMA, SYNCS_TABLE
from stripe_sandbox.account import Account, open_account

MONTH, ENDS_AT = "2026-06", int(datetime(2026, 7, 1, tzinfo=timezone.utc).timestamp())
"""A month after the first sync: what it found under way before its events is over by then."""
LATER_SECONDS = 20 * 86_400
OURS = {"discounts": "all"}
THEIRS = {
    "discounts": "forever",
    "taxes": "include",
    "trials": "include",
    "past_due": "exclude",
    "churn_at": "request",
    "weeks_per_year": "48",
    "rounding": "client",
}
"""What the company's other books count otherwise, in the words of `--rule`."""
_SHOWN = 20


def records_of(account: Account, ours: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """What two syncs, the second one after the month's end, bring of the streams that are read."""
    syncs = Syncs(options_from(ours))
    syncs.first(Shown(account))
    events = {row.content["id"]: row.content for row in account.shelf.table("event").rows}
    account.advance(LATER_SECONDS)
    shown, store = Shown(account), account.store
    syncs.later(shown)
    events |= {row.content["id"]: row.content for row in account.shelf.table("event").rows}
    return {
        "subscription_events": [row for rows in syncs.rows.values() for row in rows],
        "subscriptions": [
            shown.subscription(content["id"]) for content in store.contents("subscription")
        ],
        "invoices": [shown.invoice(row.content) for row in account.shelf.table("invoice").rows],
        "invoice_items": shown.rendered(store.contents("invoiceitem")),
        "prices": shown.rendered([row.content for row in account.shelf.table("price").rows]),
        "coupons": shown.rendered(store.contents("coupon")),
        "tax_rates": shown.rendered(store.contents("tax_rate")),
        "customers": shown.rendered(store.contents("customer")),
        "events": list(events.values()),
    }


def compared(
    account: Account, folder: Path, theirs: dict[str, str] | None = None
) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, each client's shares, and what was printed."""
    database, export = folder / "stripe.duckdb", folder / "theirs.csv"
    if not database.exists():
        begun = account.store.now
        load_duckdb(database, folder, records_of(account, OURS), account.store.now)
        with duckdb.connect(str(database)) as connection:
            connection.execute(f"update {RAW_SCHEMA}.{SYNCS_TABLE} set started_at = {begun}")
    export.write_text(account.company.other_books(ENDS_AT, MONTH), encoding="utf-8")
    config = folder / "config.json"
    config.write_text(json.dumps({"mrr": OURS}), encoding="utf-8")
    found = folder / "found.json"
    found.unlink(missing_ok=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = run_command(
            [
                *("compare", "--with", str(export), "--month", MONTH, "--config", str(config)),
                *("--warehouse", f"duckdb:///{database}", "--json", str(found)),
                *(
                    word
                    for name, setting in (THEIRS if theirs is None else theirs).items()
                    for word in ("--rule", f"{name}={setting}")
                ),
            ]
        )
    rows = json.loads(found.read_text(encoding="utf-8")) if found.exists() else []
    return code, rows, printed.getvalue()


def wrong_in(code: int, rows: list[dict[str, Any]]) -> Iterator[str]:
    """What should not be so."""
    if code != 0:
        yield f"exit code {code}"
    for row in rows:
        shares = sum(row["shares_minor"].values())
        if row["ours_minor"] + shares != row["theirs_minor"] or row["not_explained_minor"]:
            yield json.dumps(row)


def main() -> int:
    """Checks each company.

    Returns:
        The exit code: 0 if nothing is left unexplained.
    """
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--months", type=int, default=18)
    arguments = parser.parse_args()
    good, moved = True, Counter[str]()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        account = open_account(
            "company",
            seed=seed,
            customers=arguments.customers,
            months=arguments.months,
            traceable=True,
        )
        with tempfile.TemporaryDirectory(prefix="stripe-saas-compare-") as name:
            code, rows, printed = compared(account, Path(name))
        wrong = list(wrong_in(code, rows))
        by_rule = Counter(rule for row in rows for rule in row["shares_minor"])
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(by_rule.items()))
        print(f"seed {seed}: {len(rows)} clients differ, {len(wrong)} wrong; by {rules}")
        for line in [*wrong, *([] if rows else [printed])][:_SHOWN]:
            print(f"  WRONG {line}")
        sys.stdout.flush()
        good &= not wrong and bool(rows)
        moved.update(by_rule)
        gc.collect()
    missing = set(THEIRS) - {"rounding"} - set(moved)
    if missing:
        print(f"no company moved {', '.join(sorted(missing))}")
    return 0 if good and not missing else 1


if __name__ == "__main__":
    sys.exit(main())
