"""`customer.discount.*` events and the customer as it is now in, its discount at any time out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from source_stripe_saas.mrr.catalog import FROM_EVENT, Book
from source_stripe_saas.mrr.discount import discount_id


@dataclass(frozen=True)
class CustomerDiscount:
    """A customer's discount over time: subscription events do not carry it (M16, M30)."""

    at_first: str | None
    changes: tuple[tuple[int, str | None, str], ...]

    @property
    def last(self) -> str | None:
        """The discount after everything that is known."""
        return self.changes[-1][1] if self.changes else self.at_first

    def before(self, at: int) -> str | None:
        """The discount just before a moment."""
        held = self.at_first
        for changed_at, found, _ in self.changes:
            if changed_at < at:
                held = found
        return held


def customer_discount_over(
    events: Sequence[Mapping[str, Any]], now: str | None, book: Book, since: int
) -> CustomerDiscount:
    """Follows the customer's discount through its events.

    Args:
        events: from `unique_events`; those of a subscription's own discount only teach the book.
        now: the discount before the first event, if that event does not tell.
        book: learns what the payloads spell out.
        since: events up to here are past.
    """
    changes: list[tuple[int, str | None, str]] = []
    at_first = now
    for event in events:
        raw = event["data"]["object"]
        found = book.learn_discount(raw, FROM_EVENT)
        if raw.get("subscription") or raw.get("subscription_item") or event["created"] <= since:
            continue
        kind = event["type"].rpartition(".")[2]
        if not changes:
            at_first = _first(kind, found, event)
        held = changes[-1][1] if changes else at_first
        if kind != "deleted":
            changes.append((event["created"], found, event["id"]))
        elif held == found:
            changes.append((event["created"], None, event["id"]))
    return CustomerDiscount(at_first, tuple(changes))


def _first(kind: str, found: str | None, event: Mapping[str, Any]) -> str | None:
    if kind == "created":
        return None
    if kind == "deleted":
        return found
    before = event["data"].get("previous_attributes") or {}
    return discount_id({**event["data"]["object"], **before})
