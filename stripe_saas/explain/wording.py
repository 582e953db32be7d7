"""A row of the ledger, and the states before and after it -> what happened, in words."""

from __future__ import annotations

from typing import Any

from source_stripe_saas.mrr import AGREES, DIFFERS, EXPLAINED
from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.standing import Standing

Row = dict[str, Any]

WORDS = {
    "trial_started": "A trial began",
    "trial_extended": "The trial was extended",
    "trial_shortened": "The trial was shortened",
    "trial_converted": "The trial ended and the subscription began to count",
    "trial_expired": "The trial ended without a subscription",
    "signup_incomplete": "Signed up; the first payment is still to be made",
    "signup_expired": "The first payment was never made: the signup expired",
    "activated": "The subscription began",
    "first_payment": "The first payment came in",
    "renewed": "Renewed: the invoice of a new period was paid",
    "upgraded": "Upgraded",
    "downgraded": "Downgraded",
    "plan_changed": "Items changed, list value the same",
    "quantity_increased": "Quantity raised",
    "quantity_decreased": "Quantity lowered",
    "discount_applied": "A discount was applied",
    "discount_removed": "A discount was taken away",
    "discount_expired": "A discount ended",
    "payment_failed": "A payment failed",
    "past_due": "A payment is overdue",
    "payment_recovered": "The overdue payment came in",
    "unpaid": "Stripe gave up collecting: unpaid",
    "reactivated": "Paid again after having been unpaid",
    "paused": "Paused",
    "resumed": "Resumed",
    "free_period_started": "A free period was given to a paying subscription",
    "free_period_ended": "The free period ended",
    "cancellation_scheduled": "The end was scheduled",
    "cancellation_revoked": "The scheduled end was revoked",
    "canceled": "The subscription ended",
    "adjusted": "Adjusted: the object is worth something that no change explains",
}
_SOURCES = {
    "events": "from Stripe's events",
    "reconstructed": "rebuilt from invoices",
    "clock": "by the clock, without an event",
    "snapshot": "from a snapshot of the subscription",
}
_BILLING = {
    AGREES: "the invoice comes to this MRR",
    EXPLAINED: "the invoice comes to something else, in minor units, as explained",
    DIFFERS: "the invoice comes to something else, in minor units, which nothing explains",
}
_PRECISIONS = {
    "exact": "the time is exact",
    "period_start": "it happened in the billing period before and was first billed here",
    "bounded": "it happened some time since the row before",
}


def what_happened(row: Row, before: Standing, after: Standing, book: Book) -> str:
    """The change in words, with what changed."""
    text = WORDS[row["event_type"]]
    details = [*_items(before, after), *_discount(row, book)]
    if row["invoice_id"]:
        details.append(row["invoice_id"])
    reason = row["cancellation_reason"]
    if reason:
        details.append(str(reason).replace("_", " "))
    if row["event_type"] == "paused" and after.pause:
        details.append(f"collection, {after.pause}")
    if row["adjustment_reason"]:
        details.append(str(row["adjustment_reason"]).replace("_", " "))
    return f"{text} ({'; '.join(details)})" if details else text


def where_from(row: Row) -> str:
    """Source and precision of a row (M36, M48)."""
    source = _SOURCES[row["source"]]
    if row["stripe_event_id"]:
        source += f" ({row['stripe_event_id']})"
    return f"{source}; {_PRECISIONS[row['time_precision']]}"


def billing_of(row: Row) -> str:
    """Whether what a paid invoice bills is what the ledger says (M61)."""
    words = _BILLING[row["billing_check"]]
    return f"{words}: {row['billing_note']}" if row["billing_note"] else words


def _items(before: Standing, after: Standing) -> list[str]:
    if not before.status:
        return []
    old = {item.id: item for item in before.items}
    new = {item.id: item for item in after.items}
    found = []
    for key, item in new.items():
        was = old.get(key)
        if was is None:
            found.append(f"added {_counted(item.price, item.quantity)}")
        elif (was.price, was.quantity) != (item.price, item.quantity):
            if was.price == item.price:
                found.append(f"{was.quantity} → {item.quantity} of {item.price}")
            else:
                found.append(
                    f"{_counted(was.price, was.quantity)} → {_counted(item.price, item.quantity)}"
                )
    found += [f"removed {_counted(i.price, i.quantity)}" for k, i in old.items() if k not in new]
    return found


def _counted(price: str, quantity: int | None) -> str:
    return price if quantity is None else f"{quantity} of {price}"


def _discount(row: Row, book: Book) -> list[str]:
    found = row["discount_id"]
    if not found:
        return []
    known = book.discount(found)
    return [f"{found}, {known.duration}" if known is not None else found]
