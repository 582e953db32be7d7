"""`python -m tools.mutants mrr streams ledger`: the mutants that no unit test notices."""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.mutants import coverage_map
from tools.mutants.coverage_map import ROOT, CoverageMap
from tools.mutants.mutations import Mutant, mutants, mutated
from tools.mutants.running import load_libraries, survives

_PACKAGE = ROOT / "source_stripe_saas"
_TESTS = "unit_tests/source_stripe_saas"
_KNOWN = Path(__file__).with_name("known.txt")
_SLOWEST_SECONDS = 60.0


@dataclass(frozen=True)
class Place:
    """A mutant and its file."""

    file: Path
    mutant: Mutant

    @property
    def path(self) -> str:
        """The file below the package."""
        return self.file.relative_to(_PACKAGE).as_posix()

    @property
    def key(self) -> str:
        """As `known.txt` names it."""
        return f"{self.path} {self.mutant.name}"


def places(rooms: Sequence[str]) -> Iterator[Place]:
    """All mutants of some folders or files of the connector."""
    for room in rooms:
        target = _PACKAGE / room
        for file in sorted(target.rglob("*.py")) if target.is_dir() else [target]:
            for mutant in mutants(file.read_text(encoding="utf-8")):
                yield Place(file, mutant)


def known() -> dict[str, str]:
    """Survivors that were looked at -> why they may survive."""
    reasons: dict[str, str] = {}
    reason = ""
    for line in _KNOWN.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            reasons[line] = reason
    return reasons


def is_survivor(place: Place, tests_of: CoverageMap) -> bool:
    """Runs the tests that pass through the mutant."""
    tests = tests_of.tests(place.file, place.mutant.line, place.mutant.last_line)
    if not tests:
        return True
    source = mutated(place.file.read_text(encoding="utf-8"), place.mutant)
    module = "source_stripe_saas." + place.path.removesuffix(".py").replace("/", ".")
    module = module.removesuffix(".__init__")
    seconds = 20 + 5 * sum(tests_of.seconds.get(test, 0.0) for test in tests)
    return survives(module, place.file, source, tests, min(seconds, _SLOWEST_SECONDS))


def main(arguments: Sequence[str]) -> int:
    """Prints the survivors; 1 if there are any that are not in `known.txt`."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=["mrr", "streams", "ledger"])
    parser.add_argument("--sample", type=int, help="only so many, picked by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0, help="ends after so long")
    parser.add_argument("--again", action="store_true", help="uses the last run's coverage")
    parser.add_argument("--tests", nargs="*", default=["mrr", "streams", "ledger", "engine"])
    chosen = parser.parse_args(arguments)
    if not chosen.again:
        try:
            coverage_map.record([f"{_TESTS}/{name}" for name in chosen.tests])
        except subprocess.CalledProcessError:
            print("The tests must pass before their gaps can be looked for.", file=sys.stderr)
            return 2
    tests_of = coverage_map.load()
    reasons = known()
    left = [place for place in places(chosen.rooms) if place.key not in reasons]
    if chosen.sample is not None:
        left = random.Random(chosen.seed).sample(left, min(chosen.sample, len(left)))
    load_libraries()
    ends_at, run, survivors = time.monotonic() + 60 * chosen.minutes, 0, 0
    for place in left:
        if time.monotonic() > ends_at:
            break
        run += 1
        if is_survivor(place, tests_of):
            survivors += 1
            print(f"{place.path}:{place.mutant.line} {place.mutant.name}", flush=True)
    print(f"{run} of {len(left)} mutants, {survivors} survivors beside {len(reasons)} known ones.")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
