"""`python -m benchmarks [NAME ...] [--tiny]` -> a table on the screen and in results.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.context import Context
from benchmarks.runs import (
    accounts,
    cpu_bound,
    growth,
    incremental,
    ledger,
    limit_bound,
    memory,
    personal_data,
    service,
    warehouse,
)
from benchmarks.table import Row, rendered, write_results

_RUNS: dict[str, Callable[[Context], list[Row]]] = {
    module.NAME: module.run
    for module in (
        *(cpu_bound, personal_data, limit_bound, memory, growth, incremental, ledger),
        *(accounts, warehouse, service),
    )
}
RESULTS = Path(__file__).with_name("results.md")

_REMARKS = (
    "Seconds count from the start of a reader's process, less its start-up: what its interpreter",
    "and the libraries that it builds on took to load in that run (for this connector the CDK).",
    "Short runs are medians of three. CPU is user and system time of all threads, likewise",
    "less start-up. Readers that would take hours read a smaller account of the same make. The",
    "server runs on the same machine. Each section is of one run: load is that of the machine",
    "as the section was written, in the last 1, 5 and 15 minutes.",
)


def main(arguments: Sequence[str]) -> int:
    """Runs some benchmarks, or all; 1 if something promised was not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_RUNS)}")
    parser.add_argument("--tiny", action="store_true", help="once, small, without installing peers")
    parser.add_argument("--alone", action="store_true", help="without any peer")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.names) - set(_RUNS)
    if unknown:
        parser.error(f"there is no benchmark {sorted(unknown)[0]!r}")
    results: dict[str, list[Row]] = {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        context = Context(Path(folder), chosen.tiny, chosen.alone)
        for name, run in _RUNS.items():
            if not chosen.names or name in chosen.names:
                results[name] = run(context)
    rows = [row for each in results.values() for row in each]
    print(rendered(rows))
    print(f"{time.monotonic() - began:.0f} s in all", file=sys.stderr)
    if not chosen.tiny and not chosen.alone:
        write_results(RESULTS, results, _REMARKS)
    return int(any(row.is_met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
