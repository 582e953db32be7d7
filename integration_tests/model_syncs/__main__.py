"""`python -m integration_tests.model_syncs`: small syncs, and after each all tables compared."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from integration_tests.forking.popen import STARTING, forking
from integration_tests.manifest_once import prepare_manifest_once
from integration_tests.model_syncs.running import follow
from integration_tests.warehouse.postgres import running_postgres


def main() -> int:
    """Runs it.

    Returns:
        The exit code: 0 if every table was what a whole build makes.
    """
    parser = argparse.ArgumentParser(prog="model_syncs", description=__doc__)
    parser.add_argument("--syncs", type=int, default=200, help="how many, of all seeds together")
    parser.add_argument("--seeds", type=int, default=4, help="how many companies")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--customers", type=int, default=300, help="of each")
    parser.add_argument("--postgres", action="store_true", help="into Postgres")
    chosen = parser.parse_args()
    wrong = done = 0
    with ExitStack() as stack:
        prepare_manifest_once()
        for module in STARTING:
            import_module(module).subprocess = forking()  # type: ignore[attr-defined]
        server = stack.enter_context(running_postgres()) if chosen.postgres else None
        for seed in range(chosen.first, chosen.first + chosen.seeds):
            with tempfile.TemporaryDirectory() as own:
                address = server.new_database() if server else None
                for problems in follow(
                    Path(own),
                    seed,
                    chosen.syncs // chosen.seeds,
                    address=address,
                    customers=chosen.customers,
                ):
                    done += 1
                    wrong += len(problems)
                    print("\n".join(problems), end="\n" if problems else "", flush=True)
    print(f"{done} syncs; {wrong} tables that no whole build makes so")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
