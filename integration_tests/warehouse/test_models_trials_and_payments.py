"""Trials and failed payments: what counts as paid, recovered and lost, worked out by hand."""

from __future__ import annotations

import pytest

from integration_tests.warehouse.handmade import Handmade, life, seconds

pytestmark = pytest.mark.slow

NOW = "2026-06-30"
# Of three trials that came to their end, one paid.
TRIALS = [
    *life(
        "sub_paid", "paid",
        ("2026-03-01", "trial_started", 0), ("2026-03-15", "trial_converted", 1000),
        ("2026-03-15 01:00", "first_payment", 1000),
    ),
    *life(
        "sub_dead_card", "dead_card",
        ("2026-03-01", "trial_started", 0), ("2026-03-15", "trial_converted", 1000),
        ("2026-03-15 01:00", "payment_failed", 1000), ("2026-03-25", "canceled", 0),
    ),
    *life(
        "sub_free", "free",
        ("2026-03-01", "trial_started", 0), ("2026-03-15", "trial_converted", 0),
        ("2026-03-15 01:00", "renewed", 0),
    ),
    # Two in April: a fee for setting up is paid during the trial, and the plan after it, or not.
    *life(
        "sub_setup", "setup",
        ("2026-04-01", "trial_started", 0), ("2026-04-01", "first_payment", 0),
        ("2026-04-15", "trial_converted", 1000), ("2026-04-16 02:00", "renewed", 1000),
    ),
    *life(
        "sub_setup_only", "setup_only",
        ("2026-04-01", "trial_started", 0), ("2026-04-01", "first_payment", 0),
        ("2026-04-15", "trial_converted", 1000), ("2026-04-15 01:00", "payment_failed", 1000),
    ),
    # Paid the fee, took a larger plan after the trial and paid for that: no row tells of it.
    *life(
        "sub_setup_grown", "grown",
        ("2026-05-20", "trial_started", 0), ("2026-05-20", "first_payment", 0),
        ("2026-06-03", "trial_converted", 1000), ("2026-06-04", "upgraded", 2000),
    ),
    *life("sub_still", "still", ("2026-06-20", "trial_started", 0)),
]  # fmt: skip
for row in TRIALS:
    if row["event_type"] == "first_payment" and row["subscription_id"].startswith("sub_setup"):
        row["status_after"] = "trialing"


def invoice(key, status, attempts, paid="", **more):
    """An invoice of 1000 finalized on the first of May at 01:00."""
    return {
        "id": key,
        "customer": "paid",
        "status": status,
        "currency": "usd",
        "created": seconds("2026-05-01 00:00"),
        "collection_method": "charge_automatically",
        "attempt_count": attempts,
        "total": 1000,
        "amount_due": 1000,
        "amount_paid": 1000 if status == "paid" else 0,
        "amount_remaining": 0 if status == "paid" else 1000,
        "parent": {"subscription_details": {"subscription": "sub_paid"}},
        "status_transitions": {
            "finalized_at": seconds("2026-05-01 01:00"),
            "paid_at": seconds(paid) if paid else None,
        },
        **more,
    }


INVOICES = [
    invoice("in_at_once", "paid", 1, "2026-05-01 01:00"),
    # Stripe counts automatic attempts only: the ledger, or a charge, knows of the failure.
    invoice("in_by_hand", "paid", 1, "2026-05-03 07:30"),
    invoice("in_by_hand_long_ago", "paid", 1, "2026-05-02 01:00"),
    invoice("in_retried", "paid", 2, "2026-05-05 01:00"),
    invoice("in_voided_after_four", "void", 4),
    invoice("in_written_off", "uncollectible", 4),
    invoice("in_failing", "open", 2),
    invoice(
        "in_failing_later", "open", 1, created=seconds("2026-06-10"),
        status_transitions={"finalized_at": seconds("2026-06-10 01:00")},
    ),
    invoice("in_being_debited", "open", 1),
    invoice("in_mistake", "void", 0),
    invoice(
        "in_grown", "paid", 1, "2026-06-05", created=seconds("2026-06-04"),
        parent={"subscription_details": {"subscription": "sub_setup_grown"}},
        status_transitions={
            "finalized_at": seconds("2026-06-04"), "paid_at": seconds("2026-06-05")
        },
    ),
]  # fmt: skip
CHARGES = [
    {"id": "ch_failed", "status": "failed", "payment_intent": "pi_long_ago"},
    {"id": "ch_pending", "status": "pending", "payment_intent": "pi_debit"},
]
PAYMENTS = [
    {
        "id": "inpay_1",
        "invoice": "in_by_hand_long_ago",
        "payment": {"payment_intent": "pi_long_ago"},
    },
    {"id": "inpay_2", "invoice": "in_being_debited", "payment": {"payment_intent": "pi_debit"}},
]
# Invoices until 2018 say by three flags what a status says now; of the last one nothing is known.
OLD = {
    "in_old_paid": {"paid": True, "closed": True, "forgiven": False},
    "in_old_forgiven": {"paid": False, "closed": True, "forgiven": True},
    "in_old_closed": {"paid": False, "closed": True, "forgiven": False},
    "in_old_open": {"paid": False, "closed": False, "forgiven": False},
    "in_old_unknown": {},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    failed = life(
        "sub_failing", "failing",
        ("2026-01-01", "activated", 1000), ("2026-05-01 01:00", "payment_failed", 1000),
    )  # fmt: skip
    failed[-1]["invoice_id"] = "in_by_hand"
    made = Handmade(
        tmp_path_factory.mktemp("payments"),
        {
            "subscription_events": [*TRIALS, *failed],
            "invoices": INVOICES,
            "charges": [
                {**each, "currency": "usd", "created": seconds("2026-05-01 02:00"), "amount": 1000}
                for each in CHARGES
            ],
            "invoice_payments": PAYMENTS,
        },
        NOW,
    )
    made.execute(
        *(
            f"alter table stripe_raw.invoices add column {name} {kind}"
            for name, kind in [
                ("paid", "boolean"), ("closed", "boolean"), ("forgiven", "boolean"),
                ("date", "bigint"), ("subscription", "varchar"),
            ]
        ),
        *(
            "insert into stripe_raw.invoices (id, currency, date, total, amount_due, "
            f"{', '.join(['attempt_count', *flags])}) values ('{key}', 'usd', "
            f"{seconds('2016-02-03')}, 500, 500, {', '.join(['0', *map(str, flags.values())])})"
            for key, flags in OLD.items()
        ),
    )  # fmt: skip
    result = made.build()
    assert result.success, result.bad
    return made


def trials(made):
    return made.rows(
        "select strftime(cohort_month, '%Y-%m'), trials, conversions, expired, pending_trials, "
        "open_trials, conversion_rate, average_days_to_convert from trial_conversions order by 1"
    )


def test_a_trial_converts_by_its_first_payment_above_0(built):
    assert trials(built) == [
        # One of three paid: a card that never worked, and 100 % off for ever, did not.
        ("2026-03", 3, 1, 1, 1, 0, pytest.approx(1 / 3, abs=1e-6), 14),
        # One of two paid for the plan, on the day after the trial.
        ("2026-04", 2, 1, 0, 1, 0, 0.5, 15),
        ("2026-05", 1, 1, 0, 0, 0, 1, 16),
        ("2026-06", 1, 0, 0, 0, 1, 0, None),
    ]


@pytest.mark.parametrize(
    ("moment", "march"),
    [("status", (3, 3, 0, 0, 0)), ("new_mrr", (3, 2, 0, 1, 0)), ("first_payment", (3, 1, 1, 1, 0))],
)
def test_an_option_takes_the_status_or_new_mrr_for_the_conversion(built, moment, march):
    result = built.build(
        "--indirect-selection=cautious", "--select", "int_stripe__trials", "trial_conversions",
        trial_conversion_at=moment,
    )  # fmt: skip
    assert result.success, result.bad
    assert trials(built)[0][1:6] == march


def test_new_mrr_at_the_first_payment_reaches_the_conversions(tmp_path):
    # As the connector writes the two with `new_mrr_at: first_payment`.
    rows = [
        *life(
            "sub_paid", "paid",
            ("2026-03-01", "trial_started", 0), ("2026-03-15", "trial_converted", 0),
            ("2026-03-17", "first_payment", 1000),
        ),
        *life(
            "sub_dead_card", "dead_card",
            ("2026-03-01", "trial_started", 0), ("2026-03-15", "trial_converted", 0),
            ("2026-03-25", "canceled", 0),
        ),
    ]  # fmt: skip
    made = Handmade(tmp_path, {"subscription_events": rows}, NOW)
    result = made.build(
        "--indirect-selection=cautious", "--select", "+trial_conversions",
        trial_conversion_at="new_mrr",
    )  # fmt: skip
    assert result.success, result.bad
    assert trials(made) == [("2026-03", 2, 1, 1, 0, 0, 0.5, 16)]


def test_failure_is_known_by_ledger_charges_and_attempts_together(built):
    assert built.rows(
        "select invoices, paid_invoices, open_invoices, void_invoices, uncollectible_invoices, "
        "failed_invoices, recovered_invoices, lost_invoices, recovery_rate, "
        "average_hours_to_recover from payment_health where date_month = date '2026-05-01'"
    ) == [
        # Failed: two paid by hand, one retried, one voided, one written off, one still failing.
        # Recovered after 54.5, 24 and 96 hours: 174.5 / 3.
        (9, 4, 2, 2, 1, 6, 3, 2, 0.5, 58.2)
    ]


def test_an_invoice_under_way_or_voided_without_an_attempt_has_not_failed(built):
    failed = built.rows("select invoice_id from int_stripe__invoice_failures order by 1")
    assert [row[0] for row in failed] == [
        *("in_by_hand", "in_by_hand_long_ago", "in_failing", "in_failing_later"),
        *("in_retried", "in_voided_after_four", "in_written_off"),
    ]


def test_payments_fail_since_the_first_failure_of_what_is_open(built):
    assert built.rows(
        "select subscription_id, strftime(signaled_at, '%m-%d %H:%M') from churn_signals "
        "where reason = 'payment_failed'"
    ) == [("sub_paid", "05-01 01:00")]


def test_invoices_of_before_2019_are_in_the_state_that_their_flags_say(built):
    assert built.rows(
        "select invoices, paid_invoices, open_invoices, void_invoices, uncollectible_invoices, "
        "unknown_invoices, invoiced_minor, paid_minor, open_minor "
        "from payment_health where date_month = date '2016-02-01'"
    ) == [(5, 1, 1, 1, 1, 1, 2500, 500, 500)]
