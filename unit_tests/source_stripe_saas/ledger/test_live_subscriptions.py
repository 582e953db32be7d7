"""Which prices are taken from the object itself when its MRR is held against its rows."""

import pytest

from source_stripe_saas.ledger.live_subscriptions import _is_told_in_full

FLAT = {"id": "price_1", "billing_scheme": "per_unit", "currency": "usd", "unit_amount": 900}


def test_a_flat_price_in_the_subscriptions_currency_needs_no_look_at_the_catalog():
    assert _is_told_in_full(FLAT, "usd")
    fine = {**FLAT, "unit_amount": None, "unit_amount_decimal": "0.5"}
    assert _is_told_in_full(fine, "usd")


@pytest.mark.parametrize(
    "price",
    [
        {**FLAT, "billing_scheme": "tiered"},
        {**FLAT, "currency": "eur"},
        {**FLAT, "unit_amount": None, "unit_amount_decimal": None},
        {name: value for name, value in FLAT.items() if name != "unit_amount"},
        "price_1",
        None,
    ],
)
def test_what_an_object_does_not_say_is_looked_up(price):
    assert not _is_told_in_full(price, "usd")
