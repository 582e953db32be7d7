"""What the demo takes from the connector's messages."""

import json

import pytest

from stripe_saas.demo.messages import CatalogStream, described, output_in

PAIRS = CatalogStream("pairs", ("payout", "id"), True)
RAW = {
    "name": "pairs",
    "source_defined_primary_key": [["payout"], ["id"]],
    "supported_sync_modes": ["full_refresh", "incremental"],
}


@pytest.fixture
def written(tmp_path):
    def write(*messages):
        path = tmp_path / "messages.jsonl"
        path.write_text("".join(json.dumps(message) + "\n" for message in messages))
        return path

    return write


def record(**data):
    return {"type": "RECORD", "record": {"stream": "pairs", "data": data, "emitted_at": 0}}


def state(updated):
    descriptor = {"name": "pairs"}
    stream = {"stream_descriptor": descriptor, "stream_state": {"updated": updated}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": stream}}


def status(name, at):
    told = {"stream_descriptor": {"name": "pairs"}, "status": name}
    trace = {"type": "STREAM_STATUS", "emitted_at": at, "stream_status": told}
    return {"type": "TRACE", "trace": trace}


def error(text, stream=None):
    told = {"message": text, "stream_descriptor": {"name": stream} if stream else None}
    return {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 0, "error": told}}


def test_composite_keys_are_joined_by_a_slash_and_deletions_are_kept(written):
    path = written(
        record(payout="po_1", id="txn_1"), record(payout="po_1", id="t", is_deleted=True)
    )
    assert output_in(path, [PAIRS]).streams["pairs"].rows == [
        ("po_1/txn_1", False),
        ("po_1/t", True),
    ]


def test_the_last_state_of_a_stream_is_what_the_next_read_starts_from(written):
    path = written(state(1), state(2))
    assert output_in(path, [PAIRS]).states() == [state(2)["state"]]


def test_a_stream_lasts_from_its_first_status_to_its_last(written):
    path = written(status("STARTED", 1000), status("RUNNING", 2000), status("COMPLETE", 3500))
    stream = output_in(path, [PAIRS]).streams["pairs"]
    assert (stream.status, stream.seconds) == ("COMPLETE", 2.5)


def test_errors_are_the_streams_where_they_name_one(written):
    output = output_in(written(error("no"), error("not this", "pairs")), [PAIRS])
    assert output.errors == ["no"]
    assert output.streams["pairs"].error == "not this"


def test_what_discover_tells_of_a_stream_is_its_key_and_whether_it_can_be_incremental():
    plain = {**RAW, "name": "plain", "supported_sync_modes": ["full_refresh"]}
    assert described([RAW, plain]) == [PAIRS, CatalogStream("plain", ("payout", "id"), False)]
