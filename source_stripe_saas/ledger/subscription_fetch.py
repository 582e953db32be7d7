"""Subscriptions that have changed since the last sync -> their objects, fetched one by one."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from source_stripe_saas.api.listing import Listing, ListReader
from source_stripe_saas.api.raw_object import ListedObject, RawObject, StripeObject, as_dict, has_id
from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.ledger.changed_subscriptions import ChangedSubscriptions
from source_stripe_saas.ledger.codec import (
    UNREADABLE,
    decoded,
    encoded,
    subscriptions_named,
    with_created,
)
from source_stripe_saas.ledger.scan_lists import LedgerReader
from source_stripe_saas.ledger.set_aside import LedgerSkips
from source_stripe_saas.ledger.store import SubscriptionObjects
from source_stripe_saas.mrr.event_chain import INVOICE_EVENTS
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch

EXPANDED = ("discounts.source.coupon", "items.data.discounts", "customer")
"""Expanded on a single subscription: its coupons may have been deleted since (M15)."""


@dataclass(frozen=True)
class SubscriptionFetch:
    """Fetches some subscriptions as they are now, and the invoices that events name."""

    reader: StreamReader
    changed: ChangedSubscriptions
    skips: LedgerSkips
    subscriptions: LedgerReader
    invoices: LedgerReader
    identities: tuple[str, ...]
    aside: Container[str] = ()
    """Those of them that the last sync had to set aside."""

    @property
    def label(self) -> str:
        return f"{self.reader.plan.name}: {len(self.identities)} changed subscriptions"

    @property
    def serves(self) -> tuple[str, ...]:
        return (self.reader.plan.name,)

    def read(self) -> Iterator[Batch]:
        """No records: those come when all have been fetched."""
        for identity in self.identities:
            if self.reader.failed.is_set():
                return
            try:
                objects = self._objects(identity)
            except (StripeError, *UNREADABLE) as error:
                self.skips.subscription(identity, error)
                continue
            if not self.reader.clocks.hides({"id": identity, **(objects.subscription or {})}):
                self.changed.add(objects)
            self.reader.rules.succeeded()
        yield from ()

    def _objects(self, identity: str) -> SubscriptionObjects:
        objects = SubscriptionObjects(identity)
        raw = self.changed.object(self.reader.client, "subscriptions", identity, EXPANDED)
        events = list(self.changed.events.get(identity, ()))
        if raw is not None:
            objects.subscription = with_created(self._whole(self.subscriptions, raw))
            customer = raw.get("customer")
            owner = customer.get("id") if isinstance(customer, dict) else customer
            events += self.changed.customer_events.get(owner or "", ())
            if identity in self.aside:
                events += self.changed.old_customer_events.get(owner or "", ())
        objects.events = sorted(events, key=lambda event: -event["created"])
        if identity in self.changed.whole:
            objects.invoices = self._all_invoices(identity, raw)
        else:
            objects.invoices = [
                self._whole(self.invoices, found)
                for name in self._invoices_named(objects.events)
                if (found := self._invoice(name)) is not None
            ]
        return objects

    @staticmethod
    def _invoices_named(events: list[StripeObject]) -> list[str]:
        named = {
            event["data"]["object"]["id"] for event in events if event["type"] in INVOICE_EVENTS
        }
        return sorted(named)

    def _invoice(self, identity: str) -> Any:
        expand = self.invoices.plan.expand
        return self.changed.object(self.reader.client, "invoices", identity, expand)

    def _all_invoices(self, identity: str, raw: StripeObject | None) -> list[StripeObject]:
        """Also those of the customer that name no subscription but bill this one (M38a)."""
        listing = invoices_listing(identity, raw, self.invoices.plan.expand)
        return [
            self._whole(self.invoices, as_dict(row))
            for page in ListReader(self.reader.client, listing).pages()
            for row in page.objects
            if identity in _subscriptions_named(row)
        ]

    @staticmethod
    def _whole(reader: LedgerReader, raw: StripeObject) -> Any:
        return decoded(reader.whole(raw))


def invoices_listing(identity: str, raw: StripeObject | None, expand: Iterable[str]) -> Listing:
    """The list that has all invoices which bill a subscription, and others of its customer.

    Invoices of a customer may bill a subscription without naming it (M38a); those of a deleted
    customer are listed under the subscription alone.

    Args:
        identity: the subscription's id.
        raw: the subscription, its customer expanded; None if it is gone.
        expand: paths in an invoice.
    """
    customer = (raw or {}).get("customer")
    params = [("subscription", identity)]
    if isinstance(customer, dict) and has_id(customer) and not customer.get("deleted"):
        params = [("customer", customer["id"])]
    params += [("expand[]", f"data.{path}") for path in expand]
    return Listing("invoices", params=params)


def _subscriptions_named(row: ListedObject) -> set[str]:
    return subscriptions_named(row.raw if isinstance(row, RawObject) else encoded(row))
