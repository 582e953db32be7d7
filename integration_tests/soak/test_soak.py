"""The short soak: fifty seeds in the time that a test run has; `make soak` runs a thousand.

Two classes, so that two workers share the seeds. What is asserted does not hang on the machine's
pace: a kill may come early or late, and every outcome of it has to be right.
"""

import pytest

from integration_tests.connector import Run
from integration_tests.soak.outcome import Outcome
from integration_tests.soak.running import Nursery
from integration_tests.soak.scenario import scenario_of
from integration_tests.soak.shrink import shrunk
from integration_tests.soak.soak import discovered, soak_safely, unnamed


def a_run(status, *errors, **states):
    """A run of the stream customers that left a state."""
    customers = {"name": "customers"}
    state = {"stream": {"stream_descriptor": customers, "stream_state": states}}
    said = {"stream_descriptor": customers, "status": status}
    messages = [
        {"type": "STATE", "state": state},
        {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": said}},
    ]
    for message in errors:
        error = {"message": message, "stream_descriptor": customers}
        messages.append({"type": "TRACE", "trace": {"type": "ERROR", "error": error}})
    return Run(1, messages)


RETRY = {"parents": ["cus_1"], "objects": [{"id": "card_1", "customer": "cus_2"}]}


@pytest.mark.parametrize(
    ("run", "finding"),
    [
        (a_run("COMPLETE", retry=RETRY), "customers is complete without"),
        (a_run("INCOMPLETE", retry=RETRY), "has no error"),
        (a_run("INCOMPLETE", "It is not complete. cus_1", retry=RETRY), "and says: "),
        (a_run("INCOMPLETE", "It is not complete. cus_1", aside={"sub_1": None}), "and says: "),
    ],
    ids=["complete", "no error", "one is not named", "a subscription is not named"],
)
def test_what_is_set_aside_and_not_named_is_found(run, finding):
    assert finding in " ".join(unnamed(run))


def test_what_is_set_aside_and_named_is_no_finding():
    assert unnamed(a_run("COMPLETE", updated=5)) == []
    named = "It is not complete. cus_1, card_1"
    assert unnamed(a_run("INCOMPLETE", named, retry=RETRY)) == []
    # Another failure of the stream explains it all.
    assert unnamed(a_run("INCOMPLETE", "The key was revoked.", retry=RETRY)) == []


SEEDS = range(1, 53)
HALVES = 2
PATIENCE_SECONDS = 300.0
"""A sync that takes longer has hung, on any machine."""


class Half:
    """Every other seed."""

    first: int

    @pytest.mark.slow
    def test_faults_and_kills_lose_nothing(self, tmp_path):
        total = Outcome()
        with Nursery(tmp_path, PATIENCE_SECONDS) as nursery:
            streams = discovered(nursery, tmp_path)

            def outcome_of(scenario):
                return soak_safely(scenario, nursery, tmp_path, streams)

            for seed in SEEDS[self.first :: HALVES]:
                scenario = scenario_of(seed, is_short=True)
                outcome = outcome_of(scenario)
                if outcome.losses:
                    smallest = shrunk(scenario, lambda smaller: bool(outcome_of(smaller).losses))
                    pytest.fail(
                        f"{outcome.losses}\nseed {seed} shrinks to {smallest}\nagain: python -m "
                        f"integration_tests.soak --short --first {seed} --seeds 1 --shrink"
                    )
                total.add(outcome)
        assert len(total.seeds) == len(SEEDS) / HALVES
        assert total.kills > 0
        assert total.by_command > 0, "a few go through the installed command"
        assert sum(total.injected.values()) > 5 * len(total.seeds)
        assert total.objects > 100 * len(total.seeds)


class TestOddSeeds(Half):
    first = 0


class TestEvenSeeds(Half):
    first = 1
