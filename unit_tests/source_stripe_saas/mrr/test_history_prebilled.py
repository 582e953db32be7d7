"""Months billed ahead in the history older than the events: M39b."""

import pytest

from unit_tests.source_stripe_saas.mrr.builders import invoice, item, line, on, short
from unit_tests.source_stripe_saas.mrr.histories import S, credit, debit, history

STARTS = [f"2026-{number:02d}-01" for number in range(1, 10)]
UPDATE = "subscription_update"


def ahead(first, count, quantity=2, of="p10", si="si_1"):
    """Lines of so many months, a month (0 is January) after the other."""
    unit = {"p10": 1000, "p20": 2000}[of]
    return [
        line(f"il_{si}_{n}", STARTS[n], STARTS[n + 1], of, quantity, unit * quantity, si)
        for n in range(first, first + count)
    ]


def born(*lines):
    return invoice("in_0", STARTS[0], *lines, reason="subscription_create")


def renewed(number, *lines):
    return invoice(f"in_{number}", STARTS[number], *lines)


def update(key, at, *lines):
    return invoice(key, at, *lines, reason=UPDATE)


def pair(key, at, end, before, after, of="p10", si="si_1"):
    """The prorations of a change of quantity."""
    return [
        credit(f"il_{key}c", at, end, quantity=before, amount=-before * 500, of=of, si=si),
        debit(f"il_{key}d", at, end, of=of, quantity=after, amount=after * 500, si=si),
    ]


def past(raw, *invoices, now="2026-05-10", **more):
    return short(history(raw, *invoices, now=now, **more))


@pytest.mark.parametrize(("after", "kind"), [(7, "increased"), (1, "decreased")])
def test_m39b_a_change_holds_for_the_months_that_were_billed_before_it(after, kind):
    change = update("in_u", "2026-01-20", *pair("u", "2026-01-20", "2026-02-01", 2, after))
    rows = past(
        S(item(quantity=after)), born(*ahead(0, 4)), change, renewed(4, *ahead(4, 1, after))
    )
    assert rows == [
        ("activated", "2026-01-01", 2000),
        (f"quantity_{kind}", "2026-01-20", after * 1000),
    ]


def test_m39b_up_and_down_again_within_the_months_billed_ahead():
    up = update("in_u", "2026-01-20", *pair("u", "2026-01-20", "2026-02-01", 2, 7))
    down = update("in_v", "2026-03-10", *pair("v", "2026-03-10", "2026-04-01", 7, 3))
    rows = past(S(item(quantity=3)), born(*ahead(0, 4)), up, down, renewed(4, *ahead(4, 1, 3)))
    assert rows == [
        ("activated", "2026-01-01", 2000),
        ("quantity_increased", "2026-01-20", 7000),
        ("quantity_decreased", "2026-03-10", 3000),
    ]


def test_m39b_prorations_of_every_month_billed_ahead_are_one_change():
    lines = [
        *pair("u", "2026-01-20", "2026-02-01", 2, 7),
        *pair("v", "2026-02-01", "2026-03-01", 2, 7),
        *pair("w", "2026-03-01", "2026-04-01", 2, 7),
    ]
    later = update("in_v", "2026-02-10", *pair("x", "2026-02-10", "2026-03-01", 7, 4))
    change = update("in_u", "2026-01-20", *lines)
    rows = past(S(item(quantity=4)), born(*ahead(0, 3)), change, later, renewed(3, *ahead(3, 1, 4)))
    assert rows == [
        ("activated", "2026-01-01", 2000),
        ("quantity_increased", "2026-01-20", 7000),
        ("quantity_decreased", "2026-02-10", 4000),
    ]


def test_m39b_a_change_of_price_within_the_months_billed_ahead():
    lines = [
        credit("il_c", "2026-02-10", "2026-03-01", quantity=2, amount=-1300),
        debit("il_d", "2026-02-10", "2026-03-01", of="p20", quantity=2, amount=2600),
    ]
    change = update("in_u", "2026-02-10", *lines)
    rows = past(S(item(of="p20", quantity=2)), born(*ahead(0, 4)), change)
    assert rows == [("activated", "2026-01-01", 2000), ("upgraded", "2026-02-10", 4000)]


def test_m39b_an_item_added_within_the_months_billed_ahead_stays():
    added = debit("il_n", "2026-01-20", "2026-02-01", of="p20", amount=800, si="si_2")
    both = [*ahead(4, 1), *ahead(4, 1, 1, "p20", "si_2")]
    rows = past(
        S(item(quantity=2), item("si_2", "p20")),
        born(*ahead(0, 4)),
        update("in_u", "2026-01-20", added),
        renewed(4, *both),
    )
    assert rows == [("activated", "2026-01-01", 2000), ("upgraded", "2026-01-20", 4000)]


def test_m39b_an_item_taken_away_within_the_months_billed_ahead_stays_away():
    first = born(*ahead(0, 4), *ahead(0, 4, 1, "p20", "si_2"))
    gone = credit("il_g", "2026-01-20", "2026-02-01", amount=-800, of="p20", si="si_2")
    rows = past(S(item(quantity=2)), first, update("in_u", "2026-01-20", gone))
    assert rows == [("activated", "2026-01-01", 4000), ("downgraded", "2026-01-20", 2000)]


def test_m39b_an_end_within_the_months_billed_ahead():
    over = S(item(quantity=2), status="canceled", ended_at=on("2026-02-10"))
    assert past(over, born(*ahead(0, 4))) == [
        ("activated", "2026-01-01", 2000),
        ("canceled", "2026-02-10", 0),
    ]


def test_m39b_a_year_begun_within_the_months_billed_ahead_takes_their_place():
    year = update("in_y", "2026-02-10", line("il_y", "2026-02-10", "2027-02-10", "y120", 1, 12000))
    rows = past(S(item(of="y120")), born(*ahead(0, 4)), year)
    assert rows == [("activated", "2026-01-01", 2000), ("downgraded", "2026-02-10", 1000)]


def test_m39b_another_item_for_a_year_takes_the_place_of_months_billed_ahead():
    year = line("il_y", "2026-02-10", "2027-02-10", "y120", 1, 12000, "si_2")
    rows = past(S(item("si_2", "y120")), born(*ahead(0, 4)), update("in_y", "2026-02-10", year))
    assert rows == [("activated", "2026-01-01", 2000), ("downgraded", "2026-02-10", 1000)]


def test_m39b_a_planned_change_that_was_billed_ahead_takes_place():
    rows = past(S(item(quantity=5)), born(*ahead(0, 2), *ahead(2, 2, 5)))
    assert rows == [("activated", "2026-01-01", 2000), ("quantity_increased", "2026-03-01", 5000)]


def test_m39b_months_billed_ahead_at_a_renewal_know_what_came_before_it():
    """A change of January is billed with the three months that begin in February."""
    late = pair("u", "2026-01-20", "2026-02-01", 2, 7)
    rows = past(S(item(quantity=7)), born(*ahead(0, 1)), renewed(1, *late, *ahead(1, 3, 7)))
    assert rows == [("activated", "2026-01-01", 2000), ("quantity_increased", "2026-01-20", 7000)]


def test_m39b_a_change_older_than_the_lines_ahead_is_known_to_them():
    """Billed later than the months ahead, but dated before they were made."""
    late = invoice(
        "in_h", "2026-02-15", *pair("u", "2026-01-20", "2026-02-01", 2, 7), reason="manual"
    )
    rows = past(S(item(quantity=4)), born(*ahead(0, 1)), renewed(1, *ahead(1, 3, 4)), late)
    assert rows == [
        ("activated", "2026-01-01", 2000),
        ("quantity_increased", "2026-01-20", 7000),
        ("quantity_decreased", "2026-02-01", 4000),
    ]


def test_m39b_a_change_dated_back_to_when_the_months_were_billed():
    change = update("in_u", "2026-01-20", *pair("u", "2026-01-01", "2026-02-01", 2, 7))
    rows = past(S(item(quantity=7)), born(*ahead(0, 4)), change)
    assert rows == [("activated", "2026-01-01", 7000)]


def test_m39c_a_renewal_that_bills_ahead_misses_an_item_at_its_first_month():
    first = born(*ahead(0, 1), *ahead(0, 1, 1, "p20", "si_2"))
    rows = past(S(item(quantity=2)), first, renewed(1, *ahead(1, 3)))
    assert rows == [("activated", "2026-01-01", 4000), ("downgraded", "2026-02-01", 2000)]
