"""Closed ranges of seconds: joined, missing, sliced. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
"""(first second, last second), both inside."""


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same seconds in as few spans as possible, oldest first."""
    result: list[Span] = []
    for lo, hi in sorted(span for span in spans if span[0] <= span[1]):
        if result and lo <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(hi, result[-1][1]))
        else:
            result.append((lo, hi))
    return result


def missing(whole: Span, done: Iterable[Span]) -> list[Span]:
    """What of `whole` is in none of the spans `done`, newest first."""
    lo, hi = whole
    gaps: list[Span] = []
    for first, last in joined(done):
        if first > hi:
            break
        if first > lo:
            gaps.append((lo, first - 1))
        lo = max(lo, last + 1)
    if lo <= hi:
        gaps.append((lo, hi))
    return gaps[::-1]


def halves(span: Span) -> tuple[Span, Span]:
    """Older and newer half of a span of at least two seconds."""
    lo, hi = span
    middle = (lo + hi) // 2
    return (lo, middle), (middle + 1, hi)
