"""Events -> the store, under the subscription or the customer that each is about."""

from __future__ import annotations

from collections.abc import Iterable

from source_stripe_saas.api.raw_object import StripeObject
from source_stripe_saas.ledger.codec import encoded
from source_stripe_saas.ledger.store import Store, key_of
from source_stripe_saas.mrr.event_chain import DISCOUNT_EVENTS, INVOICE_EVENTS, STATE_EVENTS
from source_stripe_saas.mrr.line import reference, subscription_of

EVENT_TYPES = tuple(sorted({*STATE_EVENTS, *INVOICE_EVENTS, *DISCOUNT_EVENTS}))
"""What the rules listen to (M30); the manifest has the stream follow the same."""

_IN_ONE_TURN = 500


def owner_of(event: StripeObject) -> tuple[str | None, str | None]:
    """(subscription, customer) that an event is about; a customer's own discount has no first."""
    raw = event["data"]["object"]
    if event["type"] in STATE_EVENTS:
        return raw["id"], None
    if event["type"] in INVOICE_EVENTS:
        return subscription_of(raw), None
    if event["type"] in DISCOUNT_EVENTS:
        owner = reference(raw.get("subscription"))
        return (owner, None) if owner else (None, reference(raw.get("customer")))
    return None, None


def keep_events(events: Iterable[StripeObject], store: Store) -> None:
    """Puts events into the store, in the order given: newest first."""
    own: list[tuple[int, str, bytes]] = []
    customer_events: list[tuple[str, str, bytes]] = []

    def put() -> None:
        store.put("event", own)
        store.put("customer_event", customer_events)
        own.clear()
        customer_events.clear()

    for event in events:
        subscription, customer = owner_of(event)
        if subscription is not None:
            own.append((key_of(subscription), subscription, encoded(event)))
        elif customer is not None:
            customer_events.append((customer, event["id"], encoded(event)))
        if len(own) + len(customer_events) >= _IN_ONE_TURN:
            put()
    put()
