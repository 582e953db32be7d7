"""A newer specification, made up: each change is named, with the streams and rules it reaches."""

from copy import deepcopy

import pytest

from stripe_sandbox.stripe_spec import load
from tools.spec_changes import spec_changes
from unit_tests.builders import PLANS

OLD = load()


@pytest.fixture
def new():
    return {**deepcopy(OLD), "version": "2027-01-31.elm"}


def lines(new, *names):
    plans = [PLANS[name] for name in names] if names else list(PLANS.values())
    return spec_changes(OLD, new, plans)[1:]


def test_the_same_specification_under_another_version_changes_nothing(new):
    assert spec_changes(OLD, new, list(PLANS.values())) == [
        f"Stripe's API: {OLD['version']} -> 2027-01-31.elm"
    ]


def test_a_renamed_field_is_gone_and_new_and_names_the_rules_that_read_it(new):
    price = new["schemas"]["price"]["properties"]
    price["unit_price"] = price.pop("unit_amount_decimal")
    found = lines(new, "prices")
    assert found[0].startswith("prices: unit_amount_decimal is gone; MRR may read it: ")
    assert "mrr/price.py" in found[0]
    assert found[1:] == ["prices: unit_price is new (string (decimal))"]


def test_a_field_of_another_type_shows_both_types(new):
    new["schemas"]["product"]["properties"]["shippable"] = {"type": "string"}
    assert lines(new, "products") == [
        "products: shippable changed its type, boolean -> string",
    ]


def test_a_field_inside_a_shared_part_is_told_for_each_stream_that_holds_it(new):
    address = new["schemas"]["address"]["properties"]
    address["quarter"] = {"type": "string"}
    assert "customers: address.quarter is new (string)" in lines(new, "customers")
    assert "charges: billing_details.address.quarter is new (string)" in lines(new, "charges")
    # A customer is an id in an invoice.
    assert not [line for line in lines(new, "invoices") if "customer.address" in line]


def test_what_is_gone_as_a_whole_is_one_line(new):
    del new["schemas"]["review"]
    del new["paths"]["/v1/topups"]
    new["paths"]["/v1/charges"]["get"]["parameters"] = [
        each
        for each in OLD["paths"]["/v1/charges"]["get"]["parameters"]
        if each["name"] != "created"
    ]
    assert lines(new) == [
        "charges: GET /v1/charges takes no parameter created any more",
        "reviews: Stripe's object review is gone",
        "top_ups: GET /v1/topups is gone",
    ]


def test_events_and_lists_that_come_and_go_are_named(new):
    new["events"] = [each for each in OLD["events"] if each != "payout.paid"] + ["payout.returned"]
    new["listed"] = [each for each in OLD["listed"] if each != "topup"] + ["receipt"]
    assert lines(new) == [
        "payouts: the event payout.paid is gone",
        "payout_balance_transactions: the event payout.paid is gone",
        "the event payout.returned is new",
        "receipt: can be listed now",
        "topup: cannot be listed any more",
    ]
