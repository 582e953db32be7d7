"""docs/mrr.md: its tables are generated, and its worked examples are what the rules give."""

from fractions import Fraction

import pytest

from source_stripe_saas.mrr import EVENT_TYPES
from source_stripe_saas.mrr.options import CHOICES, FACTORS, PRESETS, WAREHOUSE_OPTIONS
from stripe_saas.explain.arithmetic import money
from tools.generate_mrr_docs import FILE, with_tables
from unit_tests.source_stripe_saas.mrr.builders import (
    coupon,
    discount,
    item,
    on,
    price,
    rows_of,
    snapshot,
    subscription,
    value,
)

PAGE = FILE.read_text(encoding="utf-8")
STEPS = [
    {"up_to": 5, "unit_amount": 700, "flat_amount": 1000},
    {"up_to": 10, "unit_amount": 650, "flat_amount": 500},
    {"up_to": None, "unit_amount": 600},
]
TIERED = {"billing_scheme": "tiered", "tiers": STEPS}
# First cell of a row -> price and quantity.
PRICES = {
    "3 seats of 15.00 a month": (price("p", "1500"), 3),
    "2 seats of 144.00 a year": (price("p", "14400", interval="year"), 2),
    "42.00 every 3 months": (price("p", "4200", count=3), 1),
    "7.00 a week": (price("p", "700", interval="week"), 1),
    "14.00 every 30 days": (price("p", "1400", interval="day", count=30), 1),
    "500.00 every 2 years": (price("p", "50000", interval="year", count=2), 1),
    "graduated": (price("p", None, tiers_mode="graduated", **TIERED), 12),
    "volume": (price("p", None, tiers_mode="volume", **TIERED), 12),
}
AMOUNT = {"id": "A", "amount_off": 500, "currency": "usd", "duration": "forever"}
MONTHLY, YEARLY = price("p", "4000"), price("p", "48000", interval="year")
# First cell of a row -> price and coupons in order.
DISCOUNTS = {
    "12.5 % for ever": (MONTHLY, [coupon("E", "12.5")]),
    "50 % for three months": (MONTHLY, [coupon("R", 50, "repeating")]),
    "5.00 an invoice for ever, price a month": (MONTHLY, [AMOUNT]),
    "5.00 an invoice for ever, price 480.00 a year": (YEARLY, [AMOUNT]),
    "20 %, then 5.00 for ever": (MONTHLY, [coupon("T", 20), AMOUNT]),
}


def last_cell(first):
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {first} |"))
    return row.strip("| ").split(" | ")[-1]


def shown(exact):
    """Rounded as MRR is: to a whole cent, halves up."""
    return money(int(exact + Fraction(1, 2)), "usd")


def test_the_committed_tables_are_what_the_generator_writes():
    assert with_tables(PAGE) == PAGE


def test_every_type_option_and_preset_has_a_row():
    for name in (*EVENT_TYPES, *CHOICES, *FACTORS, *WAREHOUSE_OPTIONS, *PRESETS):
        assert f"\n| `{name}` |" in PAGE


def test_a_page_without_a_place_for_a_table_is_refused():
    with pytest.raises(ValueError, match="presets"):
        with_tables(PAGE.replace("<!-- presets -->", ""))


@pytest.mark.parametrize("name", PRICES)
def test_an_example_of_a_price_is_what_the_rules_give(name):
    of, quantity = PRICES[name]
    assert last_cell(name) == shown(
        value(subscription(item(of="p", quantity=quantity)), prices={"p": of})
    )


@pytest.mark.parametrize("name", DISCOUNTS)
def test_an_example_of_a_discount_is_what_the_rules_give(name):
    of, coupons = DISCOUNTS[name]
    given = [discount(f"di_{one['id']}", of=one["id"]) for one in coupons]
    raw = subscription(item(of="p"), discounts=[one["id"] for one in given])
    exact = value(raw, prices={"p": of}, coupons=coupons, discounts=given)
    assert last_cell(name) == shown(exact)


def test_the_life_told_in_rows_is_what_the_rules_give():
    forever = {"discounts": ["di_1"]}
    void = {"pause_collection": {"behavior": "void", "resumes_at": None}}
    seats = [item(quantity=5)]
    lives = [
        subscription(item(quantity=3)),
        subscription(*seats),
        subscription(*seats, **forever),
        subscription(*seats, **forever, **void),
        subscription(*seats, **forever),
        subscription(*seats, **forever, status="canceled", ended_at=on("2026-01-06")),
    ]
    rows = rows_of(
        snapshots=[snapshot(f"2026-01-0{day}", raw) for day, raw in enumerate(lives, start=1)],
        coupons=[coupon("F", 20)],
        discounts=[discount(of="F")],
    )
    begin = PAGE.index("A life in rows")
    told = [line for line in PAGE[begin:].splitlines() if line.startswith("| ")][2:8]
    assert [line.strip("| ").split(" | ")[1:] for line in told] == [
        [f"{shown(row['mrr_before'])} → {shown(row['mrr_after'])}", row["movement"]] for row in rows
    ]


def test_the_free_period_example_is_what_the_rules_give():
    free = {"status": "trialing", "trial_start": on("2026-02-01"), "trial_end": on("2026-03-01")}
    rows = rows_of(
        snapshots=[
            snapshot("2026-01-01", subscription(item(quantity=3))),
            snapshot("2026-02-01", subscription(item(quantity=3), **free)),
            snapshot("2026-02-05", subscription(item(quantity=9), **free)),
            snapshot("2026-03-01", subscription(item(quantity=9), **{**free, "status": "active"})),
        ]
    )
    assert [row["mrr_after"] for row in rows] == [3000, 3000, 3000, 9000]
    assert "that become 9 in the free month count 30.00, and\n90.00 once it is over" in PAGE
