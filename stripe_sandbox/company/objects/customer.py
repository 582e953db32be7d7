"""A customer and what hangs on it: payment methods, older sources, tax ids, balance."""

from __future__ import annotations

from stripe_sandbox.company.objects.common import EMPTY, NO_ADDRESS
from stripe_sandbox.store import StripeObject


def customer(
    identity: str, name: str, email: str, created: int, where: StripeObject, prefix: str
) -> StripeObject:
    """Somebody who signed up, before any purchase."""
    return {
        "id": identity,
        "object": "customer",
        "address": where,
        "balance": 0,
        "created": created,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": email,
        "invoice_prefix": prefix,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": EMPTY,
        "name": name,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def billing_details(name: str, email: str, where: StripeObject) -> StripeObject:
    """Whose card it is."""
    return {"address": where, "email": email, "name": name, "phone": None, "tax_id": None}


_CHECKS = {"address_line1_check": None, "address_postal_code_check": "pass", "cvc_check": "pass"}


def payment_method(
    identity: str,
    customer_id: str | None,
    created: int,
    details: StripeObject,
    *,
    brand: str,
    last4: str,
    exp_year: int,
    fingerprint: str,
) -> StripeObject:
    """A card as Stripe keeps it today."""
    return {
        "id": identity,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": details,
        "card": {
            "brand": brand,
            "checks": _CHECKS,
            "country": "US",
            "display_brand": brand,
            "exp_month": 8,
            "exp_year": exp_year,
            "fingerprint": fingerprint,
            "funding": "credit",
            "generated_from": None,
            "last4": last4,
            "networks": {"available": [brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": created,
        "customer": customer_id,
        "customer_account": None,
        "livemode": False,
        "metadata": EMPTY,
        "type": "card",
    }


def card_details(method: StripeObject) -> StripeObject:
    """The same card as a charge remembers it."""
    card = method["card"]
    return {
        "card": {
            "amount_authorized": None,
            "authorization_code": None,
            "brand": card["brand"],
            "checks": _CHECKS,
            "country": card["country"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "installments": None,
            "last4": card["last4"],
            "mandate": None,
            "network": card["brand"],
            "network_token": {"used": False},
            "network_transaction_id": None,
            "regulated_status": "unregulated",
            "three_d_secure": None,
            "wallet": None,
        },
        "type": "card",
    }


def source_card(
    identity: str, customer_id: str, name: str, last4: str, exp_year: int
) -> StripeObject:
    """A card of the older kind, kept on the customer."""
    return {
        "id": identity,
        "object": "card",
        "address_city": None,
        "address_country": None,
        "address_line1": None,
        "address_line1_check": None,
        "address_line2": None,
        "address_state": None,
        "address_zip": None,
        "address_zip_check": None,
        "allow_redisplay": "unspecified",
        "brand": "Visa",
        "country": "US",
        "customer": customer_id,
        "cvc_check": "pass",
        "dynamic_last4": None,
        "exp_month": 8,
        "exp_year": exp_year,
        "fingerprint": f"fp{last4}{identity[-8:]}",
        "funding": "credit",
        "last4": last4,
        "metadata": EMPTY,
        "name": name,
        "regulated_status": None,
        "tokenization_method": None,
    }


def source_bank_account(
    identity: str, customer_id: str | None, name: str, last4: str, currency: str = "usd"
) -> StripeObject:
    """A bank account: a customer's, or the company's own when there is no customer."""
    return {
        "id": identity,
        "object": "bank_account",
        "account_holder_name": name,
        "account_holder_type": "company",
        "account_type": None,
        "bank_name": "STRIPE TEST BANK",
        "country": "US",
        "currency": currency,
        "customer": customer_id,
        "fingerprint": f"fp{last4}{identity[-8:]}",
        "last4": last4,
        "metadata": EMPTY,
        "routing_number": "110000000",
        "status": "new",
    }


def tax_id(identity: str, customer_id: str, created: int, country: str, value: str) -> StripeObject:
    """A customer's VAT number."""
    return {
        "id": identity,
        "object": "tax_id",
        "country": country,
        "created": created,
        "customer": customer_id,
        "customer_account": None,
        "livemode": False,
        "owner": {"customer": customer_id, "customer_account": None, "type": "customer"},
        "type": "eu_vat" if country in ("DE", "FR", "NL", "ES") else "gb_vat",
        "value": value,
        "verification": {"status": "pending", "verified_address": None, "verified_name": None},
    }


def customer_balance_transaction(
    identity: str,
    customer_id: str,
    created: int,
    currency: str,
    amount: int,
    ending_balance: int,
    kind: str,
    *,
    invoice: str | None = None,
    credit_note: str | None = None,
) -> StripeObject:
    """A change of what the customer has to its credit (negative) or owes."""
    return {
        "id": identity,
        "object": "customer_balance_transaction",
        "amount": amount,
        "checkout_session": None,
        "created": created,
        "credit_note": credit_note,
        "currency": currency,
        "customer": customer_id,
        "customer_account": None,
        "description": None,
        "ending_balance": ending_balance,
        "invoice": invoice,
        "livemode": False,
        "metadata": EMPTY,
        "type": kind,
    }


def setup_intent(
    identity: str, customer_id: str, created: int, method: str | None, status: str
) -> StripeObject:
    """A card being put on file without a payment."""
    return {
        "id": identity,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{identity}_secret_{identity[-8:]}",
        "created": created,
        "customer": customer_id,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": EMPTY,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": method,
        "payment_method_options": {
            "card": {
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": status,
        "usage": "off_session",
    }


def setup_attempt(
    identity: str, intent: StripeObject, created: int, method: str, *, error: StripeObject | None
) -> StripeObject:
    """One try of a setup intent."""
    return {
        "id": identity,
        "object": "setup_attempt",
        "application": None,
        "created": created,
        "customer": intent["customer"],
        "customer_account": None,
        "flow_directions": None,
        "livemode": False,
        "on_behalf_of": None,
        "payment_method": method,
        "payment_method_details": {"card": {"three_d_secure": None}, "type": "card"},
        "setup_error": error,
        "setup_intent": intent["id"],
        "status": "failed" if error else "succeeded",
        "usage": "off_session",
    }


def empty_address() -> StripeObject:
    """An address without content."""
    return NO_ADDRESS
