"""What the tests of M37 to M49 stand on: months that were billed, and the rows of them."""

from unit_tests.source_stripe_saas.mrr.builders import (
    BORN,
    PRICES,
    coupon,
    discount,
    invoice,
    item,
    line,
    on,
    rows_of,
    subscription,
    updated,
)

S = subscription
MONTHS = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"]


def month(number, *lines, of="p10", quantity=1, reason=None, **more):
    """The invoice of a month, of one item unless lines are given."""
    start, end = MONTHS[number], MONTHS[number + 1]
    amount = int(PRICES[of]["unit_amount_decimal"]) * quantity
    lines = lines or (line(f"il_{number}", start, end, of, quantity, amount),)
    kind = reason or ("subscription_cycle" if number else "subscription_create")
    return invoice(f"in_{number}", start, *lines, reason=kind, **more)


def history(raw, *invoices, now="2026-04-15", states_only=True, **more):
    rows = rows_of(subscriptions=[raw], invoices=list(invoices), now=now, **more)
    if states_only:
        rows = [row for row in rows if row["event_type"] not in ("renewed", "first_payment")]
    return rows


def credit(key, at, end, quantity=1, amount=-500, of="p10", **more):
    return line(key, at, end, of, quantity, amount, proration=True, **more)


def debit(key, at, end, of="p10", quantity=1, amount=500, **more):
    return line(key, at, end, of, quantity, amount, proration=True, **more)


def told_later():
    """Two seats until an event in March makes them three."""
    now = S(item(quantity=3))
    change = updated(now, {"items": {"data": [item(quantity=2)]}}, "2026-03-10", "evt_9")
    return now, change


TRIAL = {"trial_start": BORN, "trial_end": on("2026-01-15")}


def free(key, start, end):
    return line(key, start, end, amount=0)


def with_line_discount(number, *ids, **more):
    entries = [{"discount": one, "amount": 500} for one in ids]
    one = line(f"il_{number}", MONTHS[number], MONTHS[number + 1], discount_amounts=entries)
    return month(number, one, **more)


KNOWN = {"discounts": [discount(start="2026-01-20")], "coupons": [coupon()]}


def given_up(number, status="void", after="02:00", **more):
    field = "voided_at" if status == "void" else "marked_uncollectible_at"
    times = {field: on(f"{MONTHS[number]} {after}")}
    return month(number, status=status, attempt_count=0, times=times, **more)


def two_items(number, *also, **more):
    """The invoice of a month of the first item, and others."""
    return month(number, line(f"il_{number}", MONTHS[number], MONTHS[number + 1]), *also, **more)
