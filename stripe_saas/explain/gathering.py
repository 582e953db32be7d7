"""A subscription's id and a client in; all that Stripe has about its MRR, for `derive`, out.

Only GETs, and only of this one subscription, but for the events: Stripe lists those of the whole
account, so on a large one they take a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from source_stripe_saas.api.address import NoAddress, fill_path, object_path
from source_stripe_saas.api.client import Params, StripeClient
from source_stripe_saas.api.listing import Listing, ListReader
from source_stripe_saas.api.refusal import NotFound
from source_stripe_saas.mrr.event_chain import DISCOUNT_EVENTS, INVOICE_EVENTS, STATE_EVENTS
from source_stripe_saas.mrr.line import reference, subscription_of
from source_stripe_saas.mrr.moment import DAY_SECONDS, iso

HORIZON_DAYS = 29
# The last seconds are left to the next look: they may not be over yet (M30).
_UPPER_LAG_SECONDS = 60
_DISCOUNTS = ("discounts.source.coupon", "items.data.discounts")

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
            _expanded(_DISCOUNTS),
            endpoint="subscriptions",
        )
        subscription, now = reply.body, reply.moment or 0
        if subscription["items"].get("has_more"):
            path, params = "subscription_items", [("subscription", subscription_id)]
            items = self._all(path, [*params, *_expanded(["data.discounts"])])
            subscription["items"] = {"object": "list", "data": items}
        customer = str(reference(subscription.get("customer")) or "")
        if customer:
            subscription["customer"] = self._customer(customer)
        invoices = [self._whole(raw) for raw in self._invoices(subscription_id)]
        horizon = now - HORIZON_DAYS * DAY_SECONDS
        events = list(self._events(subscription_id, customer, horizon)) if with_events else []
        told = [event["data"] for event in events]
        prices = set(_found([subscription, *invoices, *told], "price", "plan"))
        coupons = set(_found([subscription, *invoices, *told], "coupon"))
        return {
            "subscriptions": [subscription],
            "invoices": invoices,
            "invoiceitems": self._invoiceitems(customer, invoices),
            "events": events,
            "prices": self._each("prices", prices, ("tiers", "currency_options")),
            "coupons": self._each("coupons", coupons, ("applies_to", "currency_options")),
            "horizon": iso(horizon) if with_events else None,
            "now": iso(now - _UPPER_LAG_SECONDS),
            "options": dict(options),
        }

    def _all(self, path: str, params: Params, **more: Any) -> list[Raw]:
        reader = ListReader(self._client, Listing(path, params, **more))
        return [dict(raw) for page in reader.pages() for raw in page.objects]

    def _customer(self, identity: str) -> Raw:
        found = self._client.get(object_path("customers", identity), endpoint="customers").body
        # No more of the person than is needed: the document may be passed on.
        return {"id": identity, "object": "customer", "discount": found.get("discount")}

    def _invoices(self, subscription_id: str) -> list[Raw]:
        wanted = ("data.discounts", "data.total_discount_amounts.discount")
        return self._all("invoices", [("subscription", subscription_id), *_expanded(wanted)])

    def _whole(self, invoice: Raw) -> Raw:
        if invoice["lines"].get("has_more"):
            path = fill_path("invoices/{id}/lines", invoice)
            lines = self._all(path, (), endpoint="invoices/{id}/lines", created_field=None)
            invoice = {**invoice, "lines": {"object": "list", "data": lines}}
        return {key: value for key, value in invoice.items() if key not in _PERSONAL}

    def _invoiceitems(self, customer: str, invoices: Iterable[Raw]) -> list[Raw]:
        """Those that prorations name instead of an item of the subscription (M38)."""
        named = {
            reference(details["invoice_item"])
            for invoice in invoices
            for line in invoice["lines"]["data"]
            if (details := (line.get("parent") or {}).get("invoice_item_details"))
        } - {None}
        if not named or not customer:
            return []
        found = self._all("invoiceitems", [("customer", customer)], created_field=None)
        return [raw for raw in found if raw["id"] in named]

    def _events(self, subscription_id: str, customer: str, horizon: int) -> Iterator[Raw]:
        types = sorted(STATE_EVENTS | DISCOUNT_EVENTS | INVOICE_EVENTS)
        listing = Listing("events", [("types[]", name) for name in types])
        for page in ListReader(self._client, listing, lo=horizon).pages():
            for row in page.objects:
                event = dict(row)
                raw = event["data"]["object"]
                if event["type"] in STATE_EVENTS:
                    is_ours = raw["id"] == subscription_id
                elif event["type"] in INVOICE_EVENTS:
                    is_ours = subscription_of(raw) == subscription_id
                else:
                    is_ours = subscription_id == reference(raw.get("subscription")) or (
                        not raw.get("subscription") and customer == reference(raw.get("customer"))
                    )
                if is_ours:
                    kept = {key: value for key, value in raw.items() if key not in _PERSONAL}
                    yield {**event, "data": {**event["data"], "object": kept}}

    def _each(self, path: str, names: Iterable[str], wanted: tuple[str, ...]) -> dict[str, Raw]:
        """Objects by id; one that is gone is left out, as payloads may still spell it out."""
        found = {}
        for name in sorted(names):
            try:
                at = object_path(path, name)
                reply = self._client.get(at, _expanded(wanted), endpoint=path)
            except (NoAddress, NotFound):
                continue
            found[name] = reply.body
        return found


# Who somebody is plays no part in what a subscription is worth.
_PERSONAL = frozenset(
    {"account_name", "customer_address", "customer_email", "customer_name", "customer_phone"}
    | {"customer_shipping", "customer_tax_ids", "hosted_invoice_url", "invoice_pdf"}
)


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
