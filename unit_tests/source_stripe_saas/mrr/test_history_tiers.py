"""Itemised tiers in the history older than the events: M39a and M41a."""

import pytest

from unit_tests.source_stripe_saas.mrr.builders import (
    BORN,
    PRICES,
    invoice,
    item,
    line,
    on,
    price,
    short,
    subscription,
    value,
)
from unit_tests.source_stripe_saas.mrr.histories import MONTHS, S, history


def tiered(key, mode, *tiers, interval="month"):
    """A licensed price; each tier is (up to, unit, flat fee)."""
    listed = [
        {"up_to": top, "unit_amount_decimal": str(unit), "flat_amount_decimal": str(flat)}
        for top, unit, flat in tiers
    ]
    one = price(key, interval=interval, billing_scheme="tiered", tiers_mode=mode, tiers=listed)
    return {**one, "unit_amount_decimal": None}


# 20 seats: 8 x 400 + 300, then 12 x 250 + 100
STEPS = tiered("steps", "graduated", (8, 400, 300), (None, 250, 100))
TWENTY = ((8, 3200), (0, 300), (12, 3000), (0, 100))
# 40 seats: all 40 x 90 and the fee of the second tier, 700
VOLUME = tiered("volume", "volume", (30, 100, 0), (None, 90, 700))
FORTY = ((40, 3600), (0, 700))
# 7 seats: 5 for the fee of 4900, two more at 800
INCLUDED = tiered("included", "graduated", (5, 0, 4900), (None, 800, 0))
SEVEN = ((5, 0), (0, 4900), (2, 1600))
YEARLY = tiered("yearly", "graduated", (8, 4000, 3000), (None, 2400, 0), interval="year")
PACKS = price("packs", "700", transform_quantity={"divide_by": 5, "round": "up"})
ALL = {**PRICES, **{one["id"]: one for one in (STEPS, VOLUME, INCLUDED, YEARLY, PACKS)}}


def itemised(number, of, parts, si="si_1", end=None, **more):
    """The lines of one statement, a part (quantity, amount) each."""
    return [
        line(
            f"il_{number}_{si}_{i}",
            MONTHS[number],
            end or MONTHS[number + 1],
            of,
            quantity,
            amount,
            si,
            **more,
        )
        for i, (quantity, amount) in enumerate(parts)
    ]


def bill(number, *lines, **more):
    reason = "subscription_cycle" if number else "subscription_create"
    return invoice(f"in_{number}", MONTHS[number], *lines, reason=reason, **more)


def rows(raw, *invoices, **more):
    return history(raw, *invoices, prices=ALL, **more)


@pytest.mark.parametrize(
    ("of", "quantity", "parts", "mrr"),
    [
        ("steps", 20, TWENTY, 6600),  # 3200 + 300 + 3000 + 100
        ("volume", 40, FORTY, 4300),  # 3600 + 700
        ("included", 7, SEVEN, 6500),  # 0 + 4900 + 1600
        ("steps", 0, ((0, 300),), 300),  # no seat: the first tier's fee alone
        ("steps", 0, ((0, 0), (0, 300)), 300),
        ("included", 4, ((4, 0), (0, 4900)), 4900),
        ("volume", 40, ((40, 3600), (None, 700)), 4300),  # a fee that has no quantity
        ("volume", 40, ((40, 3600), (1, 700)), 4300),  # or counts as one
        ("packs", 12, ((12, 2100),), 2100),  # three packs of five
        ("packs", 15, ((3, 2100),), 2100),  # the line counts the packs
    ],
)
def test_m39a_the_lines_of_one_item_and_period_are_one_statement(of, quantity, parts, mrr):
    found = rows(
        S(item(of=of, quantity=quantity)),
        *(bill(number, *itemised(number, of, parts)) for number in range(4)),
    )
    assert short(found) == [("activated", "2026-01-01", mrr)]


def test_m39a_a_statement_that_grows_is_one_change():
    found = rows(
        S(item(of="steps", quantity=20)),
        bill(0, *itemised(0, "steps", ((6, 2400), (0, 300)))),  # 2700
        bill(1, *itemised(1, "steps", TWENTY)),
    )
    assert short(found) == [
        ("activated", "2026-01-01", 2700),
        ("quantity_increased", "2026-02-01", 6600),
    ]


def test_m39a_a_year_of_tiers_is_a_twelfth_a_month():
    parts = ((8, 32000), (0, 3000), (2, 4800))
    found = rows(
        S(item(of="yearly", quantity=10)),
        bill(0, *itemised(0, "yearly", parts, end="2027-01-01")),
    )
    assert short(found) == [("activated", "2026-01-01", 3317)]  # 39800 / 12 = 3316 2/3


def test_m39a_two_items_of_one_price_are_two_statements():
    lines = [*itemised(0, "steps", TWENTY), *itemised(0, "steps", ((0, 300),), "si_2")]
    raw = S(item(of="steps", quantity=20), item("si_2", "steps", 0))
    assert short(rows(raw, bill(0, *lines))) == [("activated", "2026-01-01", 6900)]  # 6600 + 300


def test_m39a_discounts_of_a_statement_are_added():
    # 10 % of 6600: 320 + 30 + 300 + 10; on the last invoice no line carries it
    off = [[{"discount": "di_1", "amount": part}] for part in (320, 30, 300, 10)]
    lines = [
        {**one, "discount_amounts": taken}
        for one, taken in zip(itemised(0, "steps", TWENTY), off, strict=True)
    ]
    known = {
        "discounts": [{"id": "di_1", "start": BORN, "source": {"coupon": "T"}}],
        "coupons": [{"id": "T", "percent_off": 10, "duration": "forever"}],
    }
    found = rows(
        S(item(of="steps", quantity=20)),
        bill(0, *lines),
        bill(1, *itemised(1, "steps", TWENTY)),
        **known,
    )
    assert short(found) == [
        ("activated", "2026-01-01", 5940),
        ("discount_removed", "2026-02-01", 6600),
    ]


def test_m42_a_renewal_whose_fee_alone_lacks_the_discount_has_it():
    # 500 off, all of it on the line of the seats
    lines = []
    for number in (0, 1):
        seats, fee = itemised(number, "volume", FORTY)
        seats["discount_amounts"] = [{"discount": "di_1", "amount": 500}]
        lines.append((seats, fee))
    known = {
        "discounts": [{"id": "di_1", "start": BORN, "source": {"coupon": "A"}}],
        "coupons": [{"id": "A", "amount_off": 500, "currency": "usd", "duration": "forever"}],
    }
    found = rows(
        S(item(of="volume", quantity=40)),
        bill(0, *lines[0]),
        bill(1, *lines[1]),
        **known,
        horizon="2026-02-10",
        now="2026-02-20",
    )
    assert short(found)[0] == ("activated", "2026-01-01", 3800)  # 4300 - 500
    assert [row["event_type"] for row in found[1:]] == ["discount_removed"]
    assert found[1]["time_precision"] == "bounded"  # the object has it no more


def test_m39a_a_once_coupon_on_tiers_holds_for_the_period_once():
    lines = itemised(0, "volume", FORTY)
    lines[0]["discount_amounts"] = [{"discount": "di_1", "amount": 360}]
    lines[1]["discount_amounts"] = [{"discount": "di_1", "amount": 70}]
    known = {
        "discounts": [{"id": "di_1", "start": BORN, "source": {"coupon": "T"}}],
        "coupons": [{"id": "T", "percent_off": 10, "duration": "once"}],
        "options": {"discounts": "all"},
    }
    found = rows(
        S(item(of="volume", quantity=40)),
        bill(0, *lines),
        bill(1, *itemised(1, "volume", FORTY)),
        **known,
    )
    assert short(found) == [
        ("activated", "2026-01-01", 3870),  # 4300 - 430
        ("discount_expired", "2026-02-01", 4300),
    ]


TRIAL = {"trial_start": BORN, "trial_end": on("2026-02-01")}


@pytest.mark.parametrize(
    "parts", [((7, 0),), ((5, 0), (0, 0), (2, 0))], ids=["one line", "a line a tier"]
)
def test_m41a_a_tier_of_amount_0_in_a_paid_period_is_no_trial(parts):
    found = rows(
        S(item(of="included", quantity=7), **TRIAL),
        bill(0, *itemised(0, "included", parts)),
        bill(1, *itemised(1, "included", SEVEN)),
        bill(2, *itemised(2, "included", SEVEN)),
    )
    assert short(found) == [
        ("trial_started", "2026-01-01", 0),
        ("trial_converted", "2026-02-01", 6500),
    ]


def test_m41a_seats_that_are_all_included_are_no_trial():
    free = tiered("free", "graduated", (5, 0, 0), (None, 800, 0))
    found = history(
        S(item(of="free", quantity=6), **TRIAL),
        bill(0, *itemised(0, "free", ((3, 0),))),
        bill(1, *itemised(1, "free", ((3, 0),))),
        bill(2, *itemised(2, "free", ((5, 0), (1, 800)))),
        prices={**ALL, "free": free},
    )
    # The object's own trial, and nothing that its three free seats would add to it.
    assert short(found) == [
        ("trial_started", "2026-01-01", 0),
        ("trial_converted", "2026-02-01", 0),
        ("quantity_increased", "2026-03-01", 800),
    ]


def test_m41a_what_is_billed_for_the_period_is_no_trial_of_another_item():
    lines = [
        line("il_a", MONTHS[1], MONTHS[2], "p20", 1, 2000, "si_2"),
        line("il_b", MONTHS[1], MONTHS[2], "p10", 1, 0),
    ]
    raw = S(item(), item("si_2", "p20"), **TRIAL)
    first = [
        line("il_0", MONTHS[0], MONTHS[1], amount=0),
        line("il_1", MONTHS[0], MONTHS[1], "p20", 1, 0, "si_2"),
    ]
    found = rows(raw, bill(0, *first), bill(1, *lines))
    assert short(found) == [
        ("trial_started", "2026-01-01", 0),
        ("trial_converted", "2026-02-01", 3000),
    ]


def change(at, *parts, of="included", si="si_1"):
    """Prorations of half a month, a part (quantity, amount, credited) each."""
    lines = []
    for i, (quantity, amount, is_credit) in enumerate(parts):
        more = {"details": {"proration_details": {"credited_items": {}}}} if is_credit else {}
        one = line(f"il_p{i}", at, "2026-02-01", of, quantity, amount, si, True, **more)
        lines.append(one)
    return invoice("in_p", at, *lines, reason="subscription_update")


@pytest.mark.parametrize("marked", [True, False], ids=["credits are marked", "they are not"])
def test_m39a_prorations_of_tiers_are_one_change(marked):
    # 16 days of 31: 7 seats are credited (0 + 2529 + 826), 9 debited (0 + 2529 + 1652)
    parts = [
        (5, 0, marked),
        (0, -2529, marked),
        (2, -826, marked),
        (5, 0, False),
        (0, 2529, False),
        (4, 1652, False),
    ]
    found = rows(
        S(item(of="included", quantity=9)),
        bill(0, *itemised(0, "included", SEVEN)),
        change("2026-01-16", *parts),
    )
    assert short(found) == [
        ("activated", "2026-01-01", 6500),
        ("quantity_increased", "2026-01-16", 8100),  # 4900 + 4 x 800
    ]


def test_m39a_prorations_within_the_included_seats_leave_the_fee():
    parts = [(3, 0, False), (0, -2529, False), (5, 0, False), (0, 2529, False)]
    found = rows(
        S(item(of="included", quantity=5)),
        bill(0, *itemised(0, "included", ((3, 0), (0, 4900)))),
        change("2026-01-16", *parts),
    )
    assert [(row["event_type"], row["mrr_after"]) for row in found] == [
        ("activated", 4900),
        ("quantity_increased", 4900),
    ]
    assert found[1]["items_after"][0]["quantity"] == 5


def test_m39a_from_tiers_to_a_plain_price():
    lines = change("2026-01-16", (5, 0, False), (0, -2529, False), (2, -826, False))
    lines["lines"]["data"].append(
        line("il_new", "2026-01-16", "2026-02-01", "p10", 2, 1032, proration=True)
    )
    found = rows(
        S(item(quantity=2)),
        bill(0, *itemised(0, "included", SEVEN)),
        lines,
    )
    assert short(found)[1:] == [("downgraded", "2026-01-16", 2000)]


def test_m39a_a_new_item_on_tiers_that_starts_by_proration():
    parts = [(5, 0, False), (0, 2529, False), (2, 826, False)]
    found = rows(
        S(item(), item("si_2", "included", 7)),
        bill(0, line("il_0", MONTHS[0], MONTHS[1])),
        change("2026-01-16", *parts, si="si_2"),
    )
    assert short(found)[1:] == [("upgraded", "2026-01-16", 7500)]  # 1000 + 6500


def test_m8_the_values_that_these_invoices_should_come_to():
    for of, quantity, mrr in (("steps", 20, 6600), ("volume", 40, 4300), ("included", 7, 6500)):
        assert value(subscription(item(of=of, quantity=quantity)), prices=ALL) == mrr
