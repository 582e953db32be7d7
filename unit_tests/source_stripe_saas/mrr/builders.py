"""The smallest valid Stripe objects; a test writes only what matters to it."""

from datetime import datetime, timezone

from source_stripe_saas.mrr import derive
from source_stripe_saas.mrr.moment import iso

MONTH = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}


def on(text):
    """`2026-01-31` or `2026-01-31 13:00` in UTC as Unix seconds."""
    pattern = "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    padded = text if " " in text else f"{text} 00:00"
    return int(datetime.strptime(padded, pattern).replace(tzinfo=timezone.utc).timestamp())


BORN = on("2026-01-01")


def price(key="p10", amount="1000", currency="usd", interval="month", count=1, **more):
    recurring = {"interval": interval, "interval_count": count, "usage_type": "licensed"}
    if more.pop("metered", False):
        recurring["usage_type"] = "metered"
    return {
        "id": key,
        "currency": currency,
        "product": f"prod_{key}",
        "billing_scheme": "per_unit",
        "unit_amount_decimal": amount,
        "recurring": recurring,
        **more,
    }


PRICES = {
    one["id"]: one
    for one in (
        price(),
        price("p20", "2000"),
        price("p30", "3000"),
        price("y120", "12000", interval="year"),
        price("zero", "0"),
        price("meter", "5", metered=True),
    )
}


def item(key="si_1", of="p10", quantity=1, **more):
    return {"id": key, "price": of, "quantity": quantity, **more}


def subscription(*items, status="active", **more):
    return {
        "id": "sub_1",
        "customer": "cus_1",
        "status": status,
        "currency": "usd",
        "created": BORN,
        "items": {"object": "list", "data": list(items or (item(),))},
        **more,
    }


def coupon(key="F50", percent=50, duration="forever", **more):
    return {"id": key, "percent_off": percent, "duration": duration, **more}


def discount(key="di_1", of="F50", start="2026-01-01", end=None, **more):
    return {
        "id": key,
        "source": {"type": "coupon", "coupon": of},
        "start": on(start),
        "end": None if end is None else on(end),
        **more,
    }


def line(key, start, end, of="p10", quantity=1, amount=1000, si="si_1", proration=False, **more):
    details = {"subscription_item": si, "proration": proration}
    details.update(more.pop("details", {}))
    return {
        "id": key,
        "amount": amount,
        "quantity": quantity,
        "period": {"start": on(start), "end": on(end)},
        "pricing": {"type": "price_details", "price_details": {"price": of}},
        "parent": {"type": "subscription_item_details", "subscription_item_details": details},
        "discount_amounts": [],
        **more,
    }


def invoice(
    key, at, *lines, reason="subscription_cycle", status="paid", paid="", total=None, **more
):
    paid_at = on(paid) if paid else on(at)
    times = {"finalized_at": on(at), "paid_at": paid_at if status == "paid" else None}
    times.update(more.pop("times", {}))
    return {
        "id": key,
        "billing_reason": reason,
        "created": on(at),
        "status": status,
        "total": sum(one["amount"] for one in lines) if total is None else total,
        "attempt_count": 1,
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": "sub_1"},
        },
        "status_transitions": times,
        "lines": {"data": list(lines)},
        **more,
    }


def event(key, kind, at, raw, before=None, **more):
    data = {"object": raw}
    if before is not None:
        data["previous_attributes"] = before
    return {"id": key, "type": kind, "created": on(at), "data": data, **more}


def created(raw, key="evt_1", at="2026-01-01"):
    return event(key, "customer.subscription.created", at, raw)


def updated(raw, before, at, key="evt_2", **more):
    return event(key, "customer.subscription.updated", at, raw, before, **more)


def snapshot(at, raw):
    return {"at": iso(on(at)), "subscription": raw}


def rows_of(now="2026-12-31", horizon=None, **given):
    given.setdefault("prices", PRICES)
    for name in ("coupons", "discounts"):
        if isinstance(given.get(name), (list, tuple)):
            given[name] = {one["id"]: one for one in given[name]}
    document = {"now": iso(on(now)), **given}
    if horizon:
        document["horizon"] = iso(on(horizon))
    return derive(document)


def short(rows):
    """Type, time and MRR after of each row."""
    return [
        (row["event_type"], row["occurred_at"].replace("T00:00:00Z", ""), row["mrr_after"])
        for row in rows
    ]


def value(raw, options=None, **given):
    """MRR of a subscription as first seen, as a fraction."""
    from fractions import Fraction

    rows = rows_of(snapshots=[snapshot("2026-01-01", raw)], options=options or {}, **given)
    return Fraction(rows[-1]["mrr_exact_after"])


ALL_DISCOUNTS = {"discounts": "all"}
"""The option that counts discounts of every kind."""


def with_discounts(*ids, items=(), **more):
    return subscription(*items, discounts=list(ids), **more)
