"""`python -m integration_tests.soak --seeds 1000`: soaks, prints a summary, writes it down.

A long soak may be run in parts, each of which leaves its outcome in a file; `--merge` sums them up.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from integration_tests.soak.outcome import Outcome
from integration_tests.soak.report import summary, write_into
from integration_tests.soak.running import LONGEST_SECONDS, Nursery
from integration_tests.soak.scenario import Scenario, scenario_of
from integration_tests.soak.shrink import shrunk
from integration_tests.soak.soak import discovered, soak_safely
from stripe_saas.progress import ProgressLine


def main() -> int:
    """Runs it.

    Returns:
        The exit code: 0 if nothing was lost.
    """
    arguments = _arguments()
    if arguments.merge:
        total = Outcome()
        for path in arguments.merge:
            total.add(Outcome.read(path))
    else:
        total = _soaked(arguments)
        if arguments.outcome is not None:
            total.write(arguments.outcome)
    text = summary(total)
    print(text)
    if arguments.report is not None and not total.losses:
        write_into(arguments.report, text)
    return 1 if total.losses else 0


def _soaked(arguments: argparse.Namespace) -> Outcome:
    total = Outcome(commits=[arguments.commit] if arguments.commit else [])
    failed: list[Scenario] = []
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        Nursery(Path(folder), arguments.longest) as nursery,
    ):
        streams = discovered(nursery, Path(folder))

        def outcome_of(scenario: Scenario) -> Outcome:
            return soak_safely(scenario, nursery, Path(folder), streams)

        count = arguments.seeds
        with ProgressLine(sys.stderr, "Seeds:", count, plain_every_seconds=30) as line:
            for number, seed in enumerate(range(arguments.first, arguments.first + count), 1):
                scenario = scenario_of(seed, is_short=arguments.short)
                outcome = outcome_of(scenario)
                total.add(outcome)
                if outcome.losses:
                    failed.append(scenario)
                    print("\n".join(outcome.losses), flush=True)
                for path in Path(folder).glob("*.json"):
                    path.unlink()
                line.update(f"{number} of {count} soaked", number)
        for scenario in failed if arguments.shrink else ():
            smallest = shrunk(scenario, lambda smaller: bool(outcome_of(smaller).losses))
            print(f"seed {scenario.seed} shrinks to {smallest}", flush=True)
    total.seconds = time.monotonic() - began
    return total


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first one")
    parser.add_argument("--short", action="store_true", help="smaller accounts, as in the tests")
    parser.add_argument("--shrink", action="store_true", help="shrink what fails")
    parser.add_argument("--report", type=Path, help="Markdown file whose summary is replaced")
    parser.add_argument(
        "--longest",
        type=float,
        default=LONGEST_SECONDS,
        metavar="SECONDS",
        help="a sync that takes longer has hung; a busy machine needs more than %(default)g",
    )
    parser.add_argument("--outcome", type=Path, metavar="FILE", help="keep the outcome as JSON")
    parser.add_argument("--merge", type=Path, nargs="+", metavar="FILE", help="sum up outcomes")
    parser.add_argument("--commit", help="what is soaked, for the summary")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
