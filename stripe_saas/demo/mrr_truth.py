"""What the models say of MRR and what the sandbox's own books say -> the differences, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FIGURES = ("opening", "new", "expansion", "contraction", "churn", "reactivation", "closing")
"""Of a month, in the currency's smallest unit."""

_SHOWN = 5

Row = Mapping[str, Any]


@dataclass(frozen=True)
class MrrComparison:
    """How far the models agree with the books."""

    months: int
    """Months and currencies that were compared."""
    movements: int
    """Movements that were compared."""
    problems: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """One line on it."""
        if not self.problems:
            return (
                f"All {self.months} months and all {self.movements:,} movements equal the "
                "sandbox's own books, to the last cent."
            )
        return f"MISMATCH: {len(self.problems)} differences from the sandbox's own books."


def compare_mrr(
    months: Iterable[Row],
    movements: Iterable[Row],
    true_months: Iterable[Row],
    true_movements: Iterable[Row],
) -> MrrComparison:
    """Compares every month and every movement.

    Args:
        months: of the models: `currency`, `month` ("2026-05") and the figures.
        movements: of the models: `customer`, `currency`, `day`, `movement`, `amount_minor`.
        true_months: the same of the sandbox.
        true_movements: the same of the sandbox.
    """
    found = {(row["currency"], row["month"]): _figures(row) for row in months}
    true = {(row["currency"], row["month"]): _figures(row) for row in true_months}
    problems = []
    for key in sorted(found.keys() | true.keys()):
        # A currency's months before its first movement and after nothing moved hold zeros.
        mine, theirs = found.get(key, _figures({})), true.get(key, _figures({}))
        problems += [
            f"{key[0].upper()} {key[1]}: {name} is {mine[name]}, and {theirs[name]} in the books"
            for name in FIGURES
            if mine[name] != theirs[name]
        ]
    seen, real = _counted(movements), _counted(true_movements)
    problems += _named("missing movement", real - seen) + _named("extra movement", seen - real)
    return MrrComparison(len(found.keys() | true.keys()), real.total(), problems)


def shown(problems: Sequence[str]) -> list[str]:
    """The first few problems, and how many more there are."""
    more = len(problems) - _SHOWN
    return [*problems[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def _figures(row: Row) -> dict[str, int]:
    return {name: int(row.get(name, 0)) for name in FIGURES}


def _counted(movements: Iterable[Row]) -> Counter[tuple[str, str, str, str, int]]:
    return Counter(
        (
            row["customer"],
            row["currency"],
            row["day"],
            row["movement"],
            int(row["amount_minor"]),
        )
        for row in movements
    )


def _named(kind: str, movements: Counter[tuple[str, str, str, str, int]]) -> list[str]:
    return [
        f"{kind}: {customer} {day} {movement} {amount} {currency}"
        for customer, currency, day, movement, amount in sorted(movements.elements())
    ]
