"""Shares of rules, worked out by hand as fractions (M68)."""

from fractions import Fraction

import pytest

from source_stripe_saas.mrr import Catalog, facts_of
from stripe_saas.compare.command import report
from stripe_saas.compare.counted import Evidence
from stripe_saas.compare.rules import CompareError, rules_from, steps_between
from stripe_saas.compare.shares import Difference, differences
from stripe_saas.compare.taxes import TaxRates
from unit_tests.source_stripe_saas.mrr.builders import (
    coupon,
    discount,
    invoice,
    item,
    line,
    on,
    price,
    subscription,
)

VAT = {"id": "txr_1", "percentage": 20, "inclusive": False}
ENDS_AT = on("2026-06-01")
PRICES = {
    one["id"]: one
    for one in (
        price(),
        price("w10", interval="week"),
        price("d1", "100", interval="day"),
    )
}


def evidence(*subscriptions, invoices=(), rates=(VAT,), seen="2026-03-01T00:00:00Z"):
    given = {
        "subscriptions": list(subscriptions),
        "invoices": list(invoices),
        "snapshots": [{"at": seen, "subscription": raw} for raw in subscriptions],
        "now": "2026-06-15T00:00:00Z",
    }
    facts = list(facts_of(given))
    billed = {one.subscription_id: list(one.invoices) for one in facts}
    taxes = TaxRates(subscriptions, billed, {rate["id"]: rate for rate in rates})
    return Evidence(facts, Catalog(PRICES, {"F50": coupon()}, {}), taxes, ENDS_AT)


def shares(held, ours=None, **theirs):
    ours, theirs = rules_from(None, ours or {}), rules_from(None, theirs)
    steps = steps_between(ours, theirs)
    counted = [("", held.counted(ours))]
    counted += [(step.name, held.counted(step.rules)) for step in steps]
    return differences(counted[0][1], counted[-1][1], counted)


def only(found):
    [one] = found
    assert one.rest_minor == 0
    return one.ours_minor, dict(one.shares_minor), one.theirs_minor


def test_a_week_four_times_a_month_then_a_trial_then_tax():
    # 10.00 a week in a trial: nothing of ours. 1000 x 48/12 = 4000, and 20 percent are 800.
    raw = subscription(
        item(of="w10"),
        status="trialing",
        trial_start=on("2026-05-20"),
        trial_end=on("2026-06-20"),
        created=on("2026-05-20"),
        default_tax_rates=[VAT],
    )
    theirs = {"weeks_per_year": "48", "trials": "include", "taxes": "include"}
    held = evidence(raw, seen="2026-05-20T00:00:00Z")
    assert only(shares(held, **theirs)) == (0, {"trials": 4000, "taxes": 800}, 4800)


def test_shares_are_differences_of_rounded_numbers():
    # 1000 x 52/12 = 4333 1/3; 1000 x 48/12 = 4000; 4000 x 6/5 = 4800.
    raw = subscription(item(of="w10"), default_tax_rates=[VAT])
    found = shares(evidence(raw), weeks_per_year="48", taxes="include")
    assert round(Fraction(13000, 3)) == 4333
    assert only(found) == (4333, {"weeks_per_year": -333, "taxes": 800}, 4800)


def test_a_day_thirty_times():
    # 100 x 365/12 = 3041 2/3, half up 3042; 100 x 360/12 = 3000.
    raw = subscription(item(of="d1"))
    assert only(shares(evidence(raw), days_per_year="360")) == (3042, {"days_per_year": -42}, 3000)


@pytest.mark.parametrize(
    ("more", "theirs", "share"),
    [
        ({"status": "past_due"}, {"past_due": "exclude"}, -1000),
        ({"cancel_at_period_end": True}, {"churn_at": "request"}, -1000),
        ({"status": "past_due"}, {"past_due_days": "30"}, -1000),
        ({"status": "past_due"}, {"past_due_days": "9999"}, 0),
        ({"pause_collection": {"behavior": "void"}}, {"pause_collection": "count"}, 1000),
    ],
)
def test_each_state_by_its_rule(more, theirs, share):
    found = shares(evidence(subscription(**more)), **theirs)
    assert [one.shares_minor for one in found] == ([{next(iter(theirs)): share}] if share else [])


def test_a_coupon_that_is_not_for_ever():
    repeating = coupon(duration="repeating")
    raw = subscription(discounts=[{**discount(end="2026-12-01"), "source": {"coupon": repeating}}])
    assert only(shares(evidence(raw), {"discounts": "all"})) == (500, {"discounts": 500}, 1000)


def test_rounding_once_a_client():
    # Three subscriptions of 1000 x 52/12 = 4333 1/3: 12999 rounded each, 13000 together.
    raws = [subscription(item(key=f"si_{n}", of="w10"), id=f"sub_{n}") for n in range(3)]
    assert only(shares(evidence(*raws), rounding="client")) == (12999, {"rounding": 1}, 13000)


def test_tax_within_a_price_is_no_tax_on_top():
    raw = subscription(default_tax_rates=[{**VAT, "inclusive": True}])
    assert shares(evidence(raw), taxes="include") == []


def test_tax_of_the_last_invoice_before_the_end():
    def taxed(key, at, amount, rate):
        tax = {
            "amount": amount,
            "taxable_amount": 1000,
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": rate},
        }
        billed = line(f"il_{key}", at, "2026-07-01")
        return invoice(key, at, billed, total_taxes=[tax])

    # A rate that is not known is taken from its amounts: 70 of 1000. That of June comes too late.
    bills = [
        taxed("in_1", "2026-04-01", 200, "txr_1"),
        taxed("in_2", "2026-05-01", 70, "txr_9"),
        taxed("in_3", "2026-06-02", 500, "txr_8"),
    ]
    found = shares(evidence(subscription(), invoices=bills), taxes="include")
    assert only(found) == (1000, {"taxes": 70}, 1070)


def test_what_no_rule_explains_is_the_rest_and_stands_first():
    one, two = ("cus_1", "usd"), ("cus_2", "usd")
    counted = [("", {one: 100, two: 5}), ("taxes", {one: 120, two: 6})]
    found = differences({one: 100, two: 5}, {one: 150, two: 6}, counted)
    assert found == [
        Difference("cus_1", "usd", 100, 150, {"taxes": 20}),
        Difference("cus_2", "usd", 5, 6, {"taxes": 1}),
    ]
    assert [each.rest_minor for each in found] == [30, 0]
    lines = report(found, steps_between(rules_from(None, {}), rules_from(None, {})), 0)
    assert any("+0.30  not explained; 1 clients" in text for text in lines)
    assert lines[-1] == "2 clients differ, 1 of them with something not explained."


def test_a_ledger_that_is_not_what_the_evidence_says_is_a_rest():
    key = ("cus_1", "usd")
    [one] = differences({key: 90}, {key: 120}, [("", {key: 100}), ("taxes", {key: 120})])
    assert (one.shares_minor, one.rest_minor) == ({"taxes": 20}, 10)


def test_rules_are_switched_in_one_order_whatever_was_given_first():
    theirs = rules_from("baremetrics", {"taxes": "include", "weeks_per_year": "48"})
    steps = steps_between(rules_from(None, {}), theirs)
    names = [step.name for step in steps]
    assert names == ["weeks_per_year", "discounts", "past_due_days", "taxes"]
    assert steps[-1].rules == theirs


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"taxes": "maybe"}, "taxes: 'maybe' is not one of exclude, include."),
        ({"past_due_days": "-1"}, "past_due_days: '-1' is not one of any."),
        ({"moon": "full"}, "moon: there is no such rule"),
        ({"trials": "some"}, "options.trials: 'some' is not one of exclude, include."),
    ],
)
def test_a_rule_that_does_not_exist(settings, said):
    with pytest.raises(CompareError, match=said.replace("(", r"\(")):
        rules_from(None, settings)
