"""The company's own ledger in; what each customer's MRR did by day and month out (M55 to M59).

Whatever reads this company and comes to other figures is wrong. One customer is followed day by
day, as a bookkeeper would: no arithmetic is shared with any reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from itertools import groupby

from stripe_sandbox.company.ledger import LedgerEntry

MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation")
SWITCH_SECONDS = 24 * 3_600


@dataclass(frozen=True)
class CustomerMovement:
    """What one day did to a customer's MRR in one currency, in its smallest unit a month."""

    customer_id: str
    currency: str
    day: date
    movement: str
    amount_minor: int


def day_of(at: int) -> date:
    """The UTC day of a moment in Unix seconds."""
    return datetime.fromtimestamp(at, timezone.utc).date()


def customer_movements(entries: Iterable[LedgerEntry]) -> list[CustomerMovement]:
    """The movements of every customer, by customer and day.

    Args:
        entries: the ledger, oldest first; of one second in the order of writing.
    """
    by_customer: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        by_customer[entry.customer_id].append(entry)
    found: list[CustomerMovement] = []
    for customer_id in sorted(by_customer):
        found.extend(_Book(customer_id, by_customer[customer_id]).movements())
    return found


def monthly_movements(
    entries: Iterable[LedgerEntry], now: int
) -> dict[tuple[str, date], dict[str, int]]:
    """Currency and first day of a month -> opening, the five movements and closing (M59).

    Every month from a currency's first movement to that of `now` is there.
    """
    sums: dict[tuple[str, date], dict[str, int]] = {}
    moved = sorted(customer_movements(entries), key=lambda each: each.day)
    last = day_of(now).replace(day=1)
    for currency in sorted({each.currency for each in moved}):
        mine = [each for each in moved if each.currency == currency]
        month, balance = mine[0].day.replace(day=1), 0
        while month <= last:
            row = {"opening": balance, **dict.fromkeys(MOVEMENTS, 0)}
            for each in mine:
                if each.day.replace(day=1) == month:
                    row[each.movement] += each.amount_minor
                    balance += each.amount_minor
            row["closing"] = balance
            sums[currency, month] = row
            month = (month + timedelta(days=32)).replace(day=1)
    return sums


class _Book:
    """One customer's days."""

    def __init__(self, customer_id: str, entries: list[LedgerEntry]) -> None:
        self._customer_id = customer_id
        self._entries = entries
        self._mrr: dict[str, int] = {}  # by subscription
        self._currency: dict[str, str] = {}
        self._resting: set[str] = set()  # paused with nothing coming in, not over
        self._phase = "never"
        self._fallen_in: set[str] = set()

    def movements(self) -> list[CustomerMovement]:
        days = [
            (day, list(acts)) for day, acts in groupby(self._entries, key=lambda e: day_of(e.at))
        ]
        found: list[CustomerMovement] = []
        for place, (day, acts) in enumerate(days):
            opening = self._balances()
            fell_at = self._live(acts)
            closing = self._balances()
            was, now = sum(opening.values()) > 0, sum(closing.values()) > 0
            if was and not now:
                down = self._fall(fell_at, days[place + 1 :])
                self._fallen_in = {currency for currency, minor in opening.items() if minor}
            for currency in sorted({*opening, *closing}):
                amount = closing.get(currency, 0) - opening.get(currency, 0)
                if amount:
                    kind = "expansion" if amount > 0 else "contraction"
                    if was and not now:
                        kind = down
                    elif now and not was:
                        kind = {"never": "new", "lapsed": "reactivation"}.get(self._phase, kind)
                    found.append(CustomerMovement(self._customer_id, currency, day, kind, amount))
            if not was and not now and self._phase == "suspended" and not self._resting:
                self._phase = "lapsed"
                found.extend(
                    CustomerMovement(self._customer_id, currency, day, "churn", 0)
                    for currency in sorted(self._fallen_in)
                )
            if now:
                self._phase = "paying"
        return found

    def _balances(self) -> dict[str, int]:
        sums: dict[str, int] = {}
        for key, minor in self._mrr.items():
            sums[self._currency[key]] = sums.get(self._currency[key], 0) + minor
        return sums

    def _live(self, acts: list[LedgerEntry]) -> int:
        """Lives through acts; gives the second at which nothing was left for the last time."""
        fell_at = acts[0].at
        for at, together in groupby(acts, key=lambda act: act.at):
            before = sum(self._mrr.values())
            for act in together:
                self._take(act)
            if before > 0 and sum(self._mrr.values()) == 0:
                fell_at = at
        return fell_at

    def _take(self, act: LedgerEntry) -> None:
        key = act.subscription_id
        if act.mrr_after_minor > 0 or act.event_type in ("canceled", "unpaid"):
            self._resting.discard(key)
        elif act.event_type == "paused" and act.mrr_before_minor > 0:
            self._resting.add(key)
        self._mrr[key] = act.mrr_after_minor
        self._currency[key] = act.currency

    def _fall(self, fell_at: int, later: list[tuple[date, list[LedgerEntry]]]) -> str:
        """What coming to zero is: suspended, between two plans, or gone."""
        if self._resting:
            self._phase = "suspended"
            return "contraction"
        if self._rises_by(later, fell_at + SWITCH_SECONDS):
            self._phase = "switching"
            return "contraction"
        self._phase = "lapsed"
        return "churn"

    def _rises_by(self, later: list[tuple[date, list[LedgerEntry]]], deadline: int) -> bool:
        """Whether the next day that ends with MRR has its first of it by a moment."""
        mrr = dict(self._mrr)
        for _, acts in later:
            first = None
            for at, together in groupby(acts, key=lambda act: act.at):
                mrr.update({act.subscription_id: act.mrr_after_minor for act in together})
                if first is None and sum(mrr.values()) > 0:
                    first = at
            if sum(mrr.values()) > 0:
                return first is not None and first <= deadline
        return False
