"""What paid invoices bill, against what the ledger says: M61.

Longer than most files: one rule, and all of its cases stand on the same few invoices.
"""

from dataclasses import replace

import pytest

from source_stripe_saas.mrr import Catalog, Context, Facts, Options, derive_subscription
from source_stripe_saas.mrr.billing_check import DIFFERS, verdict
from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.facts import Reading
from source_stripe_saas.mrr.history_check import HistoryCheck, note_findings
from source_stripe_saas.mrr.moment import iso
from source_stripe_saas.mrr.options import options_from
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    coupon,
    discount,
    event,
    invoice,
    item,
    line,
    on,
    price,
    updated,
)
from unit_tests.source_stripe_saas.mrr.histories import MONTHS, S, history, month
from unit_tests.source_stripe_saas.mrr.test_history_tiers import (
    ALL,
    FORTY,
    INCLUDED,
    SEVEN,
    TWENTY,
    itemised,
)

FORTNIGHT = price("fortnight", "900", interval="week", count=2)
INCLUSIVE = price("gross", "1190", tax_behavior="inclusive")
EVERY = {**ALL, "fortnight": FORTNIGHT, "gross": INCLUSIVE}


def held(at, mrr, *items, status="active", kind="activated", invoice_id=None):
    """A row as far as the check reads it; each item is (id, price, quantity, MRR)."""
    names = ("id", "price", "quantity", "mrr")
    return {
        "event_type": kind,
        "occurred_at": iso(on(at)),
        "currency": "usd",
        "status_after": status,
        "mrr_after": mrr,
        "items_after": [dict(zip(names, one, strict=True)) for one in items],
        "invoice_id": invoice_id,
        "billing_check": None,
        "billing_note": None,
    }


def findings(rows, raw, *invoices, now="2026-04-15", options=None, **known):
    """Invoice id -> what the check says of these rows."""
    given = {name: {one["id"]: one for one in found} for name, found in known.items()}
    book = Book(Catalog({**EVERY}, given.get("coupons", {}), given.get("discounts", {})))
    facts = Facts("sub_1", on(now), subscription=raw, invoices=list(invoices))
    reading = Reading(facts, book, None)
    check = HistoryCheck(rows, reading.invoices, book, options_from(options or {}), facts.upper)
    return {key: verdict(found) for key, found in check.findings().items()}


def checks(rows):
    return [
        (row["invoice_id"], row["billing_check"], row["billing_note"])
        for row in rows
        if row["event_type"] in ("first_payment", "renewed")
    ]


def of(amount):
    """What `in_n si_1: …` says of an invoice that bills so much where the ledger has less."""
    billed, ledger = amount
    return f"si_1: {billed} billed a month, {ledger} in the ledger"


# --- what agrees --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of_price", "quantity", "amount"),
    [
        ("p10", 3, 3000),
        ("y120", 2, 24000),  # 24000 / 12 = 2000
        ("fortnight", 1, 900),  # 900 x 52 / (12 x 2) = 1950
        ("fortnight", 7, 6300),  # 6300 x 52 / 24 = 13650
    ],
    ids=["months", "years", "fortnights", "seven"],
)
def test_m61_what_is_billed_of_any_interval_agrees(of_price, quantity, amount):
    ends = {"p10": "2026-02-01", "y120": "2027-01-01", "fortnight": "2026-01-15"}
    bill = line("il_0", "2026-01-01", ends[of_price], of_price, quantity, amount)
    paid = invoice("in_0", "2026-01-01", bill, reason="subscription_create")
    raw = S(item(of=of_price, quantity=quantity))
    rows = history(raw, paid, now="2026-01-10", states_only=False, prices=EVERY)
    assert checks(rows) == [("in_0", "agrees", None)]


def test_m61_a_discount_that_counts_is_taken_off_both():
    cut = [{"discount": "di_1", "amount": 500}]
    bill = line("il_0", MONTHS[0], MONTHS[1], discount_amounts=cut)
    rows = history(
        S(item(discounts=["di_1"])),
        month(0, bill, total=500),
        states_only=False,
        discounts=[discount()],
        coupons=[coupon()],
    )
    assert rows[0]["mrr_after"] == 500  # 1000 x 1/2
    assert checks(rows) == [("in_0", "agrees", None)]


def test_m61_usage_and_the_stub_of_a_period_are_not_compared():
    meter = line("il_0", MONTHS[0], MONTHS[1], "meter", 70, 350, "si_m")
    stub = line("il_1", "2026-01-01", "2026-01-11", "p10", 1, 323)
    raw = S(item(), item("si_m", "meter", None))
    rows = history(raw, month(0, meter, stub), now="2026-01-10", states_only=False)
    assert checks(rows) == [("in_0", None, None)]


# --- what is explained --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("taken", "check", "why"),
    # 20 % of the 5.00 that the half leaves; MRR has 20 % of 10.00
    [
        (100, "explained", ": di_2 came first and is not counted by the option discounts"),
        (150, "differs", ""),
    ],
    ids=["20 percent of the rest", "30 percent"],
)
def test_m61_a_share_of_what_a_coupon_that_is_not_counted_left_is_explained(taken, check, why):
    cut = [{"discount": "di_2", "amount": 500}, {"discount": "di_1", "amount": taken}]
    paid = month(0, line("il_0", MONTHS[0], MONTHS[1], discount_amounts=cut), total=500 - taken)
    known = {
        "discounts": [discount("di_1", of="F20"), discount("di_2", end="2026-06-01")],
        "coupons": [coupon("F20", 20), coupon(duration="repeating")],
    }
    rows = history(S(discounts=["di_2", "di_1"]), paid, states_only=False, **known)
    note = f"in_0 si_1: {1000 - taken} billed a month, 800 in the ledger{why}"
    assert checks(rows) == [("in_0", check, note)]


def test_m61_a_coupon_that_the_options_do_not_count_explains_the_difference():
    cut = [{"discount": "di_1", "amount": 500}]
    bill = line("il_0", MONTHS[0], MONTHS[1], discount_amounts=cut)
    known = {
        "discounts": [discount(end="2026-04-01")],
        "coupons": [coupon(duration="repeating")],
    }
    raw = S(item(discounts=["di_1"]))
    paid = month(0, bill, total=500)
    rows = history(raw, paid, states_only=False, **known)
    [(_, check, note)] = checks(rows)
    assert check == "explained"
    assert note == (
        "in_0 si_1: 500 billed a month, 1000 in the ledger: "
        "di_1 is not counted by the option discounts"
    )
    counted = history(raw, paid, states_only=False, options={"discounts": "all"}, **known)
    assert checks(counted) == [("in_0", "agrees", None)]


def test_m61_a_price_that_includes_tax_explains_what_tax_took():
    # 1190 with 19 % tax in it: 1190 / 1.19 = 1000 without.
    rows = [held("2026-01-01", 1190, ("si_1", "gross", 1, 1190))]
    bill = line("il_0", MONTHS[0], MONTHS[1], "gross", 1, 1000)
    found = findings(rows, S(item(of="gross")), month(0, bill))
    note = "in_0 si_1: 1000 billed a month, 1190 in the ledger: the price includes tax"
    assert found == {"in_0": ("explained", note)}


def test_m61_a_minimum_that_was_billed_explains_the_rest():
    # 40 seats: 40 x 90 + 700 = 4300; a line of no quantity tops it up by 1200.
    rows = [held("2026-01-01", 4300, ("si_1", "volume", 40, 4300))]
    lines = itemised(0, "volume", (*FORTY, (0, 1200)))
    found = findings(rows, S(item(of="volume", quantity=40)), month(0, *lines))
    note = "in_0 si_1: 5500 billed a month, 4300 in the ledger: a minimum was billed"
    assert found == {"in_0": ("explained", note)}


def test_m61_an_amount_that_usage_takes_a_part_of_explains_the_rest():
    # 18.00 off: of 10.00 that is all. Here 40.00 of usage take 14.40 of it, the item 3.60.
    cut = [[{"discount": "di_1", "amount": amount}] for amount in (1440, 360)]
    usage = line("il_0", "2026-01-01", "2026-02-01", "meter", 800, 4000, "si_m")
    bill = line("il_1", MONTHS[1], MONTHS[2])
    paid = month(
        1,
        {**usage, "discount_amounts": cut[0]},
        {**bill, "discount_amounts": cut[1]},
        total=3200,
    )
    rows = [held("2026-01-01", 0, ("si_1", "p10", 1, 0), ("si_m", "meter", None, 0))]
    known = {
        "discounts": [discount()],
        "coupons": [coupon(percent_off=None, amount_off=1800, currency="usd")],
    }
    found = findings(rows, S(item(), item("si_m", "meter", None)), paid, **known)
    note = "in_1 si_1: 640 billed a month, 0 in the ledger: di_1 was taken off other charges too"
    assert found == {"in_1": ("explained", note)}


@pytest.mark.parametrize(
    ("status", "options"),
    [("past_due", {}), ("unpaid", {"unpaid": "count"}), ("active", {})],
    ids=["past_due", "unpaid", "active"],
)
def test_m61_what_counts_and_is_0_is_not_explained_by_its_status(status, options):
    rows = [held("2026-01-01", 0, ("si_1", "p10", 1, 0), status=status)]
    found = findings(rows, S(), month(0), options=options)
    assert found == {"in_0": (DIFFERS, "in_0 " + of((1000, 0)))}


@pytest.mark.parametrize(
    ("status", "options", "why"),
    [
        ("past_due", {"past_due": "exclude"}, "past_due is not counted"),
        ("active", {"new_mrr_at": "first_payment"}, "nothing had been paid yet"),
        ("active", {"churn_at": "request"}, "its end had been requested"),
    ],
    ids=["past_due", "unpaid_yet", "requested"],
)
def test_m61_an_option_that_counts_nothing_explains_it(status, options, why):
    rows = [held("2026-01-01", 0, ("si_1", "p10", 1, 0), status=status)]
    found = findings(rows, S(), month(0), options=options)
    note = f"in_0 si_1: 1000 billed a month, 0 in the ledger: {why}"
    assert found == {"in_0": ("explained", note)}


# --- what the rules of version 1 made of seven histories ---------------------------------------


def test_m61_one_tier_in_place_of_all_is_found():
    # 8 x 400 + 300 + 12 x 250 + 100 = 6600, of which the last line was taken: 12 seats.
    rows = [held("2026-01-01", 6300, ("si_1", "steps", 12, 4500))]
    lines = itemised(0, "steps", TWENTY)
    found = findings(rows, S(item(of="steps", quantity=20)), month(0, *lines))
    # 12 seats are 8 x 400 + 300 + 4 x 250 + 100 = 4600
    assert found == {"in_0": (DIFFERS, "in_0 " + of((6600, 4600)))}


def test_m61_a_paid_month_taken_for_a_trial_is_found():
    # 5 seats for 4900 and two more at 800: 6500
    rows = [held("2026-01-01", 0, ("si_1", "included", 5, 0), status="trialing")]
    lines = itemised(0, "included", SEVEN)
    found = findings(rows, S(item(of="included", quantity=7)), month(0, *lines))
    assert found == {"in_0": (DIFFERS, "in_0 " + of((6500, 4900)))}
    assert INCLUDED["tiers"][0]["flat_amount_decimal"] == "4900"


def test_m61_a_fixed_amount_taken_for_a_share_is_found():
    # 5.00 off of 10.00, later of 100.00: the share of 50 % would be 5000, billed is 9500.
    rows = [
        held("2026-01-01", 500, ("si_1", "p10", 1, 500)),
        held("2026-02-01", 5000, ("si_1", "p10", 10, 5000)),
    ]
    bills = []
    for number, seats in ((0, 1), (1, 10), (2, 10)):
        cut = [{"discount": "di_x", "amount": 500}]
        start, end = MONTHS[number], MONTHS[number + 1]
        lines = line(f"il_{number}", start, end, "p10", seats, 1000 * seats, discount_amounts=cut)
        bills.append(month(number, lines))
    found = findings(rows, S(item(quantity=10, discounts=["di_x"])), *bills)
    wrong = {key for key, (check, _) in found.items() if check == DIFFERS}
    assert wrong == {"in_1", "in_2"}
    assert found["in_2"][1] == "in_2 " + of((9500, 5000))


def test_m61_a_change_prorated_by_hand_is_found():
    year = line("il_0", "2026-01-01", "2027-01-01", "y120", 10, 120000)
    first = invoice("in_0", "2026-01-01", year, reason="subscription_create")
    rest = {"of": "y120", "proration": True}
    back = line("il_1", "2026-07-02", "2027-01-01", quantity=10, amount=-60000, **rest)
    anew = line("il_2", "2026-07-02", "2027-01-01", quantity=15, amount=90000, **rest)
    by_hand = invoice("in_1", "2026-07-02", back, anew, reason="manual")
    rows = [held("2026-01-01", 10000, ("si_1", "y120", 10, 10000))]
    raw = S(item(of="y120", quantity=15))
    found = findings(rows, raw, first, by_hand, now="2026-09-01")
    note = "in_1 si_1: 15 of y120 prorated from then on, 10 of y120 in the ledger"
    assert found["in_1"] == (DIFFERS, note)
    rows.append(held("2026-07-02", 15000, ("si_1", "y120", 15, 15000)))
    assert findings(rows, raw, first, by_hand, now="2026-09-01")["in_1"] == ("agrees", None)


def test_m61_an_item_that_nothing_bills_any_more_is_found():
    both = (("si_1", "p10", 1, 1000), ("si_2", "y120", 1, 1000))
    rows = [
        held("2026-01-01", 1000, both[0]),
        held("2026-01-20", 2000, *both),
        held("2026-04-01", 1000, both[1], kind="downgraded"),
    ]
    year = line("il_1", "2026-01-20", "2027-01-20", "y120", 1, 12000, "si_2")
    swap = invoice("in_1", "2026-01-20", year, reason="subscription_update")
    found = findings(rows, S(item("si_2", "y120")), month(0), swap)
    note = "in_0 si_1: billed until 2026-02-01T00:00:00Z, in the ledger until 2026-04-01T00:00:00Z"
    assert found["in_0"] == (DIFFERS, note)
    assert found["in_1"] == ("agrees", None)


def test_m61_after_an_invoice_that_is_not_paid_an_item_may_be_billed_by_drafts_only():
    year = line("il_y", "2026-01-01", "2027-01-01", "y120", 1, 12000, "si_2")
    lines = (line("il_1", MONTHS[0], MONTHS[1]), year)
    both = (("si_1", "p10", 1, 1000), ("si_2", "y120", 1, 1000))
    rows = [held("2026-01-01", 2000, *both), held("2026-04-10", 0, kind="canceled")]
    raw = S(status="canceled", ended_at=on("2026-04-10"))
    paid, open_ = month(0, *lines), month(0, *lines, status="open")
    assert findings(rows, raw, paid)["in_0"][0] == DIFFERS
    assert findings(rows, raw, open_) == {}
    # One that was made meanwhile would have billed it.
    more = invoice("in_2", "2026-03-01", line("il_3", MONTHS[2], MONTHS[3], "p20", 1, 2000, "si_3"))
    assert findings(rows, raw, open_, more)["in_0"][0] == DIFFERS
    # The last one is no renewal.
    last = invoice("in_3", "2026-04-10", reason="manual")
    assert findings(rows, raw, open_, last) == {}


def test_m61_usage_speaks_for_the_end_of_its_period_since_it_is_billed_then():
    rows = [held("2026-01-01", 1000, ("si_1", "p10", 1, 1000))]
    usage = [line(f"il_u{n}", MONTHS[n], MONTHS[n + 1], "meter", 9, 45, "si_m") for n in range(2)]
    march = line("il_2", MONTHS[2], MONTHS[3])
    raw = S(item(), item("si_m", "meter"))
    # February was a draft, which the pause left; its usage is billed with March.
    kept = findings(rows, raw, month(0), month(2, usage[1], march), now="2026-03-20")
    assert kept["in_0"] == ("agrees", None)
    bill = month(1, usage[0])
    found = findings(rows, raw, month(0), bill, month(2, usage[1], march), now="2026-03-20")
    note = "in_0 si_1: billed until 2026-02-01T00:00:00Z, in the ledger until 2026-03-01T00:00:00Z"
    assert found["in_0"] == (DIFFERS, note)


def test_m61_a_month_billed_ahead_that_outvotes_a_change_is_found():
    ahead = [line(f"il_{n}", MONTHS[n], MONTHS[n + 1], "p10", 2, 2000, "si_1") for n in range(3)]
    first = invoice("in_0", "2026-01-01", *ahead, reason="subscription_create")
    rest = {"proration": True, "of": "p10"}
    back = line("il_8", "2026-01-15", "2026-02-01", quantity=2, amount=-1097, **rest)
    anew = line("il_9", "2026-01-15", "2026-02-01", quantity=5, amount=2742, **rest)
    change = invoice("in_1", "2026-01-15", back, anew, reason="subscription_update")
    rows = [
        held("2026-01-01", 2000, ("si_1", "p10", 2, 2000)),
        held("2026-01-15", 5000, ("si_1", "p10", 5, 5000)),
        held("2026-02-01", 2000, ("si_1", "p10", 2, 2000)),
    ]
    raw = S(item(quantity=5))
    note = "in_0 si_1: back to what was billed ahead, before a change"
    assert findings(rows, raw, first, change)["in_0"] == (DIFFERS, note)
    assert findings(rows[:2], raw, first, change)["in_0"] == ("agrees", None)


# --- where it is noted --------------------------------------------------------------------------


def test_m61_is_noted_in_the_row_of_the_invoice_else_in_the_one_in_force():
    rows = [
        held("2026-01-01", 1000, ("si_1", "p10", 1, 1000)),
        held("2026-02-01", 1000, ("si_1", "p10", 1, 1000), kind="renewed", invoice_id="in_1"),
    ]
    three = [month(n, quantity=3 if n else 2) for n in (0, 1)]
    raw = S(item(quantity=3))
    book = Book(Catalog(PRICES))
    reading = Reading(
        Facts("sub_1", on("2026-02-10"), subscription=raw, invoices=three), book, None
    )
    check = HistoryCheck(rows, reading.invoices, book, Options(), on("2026-02-10"))
    note_findings(rows, check.findings())
    assert [(row["billing_check"], row["billing_note"]) for row in rows] == [
        (DIFFERS, "in_0 " + of((2000, 1000))),
        (DIFFERS, "in_1 " + of((3000, 1000))),
    ]


# --- what events tell ---------------------------------------------------------------------------


def followed(quantity, *events, at="2026-02-01", paid="2026-02-01 01:00"):
    """The row that an invoice of February makes, which bills so many of an item of two seats."""
    catalog, held_now = Catalog(PRICES), S(item(quantity=2))
    first = Facts("sub_1", on("2026-01-20"), subscription=held_now, invoices=[month(0, quantity=2)])
    _, context = derive_subscription(first, catalog, Options())
    context = Context.from_json(context.compact().to_json())
    bill = line("il_1", at, "2026-03-01", quantity=quantity, amount=1000 * quantity)
    renewal = invoice("in_1", at, bill, paid=paid)
    told = event("evt_p", "invoice.paid", paid, renewal)
    now = replace(first, upper=on("2026-02-20"), events=[*events, told], invoices=[renewal])
    rows, after = derive_subscription(now, catalog, Options(), context)
    return checks(rows), after


def test_m61_a_renewal_that_events_tell_is_held_against_what_is_in_force():
    assert followed(2)[0] == [("in_1", "agrees", None)]
    assert followed(3)[0] == [("in_1", DIFFERS, "in_1 " + of((3000, 2000)))]


def test_m61_a_change_between_the_period_and_its_payment_leaves_nothing_to_compare():
    now = S(item(quantity=3))
    late = updated(now, {"items": {"data": [item(quantity=2)]}}, "2026-02-01 09:00")
    assert followed(2, late, paid="2026-02-02")[0] == [("in_1", None, None)]


def test_m61_what_was_paid_long_after_is_not_compared():
    assert followed(3, paid="2026-02-09")[0] == [("in_1", None, None)]


def test_m61_the_moment_of_the_last_change_is_forgotten_after_a_week():
    now, at = S(item(quantity=3)), "2026-02-01 09:00"
    _, after = followed(2, updated(now, {"items": {"data": [item(quantity=2)]}}, at))
    assert (after.moved_at, after.compact().moved_at) == (on(at), 0)
