"""Events say which objects changed; the latest word counts, and ties are nobody's word."""

import itertools

import pytest

from source_stripe_saas.api.transport import STRIPE_VERSION
from source_stripe_saas.streams.change_set import ChangedObject, collect_changes
from source_stripe_saas.streams.feed import feed_events
from source_stripe_saas.streams.plan import Reread, Touch
from unit_tests.builders import NOW, OLD_VERSION, PLANS, a_list, a_plan, a_thing, an_event
from unit_tests.fake_stripe import FakeStripe
from unit_tests.syncs import small_pages

TOUCHED = a_plan(touched_by=(Touch("thing", ("other.updated",)),))


def changes_of(plan, *events):
    return collect_changes(plan, iter(events))


def only_change(plan, *events):
    (change,) = changes_of(plan, *events).objects.values()
    return change


def in_any_order(*events):
    return list(itertools.permutations(events))


OLDER = an_event(a_thing(1, content=1), created=NOW - 9)
NEWER = an_event(a_thing(1, content=2), created=NOW)
DELETED = an_event(a_thing(1, content=3), "thing.deleted", NOW)
REBORN = an_event(a_thing(1, content=4), "thing.created", NOW)
TOUCH = an_event({"id": "ot_1", "object": "other", "thing": "th_1"}, "other.updated", NOW)


@pytest.mark.parametrize("events", in_any_order(OLDER, NEWER))
def test_of_several_events_the_latest_counts(events):
    change = only_change(a_plan(), *events)
    assert (change.updated, change.payload["content"]) == (NOW, 2)
    assert change.payload_is_current


@pytest.mark.parametrize("events", in_any_order(NEWER, REBORN))
def test_of_two_events_in_one_second_neither_is_believed(events):
    assert not only_change(a_plan(), *events).payload_is_current


@pytest.mark.parametrize("events", in_any_order(OLDER, DELETED))
def test_a_deletion_after_an_update_is_a_deletion(events):
    change = only_change(a_plan(), *events)
    assert change.is_deletion
    assert change.payload["content"] == 3


@pytest.mark.parametrize("events", in_any_order(DELETED, REBORN))
def test_a_deletion_and_a_birth_in_one_second_are_left_to_a_fetch(events):
    change = only_change(a_plan(), *events)
    assert not change.is_deletion
    assert not change.payload_is_current


def test_two_deletions_in_one_second_are_a_deletion():
    assert only_change(a_plan(), DELETED, DELETED).is_deletion


def test_a_birth_after_a_deletion_is_no_deletion():
    deleted = an_event(a_thing(1), "thing.deleted", NOW - 1)
    assert not only_change(a_plan(), REBORN, deleted).is_deletion


@pytest.mark.parametrize(
    "version", [OLD_VERSION, None, "2026-06-24.dahlia"], ids=["older", "none", "newer"]
)
def test_a_payload_of_another_version_is_not_current(version):
    assert not only_change(a_plan(), an_event(a_thing(1), version=version)).payload_is_current


@pytest.mark.parametrize("named", ["th_1", a_thing(1)], ids=["by id", "expanded"])
def test_an_object_that_anothers_event_names_has_changed(named):
    event = an_event({"id": "ot_1", "object": "other", "thing": named}, "other.updated")
    change = only_change(TOUCHED, event)
    assert (change.id, change.payload, change.payload_is_current) == ("th_1", None, False)


@pytest.mark.parametrize("named", [None, {}, 5], ids=repr)
def test_anothers_event_that_names_no_object_of_ours_says_nothing(named):
    event = an_event({"id": "ot_1", "object": "other", "thing": named}, "other.updated")
    assert changes_of(TOUCHED, event).objects == {}


def test_a_named_object_may_lie_deeper():
    plan = a_plan(touched_by=(Touch("source.thing", ("other.updated",)),))
    event = an_event({"id": "ot_1", "object": "other", "source": {"thing": "th_1"}}, TOUCH["type"])
    assert set(changes_of(plan, event).objects) == {"th_1"}


@pytest.mark.parametrize("events", in_any_order(OLDER, TOUCH))
def test_a_payload_older_than_anothers_event_is_kept_but_not_current(events):
    change = only_change(TOUCHED, *events)
    assert (change.updated, change.is_deletion) == (NOW, False)
    assert change.payload["content"] == 1, "the last known fields, should it be gone"
    assert not change.payload_is_current


def test_an_event_without_an_id_is_passed_over():
    upcoming = {"object": "invoice", "customer": "cus_1"}
    plan = a_plan(object="invoice", events=("invoice.upcoming",))
    assert changes_of(plan, an_event(upcoming, "invoice.upcoming")).objects == {}


def test_invoice_upcoming_is_asked_for_by_no_stream():
    assert not [name for name, plan in PLANS.items() if "invoice.upcoming" in plan.feed_types]


@pytest.mark.parametrize(
    ("stream", "object"), [("bank_accounts", "bank_account"), ("customer_cards", "card")]
)
def test_of_events_about_several_kinds_a_stream_takes_its_own(stream, object):
    events = [
        an_event(
            {"id": f"x_{kind}", "object": kind, "customer": "cus_1"}, "customer.source.created"
        )
        for kind in ("bank_account", "card", "source")
    ]
    assert set(changes_of(PLANS[stream], *events).objects) == {f"x_{object}"}


def test_charges_take_no_refund_for_a_charge():
    refund = {"id": "re_1", "object": "refund", "charge": "ch_1"}
    event = an_event(refund, "charge.refund.updated")
    assert changes_of(PLANS["charges"], event).objects == {}
    assert set(changes_of(PLANS["refunds"], event).objects) == {"re_1"}


def test_a_canceled_subscription_is_not_deleted():
    subject = {"id": "sub_1", "object": "subscription", "status": "canceled"}
    event = an_event(subject, "customer.subscription.deleted")
    assert not only_change(PLANS["subscriptions"], event).is_deletion


def test_lists_to_read_again_are_noted_with_the_latest_event():
    plan = a_plan(reread_for=Reread("invoice", "id", ("invoice.paid", "invoice.sent"), "invoices"))
    events = [
        an_event({"id": "in_1", "object": "invoice"}, "invoice.paid", NOW - 5),
        an_event({"id": "in_1", "object": "invoice"}, "invoice.sent", NOW),
        an_event({"id": "in_2", "object": "invoice"}, "invoice.voided", NOW),
    ]
    assert changes_of(plan, *events).reread_for == {"in_1": NOW}


# -- children ---------------------------------------------------------------------------------

LINES = PLANS["subscription_items"]


def item(number, object="subscription_item"):
    return {"id": f"si_{number}", "object": object}


def a_subscription(*items):
    return {"id": "sub_1", "object": "subscription", "items": a_list(*items)}


def test_a_parents_event_means_that_its_children_are_read_again():
    changes = changes_of(LINES, an_event(a_subscription(), "customer.subscription.updated"))
    assert set(changes.parents) == {"sub_1"}
    assert changes.objects == {}


def test_children_are_remembered_as_they_were_before_the_change():
    event = an_event(
        a_subscription(item(1)),
        "customer.subscription.updated",
        previous_attributes={"items": a_list(item(1), item(2))},
    )
    gone = changes_of(LINES, event).gone
    assert set(gone) == {"si_1", "si_2"}, "who is still there is sorted out later"
    assert gone["si_2"] == (item(2), event["data"]["object"], NOW, STRIPE_VERSION)


@pytest.mark.parametrize(
    "before",
    [
        None,
        {},
        {"items": None},
        {"items": {}},
        {"items": {"data": [{"quantity": 2}]}},
        {"status": 1},
    ],
    ids=repr,
)
def test_previous_attributes_that_name_no_child_say_nothing(before):
    event = an_event(
        a_subscription(item(1)), "customer.subscription.updated", previous_attributes=before
    )
    assert changes_of(LINES, event).gone == {}


def test_a_deleted_parent_shows_its_children_itself():
    invoice = {
        "id": "in_1",
        "object": "invoice",
        "lines": a_list({"id": "il_1", "object": "line_item"}),
    }
    changes = changes_of(PLANS["invoice_line_items"], an_event(invoice, "invoice.deleted"))
    assert changes.parents["in_1"].is_deletion
    assert set(changes.gone) == {"il_1"}


def test_another_objects_event_can_name_the_parent():
    invoice = {"id": "in_1", "object": "invoice", "customer": "cus_1"}
    event = an_event(invoice, "invoice.paid")
    parents = changes_of(PLANS["customer_balance_transactions"], event).parents
    assert parents == {"cus_1": ChangedObject("cus_1", NOW, api_version=STRIPE_VERSION)}


# -- the requests -----------------------------------------------------------------------------


def test_more_than_twenty_types_are_asked_for_in_several_requests():
    types = tuple(f"thing.{number:02}" for number in range(45))
    events = [an_event(a_thing(n), type, NOW - n % 3) for n, type in enumerate(types)]
    client = FakeStripe({"events": events})
    assert {event["type"] for event in feed_events(client, types, (NOW - 9, NOW))} == set(types)
    asked = [
        [value for name, value in params if name == "types[]"] for _path, params in client.requests
    ]
    assert asked == [list(types[:20]), list(types[20:40]), list(types[40:])]


def test_the_feed_is_read_page_by_page_within_its_span():
    events = [an_event(a_thing(n), created=NOW - n) for n in range(9)]
    with small_pages(2):
        found = list(
            feed_events(FakeStripe({"events": events}), ("thing.updated",), (NOW - 6, NOW - 2))
        )
    assert [event["created"] for event in found] == [NOW - n for n in (2, 3, 4, 5, 6)]


@pytest.mark.parametrize("name", [name for name, plan in PLANS.items() if plan.deletion_events])
def test_every_deletion_event_of_a_stream_is_one_that_it_asks_for(name):
    assert set(PLANS[name].deletion_events) <= set(PLANS[name].feed_types)
