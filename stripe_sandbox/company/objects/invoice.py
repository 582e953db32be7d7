"""Invoices, their lines and payments, and invoice items as Stripe sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stripe_sandbox.company.objects.common import EMPTY, NO_INVOICE_TAX, SELF
from stripe_sandbox.store import StripeObject

NO_TRANSITIONS = {
    "finalized_at": None,
    "marked_uncollectible_at": None,
    "paid_at": None,
    "voided_at": None,
}
_PAYMENT_SETTINGS = {
    "default_mandate": None,
    "payment_method_options": None,
    "payment_method_types": None,
}


def invoice(
    identity: str,
    customer: StripeObject,
    created: int,
    currency: str,
    *,
    billing_reason: str,
    period: tuple[int, int],
    subscription: str | None,
    collection_method: str = "charge_automatically",
    default_tax_rates: Sequence[StripeObject] = (),
) -> StripeObject:
    """A draft without lines or amounts."""
    parent = None
    if subscription is not None:
        parent = {
            "quote_details": None,
            "subscription_details": {"metadata": EMPTY, "subscription": subscription},
            "type": "subscription_details",
        }
    return {
        "id": identity,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Acme Cloud",
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": NO_INVOICE_TAX,
        "automatically_finalizes_at": None,
        "billing_reason": billing_reason,
        "collection_method": collection_method,
        "created": created,
        "currency": currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": list(default_tax_rates),
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": SELF,
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": EMPTY,
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": parent,
        "payment_settings": _PAYMENT_SETTINGS,
        "period_end": period[1],
        "period_start": period[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": NO_TRANSITIONS,
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": None,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
    }


def line_item(
    identity: str,
    invoice_id: str,
    amount: int,
    currency: str,
    *,
    description: str,
    period: tuple[int, int],
    quantity: int | None,
    parent: StripeObject | None,
    pricing: StripeObject | None,
    subscription: str | None,
    discounts: Sequence[str] = (),
    is_discountable: bool = True,
) -> StripeObject:
    """One line before discounts and taxes."""
    return {
        "id": identity,
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": is_discountable,
        "discounts": list(discounts),
        "invoice": invoice_id,
        "livemode": False,
        "metadata": EMPTY,
        "parent": parent,
        "period": {"end": period[1], "start": period[0]},
        "pretax_credit_amounts": [],
        "pricing": pricing,
        "quantity": quantity,
        "quantity_decimal": None if quantity is None else str(quantity),
        "subscription": subscription,
        "subtotal": amount,
        "taxes": [],
    }


def pricing(price: str, product: str, unit_amount_decimal: str | None) -> StripeObject:
    """What a line or an invoice item sells."""
    return {
        "price_details": {"price": price, "product": product},
        "type": "price_details",
        "unit_amount_decimal": unit_amount_decimal,
    }


def cycle_parent(subscription: str, item: str) -> StripeObject:
    """The parent of a line that bills a subscription item for a period."""
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": subscription,
            "subscription_item": item,
        },
        "type": "subscription_item_details",
    }


def invoice_item_parent(
    item: StripeObject, subscription_item: str | None, *, names_subscription_item: bool
) -> StripeObject:
    """The parent of a line that bills an invoice item.

    Args:
        item: the invoice item.
        subscription_item: what it prorates, if it is a proration.
        names_subscription_item: Stripe uses either form for prorations; True for the one that
            says which subscription item it is.
    """
    credited = _credited(item)
    subscription = None
    if item["parent"] is not None:
        subscription = item["parent"]["subscription_details"]["subscription"]
    if names_subscription_item and subscription_item is not None:
        return {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": item["id"],
                "proration": item["proration"],
                "proration_details": {"credited_items": credited},
                "subscription": subscription,
                "subscription_item": subscription_item,
            },
            "type": "subscription_item_details",
        }
    return {
        "invoice_item_details": {
            "invoice_item": item["id"],
            "proration": item["proration"],
            "proration_details": {"credited_items": credited},
            "subscription": subscription,
        },
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }


def _credited(item: StripeObject) -> StripeObject | None:
    details = (item.get("proration_details") or {}).get("credited_items")
    if details is None:
        return None
    lines: StripeObject | None = details.get("invoice_line_item_details")
    return lines


def invoiceitem(
    identity: str,
    customer: str,
    date: int,
    amount: int,
    currency: str,
    *,
    description: str,
    period: tuple[int, int],
    quantity: int,
    pricing_details: StripeObject | None,
    subscription: str | None = None,
    subscription_item: str | None = None,
    credited: tuple[str, tuple[str, ...]] | None = None,
    credited_item: str | None = None,
) -> StripeObject:
    """An amount that waits for the customer's next invoice; a proration if it has an item.

    `credited` are the invoice and its lines that a credit takes back; `credited_item` is the
    invoice item, where that is on no invoice yet.
    """
    is_proration = subscription_item is not None
    parent: dict[str, Any] | None = None
    if subscription is not None:
        details = {"subscription": subscription}
        if subscription_item is not None:
            details["subscription_item"] = subscription_item
        parent = {"subscription_details": details, "type": "subscription_details"}
    item: StripeObject = {
        "id": identity,
        "object": "invoiceitem",
        "amount": amount,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "date": date,
        "description": description,
        "discountable": not is_proration,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": EMPTY,
        "net_amount": amount,
        "parent": parent,
        "period": {"end": period[1], "start": period[0]},
        "pricing": pricing_details,
        "proration": is_proration,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "tax_rates": [],
        "test_clock": None,
    }
    if is_proration:
        item["proration_details"] = {"discount_amounts": []}
        if credited is not None:
            item["proration_details"]["credited_items"] = {
                "invoice_line_item_details": {
                    "invoice": credited[0],
                    "invoice_line_items": list(credited[1]),
                },
                "type": "invoice_line_items",
            }
        elif credited_item is not None:
            item["proration_details"]["credited_items"] = {
                "invoice_item": credited_item,
                "type": "invoice_item",
            }
    return item


def invoice_payment(
    identity: str, invoice_id: str, intent: str, created: int, amount: int, currency: str
) -> StripeObject:
    """The bond between an invoice and the payment intent that shall pay it."""
    return {
        "id": identity,
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": amount,
        "created": created,
        "currency": currency,
        "invoice": invoice_id,
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent, "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
