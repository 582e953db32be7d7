"""Months of MRR -> one line a currency that shows how it grew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_BARS = "▁▂▃▄▅▆▇█"


def mrr_lines(months: Iterable[Mapping[str, Any]]) -> list[str]:
    """The lines, the currency with the most customers first.

    Args:
        months: oldest first, with `currency`, `exponent`, `closing` and `customers`.
    """
    by_currency: dict[str, list[Mapping[str, Any]]] = {}
    for row in months:
        by_currency.setdefault(row["currency"], []).append(row)
    ordered = sorted(by_currency.values(), key=lambda rows: -rows[-1]["customers"])
    return [_line(rows) for rows in ordered]


def _line(rows: list[Mapping[str, Any]]) -> str:
    last = rows[-1]
    bars = "".join(_bar(row["closing"], max(each["closing"] for each in rows)) for row in rows)
    amount = amount_text(last["closing"], last["exponent"])
    customers = f"{last['customers']:,} customer{'' if last['customers'] == 1 else 's'}"
    return f"MRR {last['currency'].upper()}  {bars}  {amount:>14}  {customers}"


def _bar(value: int, most: int) -> str:
    return _BARS[min(len(_BARS) - 1, value * len(_BARS) // most)] if most > 0 else _BARS[0]


def amount_text(minor: int, exponent: int) -> str:
    """An amount in the currency's own unit: 12345 with exponent 2 is 123.45."""
    return f"{Decimal(minor).scaleb(-exponent):,.{exponent}f}"
