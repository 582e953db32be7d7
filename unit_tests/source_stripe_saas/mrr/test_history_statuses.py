"""Statuses, pauses and ends that old invoices tell of: M43 to M45."""

import pytest

from unit_tests.source_stripe_saas.mrr.builders import BORN, invoice, item, line, on, short
from unit_tests.source_stripe_saas.mrr.histories import S, credit, given_up, history, month


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


def changed_to_a_year(at="2026-02-20", total=12000, **more):
    """The invoice of a change to the yearly price, made within the second month."""
    year = line("il_y", at, "2027-02-20", "y120", 1, 12000)
    return invoice("in_y", at, year, reason="subscription_update", total=total, **more)


def test_m44_a_change_that_is_billed_and_paid_ends_a_pause():
    found = (month(0, of="p20"), given_up(1, "uncollectible", of="p20"), changed_to_a_year())
    rows = history(S(item(of="y120")), *found)
    assert short(rows) == [
        ("activated", "2026-01-01", 2000),
        ("paused", "2026-02-01", 0),
        ("downgraded", "2026-02-20", 0),
        ("resumed", "2026-02-20", 1000),  # 12000 / 12
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"total": 0},
        {"status": "open"},
        {"times": {"marked_uncollectible_at": on("2026-02-20 01:00")}},
    ],
    ids=["of nothing", "not paid", "given up and paid by hand"],
)
def test_m44_what_a_pause_lets_through_does_not_end_it(more):
    found = (month(0, of="p20"), given_up(1, of="p20"), changed_to_a_year(**more))
    rows = history(S(item(of="y120")), *found, now="2026-04-15")
    assert [row["occurred_at"] for row in rows if row["event_type"] == "resumed"] == [
        "2026-04-15T00:00:00Z"
    ]


def test_m44_a_current_pause_that_was_to_end_ended_by_the_clock():
    paused = S(pause_collection={"behavior": "void", "resumes_at": on("2026-03-10")})
    rows = history(paused, month(0), given_up(1), given_up(2), horizon="2026-03-20")
    assert short(rows)[1:] == [("paused", "2026-02-01", 0), ("resumed", "2026-03-10", 1000)]
    assert rows[-1]["source"] == "clock"
