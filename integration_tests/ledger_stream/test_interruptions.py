"""Syncs of the ledger that are cut off: nothing is lost, and what comes twice is the same row."""

import json
import random

import pytest

from integration_tests.connector import decoded
from integration_tests.ledger_stream.connection import STREAM, Connection, state_message
from integration_tests.world import a_world
from source_stripe_saas.engine import cursor
from source_stripe_saas.ledger import progress, row_batches

TINY = {"customers": 40, "months": 8}


@pytest.fixture(autouse=True)
def states_after_every_batch(monkeypatch):
    """As many places to resume from as there are; otherwise a minute passes between two states."""
    monkeypatch.setattr(cursor, "_SECONDS_BETWEEN_STATES", 0.0)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_STATES", 0.0)
    monkeypatch.setattr(row_batches, "_ROWS_IN_ONE_BATCH", 25)


def cut_sync(connection, dice):
    """A sync whose process is killed at some moment; what it had printed arrives.

    Returns:
        How many of the rows its last state covers.
    """
    states = [state_message(connection.state)] if connection.state is not None else []
    run = connection.world.connector.read(states, [STREAM])
    text = "".join(json.dumps(message) + "\n" for message in run.messages)
    covered = len(connection.rows)
    for message in decoded(text[: dice.randrange(len(text))]):
        if message["type"] == "RECORD":
            connection.rows.append(message["record"]["data"])
        elif message["type"] == "STATE":
            connection.state = message["state"]["stream"]["stream_state"]
            covered = len(connection.rows)
    return covered


def distinct(rows):
    """event_id -> the row; fails where one id came with two contents."""
    found = {}
    for row in rows:
        assert found.setdefault(row["event_id"], row) == row
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_first_sync_cut_off_again_and_again_gives_the_rows_of_an_undisturbed_one(seed, tmp_path):
    dice = random.Random(seed)
    with a_world(tmp_path, seed=seed, **TINY) as world:
        whole, cut = Connection(world), Connection(world)
        whole.sync()
        for _ in range(3):
            cut_sync(cut, dice)
        cut.sync()
        assert distinct(cut.rows) == distinct(whole.rows)
        assert len(distinct(whole.rows)) == len(whole.rows) > 100
        world.advance(3)
        cut.sync()
        whole.sync()
        assert distinct(cut.rows) == distinct(whole.rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_first_sync_that_goes_on_after_days_repeats_no_row_under_another_id(seed, tmp_path):
    dice = random.Random(seed)
    with a_world(tmp_path, seed=seed, **TINY) as world:
        whole, cut = Connection(world), Connection(world)
        whole.sync()
        for attempt in range(60):
            if attempt % 12 == 0:
                # By chance the ones before may have come to their end between two such states.
                cut = Connection(world)
            covered = cut_sync(cut, dice)
            if "written" in (cut.state or {}):
                break
        # A destination counts on what a state covers; the rest comes again, days later perhaps
        # rebuilt from invoices where events no longer reach back.
        del cut.rows[covered:]
        written = cut.state["written"]
        world.advance(4)
        cut.sync()
        whole.sync()
        committed = distinct(cut.rows)
        of_both = [(row["subscription_id"], row["sequence"]) for row in committed.values()]
        assert len(of_both) == len(set(of_both)), "one place in a ledger was written twice"
        assert head(cut) == head(whole)
        assert written is not None


def head(connection):
    """Subscription -> MRR after its last row."""
    return {key: rows[-1]["mrr_after"] for key, rows in connection.by_subscription().items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_later_sync_that_is_cut_off_gives_the_same_rows_again(seed, tmp_path):
    dice = random.Random(seed)
    with a_world(tmp_path, seed=seed, **TINY) as world:
        first = Connection(world)
        first.sync()
        whole, cut = first.fork(), first.fork()
        for _ in range(3):
            world.advance(5)
            cut_sync(cut, dice)
        whole.sync()
        cut.sync()
        assert distinct(cut.rows) == distinct(whole.rows)
        assert len(whole.rows) > 10
        assert head(cut) == head(whole)
