"""The front door: each command's messages and exit code; what a person can mend is one line."""

import io
import json

import pytest

from source_stripe_saas.__main__ import run
from source_stripe_saas.config import resources
from unit_tests.builders import NOW, PLANS
from unit_tests.stripe_server import denied, failure, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

KEY = "rk_test_51Hidden"


@pytest.fixture
def command(tmp_path):
    """Runs a command on files with the given contents; gives (exit code, messages)."""

    def call(name, config=None, catalog=None, state=None):
        arguments = [name]
        files = {"config": config, "catalog": catalog, "state": state}
        for kind, content in files.items():
            if content is not None:
                path = tmp_path / f"{kind}.json"
                path.write_text(content if isinstance(content, str) else json.dumps(content))
                arguments += [f"--{kind}", str(path)]
        out = io.StringIO()
        code = run(arguments, out)
        assert "51Hidden" not in out.getvalue()
        return code, [json.loads(line) for line in out.getvalue().splitlines()]

    return call


def a_config(**fields):
    return {"client_secret": KEY, **fields}


def a_catalog(*names):
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
            }
            for name in names
        ]
    }


def error_traces(messages):
    traces = [message["trace"] for message in messages if message["type"] == "TRACE"]
    return [trace["error"] for trace in traces if trace["type"] == "ERROR"]


def verdicts(messages):
    """Of each connection status, what it says; a check may write log lines too."""
    said = [message for message in messages if message["type"] == "CONNECTION_STATUS"]
    return [message["connectionStatus"]["status"] for message in said]


def test_spec_is_the_file(command):
    code, (message,) = command("spec")
    assert (code, message["type"]) == (0, "SPEC")
    assert message["spec"] == resources.spec()


def test_discover_names_every_stream_with_its_key_and_cursor(command):
    code, messages = command("discover", a_config())
    (catalog,) = [message["catalog"] for message in messages if message["type"] == "CATALOG"]
    assert code == 0
    streams = {stream["name"]: stream for stream in catalog["streams"]}
    assert list(streams) == list(PLANS)
    assert list(streams)[:6] == [
        "customers",
        "subscriptions",
        "invoices",
        "charges",
        "refunds",
        "payouts",
    ]
    for name, plan in PLANS.items():
        stream = streams[name]
        assert stream["source_defined_primary_key"] == [[key] for key in plan.primary_key]
        assert ("incremental" in stream["supported_sync_modes"]) == plan.is_incremental
        if plan.is_incremental:
            assert stream["default_cursor_field"] == [plan.cursor_field]
            assert plan.cursor_field in stream["json_schema"]["properties"]
        assert stream["json_schema"] == resources.schema(name)


def test_discover_asks_stripe_nothing(command):
    with serving() as stripe:
        command("discover", a_config())
    assert stripe.sent == []


def test_a_good_check_succeeds(command):
    with serving():
        code, messages = command("check", a_config())
    assert (code, verdicts(messages)) == (0, ["SUCCEEDED"])


def test_a_failed_check_is_a_message_and_no_failure_of_the_command(command):
    with serving(answers={"account": failure(401, "Invalid API Key")}):
        code, messages = command("check", a_config())
    assert (code, verdicts(messages)) == (0, ["FAILED"])


def test_a_read_that_succeeds_ends_with_zero(command):
    lists = {"customers": [{"id": "cus_1", "object": "customer", "created": NOW}]}
    with serving(lists=lists):
        code, messages = command("read", a_config(), a_catalog("customers"))
    assert code == 0
    assert [m["record"]["data"]["id"] for m in messages if m["type"] == "RECORD"] == ["cus_1"]


def test_a_read_that_lacks_a_stream_ends_with_one_and_one_trace(command):
    with serving(answers={"charges": denied()}):
        code, messages = command("read", a_config(), a_catalog("charges", "customers"))
    (error,) = error_traces(messages)
    assert code == 1
    assert error["failure_type"] == "config_error"
    assert "Traceback" not in error.get("stack_trace", "")
    assert "Stream `charges`" in error["message"]


def test_a_read_that_cannot_begin_ends_with_one_and_one_trace(command):
    with serving(answers={"account": failure(401, "Invalid API Key")}):
        code, messages = command("read", a_config(), a_catalog("customers"))
    (error,) = error_traces(messages)
    assert (code, error["failure_type"]) == (1, "config_error")
    assert "stack_trace" not in error


def test_a_read_with_an_unknown_stream_reads_the_others_and_ends_with_one_and_one_trace(command):
    with serving():
        code, messages = command("read", a_config(), a_catalog("people", "customers"))
    (error,) = error_traces(messages)
    assert (code, error["failure_type"]) == (1, "config_error")
    assert "Stream `people` does not exist" in error["message"]
    log = messages[-1]["log"]["message"]
    assert log.startswith("1 of 2 streams are incomplete: people. ")


GOOD = (a_config(), a_catalog("customers"))
BAD_STATE = [{"stream": {"stream_descriptor": {"name": "customers"}, "stream_state": 5}}]


@pytest.mark.parametrize(
    ("config", "catalog", "state", "field"),
    [
        (a_config(mode="sandbox"), GOOD[1], None, "mode"),
        (a_config(start_date="soon"), GOOD[1], None, "start_date"),
        ({"client_secret": "pk_live_51Hidden"}, GOOD[1], None, "client_secret"),
        ("{", GOOD[1], None, "config"),
        (GOOD[0], '{"streams": [{}]}', None, "catalog.streams[0].stream.name"),
        (GOOD[0], "[]", None, "catalog"),
        (*GOOD, "5", "state"),
        (*GOOD, BAD_STATE, "state[0].stream.stream_state"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_one_line_in_one_trace_that_names_the_field(
    command, config, catalog, state, field
):
    with serving() as stripe:
        code, messages = command("read", config, catalog, state)
    (message,) = messages
    (error,) = error_traces(messages)
    assert code == 1
    assert message["trace"]["emitted_at"] > 0
    assert f"`{field}`" in error["message"]
    assert "\n" not in error["message"]
    assert error["failure_type"] == "config_error"
    assert stripe.sent == []


def test_check_says_a_bad_config_in_its_own_message_too(command):
    code, messages = command("check", a_config(mode="live"))
    assert code == 1
    assert messages[0]["connectionStatus"]["status"] == "FAILED"
    assert "`mode`" in messages[0]["connectionStatus"]["message"]
    assert len(error_traces(messages)) == 1


def test_a_wrong_command_line_ends_with_two(capsys):
    assert run(["sync"], io.StringIO()) == 2
    assert "usage" in capsys.readouterr().err
