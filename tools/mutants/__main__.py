"""`python -m tools.mutants mrr streams ledger`: the mutants that no unit test notices."""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.mutants import coverage_map
from tools.mutants.coverage_map import ROOT, CoverageMap
from tools.mutants.mutations import Mutant, mutants
from tools.mutants.running import planting, survives

_PACKAGE = ROOT / "source_stripe_saas"
_TESTS = "unit_tests/source_stripe_saas"
_KNOWN = Path(__file__).with_name("known.txt")
_MOST_SECONDS = 60.0


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
    def module(self) -> str:
        """Its name for imports."""
        name = "source_stripe_saas." + self.path.removesuffix(".py").replace("/", ".")
        return name.removesuffix(".__init__")

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


def _needs_a_process(place: Place) -> bool:
    return planting(place.module, place.file, place.mutant) is None


class MutantRun:
    """A plugin of pytest that runs mutants in the place of the collected tests."""

    def __init__(self, left: Sequence[Place], tests_of: CoverageMap, minutes: float) -> None:
        self._left, self._tests_of, self._minutes = left, tests_of, minutes
        self.run = 0
        self.survivors: list[Place] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Tries one mutant after the other, the quick ones first, as long as there is time."""
        items = {item.nodeid: item for item in session.items}
        ends_at = time.monotonic() + 60 * self._minutes
        for place in sorted(self._left, key=_needs_a_process):
            if time.monotonic() > ends_at:
                break
            self.run += 1
            if self._survives(place, items):
                self.survivors.append(place)
                print(f"{place.path}:{place.mutant.line} {place.mutant.name}", flush=True)
        return True

    def _survives(self, place: Place, items: Mapping[str, pytest.Item]) -> bool:
        tests = self._tests_of.tests(place.file, place.mutant.line, place.mutant.last_line)
        if not tests:
            return True
        expected = sum(self._tests_of.seconds.get(test, 0.0) for test in tests)
        seconds = min(20 + 5 * expected, _MOST_SECONDS)
        chosen = [items[test] for test in tests]
        return survives(place.module, place.file, place.mutant, chosen, seconds)


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
    tests = [f"{_TESTS}/{name}" for name in chosen.tests]
    if not chosen.again:
        try:
            coverage_map.record(tests)
        except subprocess.CalledProcessError:
            print("The tests must pass before their gaps can be looked for.", file=sys.stderr)
            return 2
    reasons = known()
    left = [place for place in places(chosen.rooms) if place.key not in reasons]
    if chosen.sample is not None:
        left = random.Random(chosen.seed).sample(left, min(chosen.sample, len(left)))
    run = MutantRun(left, coverage_map.load(), chosen.minutes)
    pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", "--no-header", *tests], plugins=[run])
    print(
        f"{run.run} of {len(left)} mutants, {len(run.survivors)} survivors beside "
        f"{len(reasons)} known ones."
    )
    return 1 if run.survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
