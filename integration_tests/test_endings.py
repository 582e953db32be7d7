"""Syncs that end before their end: at once, with a code, and with states that hold."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from integration_tests.comparison import missing_and_extra, stale
from integration_tests.connector import MAIN_STREAMS, Run
from integration_tests.destination import Destination
from integration_tests.soak.running import Kill, Nursery
from integration_tests.soak.soak import CALM, discovered
from integration_tests.world import a_world
from stripe_sandbox.faults import FaultOptions

STREAMS = (*MAIN_STREAMS, "invoice_line_items", "balance_transactions", "quotes", "events")
AT_ONCE_SECONDS = 10


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    with Nursery(tmp_path_factory.mktemp("nursery")) as running:
        yield running


@pytest.fixture(scope="module")
def streams(nursery, tmp_path_factory):
    return discovered(nursery, tmp_path_factory.mktemp("discovered"))


@pytest.fixture
def world(tmp_path, nursery, streams):
    async def count(call, proceed):
        nursery.requests += 1
        return await proceed(call)

    serving = {"latency_seconds": 0.02, "hooks": (count,)}
    with a_world(tmp_path, serving=serving, customers=15, months=3) as made:
        made.connector._streams = list(streams)
        made.connector.config["num_workers"] = 3
        yield made


def tuned(**changes):
    return {**CALM, "page_size": 5, **changes}


def arguments(world, destination=None):
    return world.connector.read_arguments(destination.states if destination else (), STREAMS)


def assert_resumes(world, nursery, ended):
    """What was printed is all that the next sync needs to lose nothing."""
    destination = Destination(world.connector.streams)
    destination.receive(ended.messages)
    for _ in range(2):
        world.account.advance(300)
        rest = nursery.run(arguments(world, destination), CALM)
        assert rest.code == 0, rest.errors
        destination.receive(rest.messages)
    assert missing_and_extra(destination, world.truth, STREAMS) == {}
    assert stale(destination, world.truth, STREAMS) == {}


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("requests", [5, 25])
def test_a_signal_ends_a_read_soon_with_a_code_and_the_last_honest_states(
    world, nursery, by, requests
):
    ended = nursery.run(arguments(world), tuned(), Kill(after_requests=requests, by=by))
    assert ended.code == 128 + by
    assert ended.seconds_since_signal < AT_ONCE_SECONDS
    run = Run(ended.code, ended.messages)
    assert set(run.statuses) == set(run.states) == set(STREAMS)
    assert "INCOMPLETE" in run.statuses.values()
    [error] = run.errors
    assert by.name in error["message"]
    assert error["failure_type"] == "transient_error"
    last_log = [message["log"] for message in ended.messages if message["type"] == "LOG"][-1]
    assert f"of {len(STREAMS)} streams are incomplete" in last_log["message"]
    assert ended.errors == ""
    assert_resumes(world, nursery, ended)


def test_a_signal_in_a_long_pause_between_attempts_is_heeded_at_once(world, nursery):
    tuning = tuned(backoff_seconds=1_000)
    world_faults = FaultOptions({"status_500": 1.0})
    with a_world(world.connector._folder, "samples", serving={"faults": world_faults}) as failing:
        failing.connector._streams = world.connector.streams
        ended = nursery.run(arguments(failing), tuning, Kill(after_seconds=4, by=signal.SIGTERM))
    assert ended.code == 128 + signal.SIGTERM
    assert ended.seconds_since_signal < AT_ONCE_SECONDS


def test_a_full_disk_ends_a_read_at_once_and_nothing_is_written_after_it(world, nursery):
    dice = random.Random(3)
    for _ in range(3):
        limit = dice.randrange(20_000, 200_000)
        ended = nursery.run(arguments(world), tuned(), most_bytes=limit)
        assert ended.code == 1
        assert "cannot be written: File too large" in ended.errors
        assert "Traceback" not in ended.errors
        assert_resumes(world, nursery, ended)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_device_that_takes_nothing_ends_every_command(world, nursery):
    config = world.connector.file(world.connector.config)
    for command in (["spec"], ["discover", "--config", config], arguments(world)):
        ended = nursery.run(command, tuned(), out=Path("/dev/full"))
        assert ended.code == 1, command
        assert ended.seconds < AT_ONCE_SECONDS + 10
        assert "No space left" in ended.errors


def test_a_reader_that_goes_away_ends_a_read_by_itself(world, nursery, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    seen = []

    def read_some():
        with open(pipe, "rb") as reader:
            seen.append(reader.read(30_000))

    reader = threading.Thread(target=read_some)
    reader.start()
    began = time.monotonic()
    ended = nursery.run(arguments(world), tuned(), out=pipe)
    reader.join()
    assert ended.code == 1
    assert ended.errors == ""
    assert time.monotonic() - began < AT_ONCE_SECONDS + 10
    assert len(seen[0]) == 30_000


def test_the_last_log_line_of_a_good_read_says_that_all_is_there(world, nursery):
    ended = nursery.run(arguments(world), CALM)
    assert ended.code == 0
    logs = [message["log"]["message"] for message in ended.messages if message["type"] == "LOG"]
    assert any(f"All {len(STREAMS)} streams are complete." in line for line in logs[-2:])
