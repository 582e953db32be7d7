"""History older than the events: births, gaps, how well times are known (M37, M46 to M49)."""

import pytest

from source_stripe_saas.mrr import Catalog, Facts, Options, derive_subscription
from source_stripe_saas.mrr.identity import event_id
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    event,
    invoice,
    item,
    line,
    on,
    rows_of,
    short,
    snapshot,
    updated,
)
from unit_tests.source_stripe_saas.mrr.histories import (
    MONTHS,
    TRIAL,
    S,
    credit,
    debit,
    free,
    history,
    month,
    told_later,
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
