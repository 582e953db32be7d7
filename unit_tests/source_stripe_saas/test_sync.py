"""One read: which streams it says are read again."""

import pytest

from source_stripe_saas.streams.read_mode import READ_AGAIN
from unit_tests.builders import DAY, NOW
from unit_tests.source_stripe_saas.engine.reading import (
    a_state,
    read_by_pages,
)
from unit_tests.stripe_server import serving

pytestmark = pytest.mark.usefixtures("no_waiting")

OF_NO_USE = {
    "names no time": {"slices": []},
    "not understood": {"backfill": 5},
    "in the future": {"updated": NOW + 2 * DAY},
    "older than events": {"updated": NOW - 31 * DAY},
    "a first read never ended": {"backfill": {"began": NOW - 31 * DAY, "done": {}}},
}
OF_USE = {
    "none": {},
    "up to date": {"updated": NOW - DAY},
    "a first read": {"backfill": {"began": NOW - DAY, "done": {}}},
    "of the official connector": {"slices": [{"updated": NOW - DAY}]},
}


def read_again(output):
    traces = [line["trace"] for line in output.lines if line["type"] == "TRACE"]
    told = [trace["analytics"] for trace in traces if trace["type"] == "ANALYTICS"]
    assert all(each["type"] == READ_AGAIN for each in told)
    return [each["value"] for each in told]


def customer(number):
    return {"id": f"cus_{number}", "object": "customer", "created": NOW - 7 * number}


@pytest.mark.parametrize("blob", OF_NO_USE.values(), ids=OF_NO_USE)
def test_a_trace_says_that_a_stream_is_read_again_ahead_of_all_its_messages(blob):
    with serving(lists={"customers": [customer(1)]}):
        output = read_by_pages("customers", "refunds", state=a_state(customers=blob))
    assert read_again(output) == ["customers"]
    assert [line["type"] for line in output.lines[:2]] == ["TRACE", "TRACE"]
    assert output.lines[0]["trace"]["type"] == "ANALYTICS"
    assert len(output.records("customers")) == 1


@pytest.mark.parametrize("blob", OF_USE.values(), ids=OF_USE)
def test_no_trace_says_so_of_a_stream_that_goes_on_or_begins(blob):
    with serving(lists={"customers": [customer(1)]}):
        output = read_by_pages("customers", state=a_state(customers=blob))
    assert read_again(output) == []


@pytest.mark.parametrize(
    ("blob", "expected"),
    [({"version": 99}, ["subscription_events"]), ({}, [])],
    ids=["not understood", "none"],
)
def test_the_ledger_says_the_same_of_its_own_state(blob, expected):
    with serving():
        output = read_by_pages("subscription_events", state=a_state(subscription_events=blob))
    assert read_again(output) == expected


def test_an_unknown_stream_ends_incomplete_and_the_others_are_read():
    with serving(lists={"customers": [customer(1)], "refunds": []}):
        output = read_by_pages("people", "customers", "refunds")
    assert output.statuses("people") == ["INCOMPLETE"]
    assert output.statuses("customers")[-1] == output.statuses("refunds")[-1] == "COMPLETE"
    assert [row["id"] for row in output.records("customers")] == ["cus_1"]
    [error] = output.errors()
    assert error["message"] == (
        "Stream `people` does not exist in this connector, as may happen when a connection is "
        "moved over from another one. Deselect it, or refresh the schema of the connection. The "
        "other streams are read."
    )
    assert error["failure_type"] == "config_error"
    assert output.error is not None  # makes the exit code


def test_a_catalog_of_unknown_streams_alone_ends_and_each_is_named():
    with serving():
        output = read_by_pages("people", "reports")
    assert [error["message"].split("`")[1] for error in output.errors()] == ["people", "reports"]
    assert output.statuses("people") == output.statuses("reports") == ["INCOMPLETE"]
    assert output.error is not None
