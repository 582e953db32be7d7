"""A deleted coupon goes on counting where it is in use; what has it is asked what it was (M15)."""

import pytest

from source_stripe_saas.ledger.coupons import complete, coupon_of, discounts_of
from source_stripe_saas.ledger.scan_lists import ListedCatalog
from source_stripe_saas.ledger.store import SubscriptionObjects
from unit_tests.fake_stripe import FakeStripe

TEN_OFF = {"id": "TEN", "percent_off": 10, "created": 100}
HALF_OFF = {"id": "TEN", "percent_off": 50, "created": 900}
"""The id of the first, given to another after that was deleted."""


def discount(coupon="TEN", start=500):
    return {"id": "di_1", "start": start, "source": {"type": "coupon", "coupon": coupon}}


def a_subscription(own=(), of_item=(), of_customer=None):
    item = {"id": "si_1", "discounts": list(of_item)}
    customer = {"id": "cus_1", "discount": of_customer}
    return {
        "id": "sub_1",
        "discounts": list(own),
        "items": {"data": [item]},
        "customer": customer,
    }


PLACES = {
    "the subscription": {"own": [discount()]},
    "an item": {"of_item": [discount()]},
    "the customer": {"of_customer": discount()},
}
LISTS = {"deleted": {}, "deleted and its id reused": {"TEN": HALF_OFF}}


def stripe():
    """Whatever is asked for alone spells its coupon out."""
    told = discount(TEN_OFF)
    return FakeStripe(
        {
            "subscriptions": [{**a_subscription([told]), "object": "subscription"}],
            "subscription_items": [{"id": "si_1", "discounts": [told]}],
            "customers": [{"id": "cus_1", "discount": told}],
        }
    )


@pytest.mark.parametrize("coupons", LISTS.values(), ids=LISTS)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_what_has_the_discount_is_asked_once_for_its_coupon(place, coupons):
    client, known = stripe(), SubscriptionObjects("sub_1", a_subscription(**place))
    assert complete(known, ListedCatalog(coupons=coupons), client)
    [found] = discounts_of(known.subscription)
    assert coupon_of(found) == TEN_OFF
    assert len(client.requests) == 1
    assert not complete(known, ListedCatalog(coupons=coupons), client), "it is spelled out by now"
    assert len(client.requests) == 1


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_coupon_that_is_listed_costs_no_request(place):
    client, known = stripe(), SubscriptionObjects("sub_1", a_subscription(**place))
    assert not complete(known, ListedCatalog(coupons={"TEN": TEN_OFF}), client)
    assert client.requests == []


def test_a_listed_customers_discount_is_completed_in_the_list():
    listed = ListedCatalog(customer_discounts={"cus_1": discount()})
    client, raw = stripe(), {**a_subscription(), "customer": "cus_1"}
    assert complete(SubscriptionObjects("sub_1", raw), listed, client)
    assert coupon_of(listed.customer_discounts["cus_1"]) == TEN_OFF


def test_what_is_gone_meanwhile_stays_as_it_was_listed():
    known = SubscriptionObjects("sub_1", a_subscription([discount()], [discount()], discount()))
    complete(known, ListedCatalog(), FakeStripe({}))
    assert [coupon_of(one) for one in discounts_of(known.subscription)] == ["TEN"] * 3
