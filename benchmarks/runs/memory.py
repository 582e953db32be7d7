"""A small account, a large one, a slow reader: the most memory that the connector holds."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.context import Context
from benchmarks.runs.reading import Read
from benchmarks.runs.sizes import large_account, slowly_read, small_account
from benchmarks.table import Row, median_row

NAME = "memory"

_MOST_MB = 300.0
_MOST_GROWTH = 1.2
_SLOW_BYTES_PER_SECOND, _TINY_BYTES_PER_SECOND = 5_000_000, 1_000_000
_NOISE = 1.05
"""What two runs of the same thing may differ by."""


def run(context: Context) -> list[Row]:
    """A row for each of the three."""
    small = small_account(context)
    large = large_account(context)
    slow = slowly_read(context, context.size(_SLOW_BYTES_PER_SECOND, _TINY_BYTES_PER_SECOND))
    base_mb = max(read.taken.measured.peak_mb for read in small)
    large_mb = large.taken.measured.peak_mb
    slow_mb = slow.taken.measured.peak_mb
    judged = not context.is_tiny
    return [
        replace(
            median_row(NAME, "this connector", [read.taken for read in small]),
            measured=_output(small[0]) or f"{base_mb:.0f} MB",
        ),
        replace(
            median_row(NAME, "this connector", [large.taken]),
            measured=_output(large) or f"{large_mb / base_mb:.2f} x that",
            target=f"at most {_MOST_GROWTH} x, under {_MOST_MB:.0f} MB",
            is_met=large_mb <= _MOST_GROWTH * base_mb
            and large_mb < _MOST_MB
            and not large.checked.problems
            if judged
            else not large.checked.problems,
        ),
        replace(
            median_row(NAME, "- read at 5 MB/s", [slow.taken]),
            measured=_output(slow) or f"{slow_mb / base_mb:.2f} x that",
            target=f"no more ({_NOISE} x)",
            is_met=slow_mb <= _NOISE * base_mb and not slow.checked.problems
            if judged
            else not slow.checked.problems,
        ),
    ]


def _output(read: Read) -> str:
    return read.checked.problems[0] if read.checked.problems else ""
