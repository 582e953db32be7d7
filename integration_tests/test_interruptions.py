"""Reads that are cut off anywhere and resumed from what they had printed: nothing is lost."""

import json
import random
import threading
import time

import pytest

from integration_tests.comparison import missing_and_extra, stale
from integration_tests.connector import MAIN_STREAMS, decoded, run_process, start
from integration_tests.destination import Destination
from integration_tests.world import a_world
from source_stripe_saas.engine import cursor

SEEDS = (1, 2)
CUTS = 3
TINY = {"customers": 30, "months": 5}
STREAMS = (
    *MAIN_STREAMS,
    "subscription_items",  # embedded in their parents
    "invoice_items",
    "invoice_line_items",
    "prices",  # two lists
    "quotes",  # no windows
    "payment_methods",
    "balance_transactions",  # no feed
    "payout_balance_transactions",  # a request a parent
    "checkout_sessions",
    "shipping_rates",  # always in full
    "events",
)
"""One stream at least of every way of reading."""


@pytest.fixture
def states_after_every_page(monkeypatch):
    """As many places to resume from as there are; otherwise a second passes between two states."""
    monkeypatch.setattr(cursor, "_SECONDS_BETWEEN_STATES", 0.0)


def lines_of(run):
    """The run's output, as the process would have printed it."""
    return "".join(json.dumps(message) + "\n" for message in run.messages)


def cut(run, dice):
    """What a destination got of a run whose process was killed at some moment."""
    text = lines_of(run)
    return decoded(text[: dice.randrange(len(text))])


def assert_is_the_account(destination, world, seed):
    truth = world.truth
    assert missing_and_extra(destination, truth, STREAMS) == {}, f"seed {seed}"
    assert stale(destination, truth, STREAMS) == {}, f"seed {seed}"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_first_read_cut_off_again_and_again_while_time_passes_loses_nothing(
    seed, tmp_path, states_after_every_page
):
    dice = random.Random(seed)
    with a_world(tmp_path, seed=seed, **TINY) as world:
        destination = Destination(world.connector.streams)
        for _ in range(CUTS):
            destination.receive(cut(world.connector.read(destination.states, STREAMS), dice))
            world.advance(dice.choice([0.01, 1, 5]))
        last = world.connector.read(destination.states, STREAMS)
        last.assert_complete()
        destination.receive(last.messages)
        # What changed between the first attempt and the last is the next read's to tell.
        after = world.connector.read(destination.states, STREAMS)
        after.assert_complete()
        destination.receive(after.messages)
        assert_is_the_account(destination, world, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_read_of_changes_cut_off_again_and_again_loses_nothing(
    seed, tmp_path, states_after_every_page
):
    dice = random.Random(seed)
    with a_world(tmp_path, seed=seed, **TINY) as world:
        destination = Destination(world.connector.streams)
        destination.receive(world.connector.read((), STREAMS).messages)
        world.advance(7)
        for _ in range(CUTS):
            destination.receive(cut(world.connector.read(destination.states, STREAMS), dice))
            world.advance(dice.choice([0.01, 1, 3]))
        last = world.connector.read(destination.states, STREAMS)
        last.assert_complete()
        destination.receive(last.messages)
        assert_is_the_account(destination, world, seed)


def test_a_resumed_first_read_does_not_begin_anew(company, states_after_every_page):
    first = company.connector.read((), ["charges"])
    states = [message["state"] for message in first.of_type("STATE")]
    assert "backfill" in states[0]["stream"]["stream_state"]
    again = company.connector.read(states[:1], ["charges"])
    again.assert_complete()
    written = first.messages.index(first.of_type("STATE")[0])
    before = {m["record"]["data"]["id"] for m in first.messages[:written] if m["type"] == "RECORD"}
    resumed = {record["id"] for record in again.records["charges"]}
    truth = set(company.truth.counts()["charges"]["ids"])
    assert before | resumed == truth
    assert len(before & resumed) < 10, "only the oldest second seen may come again"


@pytest.mark.slow
def test_a_process_killed_at_five_random_moments_loses_nothing(tmp_path):
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    # A reply takes as long as one of a near server, so that there is something to interrupt.
    with a_world(tmp_path, serving={"latency_seconds": 0.02}, seed=seed) as world:
        connector = world.connector
        connector.config["num_workers"] = 4
        destination = Destination(connector.streams)
        received = 0
        for _ in range(5):
            messages = killed(
                connector.read_arguments(destination.states, STREAMS), dice.uniform(0.1, 1.5)
            )
            destination.receive(messages)
            received += sum(message["type"] == "RECORD" for message in messages)
        last = run_process(connector.read_arguments(destination.states, STREAMS), timeout=120)
        last.assert_complete()
        assert received > 0, f"seed {seed}: killed before anything was printed"
        destination.receive(last.messages)
        assert_is_the_account(destination, world, seed)


def killed(arguments, seconds):
    """What the connector printed before it was killed, so long after its first record."""
    process = start(arguments)
    pieces, has_records = [], threading.Event()

    def collect():
        for line in process.stdout:
            pieces.append(line)
            if '"RECORD"' in line:
                has_records.set()

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        has_records.wait(timeout=60)
        time.sleep(seconds)
    finally:
        process.kill()
        process.wait()
        collector.join()
        process.stdout.close()
    return decoded("".join(pieces))
