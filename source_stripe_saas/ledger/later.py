"""What events and the clock have moved since the last sync -> the facts, fetched one by one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import Listing, ListReader
from source_stripe_saas.api.rows import Row, StripeObject, loads, plain
from source_stripe_saas.ledger.feed import owner_of
from source_stripe_saas.ledger.lists import Gathering, ListWork
from source_stripe_saas.ledger.lookups import one
from source_stripe_saas.ledger.reading import decoded, encoded
from source_stripe_saas.ledger.store import Known
from source_stripe_saas.mrr.event_chain import INVOICE_EVENTS
from source_stripe_saas.streams.work import Batch, StreamWork

EXPANDED = ("discounts.source.coupon", "items.data.discounts", "customer")
"""What a subscription alone is asked to bring: its coupons may have been deleted since (M15)."""

FETCHED_IN_ONE_UNIT = 50
"""Subscriptions that one thread brings, so that several share a long list."""


@dataclass
class Moved:
    """Subscriptions that this sync has to look at, and what was told of them."""

    events: dict[str, list[StripeObject]] = field(default_factory=dict)
    """Subscription -> its events, newest first."""
    rebates: dict[str, list[StripeObject]] = field(default_factory=dict)
    """Customer -> events of a discount of its own, newest first."""
    named: set[str] = field(default_factory=set)
    """Subscriptions that events name, also those that no rule reads."""
    whole: set[str] = field(default_factory=set)
    """Subscriptions of which nothing is remembered: their whole past is read."""
    seen: dict[tuple[str, str], bytes | None] = field(default_factory=dict)
    """(Collection, id) -> JSON of an object that another stream has fetched, None if it is gone."""
    facts: dict[str, Known] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, event: StripeObject) -> None:
        """Takes an event; those of a second in the order in which they are listed."""
        raw = event["data"]["object"]
        if raw.get("object") == "subscription":
            self.named.add(raw["id"])
        subscription, customer = owner_of(event)
        if subscription is not None:
            self.events.setdefault(subscription, []).append(event)
        elif customer is not None:
            self.rebates.setdefault(customer, []).append(event)

    def saw(self, path: str, identity: str, row: Row | StripeObject | None) -> None:
        """Takes an object that another stream has fetched."""
        if (path, identity) in self.seen:
            return
        content = None if row is None else encoded(plain(row))
        with self._lock:
            self.seen[path, identity] = content

    def listed(self, identity: str, content: bytes) -> None:
        """Takes a subscription that the list of live ones has brought, its customer expanded."""
        with self._lock:
            self.seen["subscriptions", identity] = content

    def shows(self, path: str, identity: str) -> StripeObject | None:
        """An object as streams know it, if it is here already."""
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
        return one(client, collection, identity, expand)

    def add(self, known: Known) -> None:
        """Takes what was fetched of a subscription."""
        with self._lock:
            self.facts[known.subscription_id] = known


@dataclass(frozen=True)
class Fetch:
    """Brings some subscriptions as they are now, and the invoices that events name."""

    work: StreamWork
    gathering: Gathering
    moved: Moved
    subscriptions: ListWork
    invoices: ListWork
    identities: tuple[str, ...]

    @property
    def label(self) -> str:
        """How many."""
        return f"{self.work.plan.name}: {len(self.identities)} subscriptions that moved"

    @property
    def serves(self) -> tuple[str, ...]:
        """The stream."""
        return (self.work.plan.name,)

    def read(self) -> Iterator[Batch]:
        """No records: those come when all have been fetched."""
        for identity in self.identities:
            if self.work.failed.is_set():
                return
            self.moved.add(self._known(identity))
        units = self.gathering.ends()
        if units:
            yield self.work.batch(spawned=units)

    def _known(self, identity: str) -> Known:
        known = Known(identity)
        raw = self.moved.object(self.work.client, "subscriptions", identity, EXPANDED)
        events = list(self.moved.events.get(identity, ()))
        if raw is not None:
            known.subscription = self._whole(self.subscriptions, raw)
            customer = raw.get("customer")
            owner = customer.get("id") if isinstance(customer, dict) else customer
            events += self.moved.rebates.get(owner or "", ())
        known.events = sorted(events, key=lambda event: -event["created"])
        if identity in self.moved.whole:
            known.invoices = self._all_invoices(identity)
        else:
            known.invoices = [
                self._whole(self.invoices, found)
                for name in self._invoices_named(known.events)
                if (found := self._invoice(name)) is not None
            ]
        return known

    @staticmethod
    def _invoices_named(events: list[StripeObject]) -> list[str]:
        named = {
            event["data"]["object"]["id"] for event in events if event["type"] in INVOICE_EVENTS
        }
        return sorted(named)

    def _invoice(self, identity: str) -> Any:
        expand = self.invoices.plan.expand
        return self.moved.object(self.work.client, "invoices", identity, expand)

    def _all_invoices(self, identity: str) -> list[StripeObject]:
        params = [("subscription", identity)]
        params += [("expand[]", f"data.{path}") for path in self.invoices.plan.expand]
        listing = Listing("invoices", params=params)
        return [
            self._whole(self.invoices, plain(row))
            for page in ListReader(self.work.client, listing).pages()
            for row in page.objects
        ]

    @staticmethod
    def _whole(work: ListWork, raw: StripeObject) -> Any:
        return decoded(work.whole(raw))
