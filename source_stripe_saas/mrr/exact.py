"""Decimal text in, exact fractions and whole minor units out: the only arithmetic of the ledger."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import Any

ZERO = Fraction(0)
ONE = Fraction(1)
_HALF = Fraction(1, 2)


def exact(value: Any) -> Fraction:
    """Reads a number from its decimal text, never from its binary value (M3)."""
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    return Fraction(str(value).replace(" ", ""))


def round_half_up(value: Fraction) -> int:
    """The one rounding of an MRR to whole minor units (M1, M3)."""
    return floor(value + _HALF)


def allocate(total_minor: int, shares: Sequence[Fraction]) -> list[int]:
    """Splits a rounded total over its parts by largest remainder, so that they add up (M3)."""
    if len(shares) == 1:
        return [total_minor]
    whole = sum(shares, ZERO)
    if whole <= 0:
        return [0] * len(shares)
    ideal = [total_minor * share / whole for share in shares]
    parts = [floor(part) for part in ideal]
    left = total_minor - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - ideal[i], i))
    for i in by_remainder[:left]:
        parts[i] += 1
    return parts
