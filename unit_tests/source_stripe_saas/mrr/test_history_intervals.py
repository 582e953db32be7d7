"""Items of several intervals in the history older than the events: M39c.

A yearly price of 12000 is 1000 a month, a quarterly one of 4500 is 1500.
"""

import pytest

from unit_tests.source_stripe_saas.mrr.builders import PRICES, invoice, item, line, price, short
from unit_tests.source_stripe_saas.mrr.histories import S, credit, debit, history

ALL = {**PRICES, "q45": price("q45", "4500", count=3)}
BASE, ADDED = "si_base", "si_added"
UPDATE, CYCLE = "subscription_update", "subscription_cycle"


def period(key, start, end, of, si, amount=None):
    unit = int(ALL[of]["unit_amount_decimal"])
    return line(key, start, end, of, 1, unit if amount is None else amount, si)


def bill(key, at, *lines, reason=CYCLE, **more):
    return invoice(key, at, *lines, reason=reason, **more)


def past(raw, *invoices, now="2027-06-01", **more):
    return history(raw, *invoices, prices=ALL, now=now, **more)


def months(first, count, of, si, *also):
    """Invoices of so many months of 2026, the first of them the creation's."""
    found = []
    for number in range(first, first + count):
        start, end = (f"2026-{n:02d}-01" if n < 13 else "2027-01-01" for n in (number, number + 1))
        lines = [period(f"il_{number}", start, end, of, si), *(also if number == first else ())]
        reason = "subscription_create" if number == 1 else CYCLE
        found.append(bill(f"in_{number:02d}", start, *lines, reason=reason))
    return found


@pytest.mark.parametrize("now", ["2026-03-15", "2026-11-01", "2027-06-01"])
def test_m39c_a_monthly_item_swapped_for_a_yearly_one_is_gone_when_the_year_begins(now):
    year = bill(
        "in_y",
        "2026-02-12",
        period("il_y", "2026-02-12", "2027-02-12", "y120", ADDED),
        reason=UPDATE,
    )
    next_year = bill(
        "in_z", "2027-02-12", period("il_z", "2027-02-12", "2028-02-12", "y120", ADDED)
    )
    bills = [*months(1, 2, "p20", BASE), year, *([next_year] if now > "2027" else [])]
    rows = past(S(item(ADDED, "y120")), *bills, now=now)
    assert short(rows) == [("activated", "2026-01-01", 2000), ("downgraded", "2026-02-12", 1000)]
    assert rows[1]["time_precision"] == "exact"


def test_m39c_the_same_item_given_another_interval_is_one_change():
    year = bill(
        "in_y",
        "2026-02-12",
        period("il_y", "2026-02-12", "2027-02-12", "y120", BASE),
        reason=UPDATE,
    )
    rows = past(S(item(BASE, "y120")), *months(1, 2, "p20", BASE), year)
    assert short(rows)[1:] == [("downgraded", "2026-02-12", 1000)]


def test_m39c_a_yearly_item_swapped_for_a_monthly_one_is_gone_when_the_month_begins():
    first = bill(
        "in_01",
        "2026-01-01",
        period("il_y", "2026-01-01", "2027-01-01", "y120", BASE),
        reason="subscription_create",
    )
    month = bill(
        "in_02",
        "2026-03-10",
        period("il_m", "2026-03-10", "2026-04-10", "p20", ADDED),
        reason=UPDATE,
    )
    later = bill("in_03", "2026-04-10", period("il_n", "2026-04-10", "2026-05-10", "p20", ADDED))
    rows = past(S(item(ADDED, "p20")), first, month, later, now="2026-05-01")
    assert short(rows) == [("activated", "2026-01-01", 1000), ("upgraded", "2026-03-10", 2000)]


def test_m39c_what_the_object_still_has_goes_on_beside_a_new_interval():
    first = bill(
        "in_01",
        "2026-01-01",
        period("il_y", "2026-01-01", "2027-01-01", "y120", BASE),
        reason="subscription_create",
    )
    month = bill(
        "in_02",
        "2026-03-10",
        period("il_m", "2026-03-10", "2026-04-10", "p20", ADDED),
        reason=UPDATE,
    )
    rows = past(S(item(BASE, "y120"), item(ADDED, "p20")), first, month, now="2026-04-01")
    assert short(rows)[1:] == [("upgraded", "2026-03-10", 3000)]


def test_m39c_what_is_billed_later_went_on_beside_a_new_interval():
    """A monthly item is billed once more after a yearly one came, and then no more."""
    year = bill(
        "in_y",
        "2026-02-12",
        period("il_y", "2026-02-12", "2027-02-12", "y120", ADDED),
        reason=UPDATE,
    )
    rows = past(S(item(ADDED, "y120")), *months(1, 3, "p20", BASE), year, now="2026-09-01")
    assert short(rows) == [
        ("activated", "2026-01-01", 2000),
        ("upgraded", "2026-02-12", 3000),
        ("downgraded", "2026-04-01", 1000),
    ]


def test_m39c_a_stub_up_to_the_old_boundary_begins_no_new_period():
    stub = bill(
        "in_s",
        "2026-02-12",
        period("il_s", "2026-02-12", "2026-03-01", "p10", ADDED, 580),
        reason=UPDATE,
    )
    renewal = bill("in_03", "2026-03-01", period("il_t", "2026-03-01", "2026-04-01", "p10", ADDED))
    rows = past(S(item(ADDED)), *months(1, 2, "p20", BASE), stub, renewal, now="2026-03-20")
    assert short(rows)[1:] == [("upgraded", "2026-02-12", 3000), ("downgraded", "2026-03-01", 1000)]


def yearly_with(*also, of="p20"):
    return bill(
        "in_01",
        "2026-01-01",
        period("il_y", "2026-01-01", "2027-01-01", "y120", BASE),
        *also,
        reason="subscription_create",
    )


NEXT_YEAR = bill("in_99", "2027-01-01", period("il_z", "2027-01-01", "2028-01-01", "y120", BASE))


@pytest.mark.parametrize("now", ["2026-06-15", "2027-06-01"])
def test_m39c_a_monthly_item_beside_a_yearly_one_is_gone_when_its_last_month_is_over(now):
    first = yearly_with(period("il_1", "2026-01-01", "2026-02-01", "p20", ADDED))
    second = bill("in_02", "2026-02-01", period("il_2", "2026-02-01", "2026-03-01", "p20", ADDED))
    bills = [first, second, *([NEXT_YEAR] if now > "2027" else [])]
    rows = past(S(item(BASE, "y120")), *bills, now=now)
    assert short(rows) == [("activated", "2026-01-01", 3000), ("downgraded", "2026-03-01", 1000)]
    assert rows[1]["time_precision"] == "period_start"


def test_m39c_a_monthly_item_that_came_by_proration_is_gone_all_the_same():
    added = bill(
        "in_02",
        "2026-01-11",
        debit("il_d", "2026-01-11", "2026-02-01", of="p20", amount=1350, si=ADDED),
        reason=UPDATE,
    )
    rows = past(S(item(BASE, "y120")), yearly_with(), added, NEXT_YEAR)
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("upgraded", "2026-01-11", 3000),
        ("downgraded", "2026-02-01", 1000),
    ]


def test_m39c_a_month_whose_time_has_not_come_is_not_missed():
    first = yearly_with(period("il_1", "2026-01-01", "2026-02-01", "p20", ADDED))
    rows = past(S(item(BASE, "y120")), first, now="2026-02-01", horizon="2026-01-31")
    assert short(rows)[1:] == [("downgraded", "2026-01-31", 1000)]
    assert rows[1]["time_precision"] == "bounded"  # only the object at the horizon shows it


def test_m39c_a_yearly_item_beside_a_monthly_one_is_missed_at_its_own_boundary():
    yearly = period("il_y", "2026-01-01", "2027-01-01", "y120", ADDED)
    bills = months(1, 12, "p20", BASE, yearly)
    january = bill("in_13", "2027-01-01", period("il_13", "2027-01-01", "2027-02-01", "p20", BASE))
    rows = past(S(item(BASE, "p20")), *bills, january, now="2027-01-20")
    assert short(rows) == [("activated", "2026-01-01", 3000), ("downgraded", "2027-01-01", 2000)]


def test_m39c_a_year_that_ends_between_two_months_is_missed_by_the_next_month():
    yearly = period("il_y", "2025-06-15", "2026-06-15", "y120", ADDED)
    first = bill("in_00", "2025-06-15", yearly, reason=UPDATE)
    raw = S(item(BASE, "p20"), created=1748736000)  # 2025-06-01
    born = bill(
        "in_000",
        "2025-06-01",
        period("il_0", "2025-06-01", "2026-01-01", "p20", BASE),
        reason="subscription_create",
    )
    bills = months(1, 7, "p20", BASE)
    bills[0]["billing_reason"] = CYCLE
    rows = past(raw, born, first, *bills, now="2026-07-20")
    assert short(rows)[1:] == [("upgraded", "2025-06-15", 3000), ("downgraded", "2026-06-15", 2000)]


def test_m39c_a_year_that_is_renewed_between_two_months_goes_on():
    first = bill(
        "in_00",
        "2026-01-10",
        period("il_y", "2026-01-10", "2027-01-10", "y120", ADDED),
        reason=UPDATE,
    )
    again = bill("in_98", "2027-01-10", period("il_w", "2027-01-10", "2028-01-10", "y120", ADDED))
    february = bill("in_99", "2027-02-01", period("il_14", "2027-02-01", "2027-03-01", "p20", BASE))
    january = bill("in_13", "2027-01-01", period("il_13", "2027-01-01", "2027-02-01", "p20", BASE))
    raw = S(item(BASE, "p20"), item(ADDED, "y120"))
    bills = [*months(1, 12, "p20", BASE), first, january, again, february]
    rows = past(raw, *bills, now="2027-02-20")
    assert short(rows) == [("activated", "2026-01-01", 2000), ("upgraded", "2026-01-10", 3000)]


def test_m39c_a_quarterly_item_beside_a_monthly_one():
    quarter = period("il_q", "2026-01-01", "2026-04-01", "q45", ADDED)
    rows = past(S(item(BASE, "p20")), *months(1, 5, "p20", BASE, quarter), now="2026-05-20")
    assert short(rows) == [("activated", "2026-01-01", 3500), ("downgraded", "2026-04-01", 2000)]


def test_m39c_a_quarterly_item_that_comes_and_goes_beside_a_yearly_one():
    came = bill("in_02", "2026-04-01", period("il_q", "2026-04-01", "2026-07-01", "q45", ADDED))
    rows = past(S(item(BASE, "y120")), yearly_with(), came, NEXT_YEAR)
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("upgraded", "2026-04-01", 2500),
        ("downgraded", "2026-07-01", 1000),
    ]


def test_m39c_a_monthly_item_swapped_for_a_quarterly_one():
    quarter = bill(
        "in_q",
        "2026-02-12",
        period("il_q", "2026-02-12", "2026-05-12", "q45", ADDED),
        reason=UPDATE,
    )
    rows = past(S(item(ADDED, "q45")), *months(1, 2, "p20", BASE), quarter, now="2026-04-20")
    assert short(rows)[1:] == [("downgraded", "2026-02-12", 1500)]


def test_m39c_one_of_two_items_of_one_price_is_gone():
    lines = [
        period("il_a", "2026-01-01", "2026-02-01", "p20", BASE),
        period("il_b", "2026-01-01", "2026-02-01", "p20", ADDED),
    ]
    first = bill("in_01", "2026-01-01", *lines, reason="subscription_create")
    rows = past(S(item(BASE, "p20")), first, *months(2, 2, "p20", BASE), now="2026-03-20")
    assert short(rows) == [("activated", "2026-01-01", 4000), ("downgraded", "2026-02-01", 2000)]


def test_m39c_a_swap_with_prorations_takes_their_time():
    """The credit of the month is left for the next invoice, the year is billed at once."""
    year = bill(
        "in_y",
        "2026-02-12",
        period("il_y", "2026-02-12", "2027-02-12", "y120", BASE),
        reason=UPDATE,
    )
    late = bill(
        "in_z",
        "2027-02-12",
        credit("il_c", "2026-02-12", "2026-03-01", of="p20", amount=-1200, si=BASE),
        period("il_z", "2027-02-12", "2028-02-12", "y120", BASE),
    )
    rows = past(S(item(BASE, "y120")), *months(1, 2, "p20", BASE), year, late)
    assert short(rows)[1:] == [("downgraded", "2026-02-12", 1000)]


def test_m39c_a_pending_proration_billed_with_the_new_interval_is_of_the_time_before():
    pending = debit("il_d", "2026-02-05", "2026-03-01", of="p20", quantity=2, amount=3400, si=BASE)
    year = bill(
        "in_y",
        "2026-02-12",
        pending,
        period("il_y", "2026-02-12", "2027-02-12", "y120", ADDED),
        reason=UPDATE,
    )
    rows = past(S(item(ADDED, "y120")), *months(1, 2, "p20", BASE), year, now="2026-09-01")
    assert short(rows)[1:] == [
        ("quantity_increased", "2026-02-05", 4000),
        ("downgraded", "2026-02-12", 1000),
    ]


def test_m39c_all_items_may_be_swapped_at_once_and_one_kept():
    lines = [
        period("il_a", "2026-01-01", "2026-02-01", "p20", BASE),
        period("il_b", "2026-01-01", "2026-02-01", "p10", ADDED),
        period("il_c", "2026-01-01", "2026-02-01", "p30", "si_kept"),
    ]
    first = bill("in_01", "2026-01-01", *lines, reason="subscription_create")
    year = bill(
        "in_y",
        "2026-01-20",
        period("il_y", "2026-01-20", "2027-01-20", "y120", "si_new"),
        reason=UPDATE,
    )
    kept = bill("in_k", "2026-02-01", period("il_k", "2026-02-01", "2026-03-01", "p30", "si_kept"))
    raw = S(item("si_kept", "p30"), item("si_new", "y120"))
    rows = past(raw, first, year, kept, now="2026-02-20")
    assert short(rows) == [("activated", "2026-01-01", 6000), ("downgraded", "2026-01-20", 4000)]
