"""What has been written of the ledger, as a state tells it and as the next sync takes it."""

import pytest

from source_stripe_saas.ledger.memory import Memory
from source_stripe_saas.ledger.progress import (
    LedgerCheckpoint,
    LedgerPosition,
    LedgerProgress,
    read_ledger_position,
)
from source_stripe_saas.mrr import Context
from source_stripe_saas.streams.checkpoint import Checkpoint
from unit_tests.builders import NOW, PLANS


def a_memory(mrr=1000):
    return Memory(Context(through=NOW, sequence=2, status="active", mrr_minor=mrr), "usd")


def a_progress(**fields):
    position = LedgerPosition(horizon=NOW - 100, options="o", **fields)
    return LedgerProgress(PLANS["subscription_events"], position, is_first=True)


STAGES = {
    "begun": LedgerPosition(5, "o"),
    "a first read under way": LedgerPosition(5, "o", NOW, {3: a_memory()}, written=3),
    "complete": LedgerPosition(5, "o", NOW, {3: a_memory(), -9: a_memory(0)}),
}


@pytest.mark.parametrize("position", STAGES.values(), ids=STAGES)
def test_a_state_gives_back_the_position(position):
    assert read_ledger_position(position.blob()) == position
    assert position.is_complete == (position is STAGES["complete"])


def test_without_a_state_there_is_no_position():
    assert read_ledger_position({}) is None
    assert read_ledger_position({"__ab_no_cursor_state_message": True}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"horizon": "yesterday"},
        {"options": None},
        {"through": "now"},
        {"through": 1.5},
        {"written": "all"},
        {"ledgers": "no such text"},
        {"ledgers": None},
    ],
    ids=str,
)
def test_a_state_that_is_none_of_ours_is_refused(change):
    with pytest.raises(ValueError, match=r"."):
        read_ledger_position({**STAGES["complete"].blob(), **change})


def test_rows_count_when_they_have_been_written_and_not_before():
    progress = a_progress()
    assert progress.blob() == {"horizon": NOW - 100, "options": "o", "rules": "v2"}
    progress.apply(
        LedgerCheckpoint(memories={3: a_memory(), 4: a_memory()}, through=NOW, written=4)
    )
    assert (progress.blob()["written"], progress.is_complete()) == (4, False)
    progress.apply(LedgerCheckpoint(memories={9: a_memory(500)}, through=NOW, is_last=True))
    assert "written" not in progress.blob()
    assert progress.is_complete()
    held = read_ledger_position(progress.blob()).memories
    assert {key: memory.context.mrr_minor for key, memory in held.items()} == {
        3: 1000,
        4: 1000,
        9: 500,
    }


def test_what_is_not_worth_keeping_is_forgotten():
    progress = a_progress(through=NOW, memories={3: a_memory(), 4: a_memory()})
    progress.apply(LedgerCheckpoint(memories={3: None, 5: None}, through=NOW + 5, is_last=True))
    assert list(progress.position.memories) == [4]
    assert progress.position.through == NOW + 5


def test_steps_of_other_streams_change_nothing():
    progress = a_progress(through=NOW, memories={3: a_memory()})
    before = progress.blob()
    progress.apply(Checkpoint(closed="changes"))
    assert progress.blob() == before
    assert not progress.is_complete()
