"""A built warehouse and the company's own books in; the months in which they differ, and why, out.

The company marks what its API does not show, or shows late. Only a month in which such an act of a
customer is hidden may differ, and only by that customer; the month that is not over never closes
differently, and a company that does only what can be traced differs nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from source_stripe_saas.sandbox.account import Account
from source_stripe_saas.sandbox.company import LedgerEntry
from source_stripe_saas.sandbox.company.clients import (
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


@dataclass
class Comparison:
    """What was compared, and what came out."""

    months: int = 0
    """Pairs of currency and month."""
    figures: int = 0
    explained: list[str] = field(default_factory=list)
    """One line for each month that differs by nothing but what the API hides."""
    wrong: list[str] = field(default_factory=list)


def compare_months(account: Account, query: Query, horizon: int, times: int = 1) -> Comparison:
    """Compares every month and movement of every currency.

    Args:
        account: a company whose rows the warehouse holds.
        query: asks the warehouse.
        horizon: from which second on events tell everything.
        times: how many such companies the warehouse holds.
    """
    ledger = account.company.ledger()
    true = {
        key: {name: minor * times for name, minor in row.items()}
        for key, row in monthly_movements(ledger, account.store.now).items()
    }
    told = _told_months(query)
    by_customer = _differing_customers(customer_movements(ledger), query)
    hidden = _hidden_months(ledger, horizon)
    last = day_of(account.store.now).replace(day=1)
    found = Comparison(months=len(true), figures=len(true) * len(COLUMNS))
    for key in sorted({*true, *told}):
        ours, theirs = told.get(key, _NOTHING), true.get(key, _NOTHING)
        parts = [name for name in COLUMNS if ours[name] != theirs[name]]
        if not parts:
            continue
        told_as = ", ".join(f"{name} {ours[name]} for {theirs[name]}" for name in parts)
        line = f"{key[0]} {key[1]:%Y-%m}: {told_as}"
        blameless = by_customer[key] - hidden[key[1]]
        if blameless or not by_customer[key] or (key[1] == last and "closing" in parts):
            found.wrong.append(f"{line} ({', '.join(sorted(blameless)) or 'nothing hidden'})")
        else:
            found.explained.append(f"{line} (hidden: {len(by_customer[key])} customers)")
    return found


def _told_months(query: Query) -> dict[Key, dict[str, int]]:
    columns = ", ".join(f"{name}_minor" for name in COLUMNS)
    rows = query(
        f"select currency, date_month, {columns} from stripe_marts.mrr_monthly "
        "where basis = 'currency'"
    )
    return {(row[0], row[1]): dict(zip(COLUMNS, row[2:], strict=True)) for row in rows}


def _differing_customers(true: Iterable[CustomerMovement], query: Query) -> Mapping[Key, set[str]]:
    """Currency and month -> the customers that moved, opened or closed differently in it."""
    sums: dict[tuple[str, str], dict[tuple[date, str], int]] = defaultdict(lambda: defaultdict(int))
    for each in true:
        month = each.day.replace(day=1)
        sums[each.customer_id, each.currency][month, each.movement] += each.amount_minor
    for row in query(
        "select client_id, currency, date_month, movement, sum(mrr_delta_minor) "
        "from stripe_marts.customer_mrr_movements where basis = 'currency' group by 1, 2, 3, 4"
    ):
        sums[row[0], row[1]][row[2], row[3]] -= int(row[4])
    found: dict[Key, set[str]] = defaultdict(set)
    months = sorted({month for moved in sums.values() for month, _ in moved})
    for (customer, currency), moved in sums.items():
        balance = 0
        if not any(moved.values()):
            continue
        for month in months:
            here = [amount for (when, _), amount in moved.items() if when == month]
            if balance or any(here):
                found[currency, month].add(customer)
            balance += sum(here)
    return found


def _hidden_months(ledger: Iterable[LedgerEntry], horizon: int) -> Mapping[date, set[str]]:
    """Month -> the customers of whom something is hidden in it."""
    found: dict[date, set[str]] = defaultdict(set)
    for entry in ledger:
        if not entry.untraceable:
            continue
        start = entry.at if entry.visible_from is None else min(entry.at, entry.visible_from)
        end = horizon if entry.visible_until is None else entry.visible_until
        month, last = day_of(start).replace(day=1), day_of(max(start, end))
        while month <= last:
            found[month].add(entry.customer_id)
            month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return found
