"""A scenario that failed -> the smallest part of it that still fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from integration_tests.soak.scenario import Scenario

Fails = Callable[[Scenario], bool]


def shrunk(scenario: Scenario, fails: Fails, tries: int = 3) -> Scenario:
    """Leaves out faults, kills and syncs, one after the other, for as long as it still fails.

    Threads do not repeat themselves, so each part gets some tries before it is let off.

    Args:
        scenario: one that failed.
        fails: runs a scenario and says whether it failed.
        tries: how often a smaller one is run before it counts as passing.
    """

    def still_fails(smaller: Scenario) -> bool:
        return any(fails(smaller) for _ in range(tries))

    for kind in scenario.kinds:
        smaller = scenario.only(tuple(name for name in scenario.kinds if name != kind))
        if still_fails(smaller):
            scenario = smaller
    if still_fails(scenario.unkilled()):
        scenario = scenario.unkilled()
    for attempt in scenario.attempts:
        left = tuple(other for other in scenario.attempts if other is not attempt)
        if left and still_fails(replace(scenario, attempts=left)):
            scenario = replace(scenario, attempts=left)
    return scenario
