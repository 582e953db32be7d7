"""Catalogue and customers of the samples account."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.samples.maker import Maker
from stripe_sandbox.store import StripeObject

AWKWARD_COUPON = "25 % off/für immer"
"""Coupon ids are chosen by the user, and must be encoded in a path."""


def catalogue(maker: Maker) -> None:
    """Fills products, prices, plans, coupons, promotion codes and tax rates."""
    for number, moment in enumerate(maker.moments(14)):
        product = a_product(maker, f"Product {number}", number % 5 != 4, moment)
        a_price(maker, product, number, moment)
    for number, moment in enumerate(maker.moments(13)):
        _coupon(maker, number, moment)
    for number, moment in enumerate(maker.moments(12)):
        coupon = maker.all("coupon")[number % 5]
        fields = {
            "active": number % 3 != 2,
            "code": f"CODE{number}",
            "promotion": {"type": "coupon", "coupon": coupon["id"]},
            "expires_at": None,
        }
        maker.make("promotion_code", moment, fields, event="promotion_code.created")
    for number, moment in enumerate(maker.moments(12)):
        fields = {"active": number % 4 != 3, "percentage": 10.0 + number / 2, "flat_amount": None}
        maker.make("tax_rate", moment, fields, event="tax_rate.created")


def a_product(maker: Maker, name: str, is_active: bool, moment: int) -> StripeObject:
    """A product without a price."""
    fields = {"active": is_active, "default_price": None, "name": name, "updated": moment}
    return maker.make("product", moment, fields, event="product.created")


def a_price(maker: Maker, product: StripeObject, number: int, moment: int) -> StripeObject:
    """A price, and its plan if it recurs; the number decides which kind."""
    recurring = number % 4 != 3
    tiered = number % 4 == 1
    amount = 1_000 + 100 * number
    fields: dict[str, Any] = {
        "active": number % 5 != 4,
        "product": product["id"],
        "type": "recurring" if recurring else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
        "currency_options": {
            "usd": {
                "custom_unit_amount": None,
                "tax_behavior": "unspecified",
                "unit_amount": amount,
                "unit_amount_decimal": str(amount),
            }
        },
        "custom_unit_amount": None,
        "transform_quantity": None,
    }
    if recurring:
        fields["recurring"] = {
            "interval": ("month", "year")[number % 2],
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        }
    else:
        fields["recurring"] = None
    if tiered:
        fields |= {
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "unit_amount": None,
            "unit_amount_decimal": None,
            "tiers": [_tier(10, 1_000), _tier(None, 500)],
        }
    # Prices made on the fly for one customer stand in no list.
    hidden = number in (2, 10)
    price = maker.make("price", moment, fields, hidden=hidden, event="price.created")
    if recurring:
        _plan(maker, price, moment, hidden)
    return price


def _tier(up_to: int | None, unit_amount: int) -> dict[str, Any]:
    return {
        "flat_amount": None,
        "flat_amount_decimal": None,
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
        "up_to": up_to,
    }


def _plan(maker: Maker, price: StripeObject, moment: int, hidden: bool) -> None:
    fields = {
        "id": price["id"],
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "interval": price["recurring"]["interval"],
        "interval_count": 1,
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": None,
    }
    if "tiers" in price:
        fields["tiers"] = price["tiers"]
    maker.make("plan", moment, fields, hidden=hidden, event="plan.created")


def _coupon(maker: Maker, number: int, moment: int) -> None:
    fields: dict[str, Any] = {
        "id": AWKWARD_COUPON if number == 1 else f"SAMPLE{number}",
        "applies_to": {"products": [maker.any("product")["id"]]},
        "duration": "forever",
        "duration_in_months": None,
        "redeem_by": None,
        "currency": None,
        "percent_off": 25.5,
    }
    if number % 3 == 2:
        fields |= {
            "amount_off": 500,
            "currency": "usd",
            "percent_off": None,
            "currency_options": {"usd": {"amount_off": 500}, "eur": {"amount_off": 450}},
        }
    maker.make("coupon", moment, fields, event="coupon.created")


def customers(maker: Maker) -> None:
    """Fills customers, how they pay, their tax ids and balances."""
    for number, moment in enumerate(maker.moments(25)):
        customer = sign_up(maker, f"customer{number}", moment)
        ways_to_pay(maker, customer, number, moment + 30)


def sign_up(maker: Maker, name: str, moment: int) -> StripeObject:
    """A new customer."""
    fields = {
        "discount": None,
        "email": f"{name}@example.com",
        "name": name,
        "cash_balance": None,
        "tax": {
            "automatic_tax": "unrecognized_location",
            "ip_address": None,
            "location": None,
            "provider": "stripe",
        },
        "metadata": {"name": name},
    }
    return maker.make("customer", moment, fields, event="customer.created")


def ways_to_pay(maker: Maker, customer: StripeObject, number: int, moment: int) -> None:
    """Gives a customer payment methods, cards, bank accounts, tax ids, setup intents, a balance."""
    owned = {"customer": customer["id"]}
    method = maker.make("payment_method", moment, owned, event="payment_method.attached")
    many = 12 if number == 1 else 1
    if number % 2:
        for index in range(many):
            maker.make("card", moment + index, owned, event="customer.source.created")
            event = "customer.source.created"
            maker.make("bank_account", moment + index, owned, event=event)
    if number % 2 == 0 or number == 1:
        owner = {"type": "customer", "customer": customer["id"], "customer_account": None}
        fields = {**owned, "owner": owner}
        for index in range(many):
            maker.make("tax_id", moment + index, fields, event="customer.tax_id.created")
        fields = {**owned, "currency": "usd", "credit_note": None}
        maker.make("customer_balance_transaction", moment, fields)
        fields = {**owned, "payment_method": method["id"], "status": "succeeded"}
        intent = maker.make("setup_intent", moment, fields, event="setup_intent.created")
        attempt = {**owned, "payment_method": method["id"], "setup_intent": intent["id"]}
        made = maker.make("setup_attempt", moment, attempt)
        changes = {"latest_attempt": made["id"]}
        maker.change(intent, changes, moment, "setup_intent.succeeded")
