"""Rows of single currencies and rates -> the same rows for all currencies in the reporting one.

The marts keep MRR, its movements, churn and cohorts in the reporting currency themselves; all else
is turned here, for the page alone: each amount by the rate of its month, sums rounded once, half
away from zero. MRR is rounded client by client (M60), so that sums may differ from it in the last
digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from stripe_saas.report.sections import REPORTING, Models, Row

_TOP = 12


@dataclass(frozen=True)
class Rates:
    """What a currency's smallest unit is worth in the reporting currency's."""

    code: str
    """The reporting currency."""
    factors: Mapping[str, Mapping[str, Decimal]]
    """Currency -> month, "2026-05" -> factor."""

    def factor(self, currency: str, month: str | None = None) -> Decimal | None:
        """The factor of a month, or of the nearest that has one; None for a currency without any.

        Args:
            currency: its code.
            month: "2026-05"; None for the last one.
        """
        if currency == self.code:
            return Decimal(1)
        known = self.factors.get(currency)
        if not known:
            return None
        if month is None or month > max(known):
            return known[max(known)]
        return known.get(month) or known[min(each for each in known if each >= month)]


def rates_of(models: Models) -> Rates | None:
    """The rates that the models were built with; None if there is no reporting currency."""
    codes = models.rows(
        "select distinct currency from {mrr_monthly} where basis = 'reporting'", "mrr_monthly"
    )
    if not codes:
        return None
    rows = models.steps().rows(
        "select replace(currency, 'all||', '') as currency, month_start, "
        "cast(factor as varchar) as factor "
        "from {int_stripe__fx_rates} where factor is not null"
        + (" and currency like 'all||%'" if models.by_account else ""),
        "int_stripe__fx_rates",
    )
    factors: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        factors.setdefault(row["currency"], {})[row["month_start"][:7]] = Decimal(row["factor"])
    return Rates(codes[0]["currency"], factors)


def summed(
    rows: Iterable[Row],
    rates: Rates,
    keys: Sequence[str],
    amounts: Sequence[str] = (),
    counts: Sequence[str] = (),
) -> list[Row]:
    """Sums over currencies.

    Args:
        rows: with `currency`, and `month` if their rate is that of a month.
        rates: turn the amounts.
        keys: columns that the sums are grouped by.
        amounts: columns in minor units.
        counts: columns of which the currency does not matter.

    Returns:
        Rows in the order in which their keys first came, without those of currencies of which no
        rate is known.
    """
    sums: dict[tuple[Any, ...], dict[str, Decimal]] = {}
    for row in rows:
        factor = rates.factor(row["currency"], row.get("month"))
        if factor is None:
            continue
        to = sums.setdefault(
            tuple(row[key] for key in keys), dict.fromkeys((*amounts, *counts), Decimal(0))
        )
        for name in amounts:
            to[name] += Decimal(row[name] or 0) * factor
        for name in counts:
            to[name] += Decimal(str(row[name] or 0))
    return [
        {
            **dict(zip(keys, key, strict=True)),
            "currency": REPORTING,
            **{name: _whole(found[name]) for name in amounts},
            **{name: _number(found[name]) for name in counts},
        }
        for key, found in sums.items()
    ]


def turned(rows: Iterable[Row], rates: Rates, amount: str = "mrr") -> list[Row]:
    """Each row by itself, at the last rate."""
    return [
        {**row, "currency": REPORTING, amount: _whole(Decimal(row[amount]) * factor)}
        for row in rows
        if (factor := rates.factor(row["currency"])) is not None
    ]


def top(rows: Iterable[Row], rates: Rates) -> list[Row]:
    """The customers with the most MRR of all currencies."""
    return sorted(turned(rows, rates), key=lambda row: (-row["mrr"], row["customer"]))[:_TOP]


def without_rate(rows: Iterable[Row], rates: Rates) -> list[str]:
    """The currencies of rows of which no rate is known."""
    found = {row["currency"] for row in rows} - {REPORTING}
    return sorted(currency for currency in found if rates.factor(currency) is None)


def _whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _number(count: Decimal) -> int | float:
    return int(count) if count == count.to_integral_value() else float(count)
