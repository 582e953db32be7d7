"""Whatever a reader makes a read wait for, lines are whole and states come after their records."""

import os
import signal
import subprocess
import sys

import pytest

from integration_tests.connector import Connector
from integration_tests.stalled_reader.child import PAGES, RECORDS, STREAM
from integration_tests.stalled_reader.stalled_syncs import stalled_syncs
from integration_tests.stalled_reader.stalling import stalling_lines, taken

ALL = PAGES * RECORDS


@pytest.fixture
def read(tmp_path):
    """Runs the child; once so many lines were taken it gets a signal."""
    connector = Connector(tmp_path, "http://127.0.0.1:1")
    connector._streams = [
        {"name": STREAM, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    ]
    arguments = connector.read_arguments()

    def run(ending="end", by=None, after_lines=0):
        module = "integration_tests.stalled_reader.child"
        with subprocess.Popen(
            [sys.executable, "-m", module, ending, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # As images have it: nothing beneath the connector keeps threads apart.
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        ) as process:

            def lines():
                for number, line in enumerate(stalling_lines(process.stdout)):
                    if by is not None and number == after_lines:
                        process.send_signal(by)
                    yield line

            found = taken(lines())
            assert process.stderr.read() == b""
        return process.returncode, found

    return run


def of_type(found, kind):
    return [message for message in found.messages if message["type"] == kind]


def assert_in_order(found):
    """No line is torn, no record is missing in between, no state tells of records to come."""
    assert found.torn == []
    read = 0
    for message in found.messages:
        if message["type"] == "RECORD":
            assert message["record"]["data"]["id"] == str(read)
            read += 1
        elif message["type"] == "STATE":
            assert message["state"]["stream"]["stream_state"] == {"records": read}
            assert message["state"]["sourceStats"] == {"recordCount": RECORDS}
    assert len(of_type(found, "LOG")) > 20
    return read


def test_a_read_to_its_end_loses_no_line(read):
    code, found = read()
    assert (code, found.rest) == (0, b"")
    assert assert_in_order(found) == ALL
    assert len(of_type(found, "STATE")) == PAGES


def test_an_error_comes_whole_after_all_records(read):
    code, found = read("error")
    assert (code, found.rest) == (1, b"")
    assert assert_in_order(found) == ALL
    [trace] = of_type(found, "TRACE")
    assert "made up" in trace["trace"]["error"]["internal_message"]


@pytest.mark.parametrize("after_lines", [700, 2_050])
def test_a_signal_in_the_middle_of_a_page_ends_after_the_page(read, after_lines):
    code, found = read(by=signal.SIGTERM, after_lines=after_lines)
    assert (code, found.rest) == (128 + signal.SIGTERM, b"")
    records = assert_in_order(found)
    assert 0 < records < ALL
    assert records % RECORDS == 0
    [trace] = of_type(found, "TRACE")
    assert "SIGTERM" in trace["trace"]["error"]["message"]


@pytest.mark.parametrize("after_lines", [450, 1_133, 3_001])
def test_a_kill_leaves_no_torn_line_but_the_last(read, after_lines):
    code, found = read(by=signal.SIGKILL, after_lines=after_lines)
    assert code == -signal.SIGKILL
    assert 0 < assert_in_order(found) < ALL


@pytest.mark.slow
def test_a_sync_whose_reader_stalls_while_the_connector_warns_brings_every_record(tmp_path):
    figures = stalled_syncs(runs=3, folder=tmp_path)
    assert figures.warnings > 100
    assert (figures.torn, figures.missing, figures.incomplete) == (0, 0, 0)
