"""A company's MRR by customer as another tool would count it: other rules, own arithmetic.

Tax that comes on top is in, trials count, past due ones do not, nor those whose customer has asked
for the end, a week counts four times a month; coupons that last forever lower it, others do not.
Amounts are added up exactly and rounded once a customer.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from fractions import Fraction

from stripe_sandbox.company.ledger import Ledger, LedgerEntry, half_up
from stripe_sandbox.company.valuation import Price, Snapshot, net_value, our_month

WEEKS_IN_A_MONTH = 4
_DECIMALS = {"jpy": 0, "kwd": 3}
"""Of the company's currencies, those that have not two."""


@dataclass(frozen=True)
class OtherRules:
    """Which of the other rules are in force."""

    has_taxes: bool = True
    has_trials: bool = True
    has_past_due: bool = False
    has_leaving: bool = False
    is_four_weeks: bool = True

    def value(self, entry: LedgerEntry, held: Snapshot) -> Fraction:
        """Exact MRR of a subscription by these rules, after its last change."""
        if held.is_held_back or entry.status_after in ("canceled", "incomplete_expired", "paused"):
            return Fraction(0)
        is_trial = entry.status_after == "trialing" and held.cap is None
        counts = held.counts or (is_trial and self.has_trials)
        if entry.status_after == "past_due":
            counts = counts and self.has_past_due
        if held.is_leaving and not self.has_leaving:
            counts = False
        if not counts:
            return Fraction(0)
        value = net_value(held.parts, held.group, held.currency, self._month)
        if held.cap is not None:
            value = min(value, held.cap)
        return value * (1 + held.tax_percent / 100) if self.has_taxes else value

    def _month(self, price: Price) -> Fraction:
        if price.interval == "week" and self.is_four_weeks:
            return Fraction(WEEKS_IN_A_MONTH, price.interval_count)
        return our_month(price)


ALL_OTHER = OtherRules()


def mrr_per_subscriber(
    ledger: Ledger, ends_at: int, rules: OtherRules = ALL_OTHER
) -> dict[tuple[str, str], int]:
    """MRR by customer and currency in the currency's smallest unit, just before a moment.

    Args:
        ledger: the company's.
        ends_at: Unix seconds.
        rules: what is counted otherwise.
    """
    last: dict[str, tuple[LedgerEntry, Snapshot]] = {}
    pairs = zip(ledger.entries, ledger.snapshots, strict=True)
    for entry, snapshot in sorted(pairs, key=lambda pair: pair[0].at):
        if entry.at < ends_at:
            last[entry.subscription_id] = entry, snapshot
    exact: dict[tuple[str, str], Fraction] = {}
    for entry, snapshot in last.values():
        key = (entry.customer_id, entry.currency)
        exact[key] = exact.get(key, Fraction(0)) + rules.value(entry, snapshot)
    return {key: half_up(value) for key, value in exact.items()}


def as_csv(amounts: dict[tuple[str, str], int], month: str) -> str:
    """The same as a download: amounts in the currency's main unit."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(("Customer ID", "Currency", "Month", "MRR"))
    for (customer, currency), minor in sorted(amounts.items()):
        decimals = _DECIMALS.get(currency, 2)
        amount = f"{minor:0{decimals + 1}d}"
        point = len(amount) - decimals
        main = f"{amount[:point]}.{amount[point:]}" if decimals else amount
        writer.writerow((customer, currency, month, main))
    return file.getvalue()
