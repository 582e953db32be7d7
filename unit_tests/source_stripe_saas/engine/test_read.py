"""Reads through the CDK's core: order of messages, failures of one stream, both entry points.

Longer than most files: one subject, and all of it stands on the same few reads.
"""

import json
import time

import pytest
from airbyte_cdk.models import AirbyteStreamStatus, FailureType, SyncMode, Type
from airbyte_cdk.test.mock_http import HttpMocker, HttpRequest, HttpResponse
from airbyte_cdk.test.mock_http.request import ANY_QUERY_PARAMS

from source_stripe_saas.source import SourceStripeSaas
from unit_tests.builders import DAY, NOW, PLANS, a_list, an_event
from unit_tests.source_stripe_saas.engine.reading import (
    CONFIG,
    a_catalog,
    a_state,
    read_by_pages,
    read_plainly,
)
from unit_tests.stripe_server import ACCOUNT, denied, failure, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

API = "https://api.stripe.com/v1/"
LONG_AGO = NOW - 40 * DAY
DATE = {"Date": "Sun, 15 Jun 2025 15:06:40 GMT"}


def customers(number, first=0, born=NOW):
    return [
        {"id": f"cus_{n}", "object": "customer", "created": born - 7 * n, "metadata": {}}
        for n in range(first, first + number)
    ]


def refunds(number):
    return [
        {"id": f"re_{n}", "object": "refund", "created": NOW - n, "amount": n}
        for n in range(number)
    ]


def by_id(records):
    return sorted(records, key=lambda record: record["id"])


# -- what comes out, in which order ----------------------------------------------------------------


def test_a_stream_starts_runs_writes_its_state_and_is_complete():
    with serving(lists={"customers": customers(250)}):
        output = read_by_pages("customers")
    assert output.error is None
    happened = output.what_happened("customers")
    assert happened[:2] == ["STARTED", "RUNNING"]
    assert happened[-2:] == ["STATE", "COMPLETE"]
    assert happened.count("RECORD") == 250
    assert output.states("customers")[-1] == {"updated": NOW - 60}
    last = output.of_type("STATE")[-1]
    assert last["sourceStats"]["recordCount"] == 250


def test_a_first_read_says_when_it_began_before_it_prints_its_first_record():
    # Killed before any state, the next attempt would begin later: whatever was printed and is
    # deleted in between would stay for ever.
    with serving(lists={"customers": customers(250)}):
        output = read_by_pages("customers")
    happened = output.what_happened("customers")
    assert happened.index("STATE") < happened.index("RECORD")
    assert output.states("customers")[0] == {"backfill": {"began": NOW, "done": {}}}
    with serving(lists={"customers": customers(250)}):
        resumed = read_by_pages("customers", state=a_state(customers=output.states("customers")[0]))
    happened = resumed.what_happened("customers")
    assert happened.index("RECORD") < happened.index("STATE"), "it is told already"


def test_a_read_of_changes_says_nothing_new_before_it_has_them_all():
    state = a_state(customers={"updated": NOW - DAY})
    with serving(lists={"customers": customers(5)}):
        output = read_by_pages("customers", state=state)
    assert output.states("customers") == [{"updated": NOW - 60}]


def test_an_empty_stream_leaves_a_state_and_is_complete():
    with serving():
        output = read_by_pages("customers")
    assert output.what_happened("customers") == ["STARTED", "STATE", "COMPLETE"]


def test_every_state_comes_after_the_records_it_counts(monkeypatch):
    monkeypatch.setattr("source_stripe_saas.engine.cursor._SECONDS_BETWEEN_STATES", 0.0)
    rows = customers(1500)
    with serving(lists={"customers": rows}):
        output = read_by_pages("customers")
    created = {row["id"]: row["created"] for row in rows}
    written, states = set(), 0
    for line in output.lines:
        if line["type"] == "RECORD":
            written.add(line["record"]["data"]["id"])
        elif line["type"] == "STATE":
            states += 1
            blob = line["state"]["stream"]["stream_state"]
            done = blob.get("backfill", {"done": {"": [[0, NOW]]}})["done"].get("", [])
            for identity, second in created.items():
                if any(lo <= second <= hi for lo, hi in done):
                    assert identity in written
    assert states > 10
    assert written == set(created)


def test_pages_are_read_ahead_of_the_output_only_so_far():
    """Twelve in the queue, and one in the hand of each of the 16 readers that a test key has."""
    catalog = a_catalog("customers")
    source = SourceStripeSaas(catalog, CONFIG, None)
    source.pages = True
    with serving(lists={"customers": customers(10_000)}) as stripe:
        messages = source.read(source.logger, CONFIG, catalog)
        while next(messages).type != Type.RECORD:
            pass
        sent = -1
        while sent != len(stripe.sent):
            sent = len(stripe.sent)
            time.sleep(0.5)
        assert sent < 40
        for _ in messages:
            pass
        assert len(stripe.sent) > 100


@pytest.mark.parametrize("workers", [None, 1, 2, 10])
def test_any_number_of_workers_reads_the_same(workers):
    lists = {"customers": customers(1200), "refunds": refunds(30)}
    config = {"num_workers": workers} if workers else {}
    with serving(lists=lists):
        output = read_by_pages("customers", "refunds", config=config)
    ids = [record["id"] for record in output.records("customers")]
    assert sorted(ids) == sorted(f"cus_{n}" for n in range(1200))
    assert len(output.records("refunds")) == 30
    assert output.statuses("customers")[-1] == output.statuses("refunds")[-1] == "COMPLETE"


def a_feed():
    changed = {"id": "cus_3", "object": "customer", "created": NOW - 21, "metadata": {}}
    gone = {"id": "cus_99", "object": "customer", "created": NOW - 999, "metadata": {"a": "b"}}
    return [
        an_event(changed, "customer.updated", NOW - 500, version="2020-01-01"),
        an_event(gone, "customer.deleted", NOW - 600),
    ]


@pytest.mark.parametrize("follows", [False, True], ids=["backfill", "change feed"])
def test_both_entry_points_give_the_same_records_and_states(follows):
    names = ("customers", "refunds", "invoice_line_items", "product_features")
    invoices = [
        {
            "id": "in_1",
            "object": "invoice",
            "created": NOW - 50,
            "lines": a_list({"id": "il_1", "object": "line_item", "amount": 5}),
        }
    ]
    lists = {"customers": customers(120, born=LONG_AGO), "refunds": refunds(3)}
    lists["invoices"] = invoices
    lists["events"] = a_feed()
    moment = {"updated": NOW - DAY}
    state = (
        a_state(customers=moment, refunds=moment, invoice_line_items=moment) if follows else None
    )
    with serving(lists=lists):
        plain = read_plainly(*names, state=state)
        pages = read_by_pages(*names, state=state)
    for name in names:
        plainly = [m.record.data for m in plain.records if m.record.stream == name]
        assert by_id(plainly) == by_id(pages.records(name))
        states = [
            message.state.stream.stream_state.__dict__
            for message in plain.state_messages
            if message.state.stream.stream_descriptor.name == name
        ]
        assert states[-1] == pages.states(name)[-1]
        statuses = [status.value for status in plain.get_stream_statuses(name)]
        assert statuses == pages.statuses(name)
    assert {record["id"] for record in pages.records("customers")} == (
        {"cus_3", "cus_99"} if follows else {f"cus_{n}" for n in range(120)}
    )


def test_a_second_sync_brings_only_what_changed_and_what_is_gone():
    lists = {"customers": customers(5, born=LONG_AGO), "events": a_feed()}
    with serving(lists=lists) as stripe:
        first = read_by_pages("customers")
        stripe.now += 3600
        stripe.sent.clear()
        stripe.lists["events"].append(
            an_event(stripe.lists["customers"][1], "customer.updated", NOW + 60)
        )
        stripe.lists["customers"][1]["name"] = "New"
        state = a_state(customers=first.states("customers")[-1])
        second = read_by_pages("customers", state=state)
    (record,) = second.records("customers")
    assert (record["id"], record["name"], record["updated"]) == ("cus_1", "New", NOW + 60)
    assert stripe.asked()["customers"] == 1, "what is new, and no more, is listed"


def test_a_full_refresh_reads_everything_whatever_the_state():
    state = a_state(customers={"updated": NOW - DAY})
    with serving(lists={"customers": customers(5)}):
        output = read_by_pages("customers", state=state, mode=SyncMode.full_refresh)
    assert len(output.records("customers")) == 5


def test_a_state_of_another_shape_is_said_in_one_log_line():
    state = a_state(customers={"states": [{"cursor": {"created": NOW - DAY}}]})
    with serving():
        output = read_plainly("customers", state=state)
    lines = [m.log.message for m in output.logs if "another shape" in m.log.message]
    assert lines == [f"Stream customers: its state has another shape; going on from {NOW - DAY}."]


def test_a_state_beyond_the_events_is_said_in_one_log_line():
    with serving(lists={"customers": customers(2)}):
        output = read_plainly("customers", state=a_state(customers={"updated": NOW - 40 * DAY}))
    assert len([m for m in output.logs if "older than the 30 days" in m.log.message]) == 1
    assert len(output.records) == 2


# -- one stream fails, the others go on ------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 16])
def test_a_stream_without_permission_ends_with_one_trace_and_the_other_is_complete(
    workers,
):
    lists = {"customers": customers(300)}
    with serving(lists=lists, answers={"charges": denied()}):
        output = read_by_pages("charges", "customers", config={"num_workers": workers})
    assert output.statuses("charges") == ["STARTED", "INCOMPLETE"]
    assert output.statuses("customers") == ["STARTED", "RUNNING", "COMPLETE"]
    assert len(output.records("customers")) == 300
    assert output.error is not None, "so that the exit code is not zero"
    (error,) = output.errors()
    assert error["failure_type"] == "config_error"
    for part in (
        "Stream `charges`",
        "'rak_charge_read'",
        "(request req_",
        "Tick Charges and Refunds",
    ):
        assert part in error["message"]


def test_many_windows_that_fail_for_one_reason_make_one_trace():
    asked = []

    def fails_later(request):
        asked.append(request)
        if len(asked) > 1:
            return denied("rak_customer_read")
        return 200, {
            "object": "list",
            "has_more": True,
            "data": [
                {"id": f"cus_{n}", "created": NOW - n, "object": "customer"} for n in range(100)
            ],
        }

    with serving(answers={"customers": fails_later}):
        output = read_by_pages("customers")
    assert len(asked) > 1
    assert len(output.errors()) == 1
    assert output.statuses("customers")[-1] == "INCOMPLETE"
    assert len(output.records("customers")) == 100
    state = output.states("customers")[-1]
    assert state["backfill"]["began"] == NOW
    assert all(lo > NOW - 7 * 99 for lo, _ in state["backfill"]["done"].get("", []))


@pytest.mark.parametrize(
    "answer",
    [failure(400, "Not available."), failure(404, "Unrecognized request URL.")],
    ids=["400", "404"],
)
def test_a_list_that_is_refused_is_not_read_as_empty(answer):
    with serving(answers={"refunds": answer}):
        output = read_by_pages("refunds")
    assert output.statuses("refunds") == ["STARTED", "INCOMPLETE"]
    assert output.states("refunds")[-1] == {"backfill": {"began": NOW, "done": {}}}
    assert len(output.errors()) == 1


def test_a_failed_follow_keeps_the_old_state():
    state = a_state(customers={"updated": NOW - DAY})
    with serving(answers={"events": denied("rak_event_read")}):
        output = read_by_pages("customers", state=state)
    assert output.states("customers")[-1] == {"updated": NOW - DAY}
    assert "rak_event_read" in output.errors()[0]["message"]


def some_events(*moments):
    return [an_event({"id": "cus_1", "object": "customer"}, created=moment) for moment in moments]


def test_events_that_stripe_has_forgotten_since_the_last_sync_are_told_and_the_others_read():
    state = a_state(events={"updated": NOW - 40 * DAY})
    with serving(lists={"events": some_events(NOW - 5, NOW - 29 * DAY)}):
        output = read_by_pages("events", state=state)
        assert output.statuses("events")[-1] == "INCOMPLETE"
        assert len(output.records("events")) == 2
        (error,) = output.errors()
        assert (
            "events from 2025-05-06 15:06 UTC to 2025-05-16 15:06 UTC are over 30 days old"
            in (error["message"])
        )
        assert output.error is not None, "the exit code says so, too"
        again = read_by_pages("events", state=a_state(events=output.states("events")[-1]))
    assert again.statuses("events")[-1] == "COMPLETE"


def test_changes_that_stripe_forgets_while_they_are_read_leave_the_stream_where_it_was():
    with serving(lists={"events": some_events(NOW - 5)}) as stripe:

        def and_then_a_day_passes(request):
            stripe.now = NOW + DAY
            return 200, ACCOUNT

        stripe.answers["account"] = and_then_a_day_passes
        position = {"updated": NOW - 30 * DAY + 7_200}
        output = read_by_pages("customers", state=a_state(customers=position))
        assert output.statuses("customers")[-1] == "INCOMPLETE"
        assert output.states("customers")[-1] == position
        (error,) = output.errors()
        assert "before they could be read. Run the sync again" in error["message"]
        again = read_plainly("customers", state=a_state(customers=position))
    assert any("everything is read again" in line.log.message for line in again.logs)


def test_a_key_refused_at_the_start_fails_once_before_any_stream_starts():
    with serving(answers={"account": failure(401, "Invalid API Key provided: rk_test_*1")}):
        output = read_by_pages("customers", "charges")
    assert output.of_type("TRACE") == []
    assert output.error.failure_type == FailureType.config_error
    assert "`client_secret`" in output.error.message
    assert "rk_test" not in output.error.message


def test_a_config_that_cannot_be_used_fails_before_anything_is_asked():
    with serving() as stripe:
        output = read_by_pages("customers", config={"mode": "live"})
    assert stripe.sent == []
    assert output.error.message.startswith("Config field `mode` is `live`")


# -- what is sent ----------------------------------------------------------------------------------


def test_every_stream_sends_nothing_but_get_with_the_pinned_version():
    names = tuple(PLANS)
    with serving() as stripe:
        output = read_by_pages(*names)
        moment = {"updated": NOW - DAY}
        state = a_state(**{name: moment for name, plan in PLANS.items() if plan.is_incremental})
        read_by_pages(*names, state=state)
    assert {name: output.statuses(name)[-1] for name in names} == dict.fromkeys(names, "COMPLETE")
    assert {sent.method for sent in stripe.sent} == {"GET"}
    assert stripe.headers("Stripe-Version") == {"2026-05-27.dahlia"}
    assert stripe.headers("Authorization") == {"Bearer rk_test_51Secret"}
    assert stripe.headers("Stripe-Account") == {None}
    assert {sent.hostname for sent in stripe.sent} == {"api.stripe.com"}


def test_a_wrong_machine_clock_does_no_harm(monkeypatch):
    real = time.time
    with serving(lists={"customers": customers(5)}):
        expected = read_by_pages("customers")
    monkeypatch.setattr(time, "time", lambda: real() - 20 * 365 * DAY)
    with serving(lists={"customers": customers(5)}):
        output = read_by_pages("customers")
    assert output.records("customers") == expected.records("customers")
    assert (
        output.states("customers")[-1] == expected.states("customers")[-1] == {"updated": NOW - 60}
    )


def test_start_date_and_now_bound_the_list():
    with serving(lists={"customers": customers(5)}) as stripe:
        read_by_pages("customers", config={"start_date": "2025-06-15T15:06:30Z"})
    (asked,) = [sent for sent in stripe.sent if sent.path.endswith("/customers")]
    assert asked.qs["created[gte]"] == [str(NOW - 10)]
    assert asked.qs["created[lte]"] == [str(NOW)]


# -- the same through the CDK's mocker, request by request -----------------------------------------


def good(body):
    return HttpResponse(json.dumps(body), 200, DATE)


def no(status, message="no", **headers):
    return HttpResponse(json.dumps({"error": {"message": message}}), status, {**DATE, **headers})


def mocked(mocker, path, *responses):
    request = HttpRequest(API + path, query_params=ANY_QUERY_PARAMS)
    mocker.get(request, list(responses))
    return request


PAGE = {"object": "list", "has_more": False, "data": customers(1)}


@pytest.mark.parametrize(
    "failed",
    [no(429, **{"Stripe-Rate-Limited-Reason": "global-rate"}), no(500), no(503), no(409)],
    ids=["429", "500", "503", "409"],
)
def test_what_passes_is_tried_again_until_it_succeeds(failed):
    with HttpMocker() as mocker:
        mocked(mocker, "account", good(ACCOUNT))
        request = mocked(mocker, "customers", failed, failed, good(PAGE))
        output = read_plainly("customers")
        mocker.assert_number_of_calls(request, 3)
    assert [message.record.data["id"] for message in output.records] == ["cus_0"]
    assert output.errors == []


def test_an_answer_that_is_no_list_is_tried_again():
    with HttpMocker() as mocker:
        mocked(mocker, "account", good(ACCOUNT))
        nonsense = HttpResponse("<html>proxy</html>", 200, DATE)
        request = mocked(mocker, "customers", nonsense, good({"object": "customer"}), good(PAGE))
        output = read_plainly("customers")
        mocker.assert_number_of_calls(request, 3)
    assert len(output.records) == 1


@pytest.mark.parametrize(
    ("status", "advice", "calls"), [(500, "false", 1), (400, "true", 2)], ids=["stop", "again"]
)
def test_stripes_advice_on_retrying_is_obeyed_both_ways(status, advice, calls):
    with HttpMocker() as mocker:
        mocked(mocker, "account", good(ACCOUNT))
        responses = [no(status, **{"Stripe-Should-Retry": advice}), good(PAGE)][:calls]
        request = mocked(mocker, "customers", *responses)
        output = read_plainly("customers", fails=calls == 1)
        mocker.assert_number_of_calls(request, calls)
    statuses = output.get_stream_statuses("customers")
    expected = AirbyteStreamStatus.INCOMPLETE if calls == 1 else AirbyteStreamStatus.COMPLETE
    assert statuses[-1] == expected


def test_a_redirect_is_not_followed():
    with HttpMocker() as mocker:
        mocked(mocker, "account", good(ACCOUNT))
        mocked(mocker, "customers", no(302, Location="https://example.com/v1/customers"))
        output = read_plainly("customers", fails=True)
    assert output.get_stream_statuses("customers")[-1] == AirbyteStreamStatus.INCOMPLETE


def test_a_dead_stripe_ends_a_stream_as_a_passing_trouble():
    with serving(answers={"customers": failure(503, "Down for a moment")}) as stripe:
        output = read_by_pages("customers")
    assert stripe.asked()["customers"] == 9
    (error,) = output.errors()
    assert error["failure_type"] == "transient_error"
    assert "Down for a moment" in error["message"]


def test_an_organization_key_without_an_account_is_one_error_and_no_request():
    with serving() as stripe:
        output = read_by_pages(
            "customers", "charges", "invoices", config={"client_secret": "sk_org_1"}
        )
    assert output.error is not None
    assert output.error.message.startswith("Config field `account_id` is missing")
    assert output.errors() == []
    assert stripe.sent == []
