"""An object in today's shape -> the shape that an older API version gave it, for old events.

Versions before 2025-09-30.clover hold the coupon inside the discount; those before
2025-03-31.basil also know plans on items, periods and a single discount on the subscription, and
invoices that name their subscription, charge and payment at the top. What was different before 2019
is in `ancient.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from stripe_sandbox.company import ancient
from stripe_sandbox.store import Store, StripeObject

CLOVER = "2025-09-30"
BASIL = "2025-03-31"
SEVERAL_DISCOUNTS = "2024"


def reshape_pair(
    before: StripeObject | None, after: StripeObject, version: str, store: Store
) -> tuple[StripeObject, StripeObject]:
    """Both sides of a change in one version's shape; without a before, it repeats the after."""
    if version >= CLOVER:
        return before or after, after
    shaper = _SHAPERS.get(after["object"])
    if shaper is None:
        return before or after, after
    # Stripe added the list of discounts to older versions too; where there can be only one
    # discount, a payload of 2022 has the single field alone.
    sides = [side for side in (before, after) if side is not None]
    hides_list = version < SEVERAL_DISCOUNTS and all(_has_one_discount(side) for side in sides)
    shaped = [shaper(side, version, store, hides_list) for side in sides]
    if version < ancient.PRICES:
        shaped = ancient.reshape_all(shaped, version)
    return shaped[0], shaped[-1]


def _has_one_discount(content: StripeObject) -> bool:
    """At most one, and that not on an item: both sides of a change then go without the list."""
    entries = (
        content.get("items", {}).get("data", ()) if content["object"] == "subscription" else ()
    )
    is_on_item = any(entry["discounts"] for entry in entries)
    return len(content.get("discounts") or []) < 2 and not is_on_item


def _coupon(identity: str, store: Store) -> StripeObject:
    content = store.get("coupon", identity) or store.deleted.get("coupon", {}).get(identity, {})
    return {k: v for k, v in content.items() if k not in ("applies_to", "currency_options")}


def _discount(content: StripeObject, version: str, store: Store, _: bool = False) -> StripeObject:
    out = {
        key: value for key, value in content.items() if key not in ("source", "customer_account")
    }
    out["coupon"] = _coupon(content["source"]["coupon"], store)
    return out


def _discount_by_id(identity: str, version: str, store: Store) -> StripeObject | None:
    content = store.get("discount", identity) or store.deleted.get("discount", {}).get(identity)
    return None if content is None else _discount(content, version, store)


def _plan(price: StripeObject, store: Store) -> StripeObject | None:
    content = store.get("plan", price["id"])
    if content is not None:
        return {key: value for key, value in content.items() if key != "tiers"}
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        "trial_period_days": None,
        "usage_type": recurring["usage_type"],
    }


def _subscription(
    content: StripeObject, version: str, store: Store, hides_list: bool
) -> StripeObject:
    if version >= BASIL:
        return content
    out = {k: v for k, v in content.items() if k not in ("billing_mode", "billing_schedules")}
    entries = content["items"]["data"]
    items = []
    for entry in entries:
        item = {
            key: value
            for key, value in entry.items()
            if key not in ("current_period_start", "current_period_end", "billed_until")
        }
        item["plan"] = _plan(entry["price"], store)
        if hides_list:
            del item["discounts"]
        items.append(item)
    out["items"] = {**content["items"], "data": items}
    out["current_period_start"] = min((e["current_period_start"] for e in entries), default=None)
    out["current_period_end"] = min((e["current_period_end"] for e in entries), default=None)
    is_single = len(items) == 1 and not content["items"]["has_more"]
    out["plan"] = items[0]["plan"] if is_single else None
    out["quantity"] = items[0].get("quantity") if is_single else None
    ids = content["discounts"]
    out["discount"] = _discount_by_id(ids[0], version, store) if ids else None
    if hides_list:
        del out["discounts"]
    return out


def _line(line: StripeObject, store: Store) -> StripeObject:
    hidden = ("parent", "pricing", "taxes", "subtotal", "quantity_decimal")
    out = {key: value for key, value in line.items() if key not in hidden}
    parent = line["parent"] or {}
    of_item = parent.get("subscription_item_details")
    of_invoice_item = parent.get("invoice_item_details")
    details = of_item or of_invoice_item or {}
    out["type"] = "subscription" if of_item and not of_item["invoice_item"] else "invoiceitem"
    out["proration"] = details.get("proration", False)
    out["proration_details"] = details.get("proration_details") or {"credited_items": None}
    out["subscription"] = details.get("subscription")
    if of_item:
        out["subscription_item"] = of_item["subscription_item"]
    if details.get("invoice_item"):
        out["invoice_item"] = details["invoice_item"]
        item = store.get("invoiceitem", details["invoice_item"])
        holder = ((item or {}).get("parent") or {}).get("subscription_details") or {}
        if "subscription_item" in holder:
            out["subscription_item"] = holder["subscription_item"]
    price_id = ((line["pricing"] or {}).get("price_details") or {}).get("price")
    price = store.get("price", price_id) if price_id else None
    out["price"] = None
    out["plan"] = None
    if price is not None:
        out["price"] = {
            key: value for key, value in price.items() if key not in ("tiers", "currency_options")
        }
        out["plan"] = _plan(price, store) if price["recurring"] else None
    out["tax_amounts"] = _tax_amounts(line["taxes"])
    out["tax_rates"] = []
    return out


def _tax_amounts(taxes: list[StripeObject] | None) -> list[StripeObject]:
    return [
        {
            "amount": tax["amount"],
            "inclusive": tax["tax_behavior"] == "inclusive",
            "tax_rate": tax["tax_rate_details"]["tax_rate"],
            "taxability_reason": None,
            "taxable_amount": tax["taxable_amount"],
        }
        for tax in taxes or []
    ]


def _invoice(content: StripeObject, version: str, store: Store, hides_list: bool) -> StripeObject:
    if version >= BASIL:
        return content
    hidden = ("parent", "total_taxes", "amount_overpaid", "amount_paid_off_stripe")
    out = {key: value for key, value in content.items() if key not in hidden}
    details = ((content["parent"] or {}).get("subscription_details")) or {}
    out["subscription"] = details.get("subscription")
    out["subscription_details"] = {"metadata": details.get("metadata")}
    out["paid"] = content["status"] == "paid"
    out["paid_out_of_band"] = False
    payments = (
        [] if content["status"] == "draft" else store.of_parent("invoice_payment", content["id"])
    )
    intent = payments[0]["payment"]["payment_intent"] if payments else None
    out["payment_intent"] = intent
    paying = store.get("payment_intent", intent) if intent and out["paid"] else None
    out["charge"] = paying["latest_charge"] if paying else None
    out["total_tax_amounts"] = _tax_amounts(content["total_taxes"])
    out["tax"] = sum(tax["amount"] for tax in content["total_taxes"]) or None
    ids = content["discounts"]
    out["discount"] = _discount_by_id(ids[0], version, store) if ids else None
    lines = content["lines"]
    out["lines"] = {**lines, "data": [_line(line, store) for line in lines["data"]]}
    return out


def _customer(content: StripeObject, version: str, store: Store, _: bool) -> StripeObject:
    held = content.get("discount")
    if held is None:
        return content
    return {**content, "discount": _discount(held, version, store)}


def _promotion_code(content: StripeObject, version: str, store: Store, _: bool) -> StripeObject:
    out = {key: value for key, value in content.items() if key != "promotion"}
    out["coupon"] = _coupon(content["promotion"]["coupon"], store)
    return out


_SHAPERS: dict[str, Callable[[StripeObject, str, Store, bool], StripeObject]] = {
    "customer": _customer,
    "discount": _discount,
    "invoice": _invoice,
    "promotion_code": _promotion_code,
    "subscription": _subscription,
}
