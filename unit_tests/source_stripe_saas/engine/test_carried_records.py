"""Discounts, which have no list: taken out of what carries them, each once, by one state."""

import pytest

from source_stripe_saas.api.transport import STRIPE_VERSION
from unit_tests.builders import DAY, NOW, OLD_VERSION, a_list, an_event
from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.stripe_server import denied, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

CARRIERS = ("customers", "subscriptions", "invoices", "invoice_items")
PATHS = ("customers", "subscriptions", "invoices", "invoiceitems")
SINCE = {"updated": NOW - DAY}


def a_discount(number, **fields):
    source = {"type": "coupon", "coupon": "HALF"}
    return {"id": f"di_{number}", "object": "discount", "source": source, "start": NOW, **fields}


def an_object(kind, identity, created=NOW - 9 * DAY, **fields):
    return {"id": identity, "object": kind, "created": created, **fields}


def lists(**more):
    """1 on the customer, 2 and 3 on a subscription, 2 and 4 on its invoice, 5 on an item."""
    items = a_list(an_object("subscription_item", "si_1", discounts=[a_discount(3)]))
    lines = a_list(an_object("line_item", "il_1", discounts=[a_discount(4)]))
    return {
        "customers": [an_object("customer", "cus_1", discount=a_discount(1))],
        "subscriptions": [
            an_object("subscription", "sub_1", discounts=[a_discount(2)], items=items)
        ],
        "invoices": [an_object("invoice", "in_1", discounts=[a_discount(2)], lines=lines)],
        "invoiceitems": [an_object("invoiceitem", "ii_1", date=NOW, discounts=[a_discount(5)])],
        **more,
    }


def ids(output):
    return sorted(record["id"] for record in output.records("discounts"))


@pytest.mark.parametrize("beside", [(), CARRIERS], ids=["alone", "beside its carriers"])
def test_a_first_read_takes_each_discount_once_out_of_lists_that_are_read_once(beside):
    with serving(lists=lists()) as stripe:
        output = read_by_pages("discounts", *beside)
    assert ids(output) == ["di_1", "di_2", "di_3", "di_4", "di_5"]
    assert {path: stripe.asked()[path] for path in PATHS} == dict.fromkeys(PATHS, 1)
    assert output.states("discounts")[-1] == {"updated": NOW - 60}
    assert {record["is_deleted"] for record in output.records("discounts")} == {False}


def test_what_stripe_shows_as_deleted_comes_as_deleted():
    gone = an_object("invoice", "in_1", discounts=[a_discount(7, deleted=True)], lines=a_list())
    with serving(lists={"invoices": [gone]}):
        (record,) = read_by_pages("discounts").records("discounts")
    assert (record["id"], record["is_deleted"]) == ("di_7", True)
    assert "deleted" not in record


@pytest.mark.parametrize("version", [STRIPE_VERSION, OLD_VERSION])
def test_a_deleted_discount_ends_up_marked_deleted_with_its_last_fields(version):
    event = an_event(
        a_discount(1, customer="cus_1"), "customer.discount.deleted", NOW - 500, version
    )
    with serving(lists={"events": [event]}):
        (record,) = read_by_pages("discounts", state=a_state(discounts=SINCE)).records("discounts")
    assert (record["id"], record["customer"]) == ("di_1", "cus_1")
    assert (record["is_deleted"], record["updated"]) == (True, NOW - 500)


@pytest.mark.parametrize("beside", [(), ("invoices",)], ids=["alone", "beside the invoices"])
def test_what_carries_a_changed_discount_is_fetched_once(beside):
    invoice = an_object("invoice", "in_1", discounts=[a_discount(2)], lines=a_list())
    shown = {**invoice, "discounts": ["di_2"]}
    event = an_event(shown, "invoice.updated", NOW - 500)
    names = ("discounts", *beside)
    with serving(lists={"invoices": [invoice], "events": [event]}) as stripe:
        output = read_by_pages(*names, state=a_state(**dict.fromkeys(names, SINCE)))
    assert ids(output) == ["di_2"]
    assert stripe.asked()["invoices/in_1"] == 1
    assert output.states("discounts")[-1] == {"updated": NOW - 60}


def test_what_an_event_shows_to_carry_nothing_is_not_fetched():
    lines = a_list(an_object("line_item", "il_1", discounts=[]))
    invoice = an_object("invoice", "in_1", discounts=[], lines=lines)
    event = an_event(invoice, "invoice.updated", NOW - 500)
    with serving(lists={"invoices": [invoice], "events": [event]}) as stripe:
        output = read_by_pages("discounts", state=a_state(discounts=SINCE))
    assert ids(output) == []
    assert stripe.asked()["invoices/in_1"] == 0


def test_a_new_discount_is_read_from_what_its_event_names():
    customer = an_object("customer", "cus_1", discount=a_discount(1))
    event = an_event(
        a_discount(1, customer="cus_1"), "customer.discount.created", NOW - 500, OLD_VERSION
    )
    with serving(lists={"customers": [customer], "events": [event]}):
        output = read_by_pages("discounts", state=a_state(discounts=SINCE))
    (record,) = output.records("discounts")
    assert (record["id"], record["updated"]) == ("di_1", NOW - 500)


def test_a_carrier_that_is_refused_makes_the_discounts_alone_incomplete():
    answers = {"invoices": denied("rak_invoice_read")}
    with serving(lists=lists(), answers=answers):
        output = read_by_pages("discounts", "customers")
    assert output.statuses("discounts")[-1] == "INCOMPLETE"
    assert output.statuses("customers")[-1] == "COMPLETE"
    (error,) = output.errors()
    assert "rak_invoice_read" in error["message"]


def test_a_first_read_that_was_interrupted_lists_only_what_it_had_left():
    done = {f"carrier={name}": [[0, NOW - 100]] for name in CARRIERS if name != "invoices"}
    state = a_state(discounts={"backfill": {"began": NOW - 100, "done": done}})
    with serving(lists=lists()) as stripe:
        output = read_by_pages("discounts", state=state)
    assert ids(output) == ["di_2", "di_4"]
    assert {path: stripe.asked()[path] for path in PATHS} == {
        **dict.fromkeys(PATHS, 0),
        "invoices": 1,
    }


def test_a_carrier_that_was_skipped_is_asked_for_again_and_no_other():
    retry = {"parents": [{"id": "in_1", "carrier": "invoices"}]}
    invoice = an_object("invoice", "in_1", discounts=[a_discount(2)], lines=a_list())
    state = a_state(discounts={**SINCE, "retry": retry})
    with serving(lists={"invoices": [invoice]}) as stripe:
        output = read_by_pages("discounts", state=state)
    assert ids(output) == ["di_2"]
    asked = [path for path in stripe.asked() if path.endswith("in_1")]
    assert asked == ["invoices/in_1"]


def test_the_past_is_read_again_from_every_carrier():
    with serving(lists=lists()):
        output = read_by_pages(
            "discounts", state=a_state(discounts=SINCE), config={"reread_days": 1}
        )
    assert output.statuses("discounts")[-1] == "COMPLETE"
    assert ids(output) == ["di_1", "di_2", "di_3", "di_4", "di_5"]
