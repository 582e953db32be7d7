"""A few seeds of the soak; `make sync-soak` has three hundred."""

from dataclasses import replace

import pytest

from integration_tests.sync_soak.scenario import FAULTS, scenario_of
from integration_tests.sync_soak.soak import soak


def test_a_seed_names_one_scenario_and_all_faults_come():
    assert scenario_of(7) == scenario_of(7)
    scenarios = [scenario_of(seed) for seed in range(300)]
    for kind, faults in FAULTS.items():
        steps = [step for each in scenarios if each.kind == kind for step in each.steps]
        assert {step.fault for step in steps} == set(faults)
    assert sum(step.models_seconds is not None for each in scenarios for step in each.steps) >= 10
    assert sum(not each.is_forked for each in scenarios) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 15))
def test_nothing_is_lost_stale_or_said_to_be_complete_when_it_is_not(seed, postgres, tmp_path):
    scenario = replace(scenario_of(seed, has_models=False), is_forked=True)
    assert soak(scenario, tmp_path, postgres) == []
