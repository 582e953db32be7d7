"""Checkout sessions and what is in their basket, as Stripe sends them."""

from __future__ import annotations

from stripe_sandbox.company.objects.common import EMPTY
from stripe_sandbox.company.options import DAY
from stripe_sandbox.store import StripeObject


def checkout_session(
    identity: str, created: int, currency: str, subtotal: int, *, email: str | None
) -> StripeObject:
    """An open session to start a subscription."""
    return {
        "id": identity,
        "object": "checkout.session",
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": True,
        "amount_subtotal": subtotal,
        "amount_total": subtotal,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": "auto",
        "cancel_url": "https://app.example.com/pricing",
        "client_reference_id": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": created,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": None,
        "customer_account": None,
        "customer_creation": "always",
        "customer_details": None,
        "customer_email": email,
        "discounts": [],
        "excluded_payment_method_types": [],
        "expires_at": created + DAY,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": None,
        "metadata": EMPTY,
        "mode": "subscription",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": "https://app.example.com/welcome",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"https://checkout.example.com/c/pay/{identity}",
        "wallet_options": None,
    }


def session_item(
    identity: str, price: StripeObject, currency: str, quantity: int | None, amount: int, name: str
) -> StripeObject:
    """One price in the basket."""
    return {
        "id": identity,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": name,
        "metadata": EMPTY,
        "price": price,
        "quantity": quantity,
    }
