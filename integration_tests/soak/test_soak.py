"""The short soak, by `pytest -m soak`: seeds for two minutes; `make soak` runs a thousand."""

import os
import time

import pytest

from integration_tests.soak.outcome import Outcome
from integration_tests.soak.running import Nursery
from integration_tests.soak.scenario import scenario_of
from integration_tests.soak.soak import discovered, soak

SEEDS = int(os.environ.get("SOAK_SEEDS", "50"))
PARTS = 4
"""Tests, so that several workers share them."""


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_faults_and_kills_lose_nothing(part, tmp_path):
    total = Outcome()
    began = time.monotonic()
    with Nursery(tmp_path) as nursery:
        streams = discovered(nursery, tmp_path)
        for seed in range(1 + part, SEEDS + 1, PARTS):
            total.add(soak(scenario_of(seed), nursery, tmp_path, streams))
    print(f"{len(total.seeds)} seeds in {time.monotonic() - began:.0f} s, {total.kills} kills")
    assert total.losses == [], "python -m integration_tests.soak --first SEED --seeds 1 --shrink"
    assert total.kills > 0
    assert sum(total.injected.values()) > 50 * len(total.seeds) / PARTS
    assert total.objects > 100 * len(total.seeds)
