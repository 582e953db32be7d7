"""An account of the sandbox in; what its API shows to somebody who keeps a ledger of MRR out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from source_stripe_saas.mrr import Catalog, Facts
from source_stripe_saas.mrr.event_chain import DISCOUNT_EVENTS, INVOICE_EVENTS, STATE_EVENTS
from source_stripe_saas.mrr.line import reference, subscription_of
from stripe_sandbox import expansion
from stripe_sandbox.account import Account
from stripe_sandbox.store import StripeObject

DAY = 86_400
# How far rows reach behind the account's now: no second of it is still going on (M30).
UPPER_LAG_SECONDS = 60
HORIZON_SECONDS = 29 * DAY
WINDOW_SECONDS = 30 * DAY

# What a list can be asked to expand: four levels below the reply.
_EXPANSIONS = {
    "subscription": ("data.discounts.source.coupon", "data.items.data.discounts"),
    "invoice": ("data.discounts", "data.total_discount_amounts.discount"),
    "price": ("data.tiers", "data.currency_options"),
    "coupon": ("data.applies_to", "data.currency_options"),
}
_SCHEMAS = {"line_item": "line_item", "subscription_item": "subscription_item"}


class Shown:
    """The account's objects, each rendered once for every state of the account."""

    def __init__(self, account: Account) -> None:
        """Reads nothing yet."""
        self.account = account
        self.store = account.store

    @property
    def now(self) -> int:
        """The account's clock."""
        return self.store.now

    @property
    def upper(self) -> int:
        """The moment up to which everything is known."""
        return self.now - UPPER_LAG_SECONDS

    def rendered(self, objects: Iterable[StripeObject]) -> list[dict[str, Any]]:
        """Objects of one kind as a list of the API shows them."""
        objects = list(objects)
        if not objects:
            return []
        name = objects[0]["object"]
        paths = _EXPANSIONS.get(name, ())
        tree = expansion.tree_for((_SCHEMAS.get(name, name),), paths, in_list=True)
        return self.account.renderer.render_all(objects, tree)

    def catalog(self) -> Catalog:
        """Listed prices and coupons, and the discounts of customers."""
        prices = [row.content for row in self.account.shelf.table("price").rows]
        coupons = self.store.contents("coupon")
        customers = self.rendered(self.store.contents("customer"))
        return Catalog(
            prices={raw["id"]: raw for raw in self.rendered(prices)},
            coupons={raw["id"]: raw for raw in self.rendered(coupons)},
            customer_discounts={raw["id"]: raw.get("discount") for raw in customers},
        )

    def subscription(self, identity: str) -> dict[str, Any]:
        """The current object, with all of its items."""
        (raw,) = self.rendered([self.store.rows["subscription"][identity].content])
        if raw["items"]["has_more"]:
            items = self.store.of_parent("subscription_item", identity)
            tree = expansion.tree_for(("subscription_item",), ("data.discounts",), in_list=True)
            raw["items"] = {"data": self.account.renderer.render_all(items, tree)}
        return raw

    def invoice(self, content: StripeObject) -> dict[str, Any]:
        """An invoice with all of its lines."""
        (raw,) = self.rendered([content])
        if raw["lines"]["has_more"]:
            lines = self.store.of_parent("line_item", content["id"])
            raw["lines"] = {"data": self.rendered(lines)}
        return raw

    def events(self, since: int) -> dict[str, list[StripeObject]]:
        """Events after a moment, newest first, by the subscription or customer they are about."""
        found: dict[str, list[StripeObject]] = {}
        since = max(since, self.now - WINDOW_SECONDS - 1)
        for row in self.account.shelf.table("event").rows:
            if row.created <= since:
                break
            event = row.content
            owner = _owner(event)
            if owner is not None:
                found.setdefault(owner, []).append(event)
        return found

    def told_late(self) -> dict[str, int]:
        """Subscriptions of which events tell late, and when.

        Of some the first event tells nothing but their end: it does not say what was so before
        it, and the object says only how it ended. Others have been in a free period since before
        the events: it keeps the value of its eve, which shows no more than it did then, and the
        end of the period bills what there is.
        """
        horizon = self.now - HORIZON_SECONDS
        free = {}
        for one in self.store.contents("subscription"):
            start, end = one["trial_start"], one["trial_end"]
            if start is not None and one["created"] < start < horizon < end:
                free[one["id"]] = min(end, one["ended_at"] or end)
        first: dict[str, StripeObject] = {}
        for owner, events in self.events(self.now - HORIZON_SECONDS - 1).items():
            for event in events:  # newest first
                if event["type"] in STATE_EVENTS:
                    first[owner] = event
        ended = {
            owner: event["created"]
            for owner, event in first.items()
            if event["type"] == "customer.subscription.deleted"
        }
        return {**free, **ended}

    def first_facts(self) -> Iterator[Facts]:
        """Everything about every subscription, as a first sync reads it."""
        invoices: dict[str, list[dict[str, Any]]] = {}
        for row in self.account.shelf.table("invoice").rows:
            for key in self._named(row.content):
                invoices.setdefault(key, []).append(self.invoice(row.content))
        charges = {raw["id"]: raw for raw in self.rendered(self.store.contents("invoiceitem"))}
        events = self.events(self.now - HORIZON_SECONDS - 1)
        for content in self.store.contents("subscription"):
            key = content["id"]
            yield Facts(
                subscription_id=key,
                upper=self.upper,
                horizon=self.now - HORIZON_SECONDS,
                subscription=self.subscription(key),
                invoices=invoices.get(key, ()),
                invoiceitems=charges,
                events=[*events.get(key, ()), *events.get(content["customer"], ())],
            )

    def _named(self, invoice: StripeObject) -> list[str]:
        """The subscription an invoice is of, else those that its lines name."""
        own = subscription_of(invoice)
        if own:
            return [own]
        lines = self.store.of_parent("line_item", invoice["id"])
        return list(dict.fromkeys(line["subscription"] for line in lines if line["subscription"]))

    def later_facts(self, since: int, horizon: int, due: Iterable[str]) -> Iterator[Facts]:
        """What events and the clock have moved since the last sync.

        Args:
            since: up to when rows have been made.
            horizon: that of the first sync.
            due: subscriptions that the clock moves.
        """
        events = self.events(since)
        moved = dict.fromkeys(due)
        for owner in events:
            if owner.startswith("sub_"):
                moved[owner] = None
        for content in self.store.contents("subscription"):
            if content["customer"] in events:
                moved[content["id"]] = None
        for key in moved:
            content = self.store.rows["subscription"][key].content
            mine = [*events.get(key, ()), *events.get(content["customer"], ())]
            named = {
                event["data"]["object"]["id"] for event in mine if event["type"] in INVOICE_EVENTS
            }
            held = [self.store.get("invoice", name) for name in sorted(named)]
            yield Facts(
                subscription_id=key,
                upper=self.upper,
                horizon=horizon,
                window_start=self.now - WINDOW_SECONDS,
                subscription=self.subscription(key),
                invoices=[self.invoice(content) for content in held if content is not None],
                events=mine,
            )


def _owner(event: StripeObject) -> str | None:
    """The subscription an event is about, or the customer where it is about all of its."""
    raw = event["data"]["object"]
    if event["type"] in STATE_EVENTS:
        return str(raw["id"])
    if event["type"] in INVOICE_EVENTS:
        return subscription_of(raw)
    if event["type"] in DISCOUNT_EVENTS:
        return reference(raw.get("subscription")) or reference(raw.get("customer"))
    return None
