"""What old invoices prove of a subscription's items: M28, M38 to M40."""

import pytest

from source_stripe_saas.mrr.evidence import interval_of
from source_stripe_saas.mrr.identity import event_id
from unit_tests.source_stripe_saas.mrr.builders import invoice, item, line, on, price, short
from unit_tests.source_stripe_saas.mrr.histories import (
    MONTHS,
    S,
    credit,
    debit,
    history,
    month,
    two_items,
)


def test_m38_drafts_void_updates_and_revised_invoices_prove_nothing():
    wrong = [
        month(1, quantity=5, status="draft"),
        invoice(
            "in_u",
            "2026-01-10",
            debit("il_u", "2026-01-10", "2026-02-01", quantity=6),
            reason="subscription_update",
            status="void",
        ),
        {**month(1, quantity=7), "id": "in_r", "latest_revision": "in_s"},
        {**month(1, quantity=8), "id": "in_t"},
        month(1, quantity=1, from_invoice={"action": "revision", "invoice": "in_t"}),
    ]
    rows = history(S(), month(0), *wrong, states_only=False)
    assert [row["event_type"] for row in rows] == ["activated", "first_payment", "renewed"]


def test_m38_a_revision_that_is_still_a_draft_takes_no_place():
    draft = month(1, quantity=9, from_invoice={"action": "revision", "invoice": "in_1"})
    draft.update(id="in_d", status="draft")
    rows = history(S(item(quantity=2)), month(0), month(1, quantity=2), draft)
    assert short(rows)[1:] == [("quantity_increased", "2026-02-01", 2000)]


@pytest.mark.parametrize("status", ["open", "uncollectible", "void"])
def test_m38_unpaid_renewals_prove_the_state_all_the_same(status):
    rows = history(S(item(quantity=2)), month(0), month(1, quantity=2, status=status))
    assert short(rows)[1] == ("quantity_increased", "2026-02-01", 2000)


def test_m38_a_proration_that_names_only_its_invoice_item_is_looked_up():
    lines = []
    for key, quantity, amount in (("ii_1", 1, -500), ("ii_2", 3, 1500)):
        one = line(f"il_{key}", "2026-01-16", "2026-02-01", quantity=quantity, amount=amount)
        details = {"invoice_item": key, "proration": True}
        one["parent"] = {"type": "invoice_item_details", "invoice_item_details": details}
        lines.append(one)
    own = {"subscription": "sub_1", "subscription_item": "si_1"}
    known = [
        {"id": "ii_1", "parent": {"subscription_details": own}},
        {"id": "ii_2", "subscription_item": "si_1"},
    ]
    renewal = month(1, *lines, line("il_1", "2026-02-01", "2026-03-01", quantity=3, amount=3000))
    rows = history(S(item(quantity=3)), month(0), renewal, invoiceitems=known)
    assert short(rows)[1] == ("quantity_increased", "2026-01-16", 3000)


def test_m38_a_quote_accepted_creates():
    rows = history(S(), month(0, reason="quote_accept"))
    assert rows[0]["time_precision"] == "exact"


def test_m39_1_an_update_invoice_dates_a_change_of_interval_exactly():
    lines = [
        credit("il_c", "2026-01-16", "2026-02-01"),
        line("il_n", "2026-01-16", "2027-01-16", "y120", 1, 12000),
    ]
    change = invoice("in_u", "2026-01-16", *lines, reason="subscription_update")
    rows = history(S(item(of="y120", quantity=1)), month(0), change)
    assert short(rows) == [("activated", "2026-01-01", 1000), ("plan_changed", "2026-01-16", 1000)]
    assert rows[1]["time_precision"] == "exact"
    assert rows[1]["event_id"] == event_id("sub_1", "plan_changed", "il_n")


def test_m39_2_of_several_debits_the_one_that_differs_counts():
    # The free seat's "credit" is a line of amount 0 for what was there before.
    first = month(0, of="zero")
    lines = [
        debit("il_c", "2026-01-16", "2026-02-01", of="zero", amount=0),
        debit("il_d", "2026-01-16", "2026-02-01", of="p20"),
    ]
    change = invoice("in_u", "2026-01-16", *lines, reason="subscription_update")
    rows = history(S(item(of="p20")), first, change)
    assert short(rows)[1] == ("upgraded", "2026-01-16", 2000)
    assert rows[1]["event_id"] == event_id("sub_1", "upgraded", "il_d")


def test_m39_3_a_credit_alone_is_a_removal():
    both = [
        line("il_0", "2026-01-01", "2026-02-01"),
        line("il_1", "2026-01-01", "2026-02-01", "p20", 1, 2000, "si_2"),
    ]
    gone = credit("il_c", "2026-01-16", "2026-02-01", amount=-1000, si="si_2")
    rows = history(S(), month(0, *both), month(1, gone, line("il_2", "2026-02-01", "2026-03-01")))
    assert short(rows) == [("activated", "2026-01-01", 3000), ("downgraded", "2026-01-16", 1000)]
    assert rows[1]["event_id"] == event_id("sub_1", "downgraded", "il_c")


def test_m39_3_a_removal_in_the_second_of_a_renewal_is_one():
    both = [
        line(f"il_{number}", start, end, of, 1, amount, si)
        for number, (start, end, of, amount, si) in enumerate(
            (start, end, of, amount, si)
            for start, end in (("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-03-01"))
            for of, amount, si in (("p10", 1000, "si_1"), ("p20", 2000, "si_2"))
        )
    ]
    gone = credit("il_c", "2026-02-01", "2026-03-01", amount=-2000, si="si_2")
    update = invoice("in_9", "2026-02-01", gone, reason="subscription_update")
    rows = history(S(), month(0, *both[:2]), month(1, *both[2:]), update)
    assert short(rows)[1] == ("downgraded", "2026-02-01", 1000)


def test_m39_3_a_credit_beside_a_debit_is_no_removal():
    both = [
        line("il_0", "2026-01-01", "2026-02-01"),
        line("il_1", "2026-01-01", "2026-02-01", "p20", 1, 2000, "si_2"),
    ]
    lines = [
        credit("il_c", "2026-01-16", "2026-02-01", amount=-1000, si="si_2"),
        debit("il_d", "2026-01-16", "2026-02-01", "p20", 2, 2000, si="si_2"),
    ]
    change = invoice("in_9", "2026-01-16", *lines, reason="subscription_update")
    rows = history(S(item(), item("si_2", "p20", 2)), month(0, *both), change)
    assert short(rows)[1:] == [("quantity_increased", "2026-01-16", 5000)]


def test_m39_3_a_free_credit_is_known_by_the_items_it_credits():
    both = [
        line("il_0", "2026-01-01", "2026-02-01"),
        line("il_1", "2026-01-01", "2026-02-01", "zero", 1, 0, "si_2"),
    ]
    details = {"proration_details": {"credited_items": {"invoice": "in_0"}}}
    gone = line("il_c", "2026-01-16", "2026-02-01", "zero", 1, 0, "si_2", True, details=details)
    rows = history(S(), month(0, *both), month(1, gone, line("il_2", "2026-02-01", "2026-03-01")))
    assert short(rows)[1] == ("plan_changed", "2026-01-16", 1000)


def test_m39_4_an_item_a_renewal_does_not_bill_is_gone():
    both = [
        line("il_0", "2026-01-01", "2026-02-01"),
        line("il_1", "2026-01-01", "2026-02-01", "p20", 1, 2000, "si_2"),
        line("il_2", "2026-01-01", "2027-01-01", "y120", 1, 12000, "si_3"),
    ]
    raw = S(item(), item("si_3", "y120"))
    rows = history(raw, month(0, *both), month(1))
    assert short(rows) == [("activated", "2026-01-01", 4000), ("downgraded", "2026-02-01", 2000)]
    assert rows[1]["time_precision"] == "period_start"
    assert rows[1]["event_id"] == event_id("sub_1", "downgraded", "in_1")


def test_m39_4_a_renewal_that_bills_only_usage_misses_the_item_that_is_gone():
    usage = [
        line(f"il_u{n}", MONTHS[n], MONTHS[n + 1], of="meter", si="si_m", amount=7) for n in (0, 1)
    ]
    first = month(0)
    second = month(1, usage[0], line("il_1", MONTHS[1], MONTHS[2]))
    third = month(2, usage[1])  # dated back to the month it bills
    rows = history(S(item("si_m", "meter")), first, second, third)
    assert ("downgraded", "2026-03-01", 0) in short(rows)


def test_m39_a_price_that_is_gone_is_read_from_its_line():
    lost = line("il_0", "2026-01-01", "2026-04-01", "lost", 2, 6000)
    lost["pricing"]["unit_amount_decimal"] = "3000"
    rows = history(S(item(of="p10")), month(0, lost), now="2026-01-20")
    assert short(rows)[0] == ("activated", "2026-01-01", 2000)  # 2 x 3000 / 3


def test_m39_the_interval_of_a_price_that_is_gone_is_not_its_trials():
    free = line("il_0", "2026-01-01", "2026-01-15", "lost", 1, 0)
    billed = line("il_1", "2026-01-15", "2026-02-15", "lost", 1, 1234)
    for each in (free, billed):
        each["pricing"]["unit_amount_decimal"] = "1234"
    trial = {"trial_start": on("2026-01-01"), "trial_end": on("2026-01-15")}
    first = invoice("in_0", "2026-01-01", free, reason="subscription_create")
    rows = history(
        S(item(), **trial), first, invoice("in_1", "2026-01-15", billed), now="2026-02-01"
    )
    assert ("trial_converted", "2026-01-15", 1234) in short(rows)


@pytest.mark.parametrize(
    ("days", "interval"),
    [
        (27, ("month", 1)),
        (31, ("month", 1)),
        (90, ("month", 3)),
        (181, ("month", 6)),
        (366, ("year", 1)),
        (14, ("week", 2)),
        (10, ("day", 10)),
    ],
)
def test_m39_interval_by_the_length_of_a_period(days, interval):
    assert interval_of(days * 86_400) == interval


def test_m40_evidence_of_what_is_known_makes_no_row():
    rows = history(S(), *(month(number) for number in range(4)))
    assert short(rows) == [("activated", "2026-01-01", 1000)]


def test_old_lines_without_an_item_are_of_the_only_item():
    bare = line("sub_1", "2026-02-01", "2026-03-01", quantity=2, amount=2000)
    bare.pop("parent")
    bare["type"] = "subscription"
    rows = history(S(item(quantity=2)), month(0), month(1, bare))
    assert short(rows)[1] == ("quantity_increased", "2026-02-01", 2000)


def test_prices_of_lines_may_be_in_the_older_shape():
    old = line("il_1", "2026-02-01", "2026-03-01")
    del old["pricing"]
    old["plan"] = price("p20")
    rows = history(S(item(of="p20")), month(0), month(1, old))
    assert short(rows)[1] == ("upgraded", "2026-02-01", 2000)


def test_m39_a_line_that_only_names_a_plan_that_is_gone_is_read_by_its_amount():
    lost = line("il_0", "2026-01-01", "2026-02-01", quantity=2, amount=3000)
    lost["pricing"] = {"unit_amount_decimal": "1500"}
    lost["plan"] = {"id": "lost"}
    rows = history(S(item(of="p10")), month(0, lost), now="2026-01-20")
    assert short(rows)[0] == ("activated", "2026-01-01", 3000)


def test_m39_a_quantity_of_nothing_is_a_quantity():
    lines = [
        credit("il_c", "2026-01-16", "2026-02-01"),
        debit("il_d", "2026-01-16", "2026-02-01", quantity=0, amount=0),
        line("il_1", "2026-02-01", "2026-03-01", quantity=0, amount=0),
    ]
    rows = history(S(item(quantity=2)), month(0), month(1, *lines), month(2, quantity=2))
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("quantity_decreased", "2026-01-16", 0),
        ("quantity_increased", "2026-03-01", 2000),
    ]


def test_m39_an_item_swapped_for_another_is_one_change_named_by_its_smallest_line():
    lines = [
        credit("il_b", "2026-01-16", "2026-02-01"),
        debit("il_a", "2026-01-16", "2026-02-01", of="p20", si="si_2"),
    ]
    change = invoice("in_9", "2026-01-16", *lines, reason="subscription_update")
    rows = history(S(item("si_2", "p20")), month(0), change)
    assert short(rows)[1:] == [("upgraded", "2026-01-16", 2000)]
    assert rows[1]["event_id"] == event_id("sub_1", "upgraded", "il_a")


def test_m28_an_old_invoice_that_was_closed_unpaid_is_void():
    closed = month(1, quantity=2)
    closed.update(status=None, paid=False, closed=True, status_transitions=None, attempt_count=3)
    rows = history(S(item(quantity=2)), month(0), closed, states_only=False)
    assert [row["event_type"] for row in rows] == [
        "activated",
        "first_payment",
        "quantity_increased",
    ]


def test_m28_lines_of_another_subscription_on_an_old_invoice_are_not_its_own():
    other = line("il_x", MONTHS[1], MONTHS[2], quantity=9, amount=9000)
    other.update(parent=None, type="subscription", subscription="sub_2", subscription_item="si_9")
    rows = history(S(), month(0), month(1, other, line("il_1", MONTHS[1], MONTHS[2])))
    assert short(rows) == [("activated", "2026-01-01", 1000)]


@pytest.mark.parametrize(("end", "is_gone"), [("2026-02-02", True), ("2026-02-02 00:00:01", False)])
def test_m39_4_an_item_is_gone_if_its_last_period_ended_within_a_day(end, is_gone):
    other = line("il_x", MONTHS[0], end, "p20", 1, 2000, "si_2")
    rows = history(S(), two_items(0, other), two_items(1), horizon="2026-02-20", now="2026-02-25")
    at = "2026-02-01" if is_gone else "2026-02-20"
    assert short(rows)[1:] == [("downgraded", at, 1000)]


def test_m39_4_an_item_may_be_gone_for_a_while():
    def other(number):
        start, end = MONTHS[number], MONTHS[number + 1]
        return line(f"il_x{number}", start, end, "p20", 1, 2000, "si_2")

    raw = S(item(), item("si_2", "p20"))
    rows = history(raw, two_items(0, other(0)), two_items(1), two_items(2, other(2)))
    assert short(rows) == [
        ("activated", "2026-01-01", 3000),
        ("downgraded", "2026-02-01", 1000),
        ("upgraded", "2026-03-01", 3000),
    ]
