"""Fault switches: what they are set to, and whom they hit."""

import pytest

from stripe_sandbox.faults import KINDS, FaultOptions, parse_rates
from stripe_sandbox.faults.dice import Dice


def hits(dice, kind, times):
    return [dice.strikes(kind) for _ in range(times)]


def test_a_switch_is_a_name_and_a_rate():
    assert parse_rates(["reset=0.25", "status_500=1"]) == {"reset": 0.25, "status_500": 1.0}


def test_a_switch_without_a_rate_hits_every_tenth():
    assert parse_rates(["reset"]) == {"reset": 0.1}


def test_all_is_everything_that_ends_by_itself():
    rates = parse_rates(["all=0.02"])
    assert set(KINDS) - set(rates) == {
        "key_revoked",
        "permission_withdrawn",
        "refusing_children",
        "refusing_objects",
    }
    assert set(rates.values()) == {0.02}


@pytest.mark.parametrize("text", ["reset=often", "reset="])
def test_a_rate_that_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="NAME=RATE"):
        parse_rates([text])


def test_an_unknown_switch_is_refused_by_name():
    with pytest.raises(ValueError, match="no fault 'rest'"):
        FaultOptions({"rest": 0.1})


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_is_a_share(rate):
    with pytest.raises(ValueError, match="between 0 and 1"):
        FaultOptions({"reset": rate})


def test_the_same_seed_hits_the_same_requests_whatever_else_is_switched_on():
    alone = Dice(FaultOptions({"reset": 0.3}, seed=4))
    both = Dice(FaultOptions({"reset": 0.3, "refused": 0.3}, seed=4))
    hits(both, "refused", 7)
    assert hits(alone, "reset", 100) == hits(both, "reset", 100)


def test_another_seed_hits_other_requests():
    one, other = (Dice(FaultOptions({"reset": 0.3}, seed=seed)) for seed in (4, 5))
    assert hits(one, "reset", 100) != hits(other, "reset", 100)


def test_a_rate_is_kept_on_average():
    dice = Dice(FaultOptions({"reset": 0.1}, seed=1))
    assert 150 < sum(hits(dice, "reset", 2_000)) < 250


def test_a_switch_that_is_off_hits_nothing():
    assert not any(hits(Dice(FaultOptions()), "reset", 100))


def test_an_event_that_is_hit_stays_hit():
    dice = Dice(FaultOptions({"late_events": 0.5}, seed=1))
    first = [dice.picks("late_events", f"evt_{i}") for i in range(50)]
    assert first == [dice.picks("late_events", f"evt_{i}") for i in range(50)]
    assert 10 < sum(first) < 40
