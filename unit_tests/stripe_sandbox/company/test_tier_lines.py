"""Tiered prices are itemised as Stripe does it: a line for each tier reached, one for each fee."""

from fractions import Fraction

import pytest

from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.habits import TIERS
from stripe_sandbox.company.valuation import Coupon
from unit_tests.stripe_sandbox.company.bench import DAY, JANUARY_2025, Bench, shown


def only(lines, field):
    return {str(line[field]) for line in lines}


@pytest.mark.parametrize(
    ("role", "seats", "expected"),
    [
        # 5 x 7.00 and 10.00, 5 x 6.50 and 5.00, 2 x 6.00 and no fee
        ("business.month", 12, [(5, 3500), (0, 1000), (5, 3250), (0, 500), (2, 1200)]),
        ("business.month", 5, [(5, 3500), (0, 1000)]),
        # 60 units of the third step, which has a fee
        ("scale.month", 60, [(60, 30_000), (0, 2000)]),
        ("scale.month", 10, [(10, 10_000)]),
        # ten seats included in a fee of 99.00, the rest at 9.90; a fee of 0 has its line
        ("team.month", 12, [(10, 0), (0, 9900), (2, 1980), (0, 0)]),
        ("team.month", 4, [(4, 0), (0, 9900)]),
        # three seats for nothing, without any fee
        ("solo.month", 3, [(3, 0)]),
        ("solo.month", 5, [(3, 0), (2, 2400)]),
        ("bulk.month", 20, [(20, 18_000), (0, 0)]),
        ("bulk.month", 21, [(21, 12_600), (0, 3000)]),
    ],
)
def test_each_tier_reached_and_each_fee_has_a_line(role, seats, expected):
    bench = Bench(TIERS)
    sub = bench.subscribe((role, seats))
    (invoice,) = bench.invoices(sub)
    lines = bench.lines(invoice)
    assert [shown(line) for line in lines] == expected
    assert only(lines, "period") == {str(lines[0]["period"])}
    assert {line["parent"]["subscription_item_details"]["subscription_item"] for line in lines} == {
        sub.items[0].id
    }
    assert {line["pricing"]["price_details"]["price"] for line in lines} == {bench.price(role).id}
    total = sum(amount for _, amount in expected)
    assert invoice["subtotal"] == invoice["total"] == total
    assert bench.mrr_at(sub, JANUARY_2025) == total


def test_a_year_of_tiers_is_a_twelfth_of_its_lines_a_month():
    bench = Bench(TIERS)
    sub = bench.subscribe(("team.year", 12))
    lines = bench.lines(bench.invoices(sub)[0])
    assert [shown(line) for line in lines] == [(10, 0), (0, 99_000), (2, 19_800), (0, 0)]
    assert bench.mrr_at(sub, JANUARY_2025) == Fraction(118_800, 12)


def test_without_the_habit_one_line_holds_all_tiers():
    bench = Bench()
    lines = bench.lines(bench.invoices(bench.subscribe(("business.month", 12)))[0])
    assert [shown(line) for line in lines] == [(12, 9450)]


def test_a_trial_is_one_line_of_nothing_and_the_first_paid_month_itemised():
    bench = Bench(TIERS)
    sub = bench.subscribe(("team.month", 12), trial_days=14)
    bench.run_until(JANUARY_2025 + 20 * DAY)
    trial, paid = bench.invoices(sub)
    assert [shown(line) for line in bench.lines(trial)] == [(12, 0)]
    assert [shown(line) for line in bench.lines(paid)] == [(10, 0), (0, 9900), (2, 1980), (0, 0)]
    assert bench.mrr_at(sub, JANUARY_2025 + 13 * DAY) == 0
    assert bench.mrr_at(sub, JANUARY_2025 + 20 * DAY) == 11_880


def test_a_credit_names_every_line_that_billed_its_period():
    bench = Bench(TIERS)
    sub = bench.subscribe(("business.month", 12))
    ten_days = JANUARY_2025 + 10 * DAY
    bench.world.store.now = ten_days
    bench.parts.changes.set_quantity(sub, sub.items[0], 5, "always_invoice")
    first, update = bench.invoices(sub)
    credit, debit = sorted(bench.lines(update), key=lambda line: line["amount"])
    assert (credit["quantity"], debit["quantity"]) == (12, 5)
    # 21 of 31 days: 9450 and 4500
    assert (credit["amount"], debit["amount"]) == (-6402, 3048)
    details = credit["parent"]["subscription_item_details"]["proration_details"]
    billed = details["credited_items"]
    assert billed["invoice"] == first["id"]
    assert sorted(billed["invoice_line_items"]) == sorted(line["id"] for line in bench.lines(first))


def test_a_percentage_comes_off_each_tier_and_an_amount_off_them_together():
    bench = Bench(TIERS)
    percent = Coupon("TENTH", "forever", Fraction(10))
    sub = bench.subscribe(("business.month", 12), coupons=[percent])
    lines = bench.lines(bench.invoices(sub)[0])
    assert [line["discount_amounts"][0]["amount"] for line in lines] == [350, 100, 325, 50, 120]
    amount = Coupon("FIVE", "forever", None, {"usd": 500})
    sub = bench.subscribe(("business.month", 12), coupons=[amount])
    invoice = bench.invoices(sub)[0]
    taken = [line["discount_amounts"][0]["amount"] for line in bench.lines(invoice)]
    # 500 shared by 3500, 1000, 3250, 500, 1200 of 9450; the two lost cents go to 3250 (.957)
    # and 1000 (.910)
    assert taken == [185, 53, 172, 26, 64]
    assert invoice["total_discount_amounts"][0]["amount"] == 500
    assert bench.mrr_at(sub, JANUARY_2025) == 8950


def test_an_amount_off_an_item_comes_off_all_of_its_lines_once():
    bench = Bench(TIERS)
    amount = Coupon("FIVE", "forever", None, {"usd": 500})
    sub = bench.subscribe(("business.month", 12), ("support.month", 1), item_coupon=amount)
    lines = bench.lines(bench.invoices(sub)[0])
    off = {line["id"]: sum(d["amount"] for d in line["discount_amounts"]) for line in lines}
    item, other = sub.items
    of_item = [
        off[line["id"]]
        for line in lines
        if line["parent"]["subscription_item_details"]["subscription_item"] == item.id
    ]
    assert (sum(of_item), sum(off.values())) == (500, 500)
    assert bench.mrr_at(sub, JANUARY_2025) == 9450 - 500 + other.price.charge(1, "usd")


def test_every_invoice_adds_up_whatever_happened(built):
    tiered = 0
    for invoice in built.store.contents("invoice"):
        lines = built.store.of_parent("line_item", invoice["id"])
        assert invoice["subtotal"] == sum(line["amount"] for line in lines), invoice["id"]
        tiered += sum(line["quantity"] == 0 for line in lines)
    assert tiered > 50


@pytest.fixture(scope="module")
def built():
    from stripe_sandbox.company import Company, CompanyOptions

    company = Company(CompanyOptions(seed=2, customers=120, months=12, habits=frozenset({TIERS})))
    company.build()
    return company


def test_renewals_are_itemised_like_the_first_invoice():
    bench = Bench(TIERS)
    sub = bench.subscribe(("business.month", 12))
    bench.run_until(add_months(JANUARY_2025, 2) + DAY)
    shapes = [[shown(line) for line in bench.lines(one)] for one in bench.invoices(sub)]
    assert len(shapes) == 3
    assert shapes[0] == shapes[1] == shapes[2]
