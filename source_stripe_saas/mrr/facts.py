"""The objects and events of one subscription in, what they say in the ledger's own terms out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.mrr.catalog import FROM_PAYLOAD, Book
from source_stripe_saas.mrr.context import Context
from source_stripe_saas.mrr.customer_discount import CustomerDiscount, customer_discount_over
from source_stripe_saas.mrr.deleted_coupon import estimate_unknown
from source_stripe_saas.mrr.event_chain import (
    DISCOUNT_EVENTS,
    STATE_EVENTS,
    StateEvent,
    state_events,
    unique_events,
)
from source_stripe_saas.mrr.invoice import invoices_from
from source_stripe_saas.mrr.line import reference
from source_stripe_saas.mrr.long_items import in_order, with_all_items
from source_stripe_saas.mrr.moment import BIRTH_SECONDS
from source_stripe_saas.mrr.state import State, state_from

Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """What is known of one subscription.

    Attributes:
        subscription_id: its id.
        upper: the moment up to which rows are made (M30); all events up to it are present.
        horizon: T0 of M37; None where everything given may be used.
        window_start: how far back events reach now; a context older than that has a gap (M49).
        subscription: the current object, discounts and customer expanded where possible.
        invoices: its invoices with all lines.
        invoiceitems: invoice item id -> invoice item, for prorations that name only that.
        events: its events, its invoices' and its customer's discounts', also those after `upper`.
        snapshots: (time, object after that change), where no events are at hand.
    """

    subscription_id: str
    upper: int
    horizon: int | None = None
    window_start: int | None = None
    subscription: Raw | None = None
    invoices: Sequence[Raw] = ()
    invoiceitems: Mapping[str, Raw] = field(default_factory=dict)
    events: Sequence[Raw] = ()
    snapshots: Sequence[tuple[int, Raw]] = ()


class Reading:
    """Facts, read.

    Attributes:
        through: the bound up to which rows exist; -1 before the first.
        object: the current object as a state.
        invoices: the invoices, oldest first.
        customers: the customer's discount over time.
        told: states that events or snapshots tell, after `through`, in order.
        paid_events: invoice id -> time of its `invoice.paid` event.
        failed_events: (time, invoice id, attempt count, event id) of failed attempts.
    """

    def __init__(self, facts: Facts, book: Book, context: Context | None) -> None:
        self._facts = facts
        self._book = book
        self._context = context
        self.through = context.through if context else -1
        if context:
            book.recall(context.learned)
            book.recall_silent(context.silent)
        events = with_all_items(unique_events(facts.events), facts.subscription)
        self.paid_events, self.failed_events = _invoice_events(events)
        raw = in_order(facts.subscription)
        self.object = state_from(raw, book) if raw else None
        self.invoices = invoices_from(
            _merged_invoices(facts.invoices, events),
            facts.invoiceitems,
            book,
            facts.subscription_id,
            {item.id for item in self.object.items} if self.object else set(),
        )
        self.customers = self._customer_discounts(events)
        self.told = self._told_states(events)
        if self.object is not None:
            assumed = _own_customer_discount(raw, self.object, self.customers.last)
            self.object = replace(self.object, customer_discount=assumed)
        states = [*([self.object] if self.object else []), *(event.state for event in self.told)]
        named = {found for state in states for found in state.discount_ids()}
        currency = states[0].currency if states else ""
        # Where rows follow events, an invoice tells terms from its own time on.
        later = named if self._is_followed() else set()
        estimate_unknown(self.invoices, book, currency, named, left_out=later)

    def _is_followed(self) -> bool:
        context, start = self._context, self._facts.window_start
        return context is not None and (start is None or context.through >= start)

    def _customer_discounts(self, events: Sequence[Raw]) -> CustomerDiscount:
        raw = self._facts.subscription or {}
        customer = raw.get("customer") or raw.get("customer_account")
        now: str | None = None
        if isinstance(customer, dict) and "discount" in customer:
            now = self._book.learn_discount(customer["discount"], FROM_PAYLOAD)
        elif reference(customer) in self._book.catalog.customer_discounts:
            listed = self._book.catalog.customer_discounts[reference(customer) or ""]
            now = self._book.learn_discount(listed, FROM_PAYLOAD)
        if self._context:
            now = self._context.customer_discount
        ours = [event for event in events if event["type"] in DISCOUNT_EVENTS]
        return customer_discount_over(ours, now, self._book, self.through)

    def _told_states(self, events: Sequence[Raw]) -> list[StateEvent]:
        ours = [
            event
            for event in events
            if event["type"] in STATE_EVENTS and event["created"] > self.through
        ]
        last = self._context.state if self._context else None
        told = state_events(ours, self._book, self.customers.before, last)
        for at, raw in self._facts.snapshots:
            if at > self.through:
                state = state_from(raw, self._book)
                kind = "created" if at <= state.created + BIRTH_SECONDS else "snapshot"
                told.append(StateEvent("", at, kind, state, None))
        return sorted(told, key=lambda event: event.at)


def item_times(raw: Raw | None) -> dict[str, int]:
    """When the items still on the object were created (M47)."""
    listed = (raw or {}).get("items") or {}
    data = listed.get("data") or [] if isinstance(listed, dict) else listed
    return {entry["id"]: entry["created"] for entry in data if entry.get("created") is not None}


def _own_customer_discount(raw: Raw | None, state: State, otherwise: str | None) -> str | None:
    customer = (raw or {}).get("customer")
    if isinstance(customer, dict) and "discount" in customer:
        return state.customer_discount
    return otherwise


def _invoice_events(
    events: Sequence[Raw],
) -> tuple[dict[str, int], list[tuple[int, str, int, str]]]:
    paid: dict[str, int] = {}
    failed = []
    for event in events:
        raw = event["data"]["object"]
        if event["type"] == "invoice.paid":
            paid[raw["id"]] = event["created"]
        elif event["type"] == "invoice.payment_failed" and raw.get("billing_reason") != "manual":
            failed.append((event["created"], raw["id"], raw.get("attempt_count") or 0, event["id"]))
    return paid, failed


def _merged_invoices(invoices: Sequence[Raw], events: Sequence[Raw]) -> list[Raw]:
    """Invoices as read, and those that only an event shows; a paid one is the newer."""
    by_id: dict[str, Raw] = {}
    for event in events:
        if event["type"].startswith("invoice."):
            by_id[event["data"]["object"]["id"]] = event["data"]["object"]
    for raw in invoices:
        told = by_id.get(raw["id"])
        if told is None or not (told.get("status") == "paid" and raw.get("status") != "paid"):
            by_id[raw["id"]] = raw
    return list(by_id.values())
