"""Findings -> a table of how many there are, and the first ones by id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stripe_saas.verify.findings import Finding

KINDS = ("missing", "extra", "stale")


def table(findings: Sequence[Finding]) -> list[str]:
    """A line for each stream and month that has findings, with a heading."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for finding in findings:
        counts.setdefault((finding.stream, finding.month), Counter())[finding.kind] += 1
    rows = [
        (stream, month, *(f"{counted[kind]:,}" for kind in KINDS))
        for (stream, month), counted in sorted(counts.items())
    ]
    head = ("stream", "month", *KINDS)
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return [_line(head, widths), rule, *(_line(row, widths) for row in rows)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    left = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join([*left, *right])


def named(findings: Sequence[Finding], most: int) -> list[str]:
    """The first findings of each stream and kind, one a line.

    Args:
        findings: all of them.
        most: how many of a stream and kind are named.
    """
    lines = []
    seen: Counter[tuple[str, str]] = Counter()
    for finding in sorted(findings):
        group = (finding.stream, finding.kind)
        seen[group] += 1
        if seen[group] <= most:
            fields = f": {', '.join(finding.fields)}" if finding.fields else ""
            lines.append(f"{finding.kind:<7}  {finding.stream}  {finding.id}{fields}")
    for (stream, kind), number in sorted(seen.items()):
        if number > most:
            lines.append(f"{kind:<7}  {stream}  and {number - most:,} more")
    return lines
