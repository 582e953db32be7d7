"""History older than the events: M37 to M49, and the starts and ends of M45 and M46.

Longer than most files: one subject, its cases in the order of the rules.
"""

import pytest

from source_stripe_saas.mrr import Catalog, Facts, Options, derive_subscription
from source_stripe_saas.mrr.evidence import interval_of
from source_stripe_saas.mrr.identity import event_id
from unit_tests.mrr.builders import (
    BORN,
    PRICES,
    event,
    invoice,
    item,
    line,
    on,
    price,
    rows_of,
    short,
    snapshot,
    updated,
)
from unit_tests.mrr.histories import (
    MONTHS,
    TRIAL,
    S,
    credit,
    debit,
    free,
    given_up,
    history,
    month,
    told_later,
    two_items,
)


def test_m37_rows_before_the_horizon_are_rebuilt_and_later_ones_told():
    raw, change = told_later()
    rows = history(
        raw, month(0, quantity=2), month(1, quantity=2), events=[change], horizon="2026-02-20"
    )
    assert short(rows) == [
        ("activated", "2026-01-01", 2000),
        ("quantity_increased", "2026-03-10", 3000),
    ]
    assert [row["source"] for row in rows] == ["reconstructed", "events"]


def test_m37_events_before_the_horizon_are_not_read():
    raw, change = told_later()
    rows = history(raw, month(0, quantity=2), events=[change], horizon="2026-03-20")
    assert short(rows)[1] == ("quantity_increased", "2026-03-20", 3000)
    assert rows[1]["time_precision"] == "bounded"


def test_m47_lines_at_or_after_the_horizon_prove_nothing():
    raw, change = told_later()
    lines = [
        credit("il_c", "2026-03-10", "2026-04-01", 2),
        debit("il_d", "2026-03-10", "2026-04-01", quantity=3),
    ]
    later = invoice("in_9", "2026-03-10", *lines, reason="subscription_update")
    rows = history(raw, month(0, quantity=2), later, events=[change], horizon="2026-03-10")
    assert [row["event_type"] for row in rows] == ["activated", "quantity_increased"]
    assert rows[1]["stripe_event_id"] == "evt_9"


def test_m47_lines_after_the_horizon_are_not_even_carried_back():
    raw, change = told_later()
    later = month(3, quantity=3)
    rows = history(raw, later, events=[change], horizon="2026-02-20", now="2026-04-20")
    assert short(rows) == [
        ("activated", "2026-01-01", 2000),
        ("quantity_increased", "2026-03-10", 3000),
    ]


def test_m47_a_line_older_than_the_horizon_counts_even_if_billed_after_it():
    lines = [
        credit("il_c", "2026-01-16", "2026-02-01"),
        debit("il_d", "2026-01-16", "2026-02-01", quantity=2),
    ]
    cycle = month(1, *lines, line("il_1", "2026-02-01", "2026-03-01", quantity=2, amount=2000))
    rows = history(S(item(quantity=2)), month(0), cycle, horizon="2026-01-20", now="2026-02-10")
    assert short(rows)[1] == ("quantity_increased", "2026-01-16", 2000)
    assert rows[1]["time_precision"] == "exact"


def test_m47_a_difference_at_the_horizon_is_bounded_there():
    rows = history(S(item(of="p20")), month(0), horizon="2026-01-20")
    assert short(rows)[1] == ("upgraded", "2026-01-20", 2000)
    assert rows[1]["time_precision"] == "bounded"
    assert rows[1]["event_id"] == event_id("sub_1", "upgraded", str(on("2026-01-20")))


def test_m47_an_item_added_since_the_last_evidence_has_its_own_time():
    raw = S(item(), item("si_2", "p20", created=on("2026-01-12 09:00")))
    rows = history(raw, month(0), horizon="2026-01-20")
    assert short(rows)[1] == ("upgraded", "2026-01-12T09:00:00Z", 3000)
    assert rows[1]["time_precision"] == "exact"


def test_m47_a_subscription_younger_than_the_horizon_needs_only_its_events():
    raw, change = told_later()
    rows = history(raw, month(0, quantity=9), events=[change], horizon="2025-12-20")
    assert short(rows)[0] == ("activated", "2026-01-01", 2000)
    assert [row["time_precision"] for row in rows] == ["bounded", "exact"]


def test_m47_an_end_told_by_one_event_alone_leaves_the_status_before_it_open():
    ended = S(status="canceled", ended_at=on("2026-03-10"))
    told = event("evt_9", "customer.subscription.deleted", "2026-03-10", ended)
    rows = history(ended, month(0), events=[told], horizon="2026-02-20")
    assert short(rows) == [("activated", "2026-01-01", 1000), ("canceled", "2026-03-10", 0)]


@pytest.mark.parametrize(
    ("rows", "precision"),
    [
        (history(S(item(quantity=2)), month(0), month(1, quantity=2)), "period_start"),
        (history(S(item(quantity=2)), month(0)), "bounded"),
    ],
)
def test_m48_precision_tells_how_the_time_is_known(rows, precision):
    assert [row["time_precision"] for row in rows] == ["exact", precision]


def test_m48_a_birth_whose_items_are_only_the_earliest_known_is_bounded():
    assert [row["time_precision"] for row in history(S())] == ["bounded"]


def test_m38_drafts_void_updates_revised_and_manual_invoices_prove_nothing():
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
        {**month(1, quantity=8), "id": "in_m", "billing_reason": "manual"},
    ]
    rows = history(S(), month(0), *wrong, states_only=False)
    assert [row["event_type"] for row in rows] == ["activated", "first_payment"]


@pytest.mark.parametrize("status", ["open", "uncollectible", "void"])
def test_m38_unpaid_renewals_prove_the_state_all_the_same(status):
    rows = history(S(item(quantity=2)), month(0), month(1, quantity=2, status=status))
    assert short(rows)[1] == ("quantity_increased", "2026-02-01", 2000)


def test_m38_pending_items_invoices_prove_only_by_prorations():
    lines = (
        line("il_x", "2026-01-11", "2026-02-01", quantity=9, amount=9000),
        debit("il_y", "2026-01-10", "2026-02-01", quantity=2),
    )
    reason = "automatic_pending_invoice_item_invoice"
    between = invoice("in_p", "2026-01-12", *lines, reason=reason)
    rows = history(S(item(quantity=2)), month(0), between)
    assert short(rows)[1:] == [("quantity_increased", "2026-01-10", 2000)]


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


def test_m47_a_paused_trial_ended_by_an_event_that_tells_no_status_before_never_converted():
    first = month(0, free("il_0", "2026-01-01", "2026-01-15"))
    pauses = {"trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}, **TRIAL}
    ended = S(status="canceled", ended_at=on("2026-03-10"), **pauses)
    told = event("evt_9", "customer.subscription.deleted", "2026-03-10", ended)
    assert short(history(ended, first, events=[told], horizon="2026-02-20"))[1:] == [
        ("paused", "2026-01-15", 0),
        ("trial_expired", "2026-03-10", 0),
    ]


def test_m46_a_metered_item_was_there_from_its_creation_whenever_its_usage_was_billed():
    usage = line("il_u", "2026-01-10", "2026-02-01", of="meter", si="si_m", amount=7)
    raw = S(item(), item("si_m", "meter", created=on("2026-01-01")))
    rows = history(raw, month(0), month(1, usage, line("il_1", MONTHS[1], MONTHS[2])))
    assert [row["event_type"] for row in rows] == ["activated"]


def test_m43_a_signup_paid_within_hours_was_incomplete():
    rows = history(S(), month(0, paid="2026-01-01 05:00"), states_only=False)
    assert short(rows) == [
        ("signup_incomplete", "2026-01-01", 0),
        ("activated", "2026-01-01T05:00:00Z", 1000),
        ("first_payment", "2026-01-01T05:00:00Z", 1000),
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"paid": "2026-01-01 00:01"},
        {"paid": "2026-01-03"},
        {"paid": "2026-01-01 05:00", "collection_method": "send_invoice"},
    ],
)
def test_m43_other_signups_were_active_at_once(more):
    assert short(history(S(), month(0, **more)))[0] == ("activated", "2026-01-01", 1000)


def test_m43_a_signup_never_paid_expired_after_23_hours():
    lost = S(status="incomplete_expired")
    rows = history(lost, month(0, status="void"))
    assert short(rows)[1] == ("signup_expired", "2026-01-01T23:00:00Z", 0)
    assert rows[1]["time_precision"] == "bounded"
    exact = history(S(status="incomplete_expired", ended_at=on("2026-01-01 22:00")))
    assert exact[1]["time_precision"] == "exact"


@pytest.mark.parametrize(
    ("more", "since"),
    [
        ({"attempt_count": 2, "paid": "2026-02-09"}, "2026-02-01"),
        (
            {
                "collection_method": "send_invoice",
                "due_date": on("2026-02-05"),
                "paid": "2026-02-09",
            },
            "2026-02-05",
        ),
    ],
)
def test_m43_a_renewal_paid_late_was_past_due(more, since):
    rows = history(S(), month(0), month(1, **more), states_only=False)
    assert short(rows)[2:] == [
        ("past_due", since, 1000),
        ("payment_recovered", "2026-02-09", 1000),
        ("renewed", "2026-02-09", 1000),
    ]
    assert [row["time_precision"] for row in rows[2:]] == ["bounded", "exact", "exact"]


def test_m44_a_run_of_renewals_given_up_unattempted_was_a_pause():
    rows = history(S(), month(0), given_up(1), given_up(2), month(3))
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("paused", "2026-02-01", 0),
        ("resumed", "2026-04-01", 1000),
    ]
    assert [row["time_precision"] for row in rows[1:]] == ["period_start"] * 2


def test_m44_renewals_given_up_later_or_tried_were_no_pause():
    late = history(S(), month(0), given_up(1, after="02:01"))
    tried = history(S(), month(0), {**given_up(1), "attempt_count": 1})
    assert len(late) == len(tried) == 1


def test_m44_a_current_pause_began_with_its_run_or_is_first_seen_at_the_horizon():
    paused = S(pause_collection={"behavior": "mark_uncollectible", "resumes_at": None})
    rows = history(paused, month(0), given_up(1, "uncollectible"))
    assert short(rows)[1:] == [("paused", "2026-02-01", 0)]
    unseen = history(paused, month(0), horizon="2026-01-20")
    assert short(unseen)[1:] == [("paused", "2026-01-20", 0)]


def test_m45_an_end_asked_for_is_scheduled_at_the_last_request():
    ended = S(
        status="canceled",
        ended_at=on("2026-03-01"),
        cancel_at_period_end=True,
        canceled_at=on("2026-02-10"),
        cancellation_details={"reason": "cancellation_requested", "feedback": "unused"},
    )
    rows = history(ended, month(0), month(1), options={"churn_at": "request"})
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("cancellation_scheduled", "2026-02-10", 0),
        ("canceled", "2026-03-01", 0),
    ]
    assert [row["cancellation_feedback"] for row in rows] == [None, "unused", "unused"]


@pytest.mark.parametrize("canceled_at", [None, BORN])
def test_m45_a_fixed_term_is_part_of_the_birth(canceled_at):
    raw = S(cancel_at=on("2026-12-01"), canceled_at=canceled_at)
    assert short(history(raw, month(0))) == [("activated", "2026-01-01", 1000)]


def test_m45_items_that_differ_at_the_end_are_a_bounded_row_before_it():
    ended = S(item(quantity=4), status="canceled", ended_at=on("2026-02-15"))
    rows = history(ended, month(0), month(1))
    assert short(rows)[1:] == [
        ("quantity_increased", "2026-02-15", 4000),
        ("canceled", "2026-02-15", 0),
    ]
    assert [row["time_precision"] for row in rows[1:]] == ["bounded", "exact"]


def test_m45_prorations_of_the_end_are_no_removals():
    ended = S(status="canceled", ended_at=on("2026-01-16"))
    last = invoice(
        "in_9",
        "2026-01-16",
        credit("il_c", "2026-01-16", "2026-02-01"),
        reason="subscription_update",
    )
    rows = history(ended, month(0), last)
    assert short(rows)[1:] == [("canceled", "2026-01-16", 0)]


def test_m46_birth_is_dated_by_creation_or_by_the_backdated_start():
    raw = S(start_date=on("2025-10-01"))
    assert short(history(raw, month(0))) == [("activated", "2026-01-01", 1000)]
    back = history(raw, month(0), options={"backdated_start": "start_date"})
    assert short(back) == [("activated", "2025-10-01", 1000)]


def test_m46_what_came_within_a_minute_belongs_to_the_birth():
    change = invoice(
        "in_9",
        "2026-01-01 00:01",
        credit("il_c", "2026-01-01 00:01", "2026-02-01"),
        debit("il_d", "2026-01-01 00:01", "2026-02-01", quantity=2),
        reason="subscription_update",
    )
    assert short(history(S(item(quantity=2)), month(0), change)) == [
        ("activated", "2026-01-01", 2000)
    ]


def test_m46_the_first_evidence_is_carried_back_to_birth():
    rows = history(S(item(quantity=3)), month(1, quantity=2), month(2, quantity=3))
    assert short(rows) == [
        ("activated", "2026-01-01", 2000),
        ("quantity_increased", "2026-03-01", 3000),
    ]
    assert rows[0]["time_precision"] == "bounded"


def test_m46_without_invoices_the_object_is_carried_back():
    rows = history(S(item(quantity=3)))
    assert short(rows) == [("activated", "2026-01-01", 3000)]
    assert rows[0]["time_precision"] == "bounded"


@pytest.mark.parametrize("is_bare", [False, True])
def test_m49_a_gap_is_rebuilt_from_the_last_known_state(is_bare):
    catalog = Catalog(PRICES)
    first = Facts(
        "sub_1", on("2026-01-20"), on("2026-01-05"), subscription=S(), invoices=[month(0)]
    )
    made, context = derive_subscription(first, catalog, Options())
    assert short(made)[0] == ("activated", "2026-01-01", 1000)
    lines = [
        credit("il_c", "2026-02-10", "2026-03-01"),
        debit("il_d", "2026-02-10", "2026-03-01", quantity=2),
        line("il_2", "2026-03-01", "2026-04-01", quantity=2, amount=2000),
    ]
    then = Facts(
        "sub_1",
        on("2026-05-01"),
        on("2026-01-05"),
        window_start=on("2026-04-02"),
        subscription=S(item(quantity=5)),
        invoices=[month(0), month(1), month(2, *lines)],
        events=[
            updated(S(item(quantity=5)), {"items": {"data": [item(quantity=3)]}}, "2026-04-20")
        ],
    )
    context = context.compact(keep_timed=False) if is_bare else context
    rows, _ = derive_subscription(then, catalog, Options(), context)
    assert short([row for row in rows if row["event_type"] != "renewed"]) == [
        ("quantity_increased", "2026-02-10", 2000),
        ("quantity_increased", "2026-04-02", 3000),
        ("quantity_increased", "2026-04-20", 5000),
    ]
    assert [row["time_precision"] for row in rows if row["event_type"] != "renewed"] == [
        "exact",
        "bounded",
        "exact",
    ]
    assert rows[0]["sequence"] == len(made) + 1


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


def test_snapshots_with_a_past_join_it():
    rows = rows_of(
        snapshots=[snapshot("2026-02-10", S(item(quantity=2)))],
        invoices=[month(0), month(1)],
    )
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("first_payment", "2026-01-01", 1000),
        ("renewed", "2026-02-01", 1000),
        ("quantity_increased", "2026-02-10", 2000),
    ]
    assert [row["time_precision"] for row in rows] == ["exact", "exact", "exact", "bounded"]


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


def test_m44_a_pause_that_changes_its_behavior_is_paused_again():
    rows = history(S(), month(0), given_up(1), given_up(2, "uncollectible"), month(3))
    assert short(rows)[1:] == [
        ("paused", "2026-02-01", 0),
        ("paused", "2026-03-01", 0),
        ("resumed", "2026-04-01", 1000),
    ]


def test_m44_a_pause_over_without_a_renewal_since_is_resumed_at_the_horizon():
    rows = history(S(), month(0), given_up(1), horizon="2026-02-15", now="2026-02-20")
    assert short(rows)[1:] == [("paused", "2026-02-01", 0), ("resumed", "2026-02-15", 1000)]
    assert [row["time_precision"] for row in rows[1:]] == ["period_start", "bounded"]


def test_m45_an_end_in_the_second_of_its_request_was_not_scheduled():
    at = on("2026-04-01")
    ended = S(status="canceled", ended_at=at, cancel_at=at, canceled_at=at)
    assert [row["event_type"] for row in history(ended, month(0))] == ["activated", "canceled"]


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


def test_m44_a_current_pause_that_was_to_end_ended_by_the_clock():
    paused = S(pause_collection={"behavior": "void", "resumes_at": on("2026-03-10")})
    rows = history(paused, month(0), given_up(1), given_up(2), horizon="2026-03-20")
    assert short(rows)[1:] == [("paused", "2026-02-01", 0), ("resumed", "2026-03-10", 1000)]
    assert rows[-1]["source"] == "clock"
