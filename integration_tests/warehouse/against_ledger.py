"""A built warehouse and the company's own books in; the months in which they differ, and why, out.

The company marks what its API does not show, or shows late. A month may differ only by customers of
whom such an act makes a difference in it, by what the act moved (`explaining.py`), and by movements
that the company's own bookkeeper finds too in what the warehouse tells of these customers. The
month that is not over never closes differently, and a company that does only what can be traced
differs nowhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from typing import Any

from integration_tests.ledger_check.shown import HORIZON_SECONDS, Shown
from integration_tests.warehouse.explaining import (
    Difference,
    ToldRow,
    by_subscription,
    differences,
    told_movements,
)
from stripe_sandbox.account import Account
from stripe_sandbox.company import LedgerEntry
from stripe_sandbox.company.clients import (
    MOVEMENTS,
    CustomerMovement,
    customer_movements,
    day_of,
    monthly_movements,
)

COLUMNS = ("opening", *MOVEMENTS, "closing")
_NOTHING = dict.fromkeys(COLUMNS, 0)
Query = Any
"""A function from a statement to its rows, as tuples."""
Key = tuple[str, date]
Moved = dict[tuple[date, str], int]
"""Month and movement -> amount."""


@dataclass
class Comparison:
    """What was compared, and what came out."""

    months: int = 0
    """Pairs of currency and month."""
    figures: int = 0
    explained: list[str] = field(default_factory=list)
    """One line for each month that differs by nothing but what the API hides."""
    wrong: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    """One line for each difference of a subscription that makes a month differ, with its act."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Type of a hidden act -> differences that it makes."""
    mixed: int = 0
    """Differences of another amount than the hidden acts moved, as visible ones lie on them."""


def compare_months(account: Account, query: Query, times: int = 1) -> Comparison:
    """Compares every month and movement of every currency.

    Args:
        account: a company whose rows the warehouse holds.
        query: asks the warehouse.
        times: how many such companies the warehouse holds; if several, nothing may be hidden.
    """
    ledger = account.company.ledger()
    true = {
        key: {name: minor * times for name, minor in row.items()}
        for key, row in monthly_movements(ledger, account.store.now).items()
    }
    told = _told_months(query)
    found = Comparison(months=len(true), figures=len(true) * len(COLUMNS))
    differing = [
        key for key in sorted({*true, *told}) if told.get(key, _NOTHING) != true.get(key, _NOTHING)
    ]
    if not differing:
        return found
    books = _Books(account, ledger, query)
    last = day_of(account.store.now).replace(day=1)
    for key in differing:
        ours, theirs = told.get(key, _NOTHING), true.get(key, _NOTHING)
        parts = [name for name in COLUMNS if ours[name] != theirs[name]]
        told_as = ", ".join(f"{name} {ours[name]} for {theirs[name]}" for name in parts)
        line = f"{key[0]} {key[1]:%Y-%m}: {told_as}"
        why, problems = books.explain(key, {name: ours[name] - theirs[name] for name in COLUMNS})
        if key[1] == last and "closing" in parts:
            problems.append("the month that is not over closes differently")
        if problems:
            found.wrong.append(f"{line} ({'; '.join(problems)})")
            continue
        found.explained.append(f"{line} (hidden: {len(why)} differences)")
        for each in why:
            found.details.append(f"{key[0]} {key[1]:%Y-%m} {each}")
            found.reasons.update({entry.event_type for entry in each.entries})
            found.mixed += each.is_mixed
    return found


class _Books:
    """Both sides, customer by customer."""

    def __init__(self, account: Account, ledger: list[LedgerEntry], query: Query) -> None:
        told_late = Shown(account).told_late()
        horizon = account.store.now - HORIZON_SECONDS
        rows = _told_rows(query)
        self._wrong: dict[str, str] = {}
        """Customers whose movements are not those that follow from what is told of them."""
        self._moved = _difference(_told_movements(query), customer_movements(ledger))
        self._why: dict[str, list[Difference]] = defaultdict(list)
        told_by: Mapping[str, list[ToldRow]] = _grouped(rows)
        for key, entries in by_subscription(ledger).items():
            self._why[entries[0].customer_id] += differences(
                entries, told_by.get(key, []), told_late.get(key, horizon)
            )
        follows = _difference(_told_movements(query), told_movements(rows))
        for (customer, currency), moved in follows.items():
            if any(moved.values()):
                self._wrong[customer] = f"{customer} moves otherwise than is told ({currency})"

    def explain(
        self, key: Key, difference: Mapping[str, int]
    ) -> tuple[list[Difference], list[str]]:
        """What makes a month differ, and what of it nothing hidden makes."""
        currency, month = key
        following = (month + timedelta(days=32)).replace(day=1)
        why, problems = [], []
        sums = dict.fromkeys(COLUMNS, 0)
        for (customer, its_currency), moved in self._moved.items():
            if its_currency != currency:
                continue
            opening = sum(amount for (when, _), amount in moved.items() if when < month)
            here = {name: moved.get((month, name), 0) for name in MOVEMENTS}
            if not opening and not any(here.values()):
                continue
            closing = opening + sum(here.values())
            for name, amount in {"opening": opening, **here, "closing": closing}.items():
                sums[name] += amount
            mine = [
                each
                for each in self._why[customer]
                if day_of(each.start) < following and day_of(each.end) >= month
            ]
            why += mine
            if not mine:
                problems.append(f"{customer}: nothing differs in any subscription")
            problems += [str(each) for each in mine if not each.entries]
            if customer in self._wrong:
                problems.append(self._wrong[customer])
        if sums != dict(difference):
            problems.append(f"customers differ by {sums}")
        return why, problems


def _told_months(query: Query) -> dict[Key, dict[str, int]]:
    columns = ", ".join(f"{name}_minor" for name in COLUMNS)
    rows = query(
        f"select currency, date_month, {columns} from stripe_marts.mrr_monthly "
        "where basis = 'currency'"
    )
    return {(row[0], row[1]): dict(zip(COLUMNS, row[2:], strict=True)) for row in rows}


def _told_movements(query: Query) -> list[CustomerMovement]:
    rows = query(
        "select client_id, currency, date_day, movement, mrr_delta_minor "
        "from stripe_marts.customer_mrr_movements where basis = 'currency'"
    )
    return [CustomerMovement(*row) for row in rows]


def _told_rows(query: Query) -> list[ToldRow]:
    rows = query(
        "select subscription_id, customer_id, currency, occurred_at, event_type, "
        "mrr_before_minor, mrr_after_minor from stripe_marts.subscription_events "
        "order by occurred_at, subscription_id, sequence"
    )
    return [
        ToldRow(*row[:3], int(row[3].replace(tzinfo=timezone.utc).timestamp()), *row[4:])
        for row in rows
    ]


def _grouped(rows: Iterable[ToldRow]) -> dict[str, list[ToldRow]]:
    found: dict[str, list[ToldRow]] = defaultdict(list)
    for row in rows:
        found[row.subscription_id].append(row)
    return found


def _difference(
    told: Iterable[CustomerMovement], true: Iterable[CustomerMovement]
) -> dict[tuple[str, str], Moved]:
    """Customer and currency -> what is told of each month and movement, less what is true."""
    sums: dict[tuple[str, str], Moved] = defaultdict(lambda: defaultdict(int))
    for sign, movements in ((1, told), (-1, true)):
        for each in movements:
            month = each.day.replace(day=1)
            sums[each.customer_id, each.currency][month, each.movement] += sign * each.amount_minor
    return {key: moved for key, moved in sums.items() if any(moved.values())}
