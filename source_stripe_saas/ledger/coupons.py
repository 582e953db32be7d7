"""A subscription out of a list -> the same, with coupons that no list has any more (M15).

A deleted coupon goes on counting where it is in use, and its id may be given to another. Lists show
a discount's coupon as an id; asked for alone, what has the discount still tells the coupon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from source_stripe_saas.ledger.later import EXPANDED, one
from source_stripe_saas.ledger.lists import Listed
from source_stripe_saas.ledger.store import Known
from source_stripe_saas.mrr.invoice import reference
from source_stripe_saas.stripe.client import StripeClient

_OF_CUSTOMER = ("discount.source.coupon",)


def complete(known: Known, listed: Listed, client: StripeClient) -> None:
    """Asks again for a subscription, or its customer, whose coupon is not the listed one."""
    raw = known.subscription
    if raw is None:
        return
    if any(not _is_listed(discount, listed.coupons) for discount in _discounts_of(raw)):
        again = one(client, "subscriptions", known.subscription_id, EXPANDED)
        if again is not None:
            raw["discounts"] = again.get("discounts")
    customer = reference(raw.get("customer"))
    discount = listed.customer_discounts.get(customer or "")
    if customer and discount and not _is_listed(discount, listed.coupons):
        again = one(client, "customers", customer, _OF_CUSTOMER)
        listed.customer_discounts[customer] = (again or {}).get("discount") or discount


def _discounts_of(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for discount in raw.get("discounts") or ():
        if isinstance(discount, Mapping):
            yield discount


def _is_listed(discount: Mapping[str, Any], coupons: Mapping[str, Any]) -> bool:
    coupon = (discount.get("source") or {}).get("coupon")
    if not isinstance(coupon, str):
        return True  # spelled out already, or of another kind
    listed = coupons.get(coupon)
    return listed is not None and listed.get("created", 0) <= (discount.get("start") or 0)
