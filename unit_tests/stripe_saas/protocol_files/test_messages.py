"""Every command that reads the connector's lines takes the same ones for messages."""

import io
import json
import subprocess
import sys

import pytest

from source_stripe_saas.streams.plans import load_plans
from stripe_saas.demo.messages import CatalogStream, output_in
from stripe_saas.protocol_files import state
from stripe_saas.protocol_files.connector import ConnectorOutput, ReadFailed
from stripe_saas.protocol_files.messages import (
    NotMessages,
    RecordLine,
    messages_in,
    placed_messages,
)
from stripe_saas.verify.holdings import HoldingsError
from stripe_saas.verify.message_file import MessageFile

PLANS = load_plans()
CUSTOMERS = CatalogStream("customers", ("id",), True)


def a_record(**data):
    data = {"id": "cus_1", "created": 1, "updated": 1, **data}
    return {"type": "RECORD", "record": {"stream": "customers", "data": data, "emitted_at": 1}}


def a_state(updated):
    stream = {"stream_descriptor": {"name": "customers"}, "stream_state": {"updated": updated}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": stream}}


def a_trace(**content):
    return {"type": "TRACE", "trace": {"emitted_at": 1.0, **content}}


def line(message):
    return json.dumps(message).encode() + b"\n"


# -- the readers: lines -> the last state's `updated` that is kept, or None if they are refused ---


def by_the_state_command(lines, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    if state.run(None) == 1:
        return None
    return json.loads(capsys.readouterr().out)[0]["stream"]["stream_state"]["updated"]


def by_verify(lines, tmp_path, monkeypatch, capsys):
    path = tmp_path / "messages.jsonl"
    path.write_bytes(lines)
    try:
        file = MessageFile(path, PLANS)
    except HoldingsError:
        return None
    file.close()
    return file.states["customers"]["updated"]


def by_the_demo(lines, tmp_path, monkeypatch, capsys):
    path = tmp_path / "messages.jsonl"
    path.write_bytes(lines)
    try:
        [found] = output_in(path, [CUSTOMERS]).states()
    except NotMessages:
        return None
    return found["stream"]["stream_state"]["updated"]


def by_sync(lines, tmp_path, monkeypatch, capsys):
    path = tmp_path / "messages.jsonl"
    path.write_bytes(lines)
    print_it = "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer)"
    command = [sys.executable, "-c", print_it, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            messages = list(ConnectorOutput(process, io.BytesIO()).messages_and_records())
        except ReadFailed:
            return None
    others = [message for message in messages if not isinstance(message, RecordLine)]
    states = [message for message in others if message["type"] == "STATE"]
    return states[-1]["state"]["stream"]["stream_state"]["updated"]


@pytest.fixture(params=[by_the_state_command, by_verify, by_the_demo, by_sync])
def last_state(request, tmp_path, monkeypatch, capsys):
    return lambda *lines: request.param(b"".join(lines), tmp_path, monkeypatch, capsys)


GOOD = {
    "a record": line(a_record()),
    "half a surrogate pair": line(a_record(name="\ud83d")),
    "the character 0": line(a_record(name="\0")),
    "an integer beyond 64 bits": line(a_record(balance=10**30)),
    "a blank line": b"\n",
    "white space": b"  \r\n",
    "a log line": line({"type": "LOG", "log": {"level": "INFO", "message": "x"}}),
    "a debug line": line({"type": "DEBUG", "message": "x", "data": {}}),
    "a type of tomorrow": line({"type": "TOMORROW"}),
    "an error": line(a_trace(type="ERROR", error={"message": "x"})),
    "an analytics trace": line(a_trace(type="ANALYTICS", analytics={"type": "x"})),
    "a trace of tomorrow": line(a_trace(type="TOMORROW")),
}

BAD = {
    "no JSON": b"Traceback (most recent call last):\n",
    "a record torn by a log line": line(a_record())[:60] + GOOD["a log line"],
    "the rest of a torn record": line(a_record())[60:],
    "no UTF-8": line(a_record(name="ZZ")).replace(b"ZZ", b"\xff\xff"),
    "no number": line(a_record(balance=float("nan"))),
    "nested without end": b'{"type":' * 100_000 + b"1" + b"}" * 100_000 + b"\n",
    "a list": b"[]\n",
    "no type": b'{"a": 1}\n',
    "a type that is no text": b'{"type": 5}\n',
    "a record without its body": b'{"type": "RECORD"}\n',
    "a record without its stream": line({"type": "RECORD", "record": {"data": {}}}),
    "a record of a list": line(
        {"type": "RECORD", "record": {"stream": "customers", "data": [], "emitted_at": 1}}
    ),
    "a record without its time": line(
        {"type": "RECORD", "record": {"stream": "customers", "data": {"id": "cus_1"}}}
    ),
    "a state of no stream": line({"type": "STATE", "state": {"type": "GLOBAL"}}),
    "a state that is a text": line({"type": "STATE", "state": "x"}),
    "a log line without a message": line({"type": "LOG", "log": {}}),
    "a trace without its time": line(
        {"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": "x"}}}
    ),
    "an error without a message": line(a_trace(type="ERROR", error={})),
    "an analytics trace without a type": line(a_trace(type="ANALYTICS", analytics={})),
    "a status of no stream": line(a_trace(type="STREAM_STATUS", stream_status={"status": "x"})),
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_what_the_connector_writes_is_taken_by_every_reader(last_state, content):
    assert last_state(line(a_state(1)), content, line(a_state(2))) == 2


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_no_reader_goes_on_to_a_state_behind_a_line_that_it_cannot_read(last_state, content):
    assert last_state(line(a_state(1)), content, line(a_state(2))) is None


@pytest.mark.parametrize("cut_at", [1, 30, -2], ids=["begun", "half", "but for a brace"])
def test_a_last_line_that_was_cut_off_is_left_out_by_every_reader(last_state, cut_at):
    assert last_state(line(a_state(1)), line(a_state(2))[:cut_at]) == 1


def test_a_last_line_that_lacks_its_line_feed_alone_counts(last_state):
    assert last_state(line(a_state(1)), line(a_state(2)).rstrip()) == 2


def test_a_last_line_of_something_else_is_not_taken_for_one_that_was_cut_off(last_state):
    assert last_state(line(a_state(1)), b"[]") is None


def test_a_line_that_is_no_message_is_named():
    with pytest.raises(NotMessages, match=r"^line 3 is not a message"):
        list(messages_in([line(a_state(1)), b"\n", b"Traceback\n"]))


def test_a_message_knows_the_place_of_its_line():
    lines = [line(a_state(1)), b"\n", line(a_record(name="Zoë"))]
    text = b"".join(lines)
    for placed, expected in zip(placed_messages(lines), (lines[0], lines[2]), strict=True):
        assert text[placed.offset : placed.offset + placed.length] == expected
        assert placed.message == json.loads(expected)
    assert [placed.number for placed in placed_messages(lines)] == [1, 3]


def test_integers_keep_all_their_digits():
    [message] = messages_in([line(a_record(balance=10**30 + 1))])
    assert message["record"]["data"]["balance"] == 10**30 + 1
