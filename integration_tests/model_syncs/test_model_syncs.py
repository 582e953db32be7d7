"""A few small syncs; `make model-syncs` has two hundred."""

import pytest

from integration_tests.model_syncs.running import edited, follow

pytestmark = pytest.mark.slow

SYNCS = 5
SMALL = {"customers": 120, "most_seconds": 3600}


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_models_after_small_syncs_are_those_of_a_whole_build(kind, postgres, tmp_path, capsys):
    address = postgres.new_database() if kind == "postgres" else None
    found = list(follow(tmp_path, 3, SYNCS, address=address, **SMALL))
    assert found == [[]] * (SYNCS + 1)
    said = capsys.readouterr().out
    assert said.count("Models: built and tested") == 1
    assert said.count("Models: brought up to date") == SYNCS


def test_models_after_changes_that_no_company_makes_are_those_of_a_whole_build(tmp_path):
    assert list(edited(tmp_path, 1, 8)) == [[]] * 8
