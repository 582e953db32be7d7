"""An object as versions of 2022 had it -> as versions before 2019 did, for very old events.

Those know plans instead of prices, `start`, and invoices by `paid`, `closed` and `forgiven`; the
oldest know one plan on the subscription itself, and no items.
"""

from __future__ import annotations

from stripe_sandbox.store import StripeObject

PRICES = "2019"
"""Versions before it name plans."""

ITEMS = "2016"
"""Versions before it know subscriptions of one plan only."""

PARTIAL_LISTS = "2017-04-06"
"""Up to this version an update showed only the changed elements of a list."""

_FIRST_OR_CYCLE = ("subscription_create", "subscription_cycle")


def reshape_all(sides: list[StripeObject], version: str) -> list[StripeObject]:
    """Both sides of a change, alike, in the shape of a version before 2019."""
    kind = sides[0]["object"]
    if kind == "invoice":
        return [_invoice(side) for side in sides]
    if kind != "subscription":
        return sides
    hides_items = version < ITEMS and all(_is_plain(side) for side in sides)
    return [_subscription(side, hides_items=hides_items) for side in sides]


def _is_plain(content: StripeObject) -> bool:
    """One plan, and nothing that only an item can say."""
    entries = content["items"]["data"]
    return content["plan"] is not None and not any(item.get("discounts") for item in entries)


def _subscription(content: StripeObject, *, hides_items: bool) -> StripeObject:
    hidden = {"cancellation_details", "start_date", *(("items",) if hides_items else ())}
    out = {key: value for key, value in content.items() if key not in hidden}
    out["start"] = content["start_date"]
    if not hides_items:
        items = content["items"]
        data = [{k: v for k, v in item.items() if k != "price"} for item in items["data"]]
        out["items"] = {**items, "data": data}
    return out


def _invoice(content: StripeObject) -> StripeObject:
    hidden = ("status", "status_transitions", "auto_advance")
    out = {key: value for key, value in content.items() if key not in hidden}
    status = content["status"]
    out["paid"] = status == "paid"
    out["closed"] = status in ("paid", "void", "uncollectible")
    out["forgiven"] = status == "uncollectible"
    if content["billing_reason"] in _FIRST_OR_CYCLE:
        out["billing_reason"] = "subscription"
    lines = content["lines"]
    data = [{key: value for key, value in line.items() if key != "price"} for line in lines["data"]]
    out["lines"] = {**lines, "data": data}
    return out
