"""What each switch does to replies and to the account, asked without sockets."""

import asyncio
import json
from email.utils import parsedate_to_datetime

import pytest

from stripe_sandbox.account import open_account
from stripe_sandbox.faults import FaultOptions
from stripe_sandbox.faults.events import UNSENT
from stripe_sandbox.shapes.clocks import add_clock
from stripe_sandbox.streams import counts
from unit_tests.stripe_sandbox.asking import KEY, Asker

REASONS = {
    "global_rate": "global-rate",
    "global_concurrency": "global-concurrency",
    "endpoint_rate": "endpoint-rate",
    "endpoint_concurrency": "endpoint-concurrency",
    "resource_specific": "resource-specific",
}


def asker(kind, rate=1.0, **options):
    return Asker(open_account("samples"), faults=FaultOptions({kind: rate}, **options))


def reply_to(ask, path, query=""):
    """The reply as it is, whether or not there is JSON in it."""
    return asyncio.run(ask.api.answer("GET", path, query, {"authorization": f"Bearer {KEY}"}))


def injected(ask):
    return dict(ask.api.hooks[0].__self__.dice.injected)


@pytest.mark.parametrize(("kind", "reason"), REASONS.items())
def test_each_limit_names_itself(kind, reason):
    answer = asker(kind)("/v1/customers")
    assert (answer.status, answer.error["code"]) == (429, "rate_limit")
    assert answer.headers["Stripe-Rate-Limited-Reason"] == reason


def test_a_lock_is_a_429_without_reason_or_a_409():
    locked = asker("lock_429")("/v1/customers")
    assert (locked.status, locked.error["code"]) == (429, "lock_timeout")
    assert "Stripe-Rate-Limited-Reason" not in locked.headers
    assert asker("lock_timeout")("/v1/customers").status == 409


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_each_server_error_is_that_status(status):
    ask = asker(f"status_{status}")
    assert reply_to(ask, "/v1/customers").status == status
    assert injected(ask) == {f"status_{status}": 1}


def test_a_proxy_answers_with_html_and_200():
    reply = reply_to(asker("proxy_html"), "/v1/customers")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.body.startswith(b"<!DOCTYPE html>")


def test_what_is_no_list_is_still_json():
    ask = asker("no_list")
    for _ in range(20):
        content = json.loads(reply_to(ask, "/v1/customers").body)
        assert not (isinstance(content, dict) and "has_more" in content)


def test_an_empty_page_claims_more_and_only_lists_have_pages():
    ask = asker("empty_page")
    content = ask("/v1/customers").content
    assert (content["data"], content["has_more"]) == ([], True)
    first = next(ask.account.store.contents("customer"))
    assert ask(f"/v1/customers/{first['id']}").content["id"] == first["id"]
    assert injected(ask) == {"empty_page": 1}


def test_a_duplicate_page_is_the_former_one():
    ask = asker("duplicate_page")
    first = ask("/v1/customers", "limit=3")
    again = ask("/v1/customers", f"limit=3&starting_after={first.ids[-1]}")
    assert again.ids == first.ids


def test_whoever_else_reads_the_same_list_is_not_given_its_page():
    ask = asker("duplicate_page", 0.5)
    ids = ask("/v1/customers", "limit=100").ids
    for _ in range(20):
        ask("/v1/customers", f"limit=3&starting_after={ids[5]}")
        ask("/v1/customers", "limit=3")
        second = ask("/v1/customers", f"limit=3&starting_after={ids[2]}")
        assert second.ids in (ids[:3], ids[3:6])
        ask("/v1/customers", f"limit=3&starting_after={ids[5]}")
        second = ask("/v1/customers", f"limit=3&starting_after={ids[2]}")
        assert second.ids in (ids[:3], ids[3:6])


def test_the_last_object_of_a_page_is_gone_before_the_next():
    ask = asker("page_end_deleted")
    page = ask("/v1/coupons", "limit=3")
    last = page.ids[-1]
    nexts = ask("/v1/coupons", f"limit=3&starting_after={last}")
    assert (nexts.status, nexts.error["param"]) == (400, "starting_after")
    truth = counts(ask.account)["coupons"]
    assert last in truth["deleted"]
    assert last not in truth["ids"]
    events = ask("/v1/events", "type=coupon.deleted&limit=1").content["data"]
    assert events[0]["data"]["object"]["id"] == last


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("created_meanwhile", "customer.created"),
        ("changed_meanwhile", "customer.updated"),
        ("deleted_meanwhile", "customer.deleted"),
    ],
)
def test_what_happens_while_a_list_is_read_has_its_event(kind, event):
    ask = asker(kind)
    before = len(counts(ask.account)["customers"]["ids"])
    listed = ask("/v1/customers", "limit=100").ids
    told = ask("/v1/events", f"type={event}&created[gte]={ask.account.store.now}").content["data"]
    assert len(told) == 1
    after = counts(ask.account)["customers"]["ids"]
    assert sorted(listed) == after
    assert len(after) - before == {"customer.created": 1, "customer.deleted": -1}.get(event, 0)


def test_an_object_may_change_three_times_in_one_second():
    ask = asker("events_in_one_second")
    ask("/v1/customers")
    events = ask("/v1/events", f"created[gte]={ask.account.store.now}").content["data"]
    assert [event["type"] for event in events] == ["customer.updated"] * 3
    assert len({event["data"]["object"]["id"] for event in events}) == 1
    assert len({event["data"]["object"]["metadata"]["touched"] for event in events}) == 3


def test_a_late_event_shows_up_within_a_minute():
    account = open_account("samples")
    ask = Asker(account, faults=FaultOptions({"late_events": 1.0, "changed_meanwhile": 1.0}))
    ask("/v1/customers")
    since = f"created[gte]={account.store.now}&type=customer.updated"
    assert ask("/v1/events", since).ids == []
    account.advance(60)
    assert len(ask("/v1/events", since).ids) == 1
    assert injected(ask)["late_events"] == 1


def test_a_change_told_twice_has_two_events_with_one_content():
    ask = asker("events_twice")
    events = ask("/v1/events", "type=customer.created&limit=100").content["data"]
    by_id = {event["id"]: event for event in events}
    twins = [identity for identity in by_id if identity.endswith("Twin")]
    assert len(twins) == len(events) / 2
    for twin in twins:
        assert by_id[twin]["data"] == by_id[twin.removesuffix("Twin")]["data"]
    again = ask("/v1/events", "type=customer.created&limit=100").content["data"]
    assert len(again) == len(events)


def test_events_of_one_second_change_places():
    account = open_account("samples")
    ask = Asker(account, faults=FaultOptions({"events_in_one_second": 1.0}))
    ask("/v1/customers")
    since = f"created[gte]={account.store.now}"
    straight = ask("/v1/events", since).ids
    bent = Asker(account, faults=FaultOptions({"events_out_of_order": 1.0}))
    assert bent("/v1/events", since).ids == straight[::-1]


def test_time_passes_between_two_calls():
    ask = asker("time_passes")
    before = ask.account.store.now
    ask("/v1/customers")
    assert 0 < ask.account.store.now - before <= 600


def test_a_clock_that_differs_is_behind_by_at_most_ten_minutes():
    ask = asker("clock_differs")
    for _ in range(5):
        said = parsedate_to_datetime(ask("/v1/customers").headers["Date"]).timestamp()
        assert 0 < ask.account.store.now - said <= 600


def test_a_revoked_key_stays_refused_until_the_keys_are_restored():
    ask = asker("key_revoked")
    assert ask("/v1/customers").status == 401
    assert ask("/v1/account").status == 401
    faults = ask.api.hooks[0].__self__
    faults.switch(FaultOptions())
    assert ask("/v1/customers").status == 401
    faults.restore_keys()
    assert ask("/v1/customers").status == 200
    assert injected(ask) == {"key_revoked": 1}


def test_a_withdrawn_permission_leaves_the_others():
    ask = asker("permission_withdrawn")
    refused = ask("/v1/customers")
    assert refused.status == 403
    assert "rak_customer_read" in refused.error["message"]
    faults = ask.api.hooks[0].__self__
    faults.switch(FaultOptions())
    assert ask("/v1/customers").status == 403
    assert ask("/v1/charges").status == 200


@pytest.mark.parametrize("path", ["customers", "test_helpers/test_clocks"])
def test_a_key_keeps_what_it_needs_to_tell_the_objects_of_a_clock(path):
    account = open_account("samples")
    add_clock(account, 1)
    ask = Asker(account, faults=FaultOptions({"permission_withdrawn": 1.0}))
    assert ask(f"/v1/{path}").status == 200
    assert ask("/v1/charges").status == 403


def test_what_went_in_another_way_is_not_deleted_again():
    ask = asker("deleted_meanwhile")
    store = ask.account.store
    loose = [name for name in store.rows["coupon"] if name.startswith("LOOSE ")]
    for name in loose[1:]:
        store.remove("coupon", name)
    for _ in range(3):
        ask("/v1/coupons", "limit=100")
    events = [row.content for row in store.rows["event"].values()]
    gone = [event["data"]["object"]["id"] for event in events if event["type"] == "coupon.deleted"]
    assert [name for name in gone if name in loose] == [loose[0]]


def test_a_herd_is_counted_like_everything_else():
    plain = counts(open_account("samples"))
    ask = asker("deleted_meanwhile", rate=0.0001)
    herd = counts(ask.account)
    for stream in ("customers", "products", "coupons"):
        assert herd[stream]["count"] == plain[stream]["count"] + 24
    assert sorted(ask("/v1/coupons", "limit=100").ids) == herd["coupons"]["ids"]


def test_a_refusing_object_keeps_its_own_lists_to_itself_and_stays_readable():
    ask = asker("refusing_children", 0.5)
    invoices = ask("/v1/invoices", "limit=100").ids
    replies = {name: ask(f"/v1/invoices/{name}/lines") for name in invoices}
    refused = {name for name, reply in replies.items() if reply.status != 200}
    assert 3 <= len(refused) <= len(invoices) - 3
    assert {replies[name].status for name in refused} == {400, 403}
    for name in invoices:
        by_filter = ask("/v1/invoice_payments", f"invoice={name}")
        assert (by_filter.status != 200) == (name in refused)
        assert "rak_" not in json.dumps(by_filter.content)
        assert ask(f"/v1/invoices/{name}").status == 200
    assert injected(ask) == {"refusing_children": 2 * len(refused)}


def test_a_refusing_object_is_no_refusing_list():
    ask = asker("refusing_objects")
    [first] = ask("/v1/invoices", "limit=1").ids
    assert ask(f"/v1/invoices/{first}").status in (400, 403)
    assert ask(f"/v1/invoices/{first}/lines").status == 200
    assert ask("/v1/account").status == 200


def test_an_event_of_a_birth_may_never_be_sent_and_all_others_are():
    ask = asker("unsent_events")
    types = {event["type"] for event in ask("/v1/events", "limit=100").content["data"]}
    assert types.isdisjoint(UNSENT)
    assert {"charge.refunded", "customer.source.created", "invoice.paid"} <= types
    ask.api.hooks[0].__self__.switch(FaultOptions())
    ask.account.advance(120)
    assert ask("/v1/events", "type=customer.created").ids == []


def test_a_new_refund_may_be_told_by_charge_refunded_alone():
    ask = asker("charge_refunded_alone")
    types = {event["type"] for event in ask("/v1/events", "limit=100").content["data"]}
    assert "refund.created" not in types
    assert {"charge.refunded", "customer.created"} <= types
