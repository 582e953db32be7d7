"""A small account on tape: the connector's requests and their replies, replayed without a network.

`make record` records anew, from the sandbox. What has to come out is written down beside the tapes
then, as the sandbox itself tells it.
"""

import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from vcr.stubs import VCRHTTPResponse

from integration_tests.comparison import CONNECTORS_OWN
from integration_tests.connector import MAIN_STREAMS, TEST_KEY, Connector
from integration_tests.schemas import assert_fit
from integration_tests.truth import Truth
from stripe_sandbox.account import SECONDS_PER_DAY, open_account
from stripe_sandbox.server.running import running_sandbox

TAPES = Path(__file__).parent / "cassettes"
PORT = 8421
"""A tape holds addresses, so this port must be free while recording; replaying needs none."""

FIRST_READ_AT = 1_781_524_800
"""Where the clock of a simulated company stands once it is made."""
DAYS = 7
LATENESS_SECONDS = 60
SMALL = {"customers": 6, "months": 2, "seed": 18}
"""A company with one of everything, for tapes of single streams."""

MOST_BYTES = 1_100_000

# Events that mean a change of another object than their own: (object of the event, the field that
# names the changed one) -> the stream.
NAMED = {("dispute", "charge"): "charges", ("discount", "customer"): "customers"}


@pytest.fixture(scope="module")
def vcr_config():
    return {"filter_headers": ["authorization"]}


@pytest.fixture
def connector(tmp_path):
    # The recorder loses requests of parallel threads.
    return Connector(tmp_path, f"http://127.0.0.1:{PORT}", num_workers=1)


@pytest.fixture(autouse=True)
def _replies_that_a_cache_can_keep(monkeypatch):
    # The CDK keeps what streams have in common in a cache, which asks a reply for its address by a
    # name that urllib3's replies have and the recorder's have not.
    monkeypatch.setattr(VCRHTTPResponse, "_request_url", None, raising=False)


@pytest.fixture
def expected_of(record_mode):
    """Name of a tape -> what has to come out; while recording, serves the account as well."""
    with ExitStack() as serving:

        def expected(tape, advance_days=0, **company):
            path = TAPES / f"{tape}.json"
            if record_mode != "none":
                account = open_account("company", **(company or {"customers": 12, "months": 3}))
                account.advance(advance_days * SECONDS_PER_DAY)
                serving.enter_context(running_sandbox(account, PORT))
                found = _changed(account) if advance_days else _everything(account)
                TAPES.mkdir(exist_ok=True)
                path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")
            return json.loads(path.read_text(encoding="utf-8"))

        yield expected


def present(record):
    return {field: value for field, value in record.items() if value is not None}


def _everything(account):
    truth = Truth(account)
    counts = truth.counts()
    return {name: truth.objects(name, counts[name]["ids"]) for name in MAIN_STREAMS}


def _changed(account):
    """What events since the first read name, None for what is gone."""
    truth = Truth(account)
    keys = {name: set() for name in MAIN_STREAMS}
    for event in truth.events_since(FIRST_READ_AT - 2 * LATENESS_SECONDS):
        if event["created"] > truth.now - LATENESS_SECONDS:
            continue
        subject = event["data"]["object"]
        for name in set(truth.streams_of(subject)) & keys.keys():
            keys[name].add(subject["id"])
        for (kind, field), name in NAMED.items():
            if subject["object"] == kind:
                keys[name].add(subject[field])
    objects = {name: truth.objects(name, keys[name]) for name in MAIN_STREAMS}
    return {name: {key: objects[name].get(key) for key in keys[name]} for name in MAIN_STREAMS}


def contents(run):
    """Stream -> id -> record without the connector's own fields, None for what is gone."""
    found = {name: {} for name in MAIN_STREAMS}
    for name, records in run.records.items():
        for record in records:
            assert record["id"] not in found[name], "emitted twice"
            bare = {field: record[field] for field in record if field not in CONNECTORS_OWN}
            found[name][record["id"]] = None if record.get("is_deleted") else bare
    return found


@pytest.mark.vcr
@pytest.mark.block_network
def test_a_first_read_replayed_brings_every_object_as_it_was(connector, expected_of):
    expected = expected_of("first_read")
    run = connector.read((), MAIN_STREAMS)
    run.assert_complete()
    assert contents(run) == expected
    assert_fit(run.records)
    assert run.states == {name: {"updated": FIRST_READ_AT - 60} for name in MAIN_STREAMS}


@pytest.mark.vcr
@pytest.mark.block_network
@pytest.mark.parametrize("runtime", ["pages", "cdk"])
@pytest.mark.parametrize("name", MAIN_STREAMS)
def test_each_main_stream_replayed_by_either_runtime_is_as_it_was(
    connector, expected_of, name, runtime
):
    expected = expected_of("small", **SMALL)[name]
    run = connector.run(*connector.read_arguments((), [name]), "--runtime", runtime)
    run.assert_complete()
    # The CDK leaves out what is null.
    found = {key: present(record) for key, record in contents(run)[name].items()}
    assert found == {key: present(record) for key, record in expected.items()}
    assert found


@pytest.mark.vcr
@pytest.mark.block_network
def test_a_read_of_changes_replayed_brings_what_events_named(connector, expected_of):
    expected = expected_of("changes", DAYS)
    states = [
        {
            "type": "STREAM",
            "stream": {
                "stream_descriptor": {"name": name},
                "stream_state": {"updated": FIRST_READ_AT - 60},
            },
        }
        for name in MAIN_STREAMS
    ]
    run = connector.read(states, MAIN_STREAMS)
    run.assert_complete()
    assert contents(run) == expected
    assert sum(map(len, expected.values())) > 5
    assert_fit(run.records)
    until = FIRST_READ_AT + DAYS * SECONDS_PER_DAY - 60
    assert run.states == {name: {"updated": until} for name in MAIN_STREAMS}


def test_the_tapes_are_small_and_hold_no_key():
    tapes = list(TAPES.rglob("*.yaml"))
    assert len(tapes) == 2 + 2 * len(MAIN_STREAMS)
    for tape in tapes:
        text = tape.read_text(encoding="utf-8")
        assert TEST_KEY not in text
        assert "Authorization:" not in text
        assert "method: POST" not in text
    assert sum(path.stat().st_size for path in TAPES.rglob("*") if path.is_file()) < MOST_BYTES
