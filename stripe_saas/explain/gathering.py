"""A subscription's id and a client in; all that Stripe has about its MRR, for `derive`, out.

What is asked for, and which object belongs to the subscription, is decided by the ledger's own
code, so that both make the same rows. Only GETs; of other subscriptions only the events and the
customer's invoices, which Stripe lists together. On a large account the events take a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from source_stripe_saas.api.address import object_path
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import Listing, ListReader
from source_stripe_saas.ledger import coupons
from source_stripe_saas.ledger.codec import encoded, subscription_named, subscriptions_named
from source_stripe_saas.ledger.events import EVENT_TYPES, owner_of
from source_stripe_saas.ledger.lookup_cache import fetch_object
from source_stripe_saas.ledger.scan_lists import ListedCatalog
from source_stripe_saas.ledger.store import SubscriptionObjects
from source_stripe_saas.ledger.subscription_fetch import EXPANDED, invoices_listing
from source_stripe_saas.ledger.sync_choice import HORIZON_SECONDS
from source_stripe_saas.mrr.line import reference
from source_stripe_saas.mrr.moment import iso
from source_stripe_saas.streams.plans import load_plans
from source_stripe_saas.streams.records import RecordMaker

# The last seconds are left to the next look: they may not be over yet (M30).
_UPPER_LAG_SECONDS = 60

Raw = dict[str, Any]


class Gathering:
    """Collects what `derive` needs about one subscription."""

    def __init__(self, client: StripeClient) -> None:
        """Asks nothing yet."""
        self._client = client

    def gather(
        self, subscription_id: str, options: Mapping[str, Any], *, with_events: bool = True
    ) -> Raw:
        """Asks for everything.

        Args:
            subscription_id: `sub_…`.
            options: the `mrr` settings, put into the document as they are.
            with_events: read the account's events of the last 29 days; without them all is
                rebuilt from invoices.

        Raises:
            NotFound: the account has no such subscription.
            StripeError: something could not be read.
        """
        reply = self._client.get(
            object_path("subscriptions", subscription_id),
            _expanded(EXPANDED),
            endpoint="subscriptions",
        )
        subscription, now = dict(reply.body), reply.moment or 0
        self._complete("subscriptions", subscription)
        customer = str(reference(subscription.get("customer")) or "")
        invoices = list(self._invoices(subscription_id, subscription))
        if isinstance(subscription.get("customer"), dict):
            subscription["customer"] = _without_personal_data(subscription["customer"])
        horizon = now - HORIZON_SECONDS
        events = list(self._events(subscription_id, customer, horizon)) if with_events else []
        payloads = [event["data"] for event in events]
        named = [subscription, *invoices, *payloads]
        found = ListedCatalog(
            self._each("prices", set(_found(named, "price", "plan"))),
            self._each("coupons", set(_found(named, "coupon"))),
        )
        coupons.complete(SubscriptionObjects(subscription_id, subscription), found, self._client)
        return {
            "subscriptions": [subscription],
            "invoices": invoices,
            "invoiceitems": self._invoice_items(subscription_id, customer, invoices),
            "events": events,
            "prices": found.prices,
            "coupons": found.coupons,
            "horizon": iso(horizon) if with_events else None,
            "now": iso(now - _UPPER_LAG_SECONDS),
            "options": dict(options),
        }

    def _all(self, listing: Listing) -> list[Raw]:
        pages = ListReader(self._client, listing).pages()
        return [dict(row) for page in pages for row in page.objects]

    def _complete(self, stream: str, content: Raw) -> None:
        """Reads the lists that an object embeds to their ends."""
        maker = RecordMaker(load_plans()[stream], self._client)
        for name in maker.plan.completes:
            maker.complete(content, name)

    def _invoices(self, subscription_id: str, subscription: Raw) -> Iterator[Raw]:
        expand = load_plans()["invoices"].expand
        for invoice in self._all(invoices_listing(subscription_id, subscription, expand)):
            self._complete("invoices", invoice)
            if subscription_id in subscriptions_named(encoded(invoice)):
                yield {key: value for key, value in invoice.items() if key not in _PERSONAL}

    def _invoice_items(
        self, subscription_id: str, customer: str, invoices: Iterable[Raw]
    ) -> list[Raw]:
        """Those that prorations name instead of an item of the subscription (M38)."""
        is_named = any(
            reference(details["invoice_item"])
            for invoice in invoices
            for line in invoice["lines"]["data"]
            if (details := (line.get("parent") or {}).get("invoice_item_details"))
        )
        if not is_named or not customer:
            return []
        found = self._all(Listing("invoiceitems", [("customer", customer)], created_field=None))
        return [raw for raw in found if subscription_named(encoded(raw)) == subscription_id]

    def _events(self, subscription_id: str, customer: str, horizon: int) -> Iterator[Raw]:
        listing = Listing("events", [("types[]", name) for name in EVENT_TYPES])
        for page in ListReader(self._client, listing, lo=horizon).pages():
            for row in page.objects:
                event = dict(row)
                if owner_of(event) in ((subscription_id, None), (None, customer)):
                    raw = event["data"]["object"]
                    kept = {key: value for key, value in raw.items() if key not in _PERSONAL}
                    yield {**event, "data": {**event["data"], "object": kept}}

    def _each(self, path: str, names: Iterable[str]) -> dict[str, Raw]:
        """Objects by id; one that is gone is left out, as payloads may still spell it out."""
        expand = load_plans()[path].expand
        found = ((name, fetch_object(self._client, path, name, expand)) for name in sorted(names))
        return {name: content for name, content in found if content is not None}


# Personal data has no effect on MRR.
_PERSONAL = frozenset(
    {"account_name", "customer_address", "customer_email", "customer_name", "customer_phone"}
    | {"customer_shipping", "customer_tax_ids", "hosted_invoice_url", "invoice_pdf"}
)


def _without_personal_data(customer: Raw) -> Raw:
    """Only what the rules read of a customer: the document may be passed on."""
    return {name: customer[name] for name in ("id", "object", "discount") if name in customer}


def _expanded(paths: Iterable[str]) -> list[tuple[str, str]]:
    return [("expand[]", path) for path in paths]


def _found(node: Any, *fields: str) -> Iterator[str]:
    """Ids under these names anywhere, whether expanded or not."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            name = reference(value) if key in fields and not isinstance(value, list) else None
            if isinstance(name, str):
                yield name
            yield from _found(value, *fields)
    elif isinstance(node, (list, tuple)):
        for entry in node:
            yield from _found(entry, *fields)
