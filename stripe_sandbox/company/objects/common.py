"""Pieces that many objects hold; shared, hence never to be changed in place."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.store import StripeObject

EMPTY: dict[str, Any] = {}
SELF: dict[str, Any] = {"type": "self"}
NO_TAX: dict[str, Any] = {"disabled_reason": None, "enabled": False, "liability": None}
NO_INVOICE_TAX: dict[str, Any] = {
    "disabled_reason": None,
    "enabled": False,
    "liability": None,
    "provider": None,
    "status": None,
}
NO_ADDRESS: dict[str, Any] = {
    "city": None,
    "country": None,
    "line1": None,
    "line2": None,
    "postal_code": None,
    "state": None,
}


def address(country: str, city: str, postal_code: str) -> StripeObject:
    """A postal address without a street."""
    return {**NO_ADDRESS, "country": country, "city": city, "postal_code": postal_code}


def applied_tax(rate: StripeObject, taxable: int, amount: int) -> StripeObject:
    """One tax on a line, an invoice or a credit note."""
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": "not_available",
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }


def discount_amount(discount: str, amount: int) -> StripeObject:
    """What one discount took off."""
    return {"amount": amount, "discount": discount}
