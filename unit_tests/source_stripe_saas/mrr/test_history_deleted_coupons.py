"""Discounts whose coupon is gone, in the history older than the events: M42a."""

from fractions import Fraction

import pytest

from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    coupon,
    discount,
    invoice,
    item,
    line,
    price,
    short,
)
from unit_tests.source_stripe_saas.mrr.histories import MONTHS, S, history, month

ALL = {"discounts": "all"}


def off(number, quantity, *amounts, of="p10", si="si_1"):
    """A month's line from which (discount, amount) are taken."""
    unit = int(PRICES[of]["unit_amount_decimal"])
    entries = [{"discount": key, "amount": amount} for key, amount in amounts]
    return line(
        f"il_{number}_{si}",
        MONTHS[number],
        MONTHS[number + 1],
        of,
        quantity,
        unit * quantity,
        si,
        discount_amounts=entries,
    )


def bills(*months):
    """An invoice a month, each (quantity, (discount, amount), …)."""
    return [month(number, off(number, *parts)) for number, parts in enumerate(months)]


def past(raw, *invoices, now="2026-04-20", **more):
    return history(raw, *invoices, now=now, **more)


def test_m42a_one_amount_while_the_bases_differ_is_an_amount():
    found = bills((1, ("di_x", 300)), (1, ("di_x", 300)), (8, ("di_x", 300)))
    rows = past(S(item(quantity=8), discounts=["di_x"]), *found)
    assert short(rows) == [
        ("activated", "2026-01-01", 700),  # 1000 - 300
        ("quantity_increased", "2026-03-01", 7700),  # 8000 - 300
    ]


def test_m42a_an_amount_that_was_more_than_there_was_to_take():
    found = bills((1, ("di_x", 1000)), (4, ("di_x", 2500)), (6, ("di_x", 2500)))
    rows = past(S(item(quantity=6), discounts=["di_x"]), *found)
    assert short(rows) == [
        ("activated", "2026-01-01", 0),
        ("quantity_increased", "2026-02-01", 1500),  # 4000 - 2500
        ("quantity_increased", "2026-03-01", 3500),
    ]


@pytest.mark.parametrize(
    ("seats", "taken", "percent"),
    [
        ((1, 3), (300, 900), 30),
        ((1, 7), (125, 875), Fraction(25, 2)),
        ((3, 10), (1000, 3333), Fraction(3333, 100)),  # 33.33 %, each bill rounded for itself
        ((1, 3), (1000, 3000), 100),
    ],
)
def test_m42a_one_share_while_the_bases_differ_is_a_percentage(seats, taken, percent):
    found = bills(*((n, ("di_x", amount)) for n, amount in zip(seats, taken, strict=True)))
    rows = past(S(item(quantity=20), discounts=["di_x"]), *found)
    # Twenty seats are only on the object, so what they cost shows what was taken it for.
    exact = Fraction(rows[-1]["mrr_exact_after"])
    assert abs(exact - 20000 * (1 - Fraction(percent) / 100)) < 10


def test_m42a_a_discount_of_which_no_line_tells_counts_as_none_and_says_so():
    rows = past(S(discounts=["di_x"]), *bills((1,)), now="2026-01-20")
    assert [(row["mrr_after"], row["is_estimated"]) for row in rows] == [(1000, True)]


def test_m42a_equal_bases_decide_nothing_and_the_share_is_taken():
    found = bills((1, ("di_x", 250)), (1, ("di_x", 250)))
    rows = past(S(item(quantity=2), discounts=["di_x"]), *found)
    assert [row["mrr_after"] for row in rows] == [750, 1500]  # 25 % of 1000, of 2000


def test_m42a_months_with_it_and_then_without_it_are_repeating():
    found = bills((1, ("di_x", 400)), (1, ("di_x", 400)), (1,), (1,))
    assert [row["mrr_after"] for row in past(S(), *found)] == [1000, 1000]
    rows = past(S(), *found, options={"discounts": "recurring"})
    assert short(rows) == [
        ("activated", "2026-01-01", 600),
        ("discount_expired", "2026-03-01", 1000),
    ]


def test_m42a_an_amount_of_some_months_is_repeating_too():
    found = bills((1, ("di_x", 400)), (2, ("di_x", 400)), (2,), (2,))
    rows = past(S(item(quantity=2)), *found, options={"discounts": "recurring"})
    assert short(rows) == [
        ("activated", "2026-01-01", 600),
        ("quantity_increased", "2026-02-01", 1600),
        ("discount_expired", "2026-03-01", 2000),
    ]


def test_m42a_a_discount_that_says_it_has_no_end_was_taken_away():
    told = discount("di_x", of="GONE", end=None, subscription="sub_1")
    found = bills((1, ("di_x", 400)), (1, ("di_x", 400)), (1,))
    rows = past(S(), *found, discounts=[told])
    assert short(rows) == [
        ("activated", "2026-01-01", 600),
        ("discount_removed", "2026-03-01", 1000),
    ]


def test_m42a_seen_once_is_once():
    found = bills((1,), (1, ("di_x", 400)), (1,))
    assert [row["mrr_after"] for row in past(S(), *found)] == [1000, 1000, 1000]
    assert short(past(S(), *found, options=ALL))[1:] == [
        ("discount_applied", "2026-02-01", 600),
        ("discount_expired", "2026-03-01", 1000),
    ]


def test_m42a_seen_once_and_still_on_the_object_is_for_ever():
    rows = past(S(discounts=["di_x"]), *bills((1, ("di_x", 400))), now="2026-01-20")
    assert short(rows) == [("activated", "2026-01-01", 600)]


def test_m42a_a_year_billed_once_and_still_discounted_is_for_ever():
    taken = [{"discount": "di_x", "amount": 3000}]
    year = line("il_y", "2026-01-01", "2027-01-01", "y120", 1, 12000, discount_amounts=taken)
    raw = S(item(of="y120"), discounts=["di_x"])
    rows = past(raw, invoice("in_0", "2026-01-01", year, reason="subscription_create"))
    assert short(rows) == [("activated", "2026-01-01", 750)]  # 9000 / 12


def test_m42a_several_months_on_one_invoice_are_not_once():
    lines = [
        line(
            f"il_{n}",
            MONTHS[n],
            MONTHS[n + 1],
            discount_amounts=[{"discount": "di_x", "amount": 200}],
        )
        for n in range(3)
    ]
    rows = past(S(), month(0, *lines), now="2026-03-20", horizon="2026-03-15")
    assert short(rows)[0] == ("activated", "2026-01-01", 800)


def test_m42a_two_at_once_one_a_share_and_one_an_amount():
    # 20 %, then 1.50 off: 1000 - 200 - 150, 5000 - 1000 - 150
    found = bills((1, ("di_p", 200), ("di_a", 150)), (5, ("di_p", 1000), ("di_a", 150)))
    rows = past(S(item(quantity=10), discounts=["di_p", "di_a"]), *found)
    assert [row["mrr_after"] for row in rows] == [650, 3850, 7850]  # 10000 - 2000 - 150


def test_m42a_two_shares_one_of_what_the_other_left():
    # 20 % of all, 10 % of the rest: 1000 - 200 - 80, 3000 - 600 - 240
    found = bills((1, ("di_p", 200), ("di_q", 80)), (3, ("di_p", 600), ("di_q", 240)))
    rows = past(S(item(quantity=5), discounts=["di_p", "di_q"]), *found)
    assert [row["mrr_after"] for row in rows] == [720, 2160, 3600]  # 72 % each


KNOWN = {
    "coupons": [
        coupon("T", 20),
        {"id": "A", "amount_off": 100, "currency": "usd", "duration": "forever"},
    ],
    "discounts": [discount("di_t", of="T"), discount("di_a", of="A")],
}


def test_m42a_an_amount_on_top_of_a_known_percentage():
    found = bills((1, ("di_t", 200), ("di_x", 150)), (5, ("di_t", 1000), ("di_x", 150)))
    rows = past(S(item(quantity=5), discounts=["di_t", "di_x"]), *found, **KNOWN)
    assert [row["mrr_after"] for row in rows] == [650, 3850]


def test_m42a_a_share_of_what_a_known_amount_left():
    # 1.00 off, then half: 1000 - 100 - 450, 3000 - 100 - 1450
    found = bills((1, ("di_a", 100), ("di_x", 450)), (3, ("di_a", 100), ("di_x", 1450)))
    rows = past(S(item(quantity=7), discounts=["di_a", "di_x"]), *found, **KNOWN)
    assert [row["mrr_after"] for row in rows] == [450, 1450, 3450]  # (7000 - 100) / 2


@pytest.mark.parametrize("listed", [("di_t", "di_x"), ("di_x", "di_t")])
def test_m42a_the_known_amount_tells_which_came_first(listed):
    # Half first, then 20 % of the rest: 1000 - 500 - 100. However they are listed.
    amounts = {"di_x": 500, "di_t": 100}
    found = bills((1, *((key, amounts[key]) for key in listed)))
    raw = S(item(quantity=3), discounts=["di_x", "di_t"])
    rows = past(raw, *found, now="2026-01-20", **KNOWN)
    assert rows[-1]["mrr_after"] == 1200  # 3000 x 1/2 x 4/5


def two_items(number, quantity, first, second):
    lines = [off(number, 1, *first), off(number, quantity, *second, of="p20", si="si_2")]
    return month(number, *lines)


def test_m42a_an_amount_off_the_whole_is_spread_over_its_items():
    # 6.00 off 10.00 + 20.00, then off 10.00 + 50.00 … as Stripe spreads it
    found = [
        two_items(0, 1, [("di_x", 200)], [("di_x", 400)]),
        two_items(1, 4, [("di_x", 67)], [("di_x", 533)]),
    ]
    raw = S(item(), item("si_2", "p20", 4), discounts=["di_x"])
    assert [row["mrr_after"] for row in past(raw, *found)] == [2400, 8400]  # 9000 - 600


def test_m42a_an_amount_off_one_item_leaves_the_other():
    found = [
        two_items(0, 1, [], [("di_x", 400)]),
        two_items(1, 4, [], [("di_x", 400)]),
    ]
    raw = S(item(), item("si_2", "p20", 4, discounts=["di_x"]))
    assert [row["mrr_after"] for row in past(raw, *found)] == [2600, 8600]  # 1000 + 8000 - 400


def test_m42a_an_amount_in_the_currency_of_the_subscription():
    euros = price("p10", "900", "usd", currency_options={"eur": {"unit_amount_decimal": "800"}})
    prices = {**PRICES, "p10": euros}
    found = [
        month(
            n,
            line(
                f"il_{n}",
                MONTHS[n],
                MONTHS[n + 1],
                "p10",
                q,
                800 * q,
                discount_amounts=[{"discount": "di_x", "amount": 300}],
            ),
        )
        for n, q in ((0, 1), (1, 5))
    ]
    raw = S(item(quantity=5), discounts=["di_x"], currency="eur")
    rows = past(raw, *found, prices=prices)
    assert [row["mrr_after"] for row in rows] == [500, 3700]  # 800 - 300, 4000 - 300


@pytest.mark.parametrize("is_summed", [True, False], ids=["with totals", "by lines alone"])
def test_m42a_a_one_off_charge_on_the_invoice_takes_its_part_of_the_amount(is_summed):
    # 4.00 off 20.00 and off 50.00, of the second 0.80 off what was billed once
    charge = {
        "id": "il_c",
        "amount": 1000,
        "quantity": 1,
        "parent": {"invoice_item_details": {"invoice_item": "ii_1", "proration": False}},
        "discount_amounts": [{"discount": "di_x", "amount": 80}],
    }
    found = [
        month(0, off(0, 2, ("di_x", 400))),
        month(1, charge, off(1, 4, ("di_x", 320))),
    ]
    if is_summed:
        for one in found:
            one["total_discount_amounts"] = [{"discount": "di_x", "amount": 400}]
    rows = past(S(item(quantity=4), discounts=["di_x"]), *found)
    assert [row["mrr_after"] for row in rows] == [1600, 3600]


def test_m42a_a_proration_beside_it_that_is_not_discounted_leaves_the_amount_all_there_is():
    # 20.00 off: all of 10.00 twice, though a proration stands beside it once, then a part of 30.00
    beside = line("il_p", MONTHS[1], MONTHS[2], quantity=1, amount=700, proration=True)
    found = [
        month(0, off(0, 1, ("di_x", 1000))),
        month(1, off(1, 1, ("di_x", 1000)), beside),
        month(2, off(2, 3, ("di_x", 2000))),
    ]
    rows = past(S(item(quantity=5), discounts=["di_x"]), *found)
    assert rows[-1]["mrr_after"] == 3000


def euro_bills(*parts):
    """Invoices in euros, a part (quantity, taken off) each; a seat costs 8.00."""
    return [
        month(
            n,
            line(
                f"il_{n}", MONTHS[n], MONTHS[n + 1], "p10", quantity, 800 * quantity,
                discount_amounts=[{"discount": "di_x", "amount": amount}],
            ),
        )
        for n, (quantity, amount) in enumerate(parts)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "taken"),
    [(((1, 300), (5, 300)), 300), (((5, 300), (5, 300)), 300), (((1, 500), (5, 300)), 300)],
    ids=["one amount", "equal bases", "no one amount: the last"],
)
def test_m42a_how_much_a_coupon_takes_in_another_currency_is_seen_on_its_lines(parts, taken):
    options = {"eur": {"unit_amount_decimal": "800"}}
    prices = {**PRICES, "p10": price("p10", "900", "usd", currency_options=options)}
    # Only on the coupon itself would it say what it takes in euros, and that is gone.
    dollars = {"id": "GONE", "amount_off": 350, "currency": "usd", "duration": "forever"}
    told = discount("di_x", of=dollars, subscription="sub_1")
    raw = S(item(quantity=5), discounts=[told], currency="eur")
    rows = past(raw, *euro_bills(*parts), prices=prices)
    assert (rows[-1]["mrr_after"], rows[-1]["is_estimated"]) == (4000 - taken, True)
    assert {row["discount_id"] for row in rows} == {None}


def test_m42a_lines_that_agree_in_nothing_leave_the_last_share():
    found = bills((1, ("di_x", 100)), (2, ("di_x", 700)), (4, ("di_x", 1000)))
    rows = past(S(item(quantity=4), discounts=["di_x"]), *found)
    assert rows[-1]["mrr_after"] == 3000  # a quarter off


STEPS = price(
    "steps",
    billing_scheme="tiered",
    tiers_mode="graduated",
    tiers=[
        {"up_to": 5, "unit_amount_decimal": "700", "flat_amount_decimal": "500"},
        {"up_to": None, "unit_amount_decimal": "600", "flat_amount_decimal": "0"},
    ],
    unit_amount_decimal=None,
)


def steps_bill(number, *parts):
    """A month of tiers, each line (quantity, amount, taken)."""
    lines = [
        line(
            f"il_{number}_{i}",
            MONTHS[number],
            MONTHS[number + 1],
            "steps",
            quantity,
            amount,
            discount_amounts=[{"discount": "di_x", "amount": taken}],
        )
        for i, (quantity, amount, taken) in enumerate(parts)
    ]
    return month(number, *lines)


def past_steps(quantity, *found):
    raw = S(item(of="steps", quantity=quantity), discounts=["di_x"])
    return past(raw, *found, prices={**PRICES, "steps": STEPS})


def test_m42a_tiers_and_several_lines_are_one_base():
    first = steps_bill(0, (2, 1400, 295), (0, 500, 105))
    rows = past_steps(5, first, steps_bill(1, (5, 3500, 350), (0, 500, 50)))
    assert [row["mrr_after"] for row in rows] == [1500, 3600]  # 1900 - 400, 4000 - 400


def test_m42a_no_share_fits_what_each_tier_s_line_shows_of_an_amount():
    # 0.30 off 40.00: 26/3500 is 0.729 to 0.757 percent, 4/500 is 0.7 to 0.9: 0.73 is the shortest.
    rows = past_steps(10, steps_bill(0, (5, 3500, 26), (0, 500, 4)))
    assert rows[-1]["mrr_after"] == 6949  # 7000 x (1 - 0.73 %) = 6948.9
    # 25/3500 is 0.7 to 0.7286 percent, 5/500 is 0.9 to 1.1: no share, but 0.30 together.
    rows = past_steps(10, steps_bill(0, (5, 3500, 25), (0, 500, 5)))
    assert rows[-1]["mrr_after"] == 6970  # 7000 - 30


def test_m42a_a_tier_s_line_of_nothing_does_not_loosen_the_share():
    # 424/1440 is 29.41 to 29.48 percent, 1176/4000 is 29.39 to 29.41: 29.41, and not 29.4.
    lines = [
        line(
            f"il_{i}",
            MONTHS[0],
            MONTHS[1],
            quantity=quantity,
            amount=amount,
            si=si,
            discount_amounts=[{"discount": "di_x", "amount": taken}],
        )
        for i, (si, quantity, amount, taken) in enumerate(
            [("si_1", 1, 1440, 424), ("si_1", 0, 0, 0), ("si_2", 1, 4000, 1176)]
        )
    ]
    rows = past(S(item(), item("si_2", quantity=99), discounts=["di_x"]), month(0, *lines))
    # 100 units of 10.00 on the object
    assert rows[-1]["mrr_after"] == 70590
