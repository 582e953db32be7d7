"""What people write into objects does not keep the ledger from being worked out."""

from decimal import Decimal

import pytest

from source_stripe_saas.ledger.codec import decoded, encoded
from unit_tests.builders import NOW, an_event
from unit_tests.source_stripe_saas.engine.reading import read_by_pages
from unit_tests.stripe_server import serving

pytestmark = [pytest.mark.usefixtures("no_waiting"), pytest.mark.slow]


def nested(levels):
    outer = inner = {}
    for _ in range(levels):
        inner["a"] = inner = {}
    return outer


VALUES = {
    "nothing odd": "x",
    "a lone surrogate": "\ud800",
    "a lone surrogate in a key": {"\ud800": "x"},
    "a NUL": "a\x00b",
    "beyond 64 bits": 2**80,
    "beyond 64 bits and a lone surrogate": [2**80, -(2**80), "\udc00"],
    "many levels": nested(480),
    "12 places": 0.123456789012,
    "every plane": "é 漢 🦓 \U0010ffff",
}


def listing(*rows):
    return 200, {"object": "list", "url": "/v1/x", "has_more": False, "data": list(rows)}


def subscription(value):
    price = {
        "id": "price_1",
        "object": "price",
        "currency": "usd",
        "unit_amount": 1000,
        "unit_amount_decimal": "1000",
        "billing_scheme": "per_unit",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    }
    item = {"id": "si_1", "object": "subscription_item", "price": price, "quantity": 1}
    return {
        "id": "sub_1",
        "object": "subscription",
        "created": NOW - 5_000,
        "start_date": NOW - 5_000,
        "status": "active",
        "customer": "cus_1",
        "currency": "usd",
        "metadata": {"value": value},
        "discounts": [],
        "items": listing(item)[1],
    }


def invoice(value):
    details = {"subscription": "sub_1", "metadata": {"value": value}}
    return {
        "id": "in_1",
        "object": "invoice",
        "created": NOW - 5_000,
        "customer": "cus_1",
        "status": "paid",
        "billing_reason": "subscription_create",
        "total": 1000,
        "currency": "usd",
        "metadata": {"value": value},
        "lines": listing()[1],
        "parent": {"type": "subscription_details", "subscription_details": details},
        "status_transitions": {"paid_at": NOW - 4_000},
        "discounts": [],
    }


@pytest.mark.parametrize("place", ["subscription", "invoice", "event"])
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_odd_texts_change_no_row(value, place):
    at = {"subscription": "x", "invoice": "x", "event": "x", place: value}
    event = an_event(subscription(at["event"]), "customer.subscription.created", NOW - 5_000)
    answers = {
        "subscriptions": listing(subscription(at["subscription"])),
        "invoices": listing(invoice(at["invoice"])),
        "events": listing(event),
    }
    with serving(answers=answers):
        output = read_by_pages("subscription_events")
    assert output.errors() == []
    rows = output.records("subscription_events")
    assert [(row["event_type"], row["mrr_after"]) for row in rows] == [
        ("activated", 1000),
        ("first_payment", 1000),
    ]


def test_numbers_keep_their_digits_beside_half_a_surrogate_pair():
    back = decoded(encoded({"percent_off": Decimal("12.1"), "n": 2**70, "text": "\ud800"}))
    assert back == {"percent_off": Decimal("12.1"), "n": 2**70, "text": "?"}
