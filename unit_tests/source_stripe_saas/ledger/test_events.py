"""Events are put under the subscription, or the customer, that they are about."""

import pytest

from source_stripe_saas.ledger.events import EVENT_TYPES, keep_events, owner_of
from source_stripe_saas.ledger.store import Store, key_of
from unit_tests.builders import PLANS
from unit_tests.source_stripe_saas.mrr.builders import event, invoice, subscription

OF_SUBSCRIPTION = {"id": "di_1", "subscription": "sub_1", "customer": "cus_1"}
OF_CUSTOMER = {"id": "di_2", "customer": "cus_1", "subscription": None}

OWNERS = {
    "customer.subscription.updated": (subscription(), ("sub_1", None)),
    "invoice.finalized": (invoice("in_1", "2026-01-01"), ("sub_1", None)),
    "invoice.paid": ({"id": "in_0", "subscription": "sub_0"}, ("sub_0", None)),  # before basil
    "invoice.voided": ({"id": "in_2"}, (None, None)),  # of no subscription
    "customer.discount.created": (OF_SUBSCRIPTION, ("sub_1", None)),
    "customer.discount.deleted": (OF_CUSTOMER, (None, "cus_1")),
    "charge.succeeded": ({"id": "ch_1"}, (None, None)),
}


@pytest.mark.parametrize("kind", OWNERS)
def test_an_event_has_one_owner_or_none(kind):
    raw, owner = OWNERS[kind]
    assert owner_of(event("evt_1", kind, "2026-01-01", raw)) == owner


def test_the_stream_follows_what_the_rules_listen_to():
    assert PLANS["subscription_events"].feed_types == EVENT_TYPES
    assert len(EVENT_TYPES) <= 20, "Stripe takes no more in one request"


def test_more_events_than_one_turn_holds_all_arrive(tmp_path):
    """The customer's go to each of its subscriptions."""
    store = Store(tmp_path)
    body = b'{"id":"sub_1","customer":"cus_1"}'
    store.put("subscription", [(key_of("sub_1"), "sub_1", "cus_1", body)])
    kinds = ("customer.subscription.updated", "customer.discount.deleted", "invoice.voided")
    keep_events(
        (
            event(f"evt_{number}", kinds[number % 3], "2026-01-01", OWNERS[kinds[number % 3]][0])
            for number in range(1_200)
        ),
        store,
    )
    store.close_for_writing()
    [known] = store.objects([key_of("sub_1")])
    assert len({one["id"] for one in known.events}) == len(known.events) == 800
