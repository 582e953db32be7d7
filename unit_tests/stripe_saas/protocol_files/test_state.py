"""From what a read writes to what the next one goes on from."""

import pytest

from stripe_saas.protocol_files.messages import NotMessages, messages_in
from stripe_saas.protocol_files.state import last_states


def state(stream, updated):
    blob = {"stream_descriptor": {"name": stream}, "stream_state": {"updated": updated}}
    return {"type": "STREAM", "stream": blob}


def message(stream, updated):
    return {"type": "STATE", "state": state(stream, updated)}


def test_the_last_state_of_each_stream_counts():
    read = [message("charges", 1), {"type": "RECORD"}, message("refunds", 5), message("charges", 2)]
    assert last_states(read) == [state("charges", 2), state("refunds", 5)]


def test_a_read_without_states_leaves_an_empty_list():
    assert last_states([{"type": "LOG"}]) == []


def test_blank_lines_are_no_messages():
    assert list(messages_in([b'{"type": "LOG"}\n', b"\n"])) == [{"type": "LOG"}]


def test_a_last_line_that_was_cut_off_is_left_out():
    lines = [b'{"type": "LOG"}\n', b'{"type": "REC']
    assert list(messages_in(lines)) == [{"type": "LOG"}]


@pytest.mark.parametrize("line", [b"Traceback\n", b"[]\n", b'{"a": 1}\n'])
def test_a_line_that_is_no_message_is_named(line):
    with pytest.raises(NotMessages, match="line 2 "):
        list(messages_in([b'{"type": "LOG"}\n', line]))
