"""The order of events, and what the clock does between them: M30, M31, M33."""

import pytest

from unit_tests.source_stripe_saas.mrr.builders import (
    coupon,
    created,
    discount,
    event,
    invoice,
    item,
    line,
    on,
    rows_of,
    short,
    snapshot,
    subscription,
    updated,
)


def seats(key, before, after, at="2026-02-01"):
    return updated(
        subscription(item(quantity=after)), {"items": {"data": [item(quantity=before)]}}, at, key
    )


def test_m30_events_of_one_second_are_put_in_the_order_that_chains():
    told = [created(subscription()), seats("evt_c", 3, 4), seats("evt_a", 1, 2)]
    told.append(seats("evt_b", 2, 3))
    for turn in range(4):
        rows = rows_of(events=told[turn:] + told[:turn])
        assert [row["stripe_event_id"] for row in rows] == ["evt_1", "evt_a", "evt_b", "evt_c"]
        assert {row["time_precision"] for row in rows} == {"exact"}


def test_m30_without_a_chain_the_oldest_comes_first():
    # Neither follows the other: the list is newest first.
    told = [seats("evt_y", 8, 9), seats("evt_x", 5, 6), created(subscription())]
    rows = rows_of(events=told)
    assert [row["stripe_event_id"] for row in rows] == [
        "evt_1",
        None,
        "evt_x",
        None,
        "evt_y",
    ]


def test_m30_created_comes_first_and_deleted_last_in_their_second():
    ended = subscription(item(quantity=2), status="canceled", ended_at=on("2026-01-01"))
    told = [
        event("evt_3", "customer.subscription.deleted", "2026-01-01", ended),
        seats("evt_2", 1, 2, "2026-01-01"),
        created(subscription()),
    ]
    assert [row["event_type"] for row in rows_of(events=told)] == [
        "activated",
        "quantity_increased",
        "canceled",
    ]


def test_m30_two_events_that_tell_one_change_give_one_row():
    paused = subscription(status="paused")
    told = [
        created(subscription(status="active")),
        event("evt_3", "customer.subscription.paused", "2026-02-01", paused),
        updated(paused, {"status": "active"}, "2026-02-01 00:00:01", "evt_4"),
    ]
    assert [row["event_type"] for row in rows_of(events=told)] == ["activated", "paused"]
    told[1]["created"] += 2
    assert [row["event_type"] for row in rows_of(events=told)] == ["activated", "paused"]


def test_m30_a_customers_discount_changes_all_its_subscriptions_that_have_none():
    other = {**subscription(discounts=["di_own"]), "id": "sub_2"}
    coming = {**discount("di_c", of=coupon()), "customer": "cus_1", "subscription": None}
    told = [
        created(subscription()),
        created(other, "evt_2"),
        event("evt_3", "customer.discount.created", "2026-02-01", coming),
        event("evt_4", "customer.discount.deleted", "2026-03-01", coming),
    ]
    rows = rows_of(events=told, discounts=[discount("di_own")], coupons=[coupon()])
    mine = [row for row in rows if row["subscription_id"] == "sub_1"]
    assert short(mine) == [
        ("activated", "2026-01-01", 1000),
        ("discount_applied", "2026-02-01", 500),
        ("discount_removed", "2026-03-01", 1000),
    ]
    assert short([row for row in rows if row not in mine]) == [("activated", "2026-01-01", 500)]


def test_m30_a_discount_event_of_the_subscription_itself_makes_no_row():
    own = discount("di_1", of=coupon(), subscription="sub_1", customer="cus_1")
    told = [
        created(subscription()),
        event("evt_3", "customer.discount.created", "2026-02-01", own),
    ]
    assert len(rows_of(events=told)) == 1


def test_m30_state_rows_come_before_invoice_rows_of_their_second():
    first = invoice(
        "in_1", "2026-02-01", line("il_1", "2026-02-01", "2026-03-01"), reason="subscription_cycle"
    )
    told = [
        created(subscription()),
        seats("evt_2", 1, 2),
    ]
    told.append(event("evt_0", "invoice.paid", "2026-02-01", first))
    assert [row["event_type"] for row in rows_of(events=told)] == [
        "activated",
        "quantity_increased",
        "first_payment",
    ]


def test_m30_an_event_read_twice_counts_once():
    raw = invoice("in_2", "2026-02-01", status="open", total=1000)
    failed = event("evt_7", "invoice.payment_failed", "2026-02-01", raw)
    assert len(rows_of(events=[created(subscription()), failed, failed])) == 2


def test_m30_rows_end_at_the_upper_bound():
    told = [created(subscription()), seats("evt_2", 1, 2)]
    assert len(rows_of(events=told, now="2026-01-31")) == 1


def test_m31_a_discount_ends_by_the_clock_and_only_once():
    ending = discount(end="2026-03-01")
    with_it = subscription(discounts=["di_1"])
    told = [
        created(with_it),
        updated(subscription(discounts=[]), {"discounts": ["di_1"]}, "2026-03-01 00:20"),
    ]
    given = {"events": told, "discounts": [ending], "coupons": [coupon()]}
    assert short(rows_of(**given)) == [
        ("activated", "2026-01-01", 500),
        ("discount_expired", "2026-03-01", 1000),
    ]
    assert rows_of(**given)[1]["source"] == "clock"
    early = [told[0], {**told[1], "created": on("2026-02-20")}]
    assert short(rows_of(**{**given, "events": early}))[1][0] == "discount_removed"


def test_m31_a_pause_ends_by_the_clock():
    paused = subscription(pause_collection={"behavior": "void", "resumes_at": on("2026-03-01")})
    shots = [snapshot("2026-01-01", subscription()), snapshot("2026-02-01", paused)]
    assert short(rows_of(snapshots=shots))[2] == ("resumed", "2026-03-01", 1000)
    assert len(rows_of(snapshots=shots, now="2026-02-28")) == 2


def test_m31_nothing_ends_by_the_clock_at_or_after_the_end_of_the_subscription():
    ended = subscription(discounts=["di_1"], status="canceled", ended_at=on("2026-03-01"))
    shots = [
        snapshot("2026-01-01", subscription(discounts=["di_1"])),
        snapshot("2026-03-01 00:00:02", ended),
    ]
    rows = rows_of(snapshots=shots, discounts=[discount(end="2026-03-01")], coupons=[coupon()])
    assert short(rows)[1:] == [("canceled", "2026-03-01", 0)]


def test_m31_a_single_change_has_the_time_its_object_carries():
    inside = {"trial_start": BORN_TRIAL, "trial_end": on("2026-01-15")}
    shots = [
        snapshot("2026-01-01", subscription(status="trialing", **inside)),
        snapshot("2026-01-15 00:40", subscription(**inside)),
    ]
    assert short(rows_of(snapshots=shots))[1] == ("trial_converted", "2026-01-15", 1000)
    shots[1] = snapshot("2026-01-16 00:00", subscription(**inside))
    assert short(rows_of(snapshots=shots))[1] == ("trial_converted", "2026-01-16", 1000)


BORN_TRIAL = on("2026-01-01")


def test_m31_several_changes_at_once_have_the_time_of_the_event():
    inside = {"trial_start": BORN_TRIAL, "trial_end": on("2026-01-15")}
    shots = [
        snapshot("2026-01-01", subscription(status="trialing", **inside)),
        snapshot("2026-01-15 00:40", subscription(item(quantity=2), **inside)),
    ]
    assert {row["occurred_at"] for row in rows_of(snapshots=shots)[1:]} == {"2026-01-15T00:40:00Z"}


def test_m31_even_the_first_of_several_changes_has_the_time_of_the_event():
    inside = {"trial_start": on("2026-02-01"), "trial_end": on("2026-03-01")}
    shots = [
        snapshot("2026-01-01", subscription()),
        snapshot("2026-02-01 00:40", subscription(item(quantity=2), status="trialing", **inside)),
    ]
    rows = rows_of(snapshots=shots)[1:]
    assert [(row["event_type"], row["occurred_at"]) for row in rows] == [
        ("free_period_started", "2026-02-01T00:40:00Z"),
        ("quantity_increased", "2026-02-01T00:40:00Z"),
    ]


def test_m31_no_row_is_dated_before_the_one_ahead_of_it():
    ends = {"cancel_at_period_end": True, "canceled_at": on("2026-02-01")}
    shots = [
        snapshot("2026-01-01", subscription()),
        snapshot("2026-02-01 00:10", subscription(item(quantity=2))),
        snapshot("2026-02-01 00:20", subscription(item(quantity=2), **ends)),
    ]
    assert short(rows_of(snapshots=shots))[1:] == [
        ("quantity_increased", "2026-02-01T00:10:00Z", 2000),
        ("cancellation_scheduled", "2026-02-01T00:10:00Z", 2000),
    ]


def test_m30_nine_events_of_one_second_are_put_in_order_too():
    told = [seats(f"evt_{n}", n, n + 1) for n in range(1, 10)]
    rows = rows_of(events=[*told[::2], created(subscription(), "evt_0"), *told[1::2]])
    assert [row["stripe_event_id"] for row in rows] == [f"evt_{n}" for n in range(10)]
    assert {row["time_precision"] for row in rows} == {"exact"}


def test_m29_the_same_change_told_again_much_later_had_been_undone_between():
    again = seats("evt_3", 1, 2, "2026-03-01")
    rows = rows_of(events=[created(subscription()), seats("evt_2", 1, 2), again])
    assert [(row["event_type"], row["time_precision"]) for row in rows[1:]] == [
        ("quantity_increased", "exact"),
        ("quantity_decreased", "bounded"),
        ("quantity_increased", "exact"),
    ]


@pytest.mark.parametrize(("at", "count"), [("2026-02-01 00:02", 2), ("2026-02-01 00:02:01", 4)])
def test_m30_two_events_tell_one_change_if_they_are_no_two_minutes_apart(at, count):
    events = [created(subscription()), seats("evt_2", 1, 2), seats("evt_3", 1, 2, at)]
    assert len(rows_of(events=events)) == count


def test_m30_a_customers_discount_that_is_replaced_is_removed_and_applied():
    def given(key, percent, start):
        mine = discount(key, of=coupon(f"F{percent}", percent), start=start)
        return {**mine, "customer": "cus_1", "subscription": None}

    first, second = given("di_a", 50, "2026-02-01"), given("di_b", 10, "2026-03-01")
    before = {name: first[name] for name in ("id", "source", "start")}
    events = [
        created(subscription()),
        event("evt_2", "customer.discount.created", "2026-02-01", first),
        event("evt_3", "customer.discount.updated", "2026-03-01", second, before),
        event("evt_4", "customer.discount.deleted", "2026-04-01", second),
    ]
    rows = rows_of(events=events)
    assert [(row["event_type"], row["discount_id"], row["mrr_after"]) for row in rows] == [
        ("activated", None, 1000),
        ("discount_applied", "di_a", 500),
        ("discount_removed", "di_a", 1000),
        ("discount_applied", "di_b", 900),
        ("discount_removed", "di_b", 1000),
    ]


def test_m31_a_pause_extended_before_its_end_ends_later():
    def paused(until):
        return subscription(pause_collection={"behavior": "void", "resumes_at": on(until)})

    shots = [
        snapshot("2026-01-01", subscription()),
        snapshot("2026-02-01", paused("2026-03-01")),
        snapshot("2026-02-15", paused("2026-04-01")),
    ]
    assert short(rows_of(snapshots=shots))[1:] == [
        ("paused", "2026-02-01", 0),
        ("resumed", "2026-04-01", 1000),
    ]


def test_m31_after_the_end_nothing_ends_by_the_clock_even_if_the_object_still_names_it():
    ended = subscription(
        discounts=["di_1"],
        status="canceled",
        ended_at=on("2026-02-10"),
        pause_collection={"behavior": "void", "resumes_at": on("2026-02-20")},
    )
    shots = [
        snapshot("2026-01-01", subscription(discounts=["di_1"])),
        snapshot("2026-02-10", ended),
    ]
    rows = rows_of(snapshots=shots, discounts=[discount(end="2026-03-01")], coupons=[coupon()])
    assert [row["event_type"] for row in rows] == ["activated", "canceled"]


def test_m33_an_invoice_that_a_list_shows_paid_is_paid_whatever_an_older_event_shows():
    bill = line("il_2", "2026-02-01", "2026-03-01")
    before = invoice("in_2", "2026-02-01", bill, status="open")
    failed = event("evt_2", "invoice.payment_failed", "2026-02-01 01:00", before)
    paid = invoice("in_2", "2026-02-01", bill, paid="2026-02-04")
    rows = rows_of(events=[created(subscription()), failed], invoices=[paid])
    assert short(rows)[1:] == [
        ("payment_failed", "2026-02-01T01:00:00Z", 1000),
        ("first_payment", "2026-02-04", 1000),
    ]


def test_m2_an_invoice_made_by_hand_that_fails_says_nothing_of_the_subscription():
    by_hand = invoice("in_2", "2026-02-01", reason="manual", status="open", total=5000)
    failed = event("evt_2", "invoice.payment_failed", "2026-02-01", by_hand)
    assert len(rows_of(events=[created(subscription()), failed])) == 1
