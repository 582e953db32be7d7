"""Input that cannot be used -> one error trace that names the field, exit code 1, no traceback."""

import json
import subprocess
import time

import pytest

from integration_tests.connector import run_process, start

GOOD_CONFIG = {"client_secret": "rk_test_good0000000001", "api_url": "http://127.0.0.1:9"}
"""Nothing listens there."""


def a_catalog(*names, **changes):
    return {
        "streams": [
            {
                "stream": {
                    "name": name,
                    "json_schema": {},
                    "supported_sync_modes": ["full_refresh", "incremental"],
                },
                "sync_mode": "incremental",
                "destination_sync_mode": "append_dedup",
                **changes,
            }
            for name in names
        ]
    }


CASES = {
    "an unknown mode": ("`mode`", {"config": {**GOOD_CONFIG, "mode": "prod"}}),
    "a start date that is no date": (
        "`start_date`",
        {"config": {**GOOD_CONFIG, "start_date": "soon"}},
    ),
    "a publishable key": ("`client_secret`", {"config": {"client_secret": "pk_live_x"}}),
    "no key": ("`client_secret`", {"config": {}}),
    "a key of the other mode": (
        "`mode`",
        {"config": {**GOOD_CONFIG, "client_secret": "sk_live_1234567890", "mode": "test"}},
    ),
    "a config that is no object": ("`config`", {"config": ["client_secret"]}),
    "a config that is no JSON": ("`config`", {"config": b'{"client_secret": '}),
    "a config that is not there": ("`config`", {"config": None}),
    "a state that is no object": ("`state`", {"state": 5}),
    "a state of a stream that is no object": (
        "`state[0].stream.stream_state`",
        {
            "state": [
                {"stream": {"stream_descriptor": {"name": "customers"}, "stream_state": "now"}}
            ]
        },
    ),
    "a catalog without streams": ("`catalog`", {"catalog": {}}),
    "a catalog with an unknown sync mode": (
        "`catalog.streams[0].sync_mode`",
        {"catalog": a_catalog("customers", sync_mode="sometimes")},
    ),
}


def files(folder, **given):
    """The command line of a `read` with these files, good ones where nothing else is given."""
    contents = {"config": GOOD_CONFIG, "catalog": a_catalog("customers"), **given}
    arguments = ["read"]
    for kind, content in contents.items():
        path = folder / f"{kind}.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            path.write_text(json.dumps(content), encoding="utf-8")
        arguments += [f"--{kind}", str(path)]
    return arguments


def assert_one_clear_line(run, field):
    assert run.code == 1
    assert run.stderr == ""
    [error] = run.errors
    assert field in error["message"]
    assert "\n" not in error["message"]
    assert error["failure_type"] == "config_error"
    assert "Traceback" not in json.dumps(run.messages)
    assert "stack_trace" not in error


@pytest.mark.parametrize("case", CASES)
def test_read_refuses(case, tmp_path):
    field, given = CASES[case]
    run = run_process(files(tmp_path, **given))
    assert_one_clear_line(run, field)
    assert [message["type"] for message in run.messages] == ["TRACE"]


def test_check_refuses_a_bad_config_with_a_status_as_well(tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**GOOD_CONFIG, "mode": "prod"}), encoding="utf-8")
    run = run_process(["check", "--config", str(config)])
    assert_one_clear_line(run, "`mode`")
    assert run.connection["status"] == "FAILED"
    assert "`mode`" in run.connection["message"]


def test_no_refusal_repeats_the_key(tmp_path):
    secret = "sk_live_averysecretkey"
    config = {"client_secret": secret, "mode": "test"}
    run = run_process(files(tmp_path, config=config))
    assert secret not in json.dumps(run.messages) + run.stderr


@pytest.mark.parametrize("pause_seconds", [0, 2])
def test_a_reader_that_has_had_enough_ends_the_connector(company, pause_seconds):
    process = start(company.connector.read_arguments(), stderr=subprocess.PIPE)
    first = process.stdout.readline()
    while '"RECORD"' not in process.stdout.readline():
        pass
    # Meanwhile the pipe, then the queue fills, and every thread waits for room.
    time.sleep(pause_seconds)
    process.stdout.close()  # what `| head` does
    try:
        process.wait(timeout=20)
        complaint = process.stderr.read()
    finally:
        process.kill()
        process.stderr.close()
    assert json.loads(first)["type"] == "LOG"
    assert complaint == ""


def test_check_tells_a_dead_network_from_a_bad_key(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(GOOD_CONFIG), encoding="utf-8")
    run = run_process(["check", "--config", str(path)])
    assert run.connection["status"] == "FAILED"
    assert "could not be reached" in run.connection["message"]
    assert "Traceback" not in json.dumps(run.messages) + run.stderr
