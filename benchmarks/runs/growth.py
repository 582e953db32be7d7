"""A small account and a large one: whether a record costs more where there are many."""

from __future__ import annotations

import statistics
from dataclasses import replace

from benchmarks.context import Context
from benchmarks.runs.sizes import large_account, small_account
from benchmarks.table import Row, median_row

NAME = "growth"

_MOST_TIMES = 1.1


def run(context: Context) -> list[Row]:
    """A row for each size."""
    small = [read.taken for read in small_account(context)]
    large = large_account(context).taken
    base = statistics.median(taken.seconds / taken.records for taken in small)
    times = large.seconds / large.records / base
    base_cpu = statistics.median(taken.cpu_seconds / taken.records for taken in small)
    cpu_times = large.cpu_seconds / large.records / base_cpu if base_cpu else 0.0
    return [
        replace(
            median_row(NAME, "this connector", small), measured=f"{base * 1e6:.0f} us a record"
        ),
        replace(
            median_row(NAME, "this connector", [large]),
            measured=f"{times:.2f} x as long a record ({cpu_times:.2f} x by CPU)",
            target=f"at most {_MOST_TIMES} x",
            is_met=None if context.is_tiny else times <= _MOST_TIMES,
        ),
    ]
