"""Decimal text in, exact fractions and whole minor units out: the only arithmetic of the ledger."""

import re
from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import Any

ZERO = Fraction(0)
ONE = Fraction(1)
_HALF = Fraction(1, 2)
_MOST_DIGITS = 60
_SMALL = re.compile(r"[0-9.][eE][+-]?[0-9]{1,2}$")


def exact(value: Any) -> Fraction:
    """Reads a number from its decimal text, never from its binary value (M3).

    Raises:
        ValueError: it is no number, or one that nobody counts money with; "1e999999999" is a short
            text, and working it out would take for ever.
        ZeroDivisionError: it is a fraction with nothing below the line.
    """
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    text = str(value).replace(" ", "")
    if len(text) > _MOST_DIGITS or (("e" in text or "E" in text) and not _SMALL.search(text)):
        raise ValueError(f"no amount: {text[:_MOST_DIGITS]}")
    return Fraction(text)


def whole(value: Any) -> int:
    """Reads a count of units: a whole number that is not below 0.

    Raises:
        ValueError: it is anything else.
    """
    if isinstance(value, int) and value >= 0:
        return value
    number = exact(value)
    if number < 0 or number.denominator != 1:
        raise ValueError(f"no whole number: {str(value)[:_MOST_DIGITS]}")
    return number.numerator


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
