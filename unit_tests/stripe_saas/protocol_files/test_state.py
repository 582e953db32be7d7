"""From what a read writes to what the next one goes on from."""

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
