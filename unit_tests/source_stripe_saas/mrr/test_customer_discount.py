"""A customer's discount, which no subscription tells: M16, M30 and M47, and M52 across syncs."""

import json

from source_stripe_saas.mrr import Catalog, Context, Options, derive_subscription, facts_of
from source_stripe_saas.mrr.moment import iso
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
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
    subscription,
    updated,
)

GIVEN = {**discount("di_c", of=coupon()), "customer": "cus_1", "subscription": None}
CUSTOMER = {"id": "cus_1", "discount": GIVEN}
PLAIN = subscription(customer={"id": "cus_1", "discount": None})
REBATED = subscription(customer=CUSTOMER)
BORN_PAID = invoice(
    "in_1", "2026-01-01", line("il_1", "2026-01-01", "2026-02-01"), reason="subscription_create"
)


def given_at(at, kind="created", key="evt_c"):
    return event(key, f"customer.discount.{kind}", at, GIVEN)


def synced(objects, events):
    """Rows of syncs that see one object each, with nothing but a bare context between them."""
    rows, context, since = [], None, 0
    for at, raw in objects:
        document = {
            "now": iso(on(at)),
            "horizon": iso(on("2026-02-01")),
            "subscriptions": [raw],
            "invoices": [BORN_PAID],
            "events": [one for one in events if since < one["created"] <= on(at)],
        }
        (facts,) = facts_of(document)
        catalog = Catalog(PRICES)
        made, context = derive_subscription(facts, catalog, Options(), context)
        rows += made
        text = json.dumps(context.compact(keep_timed=False).to_json())
        context, since = Context.from_json(json.loads(text)), on(at)
    return rows


def test_m47_the_anchor_has_the_customers_discount_of_the_horizon_not_of_today():
    rows = rows_of(
        subscriptions=[subscription(customer=CUSTOMER)],
        invoices=[BORN_PAID],
        events=[given_at("2026-02-10")],
        horizon="2026-02-01",
    )
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("first_payment", "2026-01-01", 1000),
        ("discount_applied", "2026-02-10", 500),
    ]


def test_m47_the_state_before_the_first_event_is_older_than_the_customers_discount():
    later = subscription(item(quantity=2), customer=CUSTOMER)
    rows = rows_of(
        subscriptions=[later],
        invoices=[BORN_PAID],
        events=[
            given_at("2026-02-10"),
            updated(
                subscription(item(quantity=2)),
                {"items": {"data": [item(quantity=1)]}},
                "2026-02-20",
            ),
        ],
        horizon="2026-02-01",
    )
    assert short(rows)[2:] == [
        ("discount_applied", "2026-02-10", 500),
        ("quantity_increased", "2026-02-20", 1000),
    ]


def test_m52_a_customers_discount_given_between_two_syncs_is_a_row_of_the_second():
    rows = synced([("2026-02-05", PLAIN), ("2026-03-01", REBATED)], [given_at("2026-02-10")])
    assert short(rows)[2:] == [("discount_applied", "2026-02-10", 500)]


def test_m52_a_customers_discount_is_still_known_to_the_third_sync():
    ending = {"cancel_at_period_end": True, "canceled_at": on("2026-03-05")}
    before = {"cancel_at_period_end": False, "canceled_at": None}
    scheduled = updated(subscription(**ending), before, "2026-03-05", "evt_s")
    rows = synced(
        [
            ("2026-02-05", PLAIN),
            ("2026-03-01", REBATED),
            ("2026-04-01", {**REBATED, **ending}),
        ],
        [given_at("2026-02-10"), scheduled],
    )
    assert short(rows)[2:] == [
        ("discount_applied", "2026-02-10", 500),
        ("cancellation_scheduled", "2026-03-05", 500),
    ]


def test_m52_a_discount_over_or_used_up_is_not_removed_by_the_sync_that_sees_it_go():
    over = discount("di_over", of=coupon("R", duration="repeating"), end="2026-02-01")
    used = discount("di_used", of=coupon("O", duration="once"))
    first = subscription(discounts=["di_over", "di_used"])
    gone = updated(subscription(discounts=[]), {"discounts": ["di_over", "di_used"]}, "2026-03-05")
    rows, context, since = [], None, 0
    # Once the renewal has dropped them, nothing tells any more what they were.
    for at, listed in (("2026-02-10", [over, used]), ("2026-04-01", [])):
        document = {
            "now": iso(on(at)),
            "discounts": {one["id"]: one for one in listed},
            "events": [one for one in (created(first), gone) if since < one["created"] <= on(at)],
        }
        (facts,) = facts_of(document)
        catalog = Catalog(PRICES, {}, document["discounts"])
        made, context = derive_subscription(facts, catalog, Options(), context)
        rows += made
        text = json.dumps(context.compact(keep_timed=False).to_json())
        context, since = Context.from_json(json.loads(text)), on(at)
    assert [(row["event_type"], row["discount_id"]) for row in rows] == [
        ("activated", None),
        ("discount_expired", "di_over"),
    ]


def test_m47_a_birth_known_only_from_the_object_is_older_than_the_customers_discount():
    # No event tells of the subscription itself; its first known state is today's object.
    rows = rows_of(
        subscriptions=[subscription(customer=CUSTOMER)],
        events=[given_at("2026-02-10")],
        horizon="2025-12-20",
    )
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("discount_applied", "2026-02-10", 500),
    ]
