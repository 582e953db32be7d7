"""Subscriptions that changed since the last sync, with their events and the objects seen so far."""

from __future__ import annotations

import threading
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.raw_object import ListedObject, StripeObject, as_dict, loads
from source_stripe_saas.ledger.codec import decoded, encoded
from source_stripe_saas.ledger.events import owner_of
from source_stripe_saas.ledger.lookup_cache import fetch_object
from source_stripe_saas.ledger.store import SubscriptionObjects


@dataclass
class ChangedSubscriptions:
    """Changed subscriptions' events, and objects that need no further request."""

    events: dict[str, list[StripeObject]] = field(default_factory=dict)
    """Subscription -> its events, newest first."""
    customer_events: dict[str, list[StripeObject]] = field(default_factory=dict)
    """Customer -> events of a discount of its own, newest first."""
    old_customer_events: dict[str, list[StripeObject]] = field(default_factory=dict)
    """The same, of the time before the last sync; for subscriptions that it had to set aside."""
    named: set[str] = field(default_factory=set)
    """Subscriptions that events name, also those that no rule reads."""
    whole: set[str] = field(default_factory=set)
    """Subscriptions of which nothing is remembered: their whole past is read."""
    seen: dict[tuple[str, str], bytes | None] = field(default_factory=dict)
    """(Collection, id) -> JSON of an object that another stream has fetched, None if it is gone."""
    facts: dict[str, SubscriptionObjects] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, event: StripeObject, only: Container[str] | None = None) -> None:
        """Takes an event; those of a second in the order in which they are listed.

        Args:
            event: one that can be read.
            only: subscriptions that it may concern; None: all.
        """
        raw = event["data"]["object"]
        subscription, customer = owner_of(event)
        if only is not None:
            if subscription is not None and subscription in only:
                self.events.setdefault(subscription, []).append(event)
            elif customer is not None:
                self.old_customer_events.setdefault(customer, []).append(event)
            return
        if raw.get("object") == "subscription":
            self.named.add(raw["id"])
        if subscription is not None:
            self.events.setdefault(subscription, []).append(event)
        elif customer is not None:
            self.customer_events.setdefault(customer, []).append(event)

    def observe(self, path: str, identity: str, row: ListedObject | None) -> None:
        """Takes an object that another stream has fetched."""
        if (path, identity) in self.seen:
            return
        content = None if row is None else encoded(as_dict(row))
        with self._lock:
            self.seen[path, identity] = content

    def keep(self, identity: str, content: bytes) -> None:
        """Takes a subscription from the list of live ones, its customer expanded."""
        with self._lock:
            self.seen["subscriptions", identity] = content

    def held(self, path: str, identity: str) -> StripeObject | None:
        """An object as streams know it, None if it has not been seen."""
        content = self.seen.get((path, identity))
        if content is None:
            return None
        row: StripeObject = loads(content)
        if isinstance(row.get("customer"), dict):
            row["customer"] = row["customer"]["id"]
        return row

    def object(
        self, client: StripeClient, collection: str, identity: str, expand: tuple[str, ...]
    ) -> Any:
        """An object as it is now, from what was seen or by a request; None if it is gone."""
        if (collection, identity) in self.seen:
            content = self.seen[collection, identity]
            return None if content is None else decoded(content)
        return fetch_object(client, collection, identity, expand)

    def add(self, objects: SubscriptionObjects) -> None:
        """Takes what was fetched of a subscription."""
        with self._lock:
            self.facts[objects.subscription_id] = objects
