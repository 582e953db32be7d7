"""The results of the streams -> one table as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ReadFigures:
    """One stream in one read."""

    records: int
    requests: int
    seconds: float | None


@dataclass(frozen=True)
class StreamResult:
    """One stream in both reads, and what differed from the truth."""

    name: str
    full: ReadFigures
    incremental: ReadFigures
    shares_requests: bool
    """Its requests count, all or in part, with another stream."""
    problems: list[str] = field(default_factory=list)


_HEAD = ("stream", "records", "requests", "seconds", "records", "requests", "seconds", "ids match")
_MORE = "+"


def table(results: Sequence[StreamResult], totals: StreamResult, days: int) -> list[str]:
    """The table's lines, a heading over each read's columns.

    Args:
        results: one a stream, in the order of the rows.
        totals: the last row.
        days: how far the clock was moved between the two reads.
    """
    rows = [_row(result, "yes" if not result.problems else "NO") for result in results]
    matching = sum(not result.problems for result in results)
    last = _row(totals, f"{matching} of {len(results)}")
    widths = [max(len(row[column]) for row in (_HEAD, *rows, last)) for column in range(len(_HEAD))]
    reads = ("full read", f"{days} days later")
    spans = [sum(widths[first : first + 3]) + 4 for first in (1, 4)]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    above = "  ".join(["", *(read.center(span) for read, span in zip(reads, spans, strict=True))])
    return [
        (" " * widths[0] + above).rstrip(),
        _line(_HEAD, widths),
        rule,
        *(_line(row, widths) for row in rows),
        rule,
        _line(last, widths),
    ]


def _row(result: StreamResult, verdict: str) -> tuple[str, ...]:
    figures = (result.full, result.incremental)
    cells = (_cells(read, result.shares_requests) for read in figures)
    return (result.name, *(cell for read in cells for cell in read), verdict)


def _cells(read: ReadFigures, shares_requests: bool) -> tuple[str, str, str]:
    requests = f"{read.requests:,}" if read.requests or not shares_requests else ""
    if shares_requests:
        requests += _MORE
    elif read.requests >= 0:
        requests += " "  # keeps the figures of the column in line
    seconds = "" if read.seconds is None else f"{read.seconds:.1f}"
    return f"{read.records:,}", requests, seconds


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *figures, verdict = cells
    middle = [cell.rjust(width) for cell, width in zip(figures, list(widths)[1:-1], strict=True)]
    return "  ".join([first.ljust(widths[0]), *middle, verdict]).rstrip()
