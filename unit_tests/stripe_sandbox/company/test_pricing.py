"""Discounts, taxes and prorations come out as a person would reckon them."""

from fractions import Fraction

import pytest

from stripe_sandbox.company import Company, CompanyOptions
from stripe_sandbox.company.calendar import add_months, midnight_after, step
from stripe_sandbox.company.pricing import DraftLine, finish
from stripe_sandbox.company.queue import Queue, outside_quiet
from stripe_sandbox.company.valuation import Coupon, Discount, Price

JAN_31 = 1_769_817_600  # 2026-01-31T00:00:00Z
FEB_28 = 1_772_236_800
MAR_31 = 1_774_915_200
HOUR = 3_600


def line(amount, product="p", *, own=(), is_discountable=True):
    price = Price("price", product, "usd", "month", 1, {"usd": Fraction(1)})
    content = {
        "amount": amount,
        "invoice": "in_1",
        "currency": "usd",
        "discountable": is_discountable,
        "discount_amounts": [],
        "taxes": [],
    }
    return DraftLine(content, price=price, own=own)


def discount(identity, **coupon):
    return Discount(identity, Coupon(identity, "forever", **coupon), 0, None)


def rate(percentage, *, inclusive):
    return {"id": "txr_1", "percentage": percentage, "inclusive": inclusive}


def test_percent_discounts_stack_on_what_the_one_before_left():
    half, tenth = discount("a", percent_off=Fraction(50)), discount("b", percent_off=Fraction(10))
    (out,), totals = finish([line(1001)], [half, tenth], None)
    # Half of 1001 rounds to 501; a tenth of the 500 left is 50.
    assert [d["amount"] for d in out["discount_amounts"]] == [501, 50]
    assert totals.total == 450


def test_an_amount_is_shared_by_the_lines_to_the_cent():
    off = discount("a", amounts_off={"usd": 100})
    lines, totals = finish([line(100), line(100), line(100)], [off], None)
    assert [out["discount_amounts"][0]["amount"] for out in lines] == [34, 33, 33]
    assert totals.total == 200
    assert totals.discounts == [{"amount": 100, "discount": "a"}]


def test_an_amount_never_takes_more_than_there_is():
    off = discount("a", amounts_off={"usd": 500})
    _, totals = finish([line(120)], [off], None)
    assert totals.total == 0


def test_credits_and_other_products_are_not_discounted():
    half = discount("a", percent_off=Fraction(50), products=frozenset({"p"}))
    lines, totals = finish(
        [line(-300, is_discountable=False), line(200, "q"), line(100)], [half], None
    )
    assert [bool(out["discount_amounts"]) for out in lines] == [False, False, True]
    assert totals.total == -300 + 200 + 50


def test_exclusive_tax_is_added_and_inclusive_tax_is_contained():
    _, added = finish([line(1000)], [], rate(19.0, inclusive=False))
    assert (added.subtotal, added.total, added.total_excluding_tax) == (1000, 1190, 1000)
    _, contained = finish([line(1200)], [], rate(20.0, inclusive=True))
    assert (contained.subtotal, contained.total) == (1200, 1200)
    assert (contained.subtotal_excluding_tax, contained.total_excluding_tax) == (1000, 1000)


def test_months_keep_the_day_of_the_anchor_or_the_last_of_a_shorter_month():
    assert add_months(JAN_31, 1) == FEB_28
    assert add_months(JAN_31, 2) == MAR_31
    assert step(JAN_31, "month", 2, 1) == MAR_31
    assert step(JAN_31, "week", 2, 1) == JAN_31 + 14 * 86_400


def test_midnight_is_always_later():
    assert midnight_after(JAN_31) == JAN_31 + 86_400
    assert midnight_after(JAN_31 - 1) == JAN_31


@pytest.mark.parametrize(
    ("into", "moved"),
    [(0, 121), (1, 1), (HOUR - 121, HOUR - 121), (HOUR - 120, HOUR + 1), (HOUR - 1, HOUR + 120)],
)
def test_nothing_is_due_in_the_last_two_minutes_of_an_hour(into, moved):
    assert outside_quiet(JAN_31 + into) == JAN_31 + moved


def test_calls_of_one_second_come_by_rank_then_by_order():
    queue, done = Queue(), []
    for name, rank in (("b", 1), ("c", 1), ("a", 0)):
        queue.at(JAN_31 + 5, done.append, name, rank=rank)
    while queue.next_due() is not None:
        _, handler, arguments = queue.pop()
        handler(*arguments)
    assert done == ["a", "b", "c"]


def test_a_credit_is_the_rest_of_the_period_at_the_price_that_was_billed(grown):
    seen = 0
    for item in grown.store.contents("invoiceitem"):
        if not item["proration"] or item["amount"] >= 0:
            continue
        credited = item["proration_details"]["credited_items"].get("invoice_line_item_details")
        if credited is None:
            assert item["proration_details"]["credited_items"]["type"] == "invoice_item"
            continue
        billed = grown.store.get("line_item", credited["invoice_line_items"][0])
        span, rest = billed["period"], item["period"]
        is_whole = not billed["parent"]["subscription_item_details"]["proration"]
        if billed["discount_amounts"] or not is_whole or billed["quantity"] != item["quantity"]:
            continue
        if billed["pricing"] != item["pricing"]:
            continue
        share = Fraction(rest["end"] - rest["start"], span["end"] - span["start"])
        assert abs(-item["amount"] - billed["amount"] * share) <= Fraction(1, 2)
        seen += 1
    assert seen > 5


@pytest.mark.parametrize("options", [{"customers": 0}, {"months": 0}])
def test_a_company_without_customers_or_age_is_refused(options):
    with pytest.raises(ValueError, match="must be at least 1"):
        CompanyOptions(**options)


def test_the_clock_does_not_go_back():
    with pytest.raises(ValueError, match="cannot go back by 5 seconds"):
        Company(CompanyOptions(customers=1, months=1)).advance(-5)
