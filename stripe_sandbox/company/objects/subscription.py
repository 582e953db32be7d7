"""Subscriptions, their items and their schedules as Stripe sends them."""

from __future__ import annotations

from collections.abc import Sequence

from stripe_sandbox.company.objects.common import EMPTY, NO_TAX, SELF
from stripe_sandbox.store import StripeObject

_INVOICE_SETTINGS = {"account_tax_ids": None, "issuer": SELF}
_PAYMENT_SETTINGS = {
    "payment_method_options": None,
    "payment_method_types": None,
    "save_default_payment_method": "off",
}
CLASSIC = {"flexible": None, "type": "classic"}
FLEXIBLE = {"flexible": {"proration_discounts": "included"}, "type": "flexible"}


def subscription(
    identity: str, customer: str, created: int, currency: str, *, is_flexible: bool
) -> StripeObject:
    """A subscription without items, discounts or state."""
    return {
        "id": identity,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": NO_TAX,
        "billing_cycle_anchor": created,
        "billing_cycle_anchor_config": None,
        "billing_mode": FLEXIBLE if is_flexible else CLASSIC,
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": created,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": _INVOICE_SETTINGS,
        "latest_invoice": None,
        "livemode": False,
        "metadata": EMPTY,
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": _PAYMENT_SETTINGS,
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": created,
        "status": "active",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }


def subscription_item(
    identity: str,
    subscription_id: str,
    created: int,
    price: StripeObject,
    quantity: int | None,
    period: tuple[int, int],
    discounts: Sequence[str],
    *,
    billed_until: int | None = None,
) -> StripeObject:
    """One price on a subscription; a metered one has no quantity."""
    item: StripeObject = {
        "id": identity,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": created,
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": list(discounts),
        "metadata": EMPTY,
        "price": price,
        "subscription": subscription_id,
        "tax_rates": [],
    }
    if quantity is not None:
        item["quantity"] = quantity
    if billed_until is not None:
        item["billed_until"] = billed_until
    return item


def billing_schedule(key: str, until: int, months: int) -> StripeObject:
    """Bills so many months in advance, of every licensed price that renews in them."""
    return {
        "applies_to": None,
        "bill_until": {
            "computed_timestamp": until,
            "duration": {"interval": "month", "interval_count": months},
            "timestamp": None,
            "type": "duration",
        },
        "key": key,
    }


def schedule_phase(
    start: int, end: int, currency: str, items: Sequence[tuple[str, int | None]]
) -> StripeObject:
    """What a schedule sells from when to when."""
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": currency,
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": end,
        "invoice_settings": None,
        "items": [
            {
                "billing_thresholds": None,
                "discounts": [],
                "metadata": EMPTY,
                "price": price,
                "tax_rates": [],
                **({} if quantity is None else {"quantity": quantity}),
            }
            for price, quantity in items
        ],
        "metadata": EMPTY,
        "on_behalf_of": None,
        "proration_behavior": "none",
        "start_date": start,
        "transfer_data": None,
        "trial_end": None,
    }


def subscription_schedule(
    identity: str,
    customer: str,
    subscription_id: str,
    created: int,
    phases: Sequence[StripeObject],
    *,
    is_flexible: bool,
) -> StripeObject:
    """A plan of what a subscription will become."""
    return {
        "id": identity,
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": FLEXIBLE if is_flexible else CLASSIC,
        "canceled_at": None,
        "completed_at": None,
        "created": created,
        "current_phase": {
            "end_date": phases[0]["end_date"],
            "start_date": phases[0]["start_date"],
        },
        "customer": customer,
        "customer_account": None,
        "default_settings": {
            "application_fee_percent": None,
            "automatic_tax": NO_TAX,
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": None,
            "collection_method": "charge_automatically",
            "default_payment_method": None,
            "description": None,
            "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": SELF},
            "on_behalf_of": None,
            "transfer_data": None,
        },
        "end_behavior": "release",
        "livemode": False,
        "metadata": EMPTY,
        "phases": list(phases),
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": subscription_id,
        "test_clock": None,
    }
