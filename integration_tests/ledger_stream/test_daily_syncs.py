"""Day after day: as many syncs as one likes come to the same rows, and to the company's ledger."""

import pytest

from integration_tests.ledger_stream.checking import check
from integration_tests.world import a_world

MONTHS = 14


@pytest.fixture(scope="module", params=[False, True], ids=["all acts", "traceable acts"])
def outcome(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("days")
    with a_world(folder, seed=5, customers=60, months=MONTHS, traceable=request.param) as world:
        yield check(world, MONTHS, 60)


def test_28_daily_syncs_give_the_rows_of_one_byte_for_byte(outcome):
    assert outcome.differing == []
    assert outcome.rows_in_parts > 40


def test_every_value_that_can_be_known_is_the_companys(outcome):
    assert outcome.first.wrong == []
    assert outcome.grown.wrong == []
    assert outcome.grown.equal > outcome.first.equal > 500


def test_nothing_was_adjusted_and_nothing_warned_of(outcome):
    assert outcome.first.adjusted == outcome.grown.adjusted == 0
    assert outcome.warnings == []
