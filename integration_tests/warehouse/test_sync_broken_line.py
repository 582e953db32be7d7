"""A line that `sync` cannot read: it may have been a record, so no state behind it is kept."""

import json
import sys

import pytest

from integration_tests.warehouse.syncing import a_warehouse
from stripe_saas.protocol_files import connector

pytestmark = pytest.mark.slow

STREAMS = ("customers", "charges")

TEARING = """
import sys
log = b'{"type":"LOG","log":{"level":"WARN","message":"Waiting"}}\\n'
charges = 0
for line in sys.stdin.buffer:
    if line.startswith(b'{"type":"RECORD","record":{"stream":"charges"'):
        charges += 1
        if charges == 5:
            line = line[:200] + log + line[200:]
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
"""
"""Does to the fifth charge what a log line of another thread once did."""


@pytest.fixture
def torn_output(tmp_path, monkeypatch):
    """Has the connector run behind something that tears one of its lines."""
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\n"{sys.executable}" "$@" | "{sys.executable}" "$0".filter\n')
    (tmp_path / "python.filter").write_text(TEARING)
    wrapper.chmod(0o700)
    with monkeypatch.context() as patch:
        patch.setattr(connector.sys, "executable", str(wrapper))
        yield patch


def state_of(warehouse, stream):
    rows = warehouse.rows(
        "select state_json from stripe_raw._airbyte_state where stream_name = ?", stream
    )
    return json.loads(rows[0]["state_json"])["stream"]["stream_state"] if rows else None


@pytest.mark.parametrize("options", [(), ("--full",)], ids=["incremental", "full"])
def test_a_torn_line_ends_a_sync_and_the_next_one_brings_what_it_held(
    tmp_path, torn_output, capsys, options
):
    with a_warehouse(tmp_path) as warehouse:
        assert warehouse.sync("--streams", *STREAMS, *options) == 1
        last = warehouse.last_sync()
        assert last["status"] in ("incomplete", "failed")
        assert "the connector's output is broken: line " in last["error"]
        assert "output is broken" in capsys.readouterr().out
        held, truth = warehouse.ids("charges"), warehouse.world.truth.counts()["charges"]["ids"]
        assert len(held) < len(truth)
        state = state_of(warehouse, "charges")
        # What a first read knows at its beginning: nothing of it has been read to its end.
        assert state is None or "backfill" in state

        torn_output.undo()
        assert warehouse.sync("--streams", *STREAMS) == 0
        warehouse.assert_true(STREAMS)
