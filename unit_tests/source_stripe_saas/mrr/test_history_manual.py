"""Evidence on invoices of any label, in the history older than the events: M38a."""

import pytest

from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    invoice,
    item,
    line,
    price,
    rows_of,
    short,
)
from unit_tests.source_stripe_saas.mrr.histories import S, credit, debit, history, month

SEAT = price("seat", "24000", interval="year")  # 2000 a month
ALL = {**PRICES, "seat": SEAT}
YEAR = ("2025-01-01", "2026-01-01")


def year(quantity, *also):
    first = line("il_0", *YEAR, "seat", quantity, 24000 * quantity)
    return invoice("in_0", YEAR[0], first, *also, reason="subscription_create")


def yearly(quantity, *more_items):
    return S(item(of="seat", quantity=quantity), *more_items, created=1735689600)


def by_hand(key, at, *lines, own=True, **more):
    """An invoice that somebody made; without `own` it names only the customer."""
    made = invoice(key, at, *lines, reason="manual", **more)
    if not own:
        made["parent"] = None
        made["customer"] = "cus_1"
    return made


def step(key, at, before, after, own=True, **more):
    """Prorations from one quantity to another, on an invoice made by hand."""
    lines = [
        credit(f"il_{key}c", at, YEAR[1], quantity=before, amount=-before * 100, of="seat"),
        debit(f"il_{key}d", at, YEAR[1], of="seat", quantity=after, amount=after * 100),
    ]
    return by_hand(f"in_{key}", at, *lines, own=own, **more)


def past(raw, *invoices, **more):
    return history(raw, *invoices, prices=ALL, now=more.pop("now", "2025-12-15"), **more)


@pytest.mark.parametrize("own", [True, False], ids=["of the subscription", "of the customer"])
@pytest.mark.parametrize("status", ["paid", "open", "void", "uncollectible"])
def test_m38a_prorations_count_on_an_invoice_made_by_hand(own, status):
    rows = past(yearly(5), year(3), step("u", "2025-06-10", 3, 5, own=own, status=status))
    assert short(rows) == [
        ("activated", "2025-01-01", 6000),
        ("quantity_increased", "2025-06-10", 10000),
    ]
    assert rows[1]["time_precision"] == "exact"


def test_m38a_up_and_down_and_an_item_that_goes():
    more = line("il_b", *YEAR, "y120", 1, 12000, "si_2")
    gone = credit("il_g", "2025-09-01", YEAR[1], amount=-4000, of="y120", si="si_2")
    rows = past(
        yearly(2),
        year(3, more),
        step("u", "2025-06-10", 3, 5),
        step("d", "2025-07-10", 5, 2),
        by_hand("in_g", "2025-09-20", gone),
    )
    assert short(rows) == [
        ("activated", "2025-01-01", 7000),  # 6000 + 1000
        ("quantity_increased", "2025-06-10", 11000),
        ("quantity_decreased", "2025-07-10", 5000),
        ("downgraded", "2025-09-01", 4000),  # dated by its line, not by its invoice
    ]


def test_m38a_an_item_added_on_an_invoice_made_by_hand():
    added = debit("il_n", "2025-04-01", YEAR[1], of="y120", amount=9000, si="si_2")
    rows = past(yearly(1, item("si_2", "y120")), year(1), by_hand("in_n", "2025-04-03", added))
    assert short(rows)[1:] == [("upgraded", "2025-04-01", 3000)]


def test_m38a_a_period_on_an_invoice_made_by_hand_is_one():
    whole = line("il_m", "2026-02-01", "2026-03-01", quantity=8, amount=8000)
    rows = history(S(item(quantity=8)), month(0), by_hand("in_m", "2026-02-01", whole))
    assert short(rows)[1:] == [("quantity_increased", "2026-02-01", 8000)]


@pytest.mark.parametrize(
    "reason", ["automatic_pending_invoice_item_invoice", "subscription_threshold", "manual"]
)
def test_m38a_the_label_decides_nothing(reason):
    change = debit("il_y", "2026-01-10", "2026-02-01", quantity=2)
    between = invoice("in_p", "2026-01-12", change, reason=reason)
    rows = history(S(item(quantity=2)), month(0), between)
    assert short(rows)[1:] == [("quantity_increased", "2026-01-10", 2000)]


def charge(key="il_c", amount=50000, **details):
    one = line(key, "2026-01-20", "2026-01-20", "once", 3, amount)
    details = {"invoice_item": "ii_c", "proration": False, **details}
    one["parent"] = {"type": "invoice_item_details", "invoice_item_details": details}
    return one


@pytest.mark.parametrize(
    "details", [{}, {"subscription": "sub_1"}], ids=["names nobody", "names the subscription"]
)
def test_m38a_one_off_charges_prove_nothing(details):
    rows = history(
        S(),
        month(0),
        by_hand("in_c", "2026-01-20", charge(**details)),
        invoiceitems=[
            {"id": "ii_c", "parent": {"subscription_details": {"subscription": "sub_1"}}}
        ],
        states_only=False,
        options={"new_mrr_at": "first_payment"},
    )
    assert [row["event_type"] for row in rows] == ["activated", "first_payment"]


def test_m38a_a_one_off_line_of_no_kind_is_not_the_only_item():
    bare = {"id": "il_x", "amount": 9000, "quantity": 9, "period": {"start": 1, "end": 2}}
    rows = history(S(), month(0), by_hand("in_c", "2026-01-20", bare))
    assert short(rows) == [("activated", "2026-01-01", 1000)]


@pytest.mark.parametrize("status", ["draft", "revised"])
def test_m38a_drafts_and_revised_ones_count_no_more_when_made_by_hand(status):
    change = debit("il_y", "2026-01-10", "2026-02-01", quantity=9)
    wrong = by_hand("in_h", "2026-01-12", change, status="draft" if status == "draft" else "void")
    if status == "revised":
        wrong["latest_revision"] = "in_i"
    right = debit("il_z", "2026-01-10", "2026-02-01", quantity=2)
    revision = {"from_invoice": {"action": "revision", "invoice": "in_h"}}
    rows = history(
        S(item(quantity=2)), month(0), wrong, by_hand("in_i", "2026-01-13", right, **revision)
    )
    assert short(rows)[1:] == [("quantity_increased", "2026-01-10", 2000)]


def test_m38a_an_invoice_of_the_customer_bills_each_subscription_its_own_lines():
    def of(key, sub, si, quantity):
        one = debit(key, "2026-01-10", "2026-02-01", quantity=quantity, si=si)
        one["parent"]["subscription_item_details"]["subscription"] = sub
        return one

    other = {**S(item("si_9", quantity=7)), "id": "sub_9"}
    theirs = invoice(
        "in_9",
        "2026-01-01",
        line("il_9", "2026-01-01", "2026-02-01", si="si_9"),
        reason="subscription_create",
    )
    theirs["parent"]["subscription_details"]["subscription"] = "sub_9"
    both = by_hand(
        "in_b", "2026-01-12", of("il_1", "sub_1", "si_1", 2), of("il_2", "sub_9", "si_9", 7), own=0
    )
    rows = rows_of(
        subscriptions=[S(item(quantity=2)), other],
        invoices=[month(0), theirs, both],
        now="2026-01-25",
    )
    moved = [row for row in rows if row["event_type"] == "quantity_increased"]
    assert [(row["subscription_id"], row["mrr_after"]) for row in moved] == [
        ("sub_1", 2000),
        ("sub_9", 7000),
    ]


def test_m38a_a_line_that_names_only_its_invoice_item_is_found_on_the_customers_invoice():
    one = debit("il_y", "2026-01-10", "2026-02-01", quantity=2)
    details = {"invoice_item": "ii_1", "proration": True}
    one["parent"] = {"type": "invoice_item_details", "invoice_item_details": details}
    own = {"subscription": "sub_1", "subscription_item": "si_1"}
    rows = history(
        S(item(quantity=2)),
        month(0),
        by_hand("in_b", "2026-01-12", one, own=False),
        invoiceitems=[{"id": "ii_1", "parent": {"subscription_details": own}}],
    )
    assert short(rows)[1:] == [("quantity_increased", "2026-01-10", 2000)]


def test_m38a_an_item_that_is_gone_is_known_by_the_subscriptions_own_invoices():
    both = [
        line("il_0", "2026-01-01", "2026-02-01"),
        line("il_1", "2026-01-01", "2026-02-01", "p20", 1, 2000, "si_2"),
    ]
    gone = credit("il_c", "2026-01-16", "2026-02-01", amount=-1000, of="p20", si="si_2")
    rows = history(S(), month(0, *both), by_hand("in_g", "2026-01-16", gone, own=False))
    assert short(rows)[1:] == [("downgraded", "2026-01-16", 1000)]


def test_m26_the_payment_of_an_invoice_made_by_hand_is_the_first_only_for_items():
    free = month(0, line("il_0", "2026-01-01", "2026-02-01", "zero", 1, 0))
    change = debit("il_y", "2026-01-10", "2026-02-01", of="p20", amount=1400)
    paid = by_hand("in_b", "2026-01-12", change, charge())
    rows = history(
        S(item(of="p20")), free, paid, states_only=False, options={"new_mrr_at": "first_payment"}
    )
    assert short(rows)[-1] == ("first_payment", "2026-01-12", 2000)
    elsewhere = by_hand("in_b", "2026-01-12", change, own=False)
    rows = history(S(item(of="p20")), free, elsewhere, states_only=False)
    assert [row["event_type"] for row in rows] == ["activated", "upgraded"]


def test_m39b_of_two_changes_dated_alike_the_one_billed_later_counts():
    first = step("u", "2025-06-10", 3, 5)
    second = step("v", "2025-06-10", 5, 4)
    second["created"] += 3600
    assert short(past(yearly(4), year(3), first, second))[1:] == [
        ("quantity_increased", "2025-06-10", 8000)
    ]


def test_m39b_two_changes_of_one_second_on_one_invoice_are_followed_by_what_they_credit():
    # Newest first, as Stripe lists pending items: 5 becomes 4, before that 3 became 5.
    at = "2025-06-10"
    lines = [
        debit("il_4", at, YEAR[1], of="seat", quantity=4, amount=400),
        credit("il_3", at, YEAR[1], quantity=5, amount=-500, of="seat"),
        debit("il_2", at, YEAR[1], of="seat", quantity=5, amount=500),
        credit("il_1", at, YEAR[1], quantity=3, amount=-300, of="seat"),
    ]
    rows = past(yearly(4), year(3), by_hand("in_u", at, *lines))
    assert short(rows)[1:] == [("quantity_increased", at, 8000)]
    rows = past(yearly(4), year(3), by_hand("in_u", at, *lines[::-1]))
    assert short(rows)[1:] == [("quantity_increased", at, 8000)]


def test_m39_3_the_credit_that_is_billed_after_its_debit_is_no_removal():
    more = line("il_b", *YEAR, "y120", 1, 12000, "si_2")
    up = debit("il_d", "2025-06-10", YEAR[1], of="seat", quantity=5, amount=500)
    late = credit("il_c", "2025-06-10", YEAR[1], quantity=3, amount=-300, of="seat")
    rows = past(
        yearly(5, item("si_2", "y120")),
        year(3, more),
        by_hand("in_d", "2025-06-10", up),
        by_hand("in_c", "2025-06-20", late),
    )
    assert short(rows)[1:] == [("quantity_increased", "2025-06-10", 11000)]


def test_m39_3_what_a_later_update_credits_of_an_earlier_debit_is_gone():
    more = line("il_b", *YEAR, "y120", 1, 12000, "si_2")
    up = step("u", "2025-06-10", 3, 5)
    gone = credit("il_g", "2025-06-10", YEAR[1], quantity=5, amount=-500, of="seat")
    raw = S(item("si_2", "y120"), created=1735689600)
    rows = past(raw, year(3, more), up, by_hand("in_g", "2025-06-20", gone))
    assert short(rows)[1:] == [("downgraded", "2025-06-10", 1000)]
