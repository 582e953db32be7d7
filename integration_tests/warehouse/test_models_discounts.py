"""Discounts wherever they stand: on a subscription, an item, a customer or an invoice."""

from __future__ import annotations

import pytest

from integration_tests.warehouse.handmade import Handmade, life, seconds

pytestmark = pytest.mark.slow


def discount(key, coupon):
    return {"id": key, "source": {"type": "coupon", "coupon": coupon}}


def subscription(key, **more):
    return {
        "id": key,
        "customer": "cus_1",
        "status": "active",
        "currency": "usd",
        "created": seconds("2026-01-05"),
        **more,
    }


def invoice(key, of, amount, found):
    return {
        "id": key,
        "status": "paid",
        "currency": "usd",
        "created": seconds("2026-01-05"),
        "total": 100,
        "amount_paid": 100,
        "parent": {"subscription_details": {"subscription": of}},
        "discounts": [found],
        "total_discount_amounts": [{"amount": amount, "discount": found["id"]}],
    }


def test_a_coupon_counts_where_it_works(tmp_path):
    of_customer, of_item = discount("di_customer", "half"), discount("di_item", "tenth")
    own, once = discount("di_own", "fifth"), discount("di_once", "once")
    lives = [
        life(f"sub_{place}", "cus_1", ("2026-01-05", "activated", 50)) for place in range(1, 5)
    ]
    for rows in lives:
        rows[0]["list_mrr_after"] = 100
    made = Handmade(
        tmp_path,
        {
            "subscription_events": [row for rows in lives for row in rows],
            "customers": [
                {"id": "cus_1", "created": seconds("2026-01-01"), "discount": of_customer}
            ],
            "subscriptions": [
                subscription("sub_1"),
                subscription("sub_2"),
                # Its own takes the place of the customer's.
                subscription("sub_3", discounts=[own]),
                subscription("sub_4"),
            ],
            "subscription_items": [
                {"id": "si_4", "subscription": "sub_4", "quantity": 1, "discounts": [of_item]}
            ],
            "invoices": [
                invoice("in_1", "sub_1", 50, of_customer),
                invoice("in_2", "sub_2", 50, of_customer),
                invoice("in_3", "sub_3", 7, once),
            ],
        },
        "2026-02-01",
    )
    result = made.build("--indirect-selection=cautious", "--select", "+discount_effect")
    assert result.success, result.bad
    assert made.rows(
        "select coupon_id, redemptions, subscriptions, active_subscriptions, list_mrr_minor, "
        "net_mrr_minor, lifetime_discount_minor, lifetime_revenue_minor from discount_effect "
        "order by 1"
    ) == [
        ("fifth", 1, 1, 1, 100, 50, 0, 0),
        # On three of the four, two of which have paid; one redemption.
        ("half", 1, 3, 3, 300, 150, 100, 200),
        ("once", 1, 1, 0, 0, 0, 7, 100),
        ("tenth", 1, 1, 1, 100, 50, 0, 0),
    ]
