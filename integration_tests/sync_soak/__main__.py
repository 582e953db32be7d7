"""`python -m integration_tests.sync_soak`: soaks, prints what was wrong, and a summary."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from integration_tests.sync_soak.scenario import scenario_of
from integration_tests.sync_soak.soak import soak
from integration_tests.warehouse.postgres import running_postgres
from stripe_saas.progress import ProgressLine


def main() -> int:
    """Runs it.

    Returns:
        The exit code: 0 if nothing was wrong.
    """
    parser = argparse.ArgumentParser(prog="sync_soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first one")
    parser.add_argument("--no-postgres", action="store_true", help="all into DuckDB")
    parser.add_argument("--no-models", action="store_true", help="no sync builds the models")
    chosen = parser.parse_args()
    faults: Counter[str] = Counter()
    problems: list[str] = []
    began = time.monotonic()
    with ExitStack() as stack:
        server = None if chosen.no_postgres else stack.enter_context(running_postgres())
        line = ProgressLine(sys.stderr, "Seeds:", chosen.seeds, plain_every_seconds=30)
        stack.enter_context(line)
        for number, seed in enumerate(range(chosen.first, chosen.first + chosen.seeds), 1):
            scenario = scenario_of(
                seed, has_postgres=server is not None, has_models=not chosen.no_models
            )
            faults.update(step.fault for step in scenario.steps)
            with tempfile.TemporaryDirectory() as folder:
                found = soak(scenario, Path(folder), server)
            if found:
                print("\n".join(found), flush=True)
            problems += found
            line.update(f"{number} of {chosen.seeds} soaked", number)
    counted = ", ".join(f"{count} x {name}" for name, count in sorted(faults.items()))
    print(f"{chosen.seeds} seeds in {time.monotonic() - began:.0f} s: {counted}.")
    print(f"{len(problems)} problems.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
