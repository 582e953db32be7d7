"""A restricted key without invoices: said by check, told by read, and the rest delivered."""

import pytest

from integration_tests.connector import MAIN_STREAMS, run_process
from integration_tests.world import a_world
from stripe_sandbox.server.keys import Key

KEY = "rk_test_withoutinvoices"


@pytest.fixture(scope="module")
def restricted(tmp_path_factory):
    """A company whose key lacks one permission."""
    key = Key(KEY, denied=frozenset({"invoice_read"}))
    with a_world(tmp_path_factory.mktemp("restricted"), serving={"keys": (key,)}) as world:
        world.connector.config["client_secret"] = KEY
        yield world


def test_check_fails_and_names_the_box_to_tick(restricted):
    run = restricted.connector.check()
    assert run.connection["status"] == "FAILED"
    assert "invoices: tick Invoices: Read (`rak_invoice_read`)" in run.connection["message"]
    assert "customers: tick" not in run.connection["message"]


def test_check_succeeds_with_warnings_once_check_streams_leaves_the_invoices_out(
    restricted, monkeypatch
):
    wanted = ["customers", "subscriptions", "events"]
    monkeypatch.setitem(restricted.connector.config, "check_streams", wanted)
    run = restricted.connector.check()
    assert run.connection["status"] == "SUCCEEDED"
    unreadable = {
        "discounts",
        "invoices",
        "invoice_items",
        "invoice_line_items",
        "invoice_payments",
    }
    named = run.connection["message"].split("Not readable: ")[1].rstrip(".").split(", ")
    assert set(named) == unreadable
    warned = [line["message"] for line in run.logs if "cannot be read" in line["message"]]
    assert {line.split()[1] for line in warned} == unreadable
    assert all("tick Invoices: Read (`rak_invoice_read`)" in line for line in warned)


def test_read_marks_the_stream_incomplete_says_so_once_and_delivers_the_rest(restricted):
    names = (*MAIN_STREAMS, "invoice_line_items")
    run = restricted.connector.read((), names)
    assert run.code == 1
    refused = {"invoices", "invoice_line_items"}
    assert run.statuses == {name: "INCOMPLETE" if name in refused else "COMPLETE" for name in names}
    truth = restricted.truth.counts()
    assert {name: sorted(row["id"] for row in rows) for name, rows in run.records.items()} == {
        name: truth[name]["ids"] for name in names if name not in refused
    }
    by_stream = {error["stream_descriptor"]["name"]: error for error in run.errors}
    assert len(run.errors) == 2
    assert by_stream.keys() == refused
    error = by_stream["invoices"]
    assert error["failure_type"] == "config_error"
    for part in (
        "Stream `invoices` was not read to the end.",  # which stream
        "does not have the required permissions",  # what Stripe said
        "(request req_",
        "The API key has no permission to read it.",  # what it means
        "Tick Invoices: Read (`rak_invoice_read`)",  # what to do
    ):
        assert part in error["message"]
    assert KEY not in str(run.messages)
    assert KEY not in str(run.logs)


def test_a_stream_whose_lists_are_all_refused_says_so_once(restricted, monkeypatch):
    key = "rk_test_withoutprices"
    keys = {"key": key, "denied": ["plan_read"]}
    restricted.post("keys", keys)
    monkeypatch.setitem(restricted.connector.config, "client_secret", key)
    run = restricted.connector.read((), ["prices", "payouts"])  # prices are two lists
    assert run.statuses == {"prices": "INCOMPLETE", "payouts": "COMPLETE"}
    assert len(run.errors) == 1
    assert "Tick Prices: Read (`rak_plan_read`)" in run.errors[0]["message"]


def test_the_process_ends_with_code_1_and_without_a_traceback(restricted):
    run = run_process(restricted.connector.read_arguments((), ["customers", "invoices"]))
    assert run.code == 1
    assert run.statuses == {"customers": "COMPLETE", "invoices": "INCOMPLETE"}
    assert [error["stream_descriptor"]["name"] for error in run.errors] == ["invoices"]
    assert [line for line in run.logs if "Traceback" in line["message"]] == []
    assert run.stderr == ""


def test_what_was_read_before_is_kept_and_goes_on_once_the_box_is_ticked(restricted):
    names = ["customers", "invoices"]
    refused = restricted.connector.read((), names)
    states = [message["state"] for message in refused.of_type("STATE")]
    restricted.connector.config["client_secret"] = "sk_test_maydoeverything"
    try:
        run = restricted.connector.read(states, names)
    finally:
        restricted.connector.config["client_secret"] = KEY
    run.assert_complete()
    assert (
        sorted(row["id"] for row in run.records["invoices"])
        == (restricted.truth.counts()["invoices"]["ids"])
    )
    assert "customers" not in run.records
