"""Streams that read for each other: nothing is asked for twice, and no failure spreads."""

import math

import pytest

from source_stripe_saas.ledger.memory import packed
from source_stripe_saas.mrr import SEMANTICS_VERSION, Options
from unit_tests.builders import DAY, NOW, PLANS, a_list, an_event
from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.stripe_server import denied, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

LEDGER = {
    "rules": SEMANTICS_VERSION,
    "horizon": NOW - 40 * DAY,
    "options": Options().fingerprint,
    "through": NOW - DAY,
    "ledgers": packed({}, NOW - DAY),
}
"""A ledger that has followed an account without subscriptions until yesterday."""

FAMILY = ("customers", "customer_cards", "tax_ids")


def customers(number):
    return [
        {
            "id": f"cus_{n}",
            "object": "customer",
            "created": NOW - 100 * n,
            "sources": a_list({"id": f"card_{n}", "object": "card", "customer": f"cus_{n}"}),
            "tax_ids": a_list({"id": f"txi_{n}", "object": "tax_id", "customer": f"cus_{n}"}),
        }
        for n in range(number)
    ]


def without_tax_ids(request):
    """A key that may read customers, but not their tax ids."""
    return denied("rak_tax_id_read") if "tax_ids" in request.url else None


@pytest.mark.parametrize("order", [FAMILY, FAMILY[::-1]], ids=["parent first", "parent last"])
def test_a_parents_list_is_read_once_for_all_children_in_its_objects(order):
    with serving(lists={"customers": customers(5)}) as stripe:
        output = read_by_pages(*order)
    assert stripe.asked()["customers"] == 1
    assert sorted(r["id"] for r in output.records("customer_cards")) == [
        f"card_{n}" for n in range(5)
    ]
    assert sorted(r["id"] for r in output.records("tax_ids")) == [f"txi_{n}" for n in range(5)]
    assert {output.statuses(name)[-1] for name in FAMILY} == {"COMPLETE"}


def test_what_is_expanded_for_the_children_is_no_part_of_the_parents_records():
    with serving(lists={"customers": customers(2)}):
        together = read_by_pages(*FAMILY).records("customers")
    assert len(together) == 2
    for record in together:
        assert "sources" not in record
        assert "tax_ids" not in record


def test_one_pass_over_the_events_serves_all_streams():
    names = [name for name, plan in PLANS.items() if plan.feed_types]
    state = a_state(
        **{name: LEDGER if PLANS[name].derived else {"updated": NOW - DAY} for name in names}
    )
    with serving() as stripe:
        read_by_pages(*names, state=state)
    types = {name for plan in PLANS.values() for name in plan.feed_types}
    assert stripe.asked()["events"] == math.ceil(len(types) / 20)


def test_an_object_that_two_streams_want_is_fetched_once():
    item = {"id": "si_1", "object": "subscription_item"}
    subscription = {
        "id": "sub_1",
        "object": "subscription",
        "created": NOW - 10 * DAY,
        "items": a_list(item),
    }
    event = an_event(subscription, "customer.subscription.updated", NOW - 500, "2020-01-01")
    names = ("subscriptions", "subscription_items")
    state = a_state(**{name: {"updated": NOW - DAY} for name in names})
    with serving(lists={"subscriptions": [subscription], "events": [event]}) as stripe:
        output = read_by_pages(*names, state=state)
    assert [r["id"] for r in output.records("subscriptions")] == ["sub_1"]
    assert [r["id"] for r in output.records("subscription_items")] == ["si_1"]
    assert stripe.asked()["subscriptions/sub_1"] == 1


@pytest.mark.parametrize("workers", [1, 16])
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "beside the subscriptions"])
def test_a_new_subscription_comes_to_the_ledger_by_the_list_of_live_ones(workers, alone):
    price = {"id": "price_1", "object": "price", "currency": "usd", "unit_amount": 4900}
    price |= {"unit_amount_decimal": "4900", "billing_scheme": "per_unit", "product": "prod_1"}
    price["recurring"] = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    subscription = {
        "id": "sub_1",
        "object": "subscription",
        "created": NOW - 500,
        "status": "active",
        "currency": "usd",
        "customer": "cus_1",
        "items": a_list(
            {"id": "si_1", "object": "subscription_item", "price": price, "quantity": 1}
        ),
    }
    event = an_event(subscription, "customer.subscription.created", NOW - 500)
    names = ("subscription_events",) if alone else ("subscriptions", "subscription_events")
    blobs = {"subscriptions": {"updated": NOW - DAY}, "subscription_events": LEDGER}
    state = a_state(**{name: blobs[name] for name in names})
    lists = {"subscriptions": [subscription], "events": [event], "prices": [price]}
    with serving(lists=lists) as stripe:
        output = read_by_pages(*names, state=state, config={"num_workers": workers})
    (row,) = output.records("subscription_events")
    assert (row["event_type"], row["mrr_before"], row["mrr_after"]) == ("activated", 0, 4900)
    if not alone:
        (record,) = output.records("subscriptions")
        assert (record["id"], record["customer"], record["updated"]) == (
            "sub_1",
            "cus_1",
            NOW - 500,
        )
    # Beside the live ones, the subscriptions' own stream lists what is new.
    assert stripe.asked()["subscriptions"] == (1 if alone else 2)
    assert stripe.asked()["subscriptions/sub_1"] == 0
    assert output.states("subscription_events")[-1]["through"] == NOW - 60


@pytest.mark.parametrize("workers", [1, 16])
def test_a_child_that_may_not_be_seen_does_not_take_its_parent_along(workers):
    answers = {"customers": without_tax_ids}
    with serving(lists={"customers": customers(250)}, answers=answers):
        output = read_by_pages(*FAMILY, config={"num_workers": workers})
    assert {name: output.statuses(name)[-1] for name in FAMILY} == {
        "customers": "COMPLETE",
        "customer_cards": "COMPLETE",
        "tax_ids": "INCOMPLETE",
    }
    assert len(output.records("customers")) == len(output.records("customer_cards")) == 250
    (error,) = output.errors()
    assert "Stream `tax_ids`" in error["message"]
    assert output.states("customers")[-1] == {"updated": NOW - 60}


def test_streams_that_stand_at_different_points_read_for_themselves():
    state = a_state(customers={"updated": NOW - DAY})
    old = [{**row, "created": NOW - 40 * DAY} for row in customers(3)]
    with serving(lists={"customers": old}):
        output = read_by_pages(*FAMILY, state=state)
    assert output.records("customers") == []
    assert len(output.records("tax_ids")) == 3
    assert {output.states(name)[-1]["updated"] for name in FAMILY} == {NOW - 60}


def test_a_refused_feed_stops_all_who_follow_it_and_no_one_else():
    state = a_state(refunds={"updated": NOW - DAY}, charges={"updated": NOW - DAY})
    with serving(lists={"customers": customers(3)}, answers={"events": denied("rak_event_read")}):
        output = read_by_pages("refunds", "charges", "customers", state=state)
    assert [output.statuses(name)[-1] for name in ("refunds", "charges", "customers")] == [
        "INCOMPLETE",
        "INCOMPLETE",
        "COMPLETE",
    ]
    assert len(output.errors()) == 2, "one for each stream"
    assert output.states("refunds")[-1] == {"updated": NOW - DAY}


FEES = ("application_fees", "application_fees_refunds")


@pytest.mark.parametrize("names", [FEES, FEES[:1], FEES[1:]], ids=["both", "fees", "refunds"])
def test_an_edited_refund_brings_its_fee_and_itself_as_they_are_now(names):
    def fee(**fields):
        refund = {"id": "fr_1", "object": "fee_refund", "fee": "fee_1", "created": NOW - 900}
        old = {"id": "fee_1", "object": "application_fee", "created": NOW - 1_000}
        return {**old, "refunds": a_list({**refund, **fields})}

    edited = fee(metadata={"why": "a gift"})
    events = [
        an_event(edited["refunds"]["data"][0], "application_fee.refund.updated", NOW - 400),
        an_event(fee(metadata={}), "application_fee.refunded", NOW - 900),
    ]
    state = a_state(**{name: {"updated": NOW - DAY} for name in names})
    with serving(lists={"application_fees": [edited], "events": events}):
        output = read_by_pages(*names, state=state)
    told = {name: output.records(name)[-1] for name in names}
    for name, record in told.items():
        refund = record["refunds"]["data"][0] if name == "application_fees" else record
        assert refund["metadata"] == {"why": "a gift"}
        assert record["updated"] == NOW - 400
