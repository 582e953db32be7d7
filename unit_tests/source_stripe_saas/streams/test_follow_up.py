"""From what the feed says to records: payloads, fetches, pages of the list, and what is gone."""

import math

import pytest

from source_stripe_saas.api.refusal import Refusal, refusal
from source_stripe_saas.streams.change_set import ChangedObject, ChangeSet
from source_stripe_saas.streams.object_fetch import ObjectFetch
from source_stripe_saas.streams.plan import Reread, Touch
from source_stripe_saas.streams.stream_consumer import StreamConsumer
from source_stripe_saas.streams.stream_reader import StreamReader
from unit_tests import builders
from unit_tests.builders import DAY, NOW, OLD_VERSION, PLANS, a_list, a_plan, an_event
from unit_tests.fake_stripe import FakeStripe
from unit_tests.syncs import run_sync

STATE = {"updated": NOW - DAY}
THEN = NOW - 500
BEFORE = NOW - 40 * DAY
"""Before the last sync, so that no list of what is new shows it."""


def a_thing(number, created=BEFORE, **fields):
    return builders.a_thing(number, created, **fields)


def follow(plan, lists, **fields):
    source = plan.parent or plan
    client = FakeStripe({"things": [], source.path: [], **lists}, NOW, **fields)
    return client, run_sync(plan, client, STATE, now=NOW)


def by_path(client):
    """The requests beside those for events and for what is new."""
    return [
        path
        for path, params in client.requests
        if path != "events" and "created[gte]" not in dict(params)
    ]


def test_a_payload_of_the_pinned_version_needs_no_request():
    client, sync = follow(a_plan(), {"events": [an_event(a_thing(1, content=5), created=THEN)]})
    assert sync.records == [a_thing(1, content=5, updated=THEN, is_deleted=False)]
    assert by_path(client) == []
    assert sync.state == {"updated": NOW - 60}


@pytest.mark.parametrize(
    ("plan", "version"),
    [(a_plan(), OLD_VERSION), (a_plan(), None), (a_plan(expand=("parts",)), "2026-05-27.dahlia")],
    ids=["older version", "no version", "expanded"],
)
def test_a_payload_that_looks_otherwise_is_fetched(plan, version):
    event = an_event(a_thing(1, content="old"), created=THEN, version=version)
    client, sync = follow(plan, {"events": [event], "things": [a_thing(1, content=7)]})
    assert sync.records == [a_thing(1, content=7, updated=THEN, is_deleted=False)]
    assert by_path(client) == ["things/th_1"]


def test_one_object_changed_often_is_fetched_once():
    events = [an_event(a_thing(1), created=THEN - n, version=OLD_VERSION) for n in range(9)]
    client, sync = follow(a_plan(), {"events": events, "things": [a_thing(1, content=7)]})
    assert by_path(client) == ["things/th_1"]
    assert [record["updated"] for record in sync.records] == [THEN]


@pytest.mark.parametrize("stays", [False, True], ids=["404", "deleted: true"])
def test_an_object_gone_when_it_is_fetched_is_deleted_with_what_is_known(stays):
    payload = a_thing(1, content=5, nested={"old": "shape"})
    event = an_event(payload, created=THEN, version=OLD_VERSION)
    _, sync = follow(a_plan(), {"events": [event]}, deleted_stay=stays)
    assert sync.records == [a_thing(1, content=5, updated=THEN, is_deleted=True)]


def test_a_deletion_keeps_the_whole_payload_of_the_pinned_version():
    payload = a_thing(1, nested={"a": 1})
    event = an_event(payload, "thing.deleted", THEN)
    client, sync = follow(a_plan(), {"events": [event]})
    assert sync.records == [{**payload, "updated": THEN, "is_deleted": True}]
    assert by_path(client) == []


def test_last_fields_are_known_even_if_the_last_event_was_another_objects():
    plan = a_plan(touched_by=(Touch("thing", ("other.updated",)),))
    other = {"id": "ot_1", "object": "other", "thing": "th_1"}
    events = [
        an_event(other, "other.updated", THEN + 1),
        an_event(a_thing(1, content=5), "thing.deleted", THEN),
    ]
    _, sync = follow(plan, {"events": events})
    assert sync.records == [a_thing(1, content=5, updated=THEN + 1, is_deleted=True)]


def test_a_stream_that_knows_no_deletions_stays_silent_about_what_is_gone():
    event = an_event(a_thing(1), created=THEN, version=OLD_VERSION)
    _, sync = follow(a_plan(deletion_events=()), {"events": [event]})
    assert sync.records == []
    assert sync.is_complete


@pytest.mark.parametrize("apart", [1, 700], ids=["side by side", "far apart"])
@pytest.mark.parametrize("changed", [3, 30, 130])
def test_listing_and_fetching_bring_the_same_records(changed, apart):
    rows = [a_thing(n, BEFORE - n, content=n) for n in range(0, changed * apart, apart)]
    others = [a_thing(f"x{n}", BEFORE - n) for n in range(0, changed * apart, 3) if apart > 1]
    events = [an_event(row, created=THEN, version=OLD_VERSION) for row in rows]
    client, sync = follow(a_plan(), {"things": rows + others, "events": events})
    expected = [{**row, "updated": THEN, "is_deleted": False} for row in rows]
    assert sorted(sync.records, key=lambda r: -r["created"]) == expected
    if apart == 1 and changed > 3:
        assert len(by_path(client)) <= 2 * math.ceil(changed / 100) + 2, "pages, not objects"
    # Measured: a page is tried now and then, and no more than one for two objects at worst.
    assert len(by_path(client)) <= 1.5 * changed + 2


def test_an_object_that_the_look_back_lists_is_not_fetched_as_well():
    plan = a_plan(lookback_days=2)
    event = an_event(a_thing(1, THEN), created=THEN, version=OLD_VERSION)
    client, sync = follow(plan, {"things": [a_thing(1, THEN)], "events": [event]})
    assert sync.ids == ["th_1"]
    assert by_path(client) == []


def test_a_deletion_among_the_ties_of_a_young_object_is_not_overlooked():
    plan = a_plan(lookback_days=2)
    events = [
        an_event(a_thing(1, THEN), "thing.created", THEN),
        an_event(a_thing(1, THEN), "thing.deleted", THEN),
    ]
    _, sync = follow(plan, {"events": events})
    assert [(record["id"], record["is_deleted"]) for record in sync.records] == [("th_1", True)]


def test_lists_that_are_read_again_bring_each_object_once():
    plan = a_plan(
        reread=((("pending", "true"),),),
        reread_for=Reread("invoice", "id", ("invoice.paid",), "invoices"),
    )
    rows = [
        a_thing(1, pending=True, invoice="in_1"),
        a_thing(2, pending=False, invoice="in_1"),
        a_thing(3, pending=False, invoice="in_2"),
    ]
    events = [
        an_event({"id": "in_1", "object": "invoice"}, "invoice.paid", THEN),
        an_event(rows[0], created=THEN, version=OLD_VERSION),
    ]
    client, sync = follow(plan, {"things": rows, "events": events})
    assert sorted((r["id"], r["updated"]) for r in sync.records) == [("th_1", NOW), ("th_2", THEN)]
    assert by_path(client) == ["things", "things"]


@pytest.mark.parametrize("status", [400, 404])
def test_a_filter_that_names_a_deleted_object_is_passed_over(status):
    plan = a_plan(reread_for=Reread("invoice", "id", ("invoice.deleted",), "invoices"))
    event = an_event({"id": "in_1", "object": "invoice"}, "invoice.deleted", THEN)
    error = {"message": "No such invoice", "param": "invoice", "code": "resource_missing"}
    gone = refusal("things", status, {"error": error})
    lists = {"events": [event], "invoices": []}
    client, sync = follow(plan, lists, before=refusing("invoice", gone))
    assert (sync.records, sync.is_complete, sync.skipped) == ([], True, {})
    assert by_path(client) == ["things", "invoices/in_1"]


@pytest.mark.parametrize("status", [400, 404])
def test_a_list_that_is_not_found_for_an_object_that_exists_is_asked_for_again(status):
    plan = a_plan(reread_for=Reread("invoice", "id", ("invoice.paid",), "invoices"))
    invoice = {"id": "in_1", "object": "invoice", "created": THEN}
    event = an_event(invoice, "invoice.paid", THEN)
    gone = refusal("things", status, {"error": {"message": "no", "code": "resource_missing"}})
    lists = {"events": [event], "invoices": [invoice]}
    _, sync = follow(plan, lists, before=refusing("invoice", gone))
    assert sync.skipped == {"in_1": "no"}
    assert sync.state == {"updated": NOW - 60, "retry": {"filters": ["in_1"]}}


def refusing(filter_name, error):
    """Refuses requests that have this filter."""

    def before(path, params):
        if filter_name in params:
            raise error

    return before


def test_a_list_of_every_sync_that_is_refused_is_a_failure():
    plan = a_plan(reread=((("pending", "true"),),))
    gone = refusal("things", 404, {"error": {"message": "no"}})
    with pytest.raises(Refusal):
        follow(plan, {}, refusals={"things": gone})


# -- children ----------------------------------------------------------------------------------

ITEMS = PLANS["subscription_items"]


def item(number):
    return {"id": f"si_{number}", "object": "subscription_item"}


def test_a_child_that_its_parent_lost_is_deleted_and_the_others_are_read_again():
    subscription = {"id": "sub_1", "object": "subscription", "created": 5, "items": a_list(item(1))}
    event = an_event(
        subscription,
        "customer.subscription.updated",
        THEN,
        previous_attributes={"items": a_list(item(1), item(2))},
    )
    _, sync = follow(ITEMS, {"events": [event], "subscriptions": [subscription]})
    told = {r["id"]: (r["subscription"], r["updated"], r["is_deleted"]) for r in sync.records}
    assert told == {"si_1": ("sub_1", THEN, False), "si_2": ("sub_1", THEN, True)}


def test_a_cut_list_of_children_is_complete_in_the_feed_too():
    items = [item(n) for n in range(14)]
    url = "/v1/subscription_items?subscription=sub_1"
    cut = a_list(*items[:10], url=url, has_more=True)
    subscription = {"id": "sub_1", "object": "subscription", "created": 5, "items": cut}
    listed = [{**entry, "subscription": "sub_1"} for entry in items]
    event = an_event(subscription, "customer.subscription.updated", THEN)
    _, sync = follow(
        ITEMS,
        {"events": [event], "subscriptions": [subscription], "subscription_items": listed},
    )
    assert sorted(sync.ids) == sorted(entry["id"] for entry in items)


def test_children_of_a_deleted_parent_are_deleted():
    invoice = {
        "id": "in_1",
        "object": "invoice",
        "lines": a_list({"id": "il_1", "object": "line_item"}),
    }
    event = an_event(invoice, "invoice.deleted", THEN)
    client, sync = follow(PLANS["invoice_line_items"], {"events": [event], "invoices": []})
    assert [(r["id"], r["invoice"], r["is_deleted"]) for r in sync.records] == [
        ("il_1", "in_1", True)
    ]
    assert by_path(client) == []


def test_a_child_with_events_of_its_own_is_fetched_by_its_parents_path():
    card = {"id": "card_1", "object": "card", "customer": "cus_1"}
    event = an_event(card, "customer.source.updated", THEN, version=OLD_VERSION)
    client, sync = follow(
        PLANS["customer_cards"], {"events": [event], "customers/cus_1/sources": [card]}
    )
    assert by_path(client) == ["customers/cus_1/sources/card_1"]
    assert [(r["id"], r["customer"], r["is_deleted"]) for r in sync.records] == [
        ("card_1", "cus_1", False)
    ]


def test_a_customers_bank_account_is_no_card():
    account = {"id": "ba_1", "object": "bank_account", "customer": "cus_1"}
    event = an_event(account, "customer.source.deleted", THEN)
    _, cards = follow(PLANS["customer_cards"], {"events": [event]})
    _, accounts = follow(PLANS["bank_accounts"], {"events": [event]})
    assert cards.records == []
    assert [(r["id"], r["is_deleted"]) for r in accounts.records] == [("ba_1", True)]


@pytest.mark.parametrize("has_failed", [False, True])
def test_a_stream_that_failed_stops_its_fetches_without_counting_them(has_failed):
    changes = tuple(ChangedObject(f"th_{number}", NOW) for number in range(3))
    client = FakeStripe({"things": [a_thing(number) for number in range(3)]}, NOW)
    reader = StreamReader(a_plan(), client, began=NOW)
    part = StreamConsumer(
        reader, (0, NOW), {}, None, ChangeSet(), {change.id: change for change in changes}
    )
    if has_failed:
        reader.failed.set()
    batches = list(ObjectFetch((part,), "changes/0", changes).read())
    closed = [batch.checkpoint.closed for batch in batches]
    assert closed == ([] if has_failed else ["changes/0"])
    assert len(client.requests) == (1 if has_failed else 3)
