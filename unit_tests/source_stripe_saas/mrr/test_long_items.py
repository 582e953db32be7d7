"""Payloads show ten items of a list: M5 in what events tell of longer subscriptions."""

import pytest

from unit_tests.source_stripe_saas.mrr.builders import (
    BORN,
    coupon,
    created,
    discount,
    event,
    item,
    on,
    rows_of,
    short,
    updated,
)
from unit_tests.source_stripe_saas.mrr.builders import subscription as bare

TWELVE = [item(f"si_{n:02}", created=BORN) for n in range(12)]


def cut(items):
    """What an event shows of a list of items."""
    return {"object": "list", "data": items[:10], "has_more": len(items) > 10}


def told(items, **more):
    return {**bare(**more), "items": cut(items)}


def test_m5_an_event_that_shows_ten_items_of_twelve_is_worth_twelve():
    events = [
        created(told(TWELVE)),
        updated(
            told(TWELVE, cancel_at_period_end=True),
            {"cancel_at_period_end": False},
            "2026-02-01",
        ),
    ]
    now = {**bare(*TWELVE), "cancel_at_period_end": True}
    assert short(rows_of(events=events, subscriptions=[now])) == [
        ("activated", "2026-01-01", 12_000),
        ("cancellation_scheduled", "2026-02-01", 12_000),
    ]


def test_m5_an_item_added_out_of_sight_was_not_there_before_its_creation():
    added = item("si_12", "p20", created=on("2026-02-01"))
    # The old ones are shown first, before and after: only its creation tells when it came.
    events = [
        created(told(TWELVE)),
        updated(told([*TWELVE, added]), {"items": cut(TWELVE)}, "2026-02-01"),
    ]
    assert short(rows_of(events=events, subscriptions=[bare(*TWELVE, added)])) == [
        ("activated", "2026-01-01", 12_000),
        ("upgraded", "2026-02-01", 14_000),
    ]


def test_m5_an_item_removed_is_known_from_where_it_was_shown():
    events = [
        created(told(TWELVE)),
        updated(told(TWELVE[1:]), {"items": cut(TWELVE)}, "2026-02-01"),
    ]
    rows = rows_of(events=events, subscriptions=[bare(*TWELVE[1:])])
    assert short(rows) == [
        ("activated", "2026-01-01", 12_000),
        ("downgraded", "2026-02-01", 11_000),
    ]


@pytest.mark.parametrize("is_first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    ("kind", "before", "row", "after"),
    [("deleted", 11_500, "removed", 12_000), ("created", 12_000, "applied", 11_500)],
    ids=["deleted", "created"],
)
def test_m5_a_discount_of_an_item_out_of_sight_is_told_by_its_own_event(
    kind, before, row, after, is_first
):
    """Half of 10.00 off the last of twelve items of 10.00; the change shows the first ten."""
    held = discount(subscription="sub_1", subscription_item="si_11", start="2026-02-01")
    last = {**TWELVE[11], "discounts": [held] if kind == "created" else []}
    change = updated(told(TWELVE, days_until_due=1), {"items": cut(TWELVE)}, "2026-02-01")
    gone = event("evt_3", f"customer.discount.{kind}", "2026-02-01", held)
    rows = rows_of(
        events=[created(told(TWELVE)), *([gone, change] if is_first else [change, gone])][::-1],
        subscriptions=[bare(*TWELVE[:11], last)],
        coupons=[coupon()],
    )
    assert short(rows) == [
        ("activated", "2026-01-01", before),
        (f"discount_{row}", "2026-02-01", after),
    ]


def test_m52_the_order_of_many_items_does_not_hang_on_which_a_payload_shows():
    shuffled = [*TWELVE[6:], *TWELVE[:6]]
    rows = rows_of(events=[created(told(shuffled))], subscriptions=[bare(*TWELVE)])
    assert [one["id"] for one in rows[0]["items_after"]] == [one["id"] for one in TWELVE]
