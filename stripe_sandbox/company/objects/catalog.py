"""Products, prices, plans, coupons, codes, tax rates and discounts as Stripe sends them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from stripe_sandbox.company.objects.common import EMPTY
from stripe_sandbox.company.valuation import Coupon, Discount, Price, Tier
from stripe_sandbox.store import StripeObject


def decimal_text(value: Fraction) -> str:
    """A decimal string of at most twelve places, without trailing zeros."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value.numerator * 10**12 // value.denominator
    whole, rest = divmod(abs(scaled), 10**12)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{rest:012d}".rstrip("0").rstrip(".")


def _whole(value: Fraction) -> int | None:
    return value.numerator if value.denominator == 1 else None


def _tier(tier: Tier) -> StripeObject:
    return {
        "flat_amount": None if tier.flat is None else _whole(tier.flat),
        "flat_amount_decimal": None if tier.flat is None else decimal_text(tier.flat),
        "unit_amount": _whole(tier.unit),
        "unit_amount_decimal": decimal_text(tier.unit),
        "up_to": tier.up_to,
    }


def _amounts(price: Price, currency: str) -> StripeObject:
    if price.tiers:
        return {
            "tiers": [_tier(tier) for tier in price.tiers[currency]],
            "unit_amount": None,
            "unit_amount_decimal": None,
        }
    unit = price.units[currency]
    return {"unit_amount": _whole(unit), "unit_amount_decimal": decimal_text(unit)}


def product(
    identity: str, name: str, created: int, *, description: str | None, unit_label: str | None
) -> StripeObject:
    """A service that is sold."""
    return {
        "id": identity,
        "object": "product",
        "active": True,
        "created": created,
        "default_price": None,
        "description": description,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": EMPTY,
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": unit_label,
        "updated": created,
        "url": None,
    }


def price(facts: Price, created: int, *, tax_behavior: str = "unspecified") -> StripeObject:
    """A recurring price, with the fields that Stripe only sends when they are expanded."""
    currencies = list(facts.tiers or facts.units)
    return {
        "id": facts.id,
        "object": "price",
        "active": True,
        "billing_scheme": "tiered" if facts.tiers else "per_unit",
        "created": created,
        "currency": facts.currency,
        "currency_options": {
            currency: {
                "custom_unit_amount": None,
                "tax_behavior": tax_behavior,
                **_amounts(facts, currency),
            }
            for currency in currencies
        },
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": EMPTY,
        "nickname": facts.name,
        "product": facts.product,
        "recurring": {
            "interval": facts.interval,
            "interval_count": facts.interval_count,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "metered" if facts.is_metered else "licensed",
        },
        "tax_behavior": tax_behavior,
        "tiers_mode": facts.tiers_mode,
        "transform_quantity": _transform(facts),
        "type": "recurring",
        **_amounts(facts, facts.currency),
    }


def one_time_price(
    identity: str, product_id: str, currency: str, unit_amount: int, name: str, created: int
) -> StripeObject:
    """A price that is charged once."""
    return {
        "id": identity,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": EMPTY,
        "nickname": name,
        "product": product_id,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    }


def _transform(facts: Price) -> dict[str, Any] | None:
    if facts.divide_by == 1:
        return None
    return {"divide_by": facts.divide_by, "round": "up" if facts.round_up else "down"}


def plan(facts: Price, created: int) -> StripeObject:
    """The older view of the same recurring price."""
    amounts = _amounts(facts, facts.currency)
    out: StripeObject = {
        "id": facts.id,
        "object": "plan",
        "active": True,
        "amount": amounts["unit_amount"],
        "amount_decimal": amounts["unit_amount_decimal"],
        "billing_scheme": "tiered" if facts.tiers else "per_unit",
        "created": created,
        "currency": facts.currency,
        "interval": facts.interval,
        "interval_count": facts.interval_count,
        "livemode": False,
        "metadata": EMPTY,
        "meter": None,
        "nickname": facts.name,
        "product": facts.product,
        "tiers_mode": facts.tiers_mode,
        "transform_usage": _transform(facts),
        "trial_period_days": None,
        "usage_type": "metered" if facts.is_metered else "licensed",
    }
    if facts.tiers:
        out["tiers"] = amounts["tiers"]
    return out


def coupon(facts: Coupon, name: str, created: int) -> StripeObject:
    """A coupon, with the fields that Stripe only sends when they are expanded."""
    currencies = list(facts.amounts_off)
    percent = facts.percent_off
    out: StripeObject = {
        "id": facts.id,
        "object": "coupon",
        "amount_off": facts.amounts_off[currencies[0]] if currencies else None,
        "created": created,
        "currency": currencies[0] if currencies else None,
        "duration": facts.duration,
        "duration_in_months": facts.months,
        "livemode": False,
        "max_redemptions": None,
        "metadata": EMPTY,
        "name": name,
        "percent_off": None if percent is None else float(percent),
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }
    if facts.products is not None:
        out["applies_to"] = {"products": sorted(facts.products)}
    if currencies:
        out["currency_options"] = {c: {"amount_off": facts.amounts_off[c]} for c in currencies}
    return out


def promotion_code(identity: str, code: str, coupon_id: str, created: int) -> StripeObject:
    """A code that customers type in to get a coupon."""
    return {
        "id": identity,
        "object": "promotion_code",
        "active": True,
        "code": code,
        "created": created,
        "customer": None,
        "customer_account": None,
        "expires_at": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": EMPTY,
        "promotion": {"coupon": coupon_id, "type": "coupon"},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }


def discount(
    facts: Discount,
    customer: str,
    *,
    subscription: str | None = None,
    subscription_item: str | None = None,
    promotion_code: str | None = None,
) -> StripeObject:
    """A coupon applied to a customer, a subscription or an item."""
    return {
        "id": facts.id,
        "object": "discount",
        "checkout_session": None,
        "customer": customer,
        "customer_account": None,
        "end": facts.end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": promotion_code,
        "source": {"coupon": facts.coupon.id, "type": "coupon"},
        "start": facts.start,
        "subscription": subscription,
        "subscription_item": subscription_item,
    }


def tax_rate(
    identity: str, name: str, country: str, percentage: float, created: int, *, inclusive: bool
) -> StripeObject:
    """A tax that invoices add or contain."""
    return {
        "id": identity,
        "object": "tax_rate",
        "active": True,
        "country": country,
        "created": created,
        "description": None,
        "display_name": name,
        "effective_percentage": None,
        "flat_amount": None,
        "inclusive": inclusive,
        "jurisdiction": country,
        "jurisdiction_level": "country",
        "livemode": False,
        "metadata": EMPTY,
        "percentage": percentage,
        "rate_type": "percentage",
        "state": None,
        "tax_type": "vat",
    }
