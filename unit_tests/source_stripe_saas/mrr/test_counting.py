"""What counts, and how a row moves MRR: M22 to M27 and M34."""

import pytest

from source_stripe_saas.mrr.counting import counts
from source_stripe_saas.mrr.movement import movement_of
from source_stripe_saas.mrr.options import options_from
from source_stripe_saas.mrr.standing import Standing
from unit_tests.source_stripe_saas.mrr.builders import (
    invoice,
    line,
    on,
    rows_of,
    short,
    snapshot,
    subscription,
)

END = on("2026-03-01")


def standing(status="active", pause=None, by_end=False, requested=False, **more):
    return Standing("usd", status, (), (), (), pause, by_end, None, requested, None, **more)


def is_counted(one, has_paid=True, **options):
    return counts(one, has_paid, options_from(options))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("incomplete", False),
        ("incomplete_expired", False),
        ("trialing", False),
        ("active", True),
        ("past_due", True),
        ("unpaid", False),
        ("paused", False),
        ("canceled", False),
    ],
)
def test_m22_statuses_that_count_by_default(status, expected):
    assert is_counted(standing(status)) is expected


@pytest.mark.parametrize(
    ("status", "option"),
    [("past_due", {"past_due": "exclude"}), ("unpaid", {"unpaid": "count"})],
)
def test_m22_m27_dunning_counts_as_chosen(status, option):
    assert is_counted(standing(status), **option) is not is_counted(standing(status))


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("by_behavior", {"keep_as_draft": True, "void": False, "mark_uncollectible": False}),
        ("count", {"keep_as_draft": True, "void": True, "mark_uncollectible": True}),
        ("exclude", {"keep_as_draft": False, "void": False, "mark_uncollectible": False}),
    ],
)
def test_m23_a_paused_collection_counts_by_what_is_still_owed(choice, expected):
    found = {
        behavior: is_counted(standing(pause=behavior), pause_collection=choice)
        for behavior in expected
    }
    assert found == expected


def trial(start, end, **more):
    return {
        "status": "trialing",
        "trial_start": on(start),
        "trial_end": on(end),
        **more,
    }


def test_m24_a_trial_counts_only_if_chosen():
    shots = [snapshot("2026-01-01", subscription(**trial("2026-01-01", "2026-01-15")))]
    assert short(rows_of(snapshots=shots)) == [("trial_started", "2026-01-01", 0)]
    included = rows_of(snapshots=shots, options={"trials": "include"})
    assert short(included) == [("trial_started", "2026-01-01", 1000)]


def free_month(options=None, price="p30"):
    inside = trial("2026-03-05", "2026-04-05")
    changed = {"items": {"data": [{"id": "si_1", "price": price, "quantity": 1}]}}
    return rows_of(
        snapshots=[
            snapshot("2026-01-01", subscription()),
            snapshot("2026-03-05", subscription(**inside)),
            snapshot("2026-03-10", subscription(**{**inside, **changed})),
            snapshot("2026-04-05", subscription(**{**inside, **changed, "status": "active"})),
        ],
        options=options or {},
    )


def test_m24_a_free_period_keeps_mrr_and_cannot_raise_it():
    assert short(free_month()) == [
        ("activated", "2026-01-01", 1000),
        ("free_period_started", "2026-03-05", 1000),
        ("upgraded", "2026-03-10", 1000),
        ("free_period_ended", "2026-04-05", 3000),
    ]


def test_m24_a_free_period_left_out_is_a_suspension():
    rows = free_month({"free_periods": "exclude"})
    assert [(row["mrr_after"], row["movement"]) for row in rows] == [
        (1000, "new"),
        (0, "contraction"),
        (0, "none"),
        (3000, "expansion"),
    ]
    assert [row["suspended_after"] for row in rows] == [False, True, True, False]


def test_m24_a_trial_on_a_free_plan_is_a_trial():
    zero = {"items": {"data": [{"id": "si_1", "price": "zero", "quantity": 1}]}}
    inside = trial("2026-03-05", "2026-04-05")
    rows = rows_of(
        snapshots=[
            snapshot("2026-01-01", subscription(**zero)),
            snapshot("2026-03-05", subscription(**inside)),
        ]
    )
    # C falls to 0, so the status comes first (M32).
    assert [row["event_type"] for row in rows] == ["activated", "trial_started", "upgraded"]
    assert rows[-1]["mrr_after"] == 0


def test_m24_first_sight_of_a_trial_after_a_payment_is_a_free_period():
    seen = subscription(**trial("2026-03-05", "2026-04-05"))
    paid = invoice("in_1", "2026-01-02", total=1000, reason="subscription_update")
    rows = rows_of(snapshots=[snapshot("2026-01-01", seen)], invoices=[paid])
    assert short(rows)[0] == ("activated", "2026-01-01", 1000)
    unpaid = rows_of(snapshots=[snapshot("2026-01-01", seen)])
    assert short(unpaid) == [("trial_started", "2026-01-01", 0)]


def test_m25_a_request_ends_mrr_only_if_chosen_and_a_fixed_term_never_does():
    asked = standing(by_end=True, requested=True)
    assert is_counted(asked)
    assert not is_counted(asked, churn_at="request")
    assert is_counted(standing(), churn_at="request")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"cancel_at_period_end": True}, 0),
        ({"cancel_at": END, "cancellation_details": {"reason": "cancellation_requested"}}, 0),
        ({"cancel_at": END}, 1000),
    ],
)
def test_m25_what_is_a_request(more, expected):
    rows = rows_of(
        snapshots=[
            snapshot("2026-01-01", subscription()),
            snapshot("2026-02-01", subscription(**more)),
        ],
        options={"churn_at": "request"},
    )
    assert short(rows)[-1] == ("cancellation_scheduled", "2026-02-01", expected)


def test_m26_mrr_can_wait_for_the_first_payment_above_zero():
    free = invoice("in_0", "2026-01-01", total=0, reason="subscription_create")
    paid = invoice(
        "in_1", "2026-02-01", line("il_1", "2026-02-01", "2026-03-01"), paid="2026-02-03"
    )
    given = {"snapshots": [snapshot("2026-01-01", subscription())], "invoices": [free, paid]}
    rows = rows_of(**given, options={"new_mrr_at": "first_payment"})
    assert short(rows) == [("activated", "2026-01-01", 0), ("first_payment", "2026-02-03", 1000)]
    assert rows[-1]["movement"] == "new"
    assert [row["movement"] for row in rows_of(**given)] == ["new", "none"]


def test_m27_dunning_keeps_the_value_until_it_is_given_up():
    rows = rows_of(
        snapshots=[
            snapshot("2026-01-01", subscription()),
            snapshot("2026-02-01", subscription(status="past_due")),
            snapshot("2026-02-20", subscription(status="unpaid")),
            snapshot("2026-03-20", subscription(status="active")),
        ]
    )
    assert [(row["event_type"], row["mrr_after"], row["movement"]) for row in rows] == [
        ("activated", 1000, "new"),
        ("past_due", 1000, "none"),
        ("unpaid", 0, "churn"),
        ("reactivated", 1000, "reactivation"),
    ]


@pytest.mark.parametrize(
    ("event_type", "before", "after", "phase", "zero", "expected"),
    [
        ("activated", 0, 5, "never", "churn", ("new", "paying")),
        ("resumed", 0, 5, "suspended", "churn", ("expansion", "paying")),
        ("reactivated", 0, 5, "lapsed", "churn", ("reactivation", "paying")),
        ("upgraded", 3, 5, "paying", "churn", ("expansion", "paying")),
        ("downgraded", 5, 3, "paying", "churn", ("contraction", "paying")),
        ("paused", 5, 0, "paying", "churn", ("contraction", "suspended")),
        ("past_due", 5, 0, "paying", "churn", ("contraction", "suspended")),
        ("downgraded", 5, 0, "paying", "churn", ("churn", "lapsed")),
        ("downgraded", 5, 0, "paying", "contraction", ("contraction", "suspended")),
        ("discount_applied", 5, 0, "paying", "contraction", ("contraction", "suspended")),
        ("canceled", 5, 0, "paying", "contraction", ("churn", "lapsed")),
        ("canceled", 0, 0, "suspended", "churn", ("churn", "lapsed")),
        ("unpaid", 0, 0, "suspended", "churn", ("churn", "lapsed")),
        ("canceled", 0, 0, "lapsed", "churn", ("none", "lapsed")),
        ("renewed", 0, 0, "suspended", "churn", ("none", "suspended")),
    ],
)
def test_m34_movement_and_phase(event_type, before, after, phase, zero, expected):
    assert movement_of(event_type, before, after, phase, zero) == expected
