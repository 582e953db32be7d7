"""From a pair of states to rows: M32, M33, M35 and M36."""

import pytest

from source_stripe_saas.mrr import COLUMNS, EVENT_TYPES
from source_stripe_saas.mrr.identity import event_id
from unit_tests.source_stripe_saas.mrr.builders import (
    BORN,
    coupon,
    created,
    discount,
    event,
    invoice,
    item,
    line,
    on,
    price,
    rows_of,
    short,
    snapshot,
    subscription,
    updated,
)

TRIAL = {"trial_start": BORN, "trial_end": on("2026-01-15")}
PAUSED = {"pause_collection": {"behavior": "void", "resumes_at": None}}
REQUESTED = {
    "cancel_at_period_end": True,
    "canceled_at": on("2026-02-01"),
    "cancellation_details": {"reason": "cancellation_requested", "feedback": "unused"},
}


def types(*states, **given):
    """The rows of states a month apart, as types."""
    months = ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01")
    shots = [snapshot(at, raw) for at, raw in zip(months, states, strict=False)]
    return [row["event_type"] for row in rows_of(snapshots=shots, **given)]


def test_m32_one_birth_row_absorbs_everything_present():
    raw = subscription(item(), item("si_2"), discounts=["di_1"], **PAUSED, **REQUESTED)
    assert types(raw, discounts=[discount()], coupons=[coupon()]) == ["activated"]


def test_m32_an_object_first_seen_unpaid_was_born_active():
    rows = rows_of(snapshots=[snapshot("2026-02-01", subscription(status="unpaid"))])
    assert short(rows) == [("activated", "2026-01-01", 1000), ("unpaid", "2026-02-01", 0)]
    assert rows[1]["time_precision"] == "bounded"


def test_m32_an_object_first_seen_ended_was_born_and_ended_in_its_time():
    ended = subscription(status="canceled", ended_at=on("2026-01-20"))
    rows = rows_of(snapshots=[snapshot("2026-02-01", ended)])
    assert short(rows) == [("activated", "2026-01-01", 1000), ("canceled", "2026-01-20", 0)]
    assert rows[1]["time_precision"] == "exact"


def test_m32_the_end_is_one_row_whatever_else_changed():
    ended = subscription(item(quantity=7), status="canceled", ended_at=on("2026-02-01"))
    assert types(subscription(), ended) == ["activated", "canceled"]


def test_m32_several_changes_are_chained_in_one_order():
    changed = subscription(item(quantity=2), discounts=["di_2"], status="past_due", **REQUESTED)
    before = subscription(discounts=["di_1"])
    known = {"discounts": [discount(), discount("di_2")], "coupons": [coupon()]}
    months = ("2026-01-01", "2026-02-01")
    shots = [snapshot(at, raw) for at, raw in zip(months, (before, changed), strict=True)]
    rows = rows_of(snapshots=shots, **known)
    assert [(row["event_type"], row["mrr_after"]) for row in rows[1:]] == [
        ("quantity_increased", 1000),
        ("discount_removed", 2000),
        ("discount_applied", 1000),
        ("past_due", 1000),
        ("cancellation_scheduled", 1000),
    ]


def test_m32_a_churn_carries_the_old_value_and_an_activation_the_new():
    low, high = subscription(), subscription(item(quantity=3), **PAUSED)
    months = ("2026-01-01", "2026-02-01", "2026-03-01")
    back = subscription(item(quantity=5))
    shots = [snapshot(at, raw) for at, raw in zip(months, (low, high, back), strict=True)]
    assert [(row["event_type"], row["mrr_delta"]) for row in rows_of(snapshots=shots)] == [
        ("activated", 1000),
        ("paused", -1000),
        ("quantity_increased", 0),
        ("quantity_increased", 0),
        ("resumed", 5000),
    ]


S = subscription
IN_TRIAL = S(status="trialing", **TRIAL)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([IN_TRIAL], ["trial_started"]),
        ([S(status="incomplete"), IN_TRIAL], ["signup_incomplete", "trial_started"]),
        ([S(status="incomplete"), S()], ["signup_incomplete", "activated"]),
        ([S(status="incomplete"), S(status="canceled")], ["signup_incomplete", "signup_expired"]),
        (
            [IN_TRIAL, S(status="trialing", trial_start=BORN, trial_end=on("2026-03-01"))],
            ["trial_started", "trial_extended"],
        ),
        (
            [IN_TRIAL, S(status="trialing", trial_start=BORN, trial_end=on("2026-01-05"))],
            ["trial_started", "trial_shortened"],
        ),
        ([IN_TRIAL, S(status="past_due", **TRIAL)], ["trial_started", "trial_converted"]),
        ([IN_TRIAL, S(status="canceled", **TRIAL)], ["trial_started", "trial_expired"]),
        (
            [IN_TRIAL, S(status="paused", **TRIAL), S(status="canceled", **TRIAL)],
            ["trial_started", "paused", "trial_expired"],
        ),
        (
            [IN_TRIAL, S(status="paused", **TRIAL), S(**TRIAL)],
            ["trial_started", "paused", "resumed"],
        ),
        (
            [IN_TRIAL, S(**TRIAL), S(status="canceled", **TRIAL)],
            ["trial_started", "trial_converted", "canceled"],
        ),
        ([S(), S(item(of="p20"))], ["activated", "upgraded"]),
        ([S(item(of="p20")), S()], ["activated", "downgraded"]),
        ([S(), S(item("si_9"))], ["activated", "plan_changed"]),
        ([S(), S(item(quantity=2))], ["activated", "quantity_increased"]),
        ([S(item(quantity=2)), S()], ["activated", "quantity_decreased"]),
        (
            [
                S(item(quantity=2), item("si_2", "p20", 1)),
                S(item(quantity=1), item("si_2", "p20", 2)),
            ],
            ["activated", "plan_changed"],
        ),
        ([S(), S(item(), item("si_2", "meter", None))], ["activated", "plan_changed"]),
        ([S(), S(status="past_due"), S()], ["activated", "past_due", "payment_recovered"]),
        (
            [S(), S(status="unpaid"), S(status="past_due")],
            ["activated", "unpaid", "reactivated"],
        ),
        ([S(), S(status="paused"), S()], ["activated", "paused", "resumed"]),
        (
            [S(), S(**PAUSED), S(pause_collection={"behavior": "keep_as_draft"}), S()],
            ["activated", "paused", "paused", "resumed"],
        ),
        (
            [S(), S(**REQUESTED), S(cancel_at=on("2027-01-01")), S()],
            [
                "activated",
                "cancellation_scheduled",
                "cancellation_scheduled",
                "cancellation_revoked",
            ],
        ),
        ([S(), S(status="canceled")], ["activated", "canceled"]),
    ],
)
def test_m33_each_change_has_its_type(states, expected):
    assert types(*states) == expected


def test_m33_each_failed_attempt_is_a_row():
    def failed(key, attempts, at):
        raw = invoice("in_2", "2026-02-01", status="open", attempt_count=attempts, total=1000)
        return event(key, "invoice.payment_failed", at, raw)

    told = [created(S()), failed("e1", 1, "2026-02-01 01:00"), failed("e2", 2, "2026-02-04")]
    told.append(failed("e3", 2, "2026-02-05"))  # paid by hand, the count stays
    rows = rows_of(events=told)[1:]
    assert [row["invoice_id"] for row in rows] == ["in_2"] * 3
    assert [row["event_id"] for row in rows] == [
        event_id("sub_1", "payment_failed", key) for key in ("in_2:1", "in_2:2", "in_2:2#2")
    ]


def test_m33_a_renewal_is_a_paid_cycle_even_of_nothing():
    free = invoice("in_2", "2026-02-01", total=0)
    update = invoice("in_3", "2026-02-02", total=0, reason="subscription_update")
    rows = rows_of(snapshots=[snapshot("2026-01-01", S())], invoices=[free, update])
    assert [(row["event_type"], row["invoice_id"]) for row in rows[1:]] == [("renewed", "in_2")]


def test_m33_no_type_is_made_up():
    assert len(EVENT_TYPES) == len(set(EVENT_TYPES)) == 31


def ids_of(**given):
    return {row["event_type"]: row["event_id"] for row in rows_of(**given)}


def test_m35_keys_of_every_kind():
    raw = S(discounts=["di_1"])
    first = invoice(
        "in_1", "2026-01-01", line("il_1", "2026-01-01", "2026-02-01"), reason="subscription_create"
    )
    told = [
        created(S()),
        updated(raw, {"discounts": []}, "2026-02-01", "evt_2"),
        updated(S(item(of="p20"), discounts=["di_1"]), {"items": raw["items"]}, "2026-02-02", "e3"),
        updated(
            S(item(of="p20"), discounts=["di_1"], **PAUSED),
            {"pause_collection": None},
            "2026-02-03",
            "e4",
        ),
    ]
    found = ids_of(
        events=told,
        invoices=[first, invoice("in_2", "2026-02-01", total=0)],
        discounts=[discount(start="2026-02-01")],
        coupons=[coupon()],
    )
    keys = {
        "activated": "",
        "first_payment": "",
        "discount_applied": "di_1",
        "renewed": "in_2",
        "upgraded": "e3",
        "paused": str(on("2026-02-03")),
    }
    assert found == {kind: event_id("sub_1", kind, key) for kind, key in keys.items()}
    trial = ids_of(snapshots=[snapshot("2026-01-01", IN_TRIAL)])
    assert trial == {"trial_started": event_id("sub_1", "trial_started", str(BORN))}


def test_m35_a_key_that_comes_again_is_numbered():
    shots = [
        snapshot("2026-01-01", S(customer={"id": "cus_1", "discount": "di_1"})),
        snapshot("2026-02-01", S(customer={"id": "cus_1", "discount": None})),
        snapshot("2026-03-01", S(customer={"id": "cus_1", "discount": "di_1"})),
        snapshot("2026-04-01", S(customer={"id": "cus_1", "discount": None})),
    ]
    rows = rows_of(snapshots=shots, discounts=[discount()], coupons=[coupon()])
    assert [row["event_id"] for row in rows[1::2]] == [
        event_id("sub_1", "discount_removed", "di_1"),
        event_id("sub_1", "discount_removed", "di_1#2"),
    ]


def test_m36_a_row_has_every_column_in_order():
    ended = S(
        item(quantity=2),
        status="canceled",
        ended_at=on("2026-03-01"),
        discounts=["di_1"],
        **REQUESTED,
    )
    shots = [snapshot("2026-01-01", S(discounts=["di_1"])), snapshot("2026-03-01", ended)]
    given = {"discounts": [discount()], "coupons": [coupon()]}
    row = rows_of(snapshots=shots, **given, options={"preset": "stripe"})[-1]
    fingerprint = row.pop("options_fingerprint")
    assert row == {
        "event_id": event_id("sub_1", "canceled", ""),
        "subscription_id": "sub_1",
        "customer_id": "cus_1",
        "event_type": "canceled",
        "occurred_at": "2026-03-01T00:00:00Z",
        "sequence": 2,
        "currency": "usd",
        "currency_exponent": 2,
        "mrr_before": 500,
        "mrr_after": 0,
        "mrr_delta": -500,
        "movement": "churn",
        "list_mrr_before": 1000,
        "list_mrr_after": 2000,
        "status_before": "active",
        "status_after": "canceled",
        "suspended_after": False,
        "items_after": [{"id": "si_1", "price": "p10", "quantity": 2, "mrr": 0}],
        "discount_id": None,
        "invoice_id": None,
        "stripe_event_id": None,
        "cancellation_reason": "cancellation_requested",
        "cancellation_feedback": "unused",
        "source": "snapshot",
        "time_precision": "exact",
        "adjustment_reason": None,
        "is_estimated": False,
        "billing_check": None,
        "billing_note": None,
        "semantics_version": "v2",
        "mrr_exact_after": "0",
    }
    assert len(fingerprint) == 16
    assert fingerprint != rows_of(snapshots=shots, **given)[-1]["options_fingerprint"]
    assert set(COLUMNS) == {*row, "options_fingerprint"} - {"mrr_exact_after"}


def test_m36_customer_account_stands_in_for_a_customer():
    raw = S(customer=None, customer_account="acct_1")
    assert rows_of(snapshots=[snapshot("2026-01-01", raw)])[0]["customer_id"] == "acct_1"


def test_m33_usage_has_no_quantity_when_quantities_change():
    states = [S(item(quantity=count), item("si_m", "meter", None)) for count in (1, 3)]
    assert types(*states) == ["activated", "quantity_increased"]


def test_m33_a_discount_that_nothing_tells_of_comes_and_goes_without_a_movement():
    shots = [
        snapshot("2026-01-01", S()),
        snapshot("2026-02-01", S(discounts=["di_nowhere"])),
        snapshot("2026-03-01", S()),
    ]
    assert [(row["event_type"], row["movement"]) for row in rows_of(snapshots=shots)] == [
        ("activated", "new"),
        ("discount_applied", "none"),
        ("discount_removed", "none"),
    ]


def test_m33_an_item_goes_with_its_discounts_and_comes_with_them():
    rebated = item("si_2", "p20", discounts=["di_1"])
    shots = [
        snapshot("2026-01-01", S()),
        snapshot("2026-02-01", S(item(), rebated)),
        snapshot("2026-03-01", S()),
    ]
    rows = rows_of(snapshots=shots, discounts=[discount()], coupons=[coupon()])
    # 1000, + 2000, - 2000 / 2, - 1000 with the item; its discount then takes nothing from nothing.
    assert [(row["event_type"], row["mrr_after"]) for row in rows] == [
        ("activated", 1000),
        ("upgraded", 3000),
        ("discount_applied", 2000),
        ("downgraded", 1000),
        ("discount_removed", 1000),
    ]


def test_m34_volume_tiers_may_make_more_seats_a_contraction():
    tiers = [{"up_to": 9, "unit_amount": 1000}, {"up_to": None, "unit_amount": 500}]
    volume = price("v", None, billing_scheme="tiered", tiers_mode="volume", tiers=tiers)
    shots = [
        snapshot("2026-01-01", S(item(of="v", quantity=9))),
        snapshot("2026-02-01", S(item(of="v", quantity=10))),
    ]
    rows = rows_of(prices={"v": volume}, snapshots=shots)
    assert [(row["event_type"], row["mrr_after"], row["movement"]) for row in rows] == [
        ("activated", 9000, "new"),
        ("quantity_increased", 5000, "contraction"),
    ]
