"""Discounts in the history older than the events: M42 and M15."""

import pytest

from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    coupon,
    discount,
    invoice,
    item,
    line,
    on,
    short,
)
from unit_tests.source_stripe_saas.mrr.histories import (
    KNOWN,
    MONTHS,
    S,
    history,
    month,
    with_line_discount,
)


def test_m42_a_discount_is_applied_at_its_start_and_removed_where_a_renewal_lacks_it():
    rows = history(S(), month(0), with_line_discount(1, "di_1"), month(2), **KNOWN)
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("discount_applied", "2026-01-20", 500),
        ("discount_removed", "2026-03-01", 1000),
    ]
    assert [row["time_precision"] for row in rows] == ["exact", "exact", "period_start"]


def test_m42_a_discount_on_the_first_invoice_is_part_of_the_birth():
    rows = history(S(discounts=["di_1"]), with_line_discount(0, "di_1"), **KNOWN)
    assert short(rows) == [("activated", "2026-01-01", 500)]


def test_m42_a_discount_still_on_the_object_was_not_removed():
    rows = history(S(discounts=["di_1"]), with_line_discount(0, "di_1"), month(1), **KNOWN)
    assert short(rows) == [("activated", "2026-01-01", 500)]


def test_m42_a_discount_that_ended_was_not_removed():
    known = {**KNOWN, "discounts": [discount(end="2026-01-25")]}
    rows = history(S(), with_line_discount(0, "di_1"), month(1), **known)
    assert short(rows)[1:] == [("discount_expired", "2026-01-25", 1000)]


def two_intervals(next_year=(), **terms):
    """5.00 off for ever on a year of 120.00 and a month of 10.00, which ends in February.

    The amount is taken off the shorter interval; next January only the year is billed.
    """
    cut = [{"discount": "di_1", "amount": 500}]
    year, month_ = ("2026-01-01", "2027-01-01"), ("2026-01-01", "2026-02-01")
    first = invoice(
        "in_0",
        "2026-01-01",
        line("il_0", *year, "y120", 1, 12000, "si_y"),
        line("il_1", *month_, discount_amounts=cut),
        reason="subscription_create",
    )
    gone = invoice(
        "in_1",
        "2026-01-11",
        line("il_2", "2026-01-11", "2026-02-01", amount=-677, proration=True),
        reason="subscription_update",
    )
    again = line("il_3", "2027-01-01", "2028-01-01", "y120", 1, 12000, "si_y")
    last = invoice("in_2", "2027-01-01", {**again, "discount_amounts": list(next_year)})
    five = {"percent_off": None, "amount_off": 500, "currency": "usd", **terms}
    return history(
        S(item("si_y", "y120")),
        first,
        gone,
        last,
        now="2027-03-01",
        discounts=[discount()],
        coupons=[coupon(**five)],
    )


def test_m42_a_discount_of_the_whole_goes_over_to_what_is_left_until_a_bill_lacks_it():
    assert short(two_intervals()) == [
        ("activated", "2026-01-01", 1500),  # 12000/12 + 1000 - 500
        ("downgraded", "2026-01-11", 958),  # (12000 - 500) / 12 = 958 1/3
        ("discount_removed", "2027-01-01", 1000),
    ]


def test_m42_a_discount_of_the_whole_is_gone_at_a_swap_to_another_item_billed_without_it():
    cut = [{"discount": "di_1", "amount": 500}]
    year = line("il_0", "2026-01-01", "2027-01-01", "y120", 1, 12000, "si_y", discount_amounts=cut)
    first = invoice("in_0", "2026-01-01", year, reason="subscription_create")
    month_ = line("il_1", "2026-02-15", "2026-03-15")
    swap = invoice("in_1", "2026-02-15", month_, reason="subscription_update")
    five = coupon(percent_off=None, amount_off=500, currency="usd")
    rows = history(S(), first, swap, now="2026-03-10", discounts=[discount()], coupons=[five])
    # (120.00 - 5.00) / 12 = 9.58 1/3; the paid year goes on until 2027, its item does not.
    assert short(rows) == [
        ("activated", "2026-01-01", 958),
        ("plan_changed", "2026-02-15", 500),  # 10.00 less 5.00, within the same second
        ("discount_removed", "2026-02-15", 1000),
    ]


def test_m42_a_discount_that_the_next_bill_shows_on_what_is_left_goes_on():
    rows = two_intervals([{"discount": "di_1", "amount": 500}])
    assert short(rows)[-1] == ("discount_removed", "2027-03-01", 1000)  # it is not on the object


def test_m42_a_discount_on_the_products_of_others_tells_nothing_of_what_is_left():
    rows = two_intervals(applies_to={"products": ["prod_p10"]})
    assert short(rows)[1:] == [
        ("downgraded", "2026-01-11", 1000),
        ("discount_removed", "2027-03-01", 1000),
    ]


def test_m42_an_unknown_discount_is_estimated_from_its_line():
    rows = history(S(), month(0), with_line_discount(1, "di_x"), with_line_discount(2, "di_x"))
    assert short(rows)[1] == ("discount_applied", "2026-02-01", 500)
    once = history(S(), month(0), with_line_discount(1, "di_x"), options={"discounts": "all"})
    assert short(once)[1:] == [
        ("discount_applied", "2026-02-01", 500),
        ("discount_expired", "2026-03-01", 1000),
    ]


def two_of_three_items_discounted(**more):
    """Rows of three items, the first two of them with 10 % off, on two invoices in a row."""
    items = [item("si_1", "p10"), item("si_2", "p20"), item("si_3", "p30")]
    lines = [
        line("il_1", MONTHS[0], MONTHS[1], discount_amounts=[{"discount": "di_x", "amount": 100}]),
        line("il_2", MONTHS[0], MONTHS[1], of="p20", si="si_2", amount=2000,
             discount_amounts=[{"discount": "di_x", "amount": 200}]),
        line("il_3", MONTHS[0], MONTHS[1], of="p30", si="si_3", amount=3000),
    ]  # fmt: skip
    later = [
        {**one, "id": one["id"] + "b", "period": {"start": on(MONTHS[1]), "end": on(MONTHS[2])}}
        for one in lines
    ]
    return history(S(*items), month(0, *lines), month(1, *later), **more)


def test_m42_an_unknown_discount_stays_on_the_items_that_carry_it():
    rows = two_of_three_items_discounted()
    # 10 % of 1000 and of 2000, nothing of 3000; seen twice, so for ever
    assert rows[0]["mrr_after"] == 900 + 1800 + 3000


def test_m42_the_level_of_a_past_discount_is_that_of_its_item():
    known = {"discounts": [discount(subscription_item="si_2")], "coupons": [coupon()]}
    lines = [
        line("il_0", "2026-01-01", "2026-02-01"),
        line(
            "il_1",
            "2026-01-01",
            "2026-02-01",
            "p20",
            1,
            2000,
            "si_2",
            discount_amounts=[{"discount": "di_1", "amount": 1000}],
        ),
    ]
    raw = S(item(), item("si_2", "p20", discounts=["di_1"]))
    assert short(history(raw, month(0, *lines), **known)) == [("activated", "2026-01-01", 2000)]
    gone = S(item(), item("si_2", "p20"))
    rows = history(gone, month(0, *lines), **known, horizon="2026-01-20")
    assert short(rows) == [
        ("activated", "2026-01-01", 2000),
        ("discount_removed", "2026-01-20", 3000),
    ]


def test_m42_of_a_deleted_coupon_only_the_terms_are_estimated():
    ends = discount(of="GONE", start="2026-01-20", end="2026-02-20", subscription="sub_1")
    known = {"discounts": [ends], "now": "2026-02-25"}
    bills = (month(0), with_line_discount(1, "di_1"))
    recurring = history(S(discounts=["di_1"]), *bills, options={"discounts": "recurring"}, **known)
    # 500 of 1000 on its line; when it began and ends, and so that it repeats, it says itself.
    assert short(recurring) == [
        ("activated", "2026-01-01", 1000),
        ("discount_applied", "2026-01-20", 500),
        ("discount_expired", "2026-02-20", 1000),
    ]
    assert {row["mrr_after"] for row in history(S(discounts=["di_1"]), *bills, **known)} == {1000}


def test_m42_where_an_item_names_no_product_an_estimated_discount_is_on_all():
    prices = {**PRICES, "p20": {**PRICES["p20"], "product": None}}
    rows = two_of_three_items_discounted(prices=prices)
    # The products of the others would leave out the item that carries it and names none.
    assert rows[0]["mrr_after"] == (1000 + 2000 + 3000) * 9 // 10


def test_m42_two_past_discounts_of_the_subscription_itself_both_counted():
    # Stripe names the customer on a subscription's own discounts, too.
    of = {"customer": "cus_1", "subscription": "sub_1"}
    known = [discount("di_1", **of), discount("di_2", of="F10", **of)]
    coupons = [coupon(), coupon("F10", 10)]
    rows = history(
        S(), with_line_discount(0, "di_1", "di_2"), month(1), discounts=known, coupons=coupons
    )
    assert short(rows) == [
        ("activated", "2026-01-01", 450),
        ("discount_removed", "2026-02-01", 900),
        ("discount_removed", "2026-02-01", 1000),
    ]


@pytest.mark.parametrize("place", ["total_discount_amounts", "discounts", "line"])
def test_m15_an_invoice_may_spell_out_its_discount_in_several_places(place):
    told = discount(of=coupon("Q", 20), subscription="sub_1")
    first = with_line_discount(0, "di_1")
    (one,) = first["lines"]["data"]
    if place == "line":
        one["discounts"] = [told]
    else:
        first[place] = [told if place == "discounts" else {"amount": 200, "discount": told}]
    rows = history(S(), first, month(1))
    # 20 %, whatever the line's own amount would lead one to think
    assert short(rows) == [
        ("activated", "2026-01-01", 800),
        ("discount_removed", "2026-02-01", 1000),
    ]


def test_m42_a_customers_discount_on_the_object_was_applied_when_it_began():
    given = {**discount("di_c", start="2026-01-20"), "customer": "cus_1"}
    raw = S(customer={"id": "cus_1", "discount": "di_c"})
    bills = (month(0), with_line_discount(1, "di_c"), with_line_discount(2, "di_c"))
    rows = history(raw, *bills, discounts=[given], coupons=[coupon()])
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("discount_applied", "2026-01-20", 500),
    ]


def test_m42_a_renewal_that_bills_nothing_takes_no_discount_away():
    nothing = line("il_1", MONTHS[1], MONTHS[2], quantity=0, amount=0)
    rows = history(S(), with_line_discount(0, "di_1"), month(1, nothing), month(2), **KNOWN)
    assert [row["event_type"] for row in rows] == [
        "activated",
        "quantity_decreased",
        "quantity_increased",
        "discount_removed",
    ]
    assert rows[-1]["occurred_at"] == "2026-03-01T00:00:00Z"


# --- a renewal of another item lacks what it could not lack ----------------------------------

YEAR, APRIL = ("2026-01-01", "2027-01-01"), ("2026-04-01", "2026-05-01")
FIFTH = coupon("F20", 20, applies_to=None)
OF_CUSTOMER = {"customer": "cus_1"}


def yearly_and_add_on(*, terms=FIFTH, of=OF_CUSTOMER, renewal=(), add_on=None, later=()):
    """20 % off a year of 120.00, seen there alone; from 15 March on also a month of 10.00.

    The month's renewal on 1 April is billed without the discount; nothing has it in June.
    """
    cut = [{"discount": "di_1", "amount": 2400}]
    year = line("il_0", *YEAR, "y120", 1, 12000, "si_y", discount_amounts=cut)
    joined = line("il_1", "2026-03-15", "2026-04-01", amount=548, proration=True)
    month_ = add_on or line("il_2", *APRIL)
    renewal = {"reason": "subscription_cycle", **dict(renewal)}
    return history(
        S(item("si_y", "y120"), item()),
        invoice("in_0", "2026-01-01", year, reason="subscription_create", discounts=["di_1"]),
        invoice("in_1", "2026-04-01", joined, month_, **renewal),
        *later,
        now="2026-06-01",
        discounts=[discount("di_1", of="F20", **of)],
        coupons=[terms, coupon("F10", 10)],
    )


BEFORE_APRIL = [
    ("activated", "2026-01-01", 800),  # 12000/12 x 8/10
    ("upgraded", "2026-03-15", 1600),  # (12000/12 + 1000) x 8/10
]


@pytest.mark.parametrize(
    "of", [OF_CUSTOMER, {**OF_CUSTOMER, "subscription": "sub_1"}], ids=["customer", "subscription"]
)
def test_m42_a_share_of_everything_is_gone_at_the_renewal_of_any_item_that_lacks_it(of):
    rows = yearly_and_add_on(of=of)
    assert short(rows) == [*BEFORE_APRIL, ("discount_removed", "2026-04-01", 2000)]
    assert rows[-1]["time_precision"] == "period_start"


def test_m42_a_share_that_is_on_the_object_is_not_gone_where_another_item_lacks_it():
    held = {"id": "cus_1", "discount": "di_1"}
    cut = [{"discount": "di_1", "amount": 2400}]
    year = line("il_0", *YEAR, "y120", 1, 12000, "si_y", discount_amounts=cut)
    rows = history(
        S(item("si_y", "y120"), item(), customer=held),
        invoice("in_0", "2026-01-01", year, line("il_1", "2026-01-01", "2026-02-01"),
                reason="subscription_create"),
        invoice("in_1", "2026-02-01", line("il_2", "2026-02-01", "2026-03-01")),
        discounts=[discount("di_1", of="F20", **OF_CUSTOMER)],
        coupons=[FIFTH],
    )  # fmt: skip
    assert short(rows) == [("activated", "2026-01-01", 1600)]  # (12000/12 + 1000) x 8/10


def again_in_may():
    cut = [{"discount": "di_1", "amount": 400}]
    may = line("il_4", "2026-05-01", "2026-06-01", "p20", 1, 2000, "si_2", discount_amounts=cut)
    return invoice("in_2", "2026-05-01", may, discounts=["di_1"])


# What the renewal's silence may mean besides that the discount is gone.
UNCERTAIN = {
    "an amount, taken off the shorter interval": {
        "terms": coupon("F20", None, amount_off=2400, currency="usd", applies_to=None)
    },
    "limited to the yearly product": {
        "terms": {**FIFTH, "applies_to": {"products": ["prod_y120"]}}
    },
    "of one item": {"of": {"subscription": "sub_1", "subscription_item": "si_y"}},
    "named by the invoice, and on none of its lines": {"renewal": {"discounts": ["di_1"]}},
    "silent while the subscription has one of its own": {"renewal": {"discounts": ["di_2"]}},
    "as an old invoice names its one discount": {
        "renewal": {"discount": discount("di_2", of="F10", subscription="sub_1")}
    },
    "another took all there was": {
        "add_on": line("il_2", *APRIL, discount_amounts=[{"discount": "di_2", "amount": 1000}])
    },
    "a fifth of 4 is less than 1": {"add_on": line("il_2", *APRIL, amount=4)},
    "a trial": {"add_on": line("il_2", *APRIL, amount=0)},
    "a proration": {"add_on": line("il_2", *APRIL, proration=True)},
    "usage": {"add_on": line("il_2", "2026-03-01", "2026-04-01", "meter", 9, 900, "si_m")},
    "billed ahead": {"add_on": line("il_2", "2026-04-20", "2026-05-20")},
    "a change": {"renewal": {"reason": "subscription_update"}},
    "seen again on a later bill": {"later": [again_in_may()]},
}


@pytest.mark.parametrize("case", UNCERTAIN, ids=[name.replace(" ", "_") for name in UNCERTAIN])
def test_m42_what_a_renewal_of_another_item_may_lack_for_another_reason_goes_on(case):
    rows = yearly_and_add_on(**UNCERTAIN[case])
    removed = [row for row in rows if row["event_type"] == "discount_removed"]
    # It is not on the object any more: nothing else says when it went.
    assert [row["occurred_at"] for row in removed] == ["2026-06-01T00:00:00Z"]


def test_m42_an_embedded_coupon_that_is_silent_about_products_may_be_limited_to_some():
    embedded = {"id": "F20", "percent_off": 20, "duration": "forever"}
    unlisted = coupon("OTHER")
    of = {**OF_CUSTOMER, "source": {"coupon": embedded}}
    rows = yearly_and_add_on(terms=unlisted, of=of)
    assert short(rows)[-1] == ("discount_removed", "2026-06-01", 2000)
    of = {**OF_CUSTOMER, "source": {"coupon": {**embedded, "applies_to": None}}}
    rows = yearly_and_add_on(terms=unlisted, of=of)
    assert short(rows)[-1] == ("discount_removed", "2026-04-01", 2000)
