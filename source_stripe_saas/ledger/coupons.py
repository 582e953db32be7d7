"""A subscription out of a list -> the same, with coupons that no list has any more (M15).

A deleted coupon still counts where it is in use, and its id may be reused. Lists show a discount's
coupon as an id; an object fetched alone still shows the coupon itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.ledger.lookup_cache import fetch_object
from source_stripe_saas.ledger.scan_lists import ListedCatalog
from source_stripe_saas.ledger.store import SubscriptionObjects
from source_stripe_saas.ledger.subscription_fetch import EXPANDED
from source_stripe_saas.mrr.line import reference

Discount = Mapping[str, Any]

_OF_ITEM = ("discounts.source.coupon",)
_OF_CUSTOMER = ("discount.source.coupon",)


def complete(objects: SubscriptionObjects, listed: ListedCatalog, client: StripeClient) -> bool:
    """Asks again for a subscription, its items or its customer, whose coupon is not the listed one.

    Returns:
        Whether anything was asked for.
    """
    raw = objects.subscription
    if raw is None:
        return False
    has_asked = False
    if _lacks(raw.get("discounts"), listed.coupons):
        has_asked = True
        again = fetch_object(client, "subscriptions", objects.subscription_id, EXPANDED)
        if again is not None:
            raw["discounts"] = again.get("discounts")
    for item in (raw.get("items") or {}).get("data") or ():
        if _lacks(item.get("discounts"), listed.coupons):
            has_asked = True
            again = fetch_object(client, "subscription_items", item["id"], _OF_ITEM)
            if again is not None:
                item["discounts"] = again.get("discounts")
    return _complete_customer(raw, listed, client) or has_asked


def _complete_customer(raw: dict[str, Any], listed: ListedCatalog, client: StripeClient) -> bool:
    """The customer's own discount, on the object or in the list of customers."""
    customer = raw.get("customer")
    identity = reference(customer)
    shown = customer.get("discount") if isinstance(customer, dict) else None
    discount = shown or listed.customer_discounts.get(identity or "")
    if identity is None or not discount or _is_listed(discount, listed.coupons):
        return False
    again = fetch_object(client, "customers", identity, _OF_CUSTOMER)
    found = (again or {}).get("discount") or discount
    if isinstance(customer, dict) and shown:
        customer["discount"] = found
    else:
        listed.customer_discounts[identity] = found
    return True


def discounts_of(raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The discounts that an object spells out: its own, its items', its customer's."""
    yield from _objects(raw.get("discounts"))
    for item in (raw.get("items") or {}).get("data") or ():
        yield from _objects(item.get("discounts"))
    customer = raw.get("customer")
    if isinstance(customer, dict):
        yield from _objects([customer.get("discount")])


def coupon_of(discount: Discount) -> Any:
    """A discount's coupon, an id or spelled out."""
    return (discount.get("source") or {}).get("coupon")


def _objects(discounts: Sequence[Any] | None) -> Iterator[dict[str, Any]]:
    return (one for one in discounts or () if isinstance(one, dict))


def _lacks(discounts: Sequence[Any] | None, coupons: Mapping[str, Any]) -> bool:
    return any(not _is_listed(discount, coupons) for discount in _objects(discounts))


def _is_listed(discount: Discount, coupons: Mapping[str, Any]) -> bool:
    coupon = coupon_of(discount)
    if not isinstance(coupon, str):
        return True  # spelled out already, or of another kind
    listed = coupons.get(coupon)
    return listed is not None and listed.get("created", 0) <= (discount.get("start") or 0)
