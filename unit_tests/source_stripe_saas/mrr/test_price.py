"""Item values: M2 to M14."""

from decimal import Decimal
from fractions import Fraction

import pytest

from source_stripe_saas.mrr.currency import currency_exponent
from source_stripe_saas.mrr.exact import allocate, exact, round_half_up
from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.price import price_from
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    created,
    invoice,
    item,
    line,
    price,
    rows_of,
    short,
    snapshot,
    subscription,
    updated,
    value,
)

GRADUATED = [
    {"up_to": 5, "unit_amount": 700, "flat_amount": 1000},
    {"up_to": 10, "unit_amount_decimal": "650.5", "flat_amount": 500},
    {"up_to": None, "unit_amount": 600},
]


def amount(quantity, **more):
    return price_from(price(**more)).amount(quantity, "usd")


def tiered(quantity, mode, tiers):
    return amount(quantity, billing_scheme="tiered", tiers_mode=mode, tiers=tiers)


def test_m1_mrr_is_rounded_half_up_once_after_the_items_are_added():
    # 2 x 1000/24 + 1000/24 = 125; each rounded alone would give 42 + 42 + 42 = 126.
    prices = {"t": price("t", "1000", interval="month", count=24)}
    raw = subscription(*(item(f"si_{n}", "t") for n in range(3)))
    assert value(raw, prices=prices) == 125
    assert round_half_up(Fraction(5, 2)) == 3
    assert round_half_up(Fraction(249, 100)) == 2


def test_m2_tax_inclusive_prices_count_as_they_are_and_one_off_lines_never():
    prices = {"p10": price(tax_behavior="inclusive")}
    extra = line("il_2", "2026-01-01", "2026-01-01", of="setup", amount=9900)
    extra["parent"] = {
        "type": "invoice_item_details",
        "invoice_item_details": {"invoice_item": "ii_1", "proration": False},
    }
    bought = invoice(
        "in_1",
        "2026-01-01",
        line("il_1", "2026-01-01", "2026-02-01"),
        extra,
        reason="subscription_create",
        total=0,
    )
    by_hand = invoice("in_2", "2026-01-20", extra, reason="manual", total=5000)
    rows = rows_of(
        prices=prices, subscriptions=[subscription()], invoices=[bought, by_hand], now="2026-02-01"
    )
    assert short(rows) == [("activated", "2026-01-01", 1000)]


def test_m3_numbers_are_read_from_their_decimal_text():
    assert exact(0.1) == Fraction(1, 10)
    assert exact(Decimal("12.5")) == Fraction(25, 2)
    assert exact("365/7") == Fraction(365, 7)


def test_m3_deltas_are_differences_of_rounded_values():
    prices = {"a": price("a", "1000", count=3), "b": price("b", "1100", count=3)}
    rows = rows_of(
        prices=prices,
        snapshots=[
            snapshot("2026-01-01", subscription(item(of="a"))),  # 1000/3 = 333.33
            snapshot("2026-02-01", subscription(item(of="b"))),  # 1100/3 = 366.67
        ],
    )
    assert [row["mrr_delta"] for row in rows] == [333, 34]
    assert [row["mrr_exact_after"] for row in rows] == ["1000/3", "1100/3"]


def test_m3_shares_of_items_add_up_by_largest_remainder():
    # 100/3 each of a total of 100: the first item gets the odd unit.
    assert allocate(100, [Fraction(100, 3)] * 3) == [34, 33, 33]
    assert allocate(10, [Fraction(55, 10), Fraction(44, 10)]) == [6, 4]
    assert allocate(0, [Fraction(0), Fraction(0)]) == [0, 0]


@pytest.mark.parametrize(
    ("currency", "exponent"),
    [("JPY", 0), ("ugx", 2), ("isk", 2), ("kwd", 3), ("usd", 2), ("vnd", 0), ("tnd", 3)],
)
def test_m4_exponent_of_a_currency_as_stripe_represents_it(currency, exponent):
    assert currency_exponent(currency) == exponent


def test_m5_a_missing_quantity_is_one_and_metered_items_have_no_list_value():
    raw = subscription(item(quantity=None), item("si_2", "meter", None))
    rows = rows_of(snapshots=[snapshot("2026-01-01", raw)])
    assert (rows[0]["mrr_after"], rows[0]["list_mrr_after"]) == (1000, 1000)


def test_m6_unit_amounts_may_have_decimals_and_lines_are_not_rounded():
    assert amount(3, amount="0.5") == Fraction(3, 2)
    assert (
        price_from({**price(), "unit_amount_decimal": None, "unit_amount": 12}).amount(2, "usd")
        == 24
    )


@pytest.mark.parametrize(("rounding", "expected"), [("up", 3000), ("down", 2000)])
def test_m7_packages_are_rounded_up_or_down(rounding, expected):
    assert amount(25, transform_quantity={"divide_by": 10, "round": rounding}) == expected


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (0, Fraction(1000)),
        (5, Fraction(4500)),
        (6, 4500 + Fraction(11505, 10)),
        (12, 4500 + 500 + 5 * Fraction(6505, 10) + 1200),
    ],
)
def test_m8_graduated_tiers_each_price_their_own_units(quantity, expected):
    assert tiered(quantity, "graduated", GRADUATED) == expected


@pytest.mark.parametrize(
    ("quantity", "expected"), [(0, 1000), (5, 4500), (6, 500 + 6 * Fraction(6505, 10)), (11, 6600)]
)
def test_m9_volume_tiers_price_everything_by_the_tier_reached(quantity, expected):
    assert tiered(quantity, "volume", GRADUATED) == expected


def test_m10_amounts_come_from_the_subscriptions_currency():
    options = {"eur": {"unit_amount_decimal": "900"}}
    prices = {"p10": price(currency_options=options)}
    assert value(subscription(item(quantity=2), currency="eur"), prices=prices) == 1800
    with_tiers = price(
        billing_scheme="tiered",
        tiers_mode="volume",
        tiers=[{"up_to": None, "unit_amount": 10}],
        currency_options={"eur": {"tiers": [{"up_to": None, "unit_amount": 8}]}},
    )
    assert value(subscription(item(quantity=3), currency="eur"), prices={"p10": with_tiers}) == 24


def test_m11_the_catalog_wins_over_the_payload_and_the_payload_fills_in():
    shown = price(amount="1")
    raw = subscription(item(of=shown))
    assert value(raw) == 1000
    assert value(raw, prices={}) == 1


def test_m11_an_old_payload_of_a_price_is_kept_for_the_states_that_only_name_it():
    raw = subscription(item(of=price(amount="700")))
    later = subscription(item(of="p10", quantity=2))
    events = [created(raw), updated(later, {"items": raw["items"]}, "2026-02-01")]
    assert short(rows_of(prices={}, events=events)) == [
        ("activated", "2026-01-01", 700),
        ("quantity_increased", "2026-02-01", 1400),
    ]


@pytest.mark.parametrize(
    ("interval", "count", "expected"),
    [
        ("month", 3, Fraction(1, 3)),
        ("year", 2, Fraction(1, 24)),
        ("week", 2, Fraction(52, 24)),
        ("day", 30, Fraction(365, 360)),
    ],
)
def test_m12_factor_of_an_interval(interval, count, expected):
    found = price_from(price(interval=interval, count=count)).monthly_factor(Options())
    assert found == expected


def test_m13_items_of_mixed_intervals_add_up_each_by_its_own():
    raw = subscription(item(), item("si_2", "y120", 2))
    assert value(raw) == 1000 + 2 * 1000


def metered_life(options):
    raw = subscription(item(), item("si_2", "meter", None))
    first = invoice(
        "in_1", "2026-01-01", line("il_1", "2026-01-01", "2026-02-01"), reason="subscription_create"
    )
    second = invoice(
        "in_2",
        "2026-02-01",
        line("il_2", "2026-02-01", "2026-03-01"),
        line("il_3", "2026-01-01", "2026-02-01", "meter", 50, 250, "si_2"),
        line("il_4", "2026-01-01", "2026-02-01", "meter", 10, 50, "si_2"),
        line("il_5", "2026-01-10", "2026-02-01", "meter", 10, 99, "si_2", True),
    )
    return rows_of(
        snapshots=[snapshot("2026-01-01", raw)],
        invoices=[first, second],
        options=options,
        coupons={},
        now="2026-02-10",
    )


def test_m14_a_metered_item_is_worth_what_the_last_paid_cycle_billed_for_it():
    rows = metered_life({"metered": "last_invoice"})
    assert short(rows)[-1] == ("renewed", "2026-02-01", 1300)
    assert rows[-1]["movement"] == "expansion"
    assert short(metered_life({}))[-1] == ("renewed", "2026-02-01", 1000)


def test_prices_used_here_are_what_they_seem():
    assert PRICES["y120"]["unit_amount_decimal"] == "12000"


def test_m8_m10_m12_tiers_of_another_currency_and_interval():
    tiers = [
        {"up_to": 5, "unit_amount": 70, "flat_amount": 100},
        {"up_to": None, "unit_amount": 60},
    ]
    yearly = price(
        billing_scheme="tiered",
        tiers_mode="graduated",
        interval="year",
        tiers=GRADUATED,
        currency_options={"eur": {"unit_amount": None, "tiers": tiers}},
    )
    raw = subscription(item(quantity=6), currency="EUR")
    # (5 x 70 + 100 + 60) / 12
    assert value(raw, prices={"p10": yearly}) == Fraction(510, 12)


def test_m4_an_amount_without_decimals_is_not_divided():
    prices = {"p10": price(amount="12000", currency="jpy", interval="year")}
    shots = [snapshot("2026-01-01", subscription(currency="jpy"))]
    (row,) = rows_of(prices=prices, snapshots=shots)
    assert (row["currency_exponent"], row["mrr_after"]) == (0, 1000)


def test_m6_the_smallest_amount_that_stripe_can_name():
    raw = subscription(item(quantity=1234))
    assert value(raw, prices={"p10": price(amount="0.000000000001")}) == Fraction(1234, 10**12)


def test_m10_a_price_that_names_no_currency_has_the_subscriptions():
    bare = {name: part for name, part in price().items() if name != "currency"}
    assert value(subscription(), prices={"p10": bare}) == 1000


def meter(*lines, items=(), now="2026-03-20", shots=(), **more):
    """Rows of a metered item among others, counted by the last invoice."""
    raw = subscription(*items, item("si_m", "meter", None))
    return rows_of(
        snapshots=[snapshot("2026-01-01", raw), *shots],
        invoices=[invoice("in_1", "2026-02-01", *lines, **more)],
        options={"metered": "last_invoice"},
        now=now,
    )


USED = line("il_m", "2026-01-01", "2026-02-01", "meter", 140, 700, "si_m")


def test_m14_usage_alone_is_new_when_its_first_invoice_is_paid():
    rows = meter(USED)
    assert [(row["event_type"], row["mrr_after"], row["movement"]) for row in rows] == [
        ("activated", 0, "none"),
        ("first_payment", 700, "new"),
    ]
    assert rows[1]["list_mrr_after"] == 0


def test_m14_usage_counts_from_the_payment_and_not_of_an_unpaid_invoice():
    assert short(meter(USED, paid="2026-02-05"))[1] == ("first_payment", "2026-02-05", 700)
    assert short(meter(USED, status="open")) == [("activated", "2026-01-01", 0)]


def test_m14_no_other_invoice_than_a_renewals_tells_usage():
    rows = meter(USED, reason="subscription_update")
    assert short(rows)[1] == ("first_payment", "2026-02-01", 0)


def test_m14_usage_goes_with_its_item():
    without = snapshot("2026-02-10", subscription(item()))
    rows = meter(USED, items=(item(),), shots=(without,))
    assert [(row["event_type"], row["mrr_after"], row["movement"]) for row in rows][1:] == [
        ("first_payment", 1700, "expansion"),
        ("plan_changed", 1000, "contraction"),
    ]
