"""Customers' movements as the company itself keeps them, from entries written out by hand."""

from datetime import date, datetime, timezone
from fractions import Fraction

from stripe_sandbox.company.clients import customer_movements, monthly_movements
from stripe_sandbox.company.ledger import LedgerEntry


def moment(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def entry(at, kind, before, after, sub="sub_A", currency="usd"):
    return LedgerEntry(
        subscription_id=sub,
        customer_id="cus_1",
        currency=currency,
        at=moment(at),
        event_type=kind,
        mrr_before=Fraction(before),
        mrr_after=Fraction(after),
        mrr_before_minor=before,
        mrr_after_minor=after,
        list_mrr_before=Fraction(before),
        list_mrr_after=Fraction(after),
        status_before=None,
        status_after="active",
    )


def moved(*entries):
    return [
        (each.day.isoformat(), each.currency, each.movement, each.amount_minor)
        for each in customer_movements(entries)
    ]


def test_coming_back_with_another_subscription_is_a_reactivation():
    assert moved(
        entry("2026-01-01", "activated", 0, 1000),
        entry("2026-02-01", "canceled", 1000, 0),
        entry("2026-04-01", "activated", 0, 2000, "sub_B"),
    ) == [
        ("2026-01-01", "usd", "new", 1000),
        ("2026-02-01", "usd", "churn", -1000),
        ("2026-04-01", "usd", "reactivation", 2000),
    ]


def test_one_of_two_subscriptions_canceled_is_contraction():
    assert moved(
        entry("2026-01-01", "activated", 0, 1000),
        entry("2026-01-02", "activated", 0, 500, "sub_B"),
        entry("2026-02-01", "canceled", 1000, 0),
    ) == [
        ("2026-01-01", "usd", "new", 1000),
        ("2026-01-02", "usd", "expansion", 500),
        ("2026-02-01", "usd", "contraction", -1000),
    ]


def test_a_switch_inside_one_day_is_one_net_movement():
    assert moved(
        entry("2026-01-01", "activated", 0, 1000),
        entry("2026-02-01T22:00", "canceled", 1000, 0),
        entry("2026-02-01T22:05", "activated", 0, 2000, "sub_B"),
    )[1:] == [("2026-02-01", "usd", "expansion", 1000)]


def test_a_switch_over_midnight_is_contraction_and_expansion_within_24_hours_only():
    entries = [
        entry("2026-01-01", "activated", 0, 1000),
        entry("2026-02-01T22:00", "canceled", 1000, 0),
    ]
    in_time = entry("2026-02-02T22:00", "activated", 0, 2000, "sub_B")
    too_late = entry("2026-02-02T22:00:01", "activated", 0, 2000, "sub_B")
    assert [each[2] for each in moved(*entries, in_time)] == ["new", "contraction", "expansion"]
    assert [each[2] for each in moved(*entries, too_late)] == ["new", "churn", "reactivation"]


def test_a_pause_is_contraction_and_its_end_expansion_or_churn_of_nothing():
    paused = [
        entry("2026-01-01", "activated", 0, 1000),
        entry("2026-02-10", "paused", 1000, 0),
    ]
    assert moved(*paused, entry("2026-04-10", "resumed", 0, 1000))[1:] == [
        ("2026-02-10", "usd", "contraction", -1000),
        ("2026-04-10", "usd", "expansion", 1000),
    ]
    gone = [*paused, entry("2026-03-01", "canceled", 0, 0)]
    assert moved(*gone, entry("2026-05-01", "activated", 0, 700, "sub_B"))[1:] == [
        ("2026-02-10", "usd", "contraction", -1000),
        ("2026-03-01", "usd", "churn", 0),
        ("2026-05-01", "usd", "reactivation", 700),
    ]


def test_a_move_to_another_currency_is_contraction_and_expansion():
    assert moved(
        entry("2026-01-01", "activated", 0, 1000),
        entry("2026-02-01T10:00", "activated", 0, 900, "sub_B", "eur"),
        entry("2026-02-01T11:00", "canceled", 1000, 0),
    )[1:] == [
        ("2026-02-01", "eur", "expansion", 900),
        ("2026-02-01", "usd", "contraction", -1000),
    ]


def test_subscribed_and_canceled_on_one_day_is_no_movement():
    assert (
        moved(
            entry("2026-01-01T10:00", "activated", 0, 1000),
            entry("2026-01-01T11:00", "canceled", 1000, 0),
        )
        == []
    )


def test_months_open_as_the_last_one_closed_and_quiet_months_are_there():
    months = monthly_movements(
        [
            entry("2026-01-05", "activated", 0, 1000),
            entry("2026-03-31T23:59:59", "quantity_increased", 1000, 1500),
        ],
        moment("2026-04-02"),
    )
    nothing = dict.fromkeys(("new", "expansion", "contraction", "churn", "reactivation"), 0)
    assert months == {
        ("usd", date(2026, 1, 1)): {**nothing, "opening": 0, "new": 1000, "closing": 1000},
        ("usd", date(2026, 2, 1)): {**nothing, "opening": 1000, "closing": 1000},
        ("usd", date(2026, 3, 1)): {
            **nothing,
            "opening": 1000,
            "expansion": 500,
            "closing": 1500,
        },
        ("usd", date(2026, 4, 1)): {**nothing, "opening": 1500, "closing": 1500},
    }
