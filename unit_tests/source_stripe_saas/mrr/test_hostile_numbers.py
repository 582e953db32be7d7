"""Texts that are no numbers, or are too large to be worked out, are refused at once and named."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest

from source_stripe_saas.mrr import InputError
from source_stripe_saas.mrr.exact import exact
from source_stripe_saas.mrr.options import OptionError, options_from
from unit_tests.source_stripe_saas.mrr.builders import (
    discount,
    item,
    price,
    rows_of,
    snapshot,
    subscription,
)

ENDLESS = ("1e999999999", "1E99999", "1e-999999999", "9" * 5_000, "0." + "1" * 5_000)
NONSENSE = ("", "nan", "inf", "0x1", "1/0", "x", "365/7/1")


@pytest.mark.parametrize("text", [*ENDLESS, *NONSENSE])
def test_no_number_is_no_amount(text):
    with pytest.raises((ValueError, ZeroDivisionError)):
        exact(text)


def test_amounts_with_twelve_places_and_small_exponents_are_read_exactly():
    assert exact("0.123456789012") == Fraction(123456789012, 10**12)
    assert exact("1234567.123456789012") == Fraction(1234567123456789012, 10**12)
    assert exact(1e-07) == Fraction(1, 10**7)
    assert exact("1e2") == 100
    assert exact(10**40) == 10**40


@pytest.mark.parametrize("value", [*ENDLESS, *NONSENSE, True, [], {}, "-1", "0", 1e308, 10**30])
def test_a_year_is_a_short_positive_number(value):
    with pytest.raises(OptionError) as raised:
        options_from({"days_per_year": value})
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize(
    ("value", "days"),
    [(360, 360), ("365/7", Fraction(365, 7)), ("365.2425", Fraction(3652425, 10_000))],
)
def test_a_year_may_be_a_fraction(value, days):
    assert options_from({"days_per_year": value}).days_per_year == days


@pytest.mark.parametrize("preset", [[], {}, 5, True, "other"])
def test_a_preset_is_one_of_the_names(preset):
    with pytest.raises(OptionError, match="preset"):
        options_from({"preset": preset})


def first_sight(raw, **given):
    return rows_of(snapshots=[snapshot("2026-01-01", raw)], **given)


@pytest.mark.parametrize("quantity", ["1e999999999", "nan", 2.5, -1, "", [], "three"])
def test_a_quantity_is_a_whole_number_of_units(quantity):
    with pytest.raises(InputError, match="subscription sub_1"):
        first_sight(subscription(item(quantity=quantity)))


@pytest.mark.parametrize("quantity", [3, "3", 3.0, Decimal("3.0")])
def test_a_quantity_may_be_written_otherwise(quantity):
    (row,) = first_sight(subscription(item(quantity=quantity)))
    assert row["mrr_after"] == 3000
    assert json.dumps(row["items_after"][0]["quantity"]) == "3"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"unit_amount_decimal": "1e999999999"}, "no amount"),
        ({"recurring": {"interval": "quarter"}}, "no interval: quarter"),
        ({"recurring": {"interval": "month", "interval_count": 0}}, "interval_count: is 0"),
        ({"recurring": {"interval": "month", "interval_count": -1}}, "no whole number: -1"),
        ({"transform_quantity": {"divide_by": 0, "round": "up"}}, "divide_by: is 0"),
        ({"billing_scheme": "tiered", "tiers": [{"up_to": "x"}]}, "'x'"),
        ({"tiers": [5]}, "(no attribute|another kind of value)"),
    ],
)
def test_a_price_that_cannot_be_read_is_named_wherever_it_is(wrong, why):
    bad = {**price("p_bad"), **wrong}
    with pytest.raises(InputError, match=rf"prices\.p_bad: .*{why}"):
        first_sight(subscription(), prices={"p_bad": bad})
    with pytest.raises(InputError, match=rf"subscription sub_1: price p_bad: .*{why}"):
        first_sight(subscription(item(of=bad)), prices={})


@pytest.mark.parametrize(
    "terms",
    [
        {"percent_off": "many"},
        {"percent_off": "1e999999999"},
        {"amount_off": "x", "currency": "usd"},
        {"percent_off": 5, "applies_to": {"products": 5}},
    ],
)
def test_a_coupon_that_cannot_be_read_is_named_by_its_discount(terms):
    bad = {"id": "BAD", "duration": "forever", **terms}
    with pytest.raises(InputError, match="subscription sub_1: discount di_1: "):
        first_sight(subscription(discounts=["di_1"]), discounts=[discount(of="BAD")], coupons=[bad])


@pytest.mark.parametrize(
    "raw",
    [
        subscription(item(of="nowhere")),
        subscription(item(quantity=0)),
        {**subscription(), "items": {"data": []}},
        {**subscription(), "items": None},
        subscription({"id": "si_1"}),
    ],
)
def test_a_subscription_of_nothing_that_can_be_priced_is_worth_nothing(raw):
    assert [(row["event_type"], row["mrr_after"]) for row in first_sight(raw)] == [("activated", 0)]


@pytest.mark.parametrize(
    "raw",
    [
        subscription(currency="USD"),
        subscription(customer={"id": "cus_1", "object": "customer", "deleted": True}),
        subscription(discounts=["di_nowhere", None]),
        subscription(discounts=[discount(of={"id": "F50", "deleted": True})]),
    ],
)
def test_what_is_deleted_or_unknown_beside_the_items_changes_nothing(raw):
    (row,) = first_sight(raw)
    found = (row["currency"], row["customer_id"], row["mrr_after"])
    assert found == ("usd", "cus_1", 1000)
