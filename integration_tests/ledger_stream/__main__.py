"""`python -m integration_tests.ledger_stream`: the connector reads companies of many seeds.

For each seed one first sync, 28 daily syncs against one sync of 28 days, and 60 daily syncs, all in
this process; every month end is compared with the company's own ledger.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path

from integration_tests.ledger_stream.checking import Outcome, check
from integration_tests.world import a_world

_SHOWN = 20


def main() -> int:
    """Checks each seed.

    Returns:
        The exit code: 0 if every value that can be known is exact.
    """
    parser = argparse.ArgumentParser(prog="ledger_stream", description=__doc__)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--days", type=int, default=60, help="of daily syncs")
    parser.add_argument("--traceable", action="store_true")
    arguments = parser.parse_args()
    # The heap of a company only grows; looking through it again and again would take half the time.
    gc.disable()
    good = 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        began = time.perf_counter()
        with (
            tempfile.TemporaryDirectory() as folder,
            a_world(
                Path(folder),
                seed=seed,
                customers=arguments.customers,
                months=arguments.months,
                traceable=arguments.traceable,
            ) as world,
        ):
            outcome = check(world, arguments.months, arguments.days)
        _report(seed, outcome, time.perf_counter() - began)
        good += outcome.is_good
        gc.collect()
    print(f"{good} of {arguments.seeds} seeds without a finding")
    return 0 if good == arguments.seeds else 1


def _report(seed: int, outcome: Outcome, seconds: float) -> None:
    print(f"seed {seed}, {seconds:.0f} s")
    for name, verdict in (("first sync", outcome.first), ("daily syncs", outcome.grown)):
        print(
            f"  {name}: {verdict.equal} values equal, {len(verdict.wrong)} wrong, "
            f"{verdict.adjusted} rows adjusted, {sum(verdict.hidden.values())} not exactly knowable"
        )
        for line in verdict.wrong[:_SHOWN]:
            print(f"    WRONG {line}")
    if outcome.rows_in_parts:
        same = f"{len(outcome.differing)} differ" if outcome.differing else "the same"
        print(f"  28 daily syncs: {outcome.rows_in_parts} rows, against one sync: {same}")
    for line in [*outcome.differing[:_SHOWN], *outcome.warnings[:_SHOWN]]:
        print(f"    {line[:330]}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
