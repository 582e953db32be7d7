"""`python -m integration_tests.sync_soak`: soaks, prints what was wrong, and a summary."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from integration_tests.forking.popen import STARTING, forking
from integration_tests.manifest_once import prepare_manifest_once
from integration_tests.sync_soak.outcome import Outcome
from integration_tests.sync_soak.scenario import scenario_of
from integration_tests.sync_soak.server_clock import ServerClock
from integration_tests.sync_soak.soak import soak
from integration_tests.warehouse.postgres import Postgres, running_postgres
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
    parser.add_argument("--outcome", type=Path, metavar="FILE", help="keep the outcome as JSON")
    parser.add_argument("--commit", help="what is soaked, for the outcome")
    chosen = parser.parse_args()
    outcome = Outcome(chosen.commit, chosen.first)
    with ExitStack() as stack:
        prepare_manifest_once()
        for module in STARTING:
            import_module(module).subprocess = forking()  # type: ignore[attr-defined]
        server, clock = None, None
        if not chosen.no_postgres:
            server, clock = stack.enter_context(_postgres())
        line = ProgressLine(sys.stderr, "Seeds:", chosen.seeds, plain_every_seconds=30)
        stack.enter_context(line)
        for seed in range(chosen.first, chosen.first + chosen.seeds):
            scenario = scenario_of(
                seed, has_postgres=server is not None, has_models=not chosen.no_models
            )
            with tempfile.TemporaryDirectory() as own:
                found = soak(scenario, Path(own), server, clock)
            if found:
                print("\n".join(found), flush=True)
            outcome.add(scenario, found)
            if chosen.outcome is not None:
                outcome.write(chosen.outcome)
            line.update(f"{outcome.seeds} of {chosen.seeds} soaked", outcome.seeds)
    print(outcome.summary())
    return 1 if outcome.problems else 0


@contextmanager
def _postgres() -> Iterator[tuple[Postgres, ServerClock | None]]:
    """A server, with a clock of its own if there is a compiler for it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the server may be another user's
        clock = ServerClock(Path(folder)) if ServerClock.is_possible() else None
        with running_postgres(clock.environment if clock else None) as server:
            yield server, clock


if __name__ == "__main__":
    sys.exit(main())
