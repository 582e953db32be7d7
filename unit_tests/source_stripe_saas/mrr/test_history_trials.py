"""Trials and free periods in the history older than the events: M41 and M24."""

from unit_tests.source_stripe_saas.mrr.builders import (
    BORN,
    invoice,
    item,
    line,
    on,
    short,
)
from unit_tests.source_stripe_saas.mrr.histories import TRIAL, S, credit, free, history, month


def test_m41_a_line_of_nothing_is_a_trial_and_later_a_free_period():
    raw = S(trial_start=on("2026-02-10"), trial_end=on("2026-03-10"))
    rows = history(
        raw,
        month(0, free("il_0", "2026-01-01", "2026-01-15")),
        invoice("in_1", "2026-01-15", line("il_1", "2026-01-15", "2026-02-15")),
        invoice(
            "in_2",
            "2026-02-10",
            credit("il_2", "2026-02-10", "2026-02-15"),
            free("il_3", "2026-02-10", "2026-03-10"),
            reason="subscription_update",
        ),
    )
    assert short(rows) == [
        ("trial_started", "2026-01-01", 0),
        ("trial_converted", "2026-01-15", 1000),
        ("free_period_started", "2026-02-10", 1000),
        ("free_period_ended", "2026-03-10", 1000),
    ]


def test_m41_a_free_line_inside_another_extends_the_trial():
    raw = S(trial_start=BORN, trial_end=on("2026-02-10"))
    later = invoice(
        "in_1", "2026-01-10", free("il_1", "2026-01-10", "2026-02-10"), reason="subscription_update"
    )
    rows = history(raw, month(0, free("il_0", "2026-01-01", "2026-01-15")), later)
    assert short(rows) == [
        ("trial_started", "2026-01-01", 0),
        ("trial_extended", "2026-01-10", 0),
        ("trial_converted", "2026-02-10", 1000),
    ]


def test_m41_a_trial_ended_early_ends_when_it_was_billed():
    raw = S(trial_start=BORN, trial_end=on("2026-01-08"))
    billed = invoice("in_1", "2026-01-08", line("il_1", "2026-01-08", "2026-02-08"))
    rows = history(raw, month(0, free("il_0", "2026-01-01", "2026-01-15")), billed)
    assert short(rows)[1] == ("trial_converted", "2026-01-08", 1000)


def test_m41_an_earlier_trial_ends_when_it_was_billed_whatever_the_object_tells_of_the_last():
    raw = S(trial_start=on("2026-03-01"), trial_end=on("2026-03-20"))
    rows = history(
        raw,
        month(0, free("il_0", "2026-01-01", "2026-01-15")),
        invoice("in_1", "2026-01-08", line("il_1", "2026-01-08", "2026-02-08")),
    )
    assert short(rows)[:2] == [
        ("trial_started", "2026-01-01", 0),
        ("trial_converted", "2026-01-08", 1000),
    ]


def test_m41_without_a_trial_on_the_object_a_free_line_is_a_stub():
    rows = history(S(), month(0, free("il_0", "2026-01-01", "2026-01-15")))
    assert short(rows) == [("activated", "2026-01-01", 1000)]


def test_m41_the_object_tells_the_trial_no_line_shows():
    rows = history(S(**TRIAL))
    assert short(rows) == [
        ("trial_started", "2026-01-01", 0),
        ("trial_converted", "2026-01-15", 1000),
    ]


def test_m41_a_trial_that_paused_for_want_of_a_payment_method_did_not_convert():
    first = month(0, free("il_0", "2026-01-01", "2026-01-15"))
    rows = history(S(status="paused", **TRIAL), first)
    assert short(rows)[1:] == [("paused", "2026-01-15", 0)]
    pauses = {"trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}, **TRIAL}
    ended = S(status="canceled", ended_at=on("2026-03-01"), **pauses)
    assert [row["event_type"] for row in history(ended, first)] == [
        "trial_started",
        "paused",
        "trial_expired",
    ]
    billed = invoice("in_1", "2026-02-10", line("il_1", "2026-02-10", "2026-03-10"))
    assert short(history(S(**pauses), first, billed))[1:] == [
        ("paused", "2026-01-15", 0),
        ("resumed", "2026-02-10", 1000),
    ]
    on_time = invoice("in_1", "2026-01-15", line("il_1", "2026-01-15", "2026-02-15"))
    assert short(history(S(**pauses), first, on_time))[1:] == [
        ("trial_converted", "2026-01-15", 1000)
    ]


def test_m41_usage_billed_for_a_trial_does_not_end_it():
    first = month(0, free("il_0", "2026-01-01", "2026-01-15"))
    longer = free("il_x", "2026-01-10", "2026-01-25")
    extended = invoice("in_x", "2026-01-10", longer, reason="subscription_update")
    usage = line("il_u", "2026-01-10", "2026-01-25", of="meter", si="si_m", amount=7)
    billed = invoice("in_1", "2026-01-25", usage, line("il_1", "2026-01-25", "2026-02-25"))
    trial = {"trial_start": on("2026-01-01"), "trial_end": on("2026-01-25")}
    raw = S(item(), item("si_m", "meter", created=on("2026-01-01")), **trial)
    assert short(history(raw, first, extended, billed))[:3] == [
        ("trial_started", "2026-01-01", 0),
        ("trial_extended", "2026-01-10", 0),
        ("trial_converted", "2026-01-25", 1000),
    ]


def test_m41_a_trial_that_ended_later_than_its_line_says_ended_when_the_object_says():
    raw = S(trial_start=BORN, trial_end=on("2026-01-20"))
    billed = invoice("in_1", "2026-01-20", line("il_1", "2026-01-20", "2026-02-20"))
    rows = history(raw, month(0, free("il_0", "2026-01-01", "2026-01-15")), billed)
    assert short(rows) == [
        ("trial_started", "2026-01-01", 0),
        ("trial_converted", "2026-01-20", 1000),
    ]


def test_m24_a_trial_that_only_the_object_tells_is_a_free_period_after_a_payment():
    raw = S(trial_start=on("2026-03-10"), trial_end=on("2026-04-10"))
    rows = history(raw, month(0), month(1), month(2), now="2026-04-20")
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("free_period_started", "2026-03-10", 1000),
        ("free_period_ended", "2026-04-10", 1000),
    ]
