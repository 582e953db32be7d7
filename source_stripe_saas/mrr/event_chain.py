"""Stripe events of one subscription in, its states in the order they were held out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.state import PLAN_ITEM, State, state_from

STATE_EVENTS = frozenset(
    f"customer.subscription.{name}"
    for name in ("created", "updated", "deleted", "paused", "resumed", "pending_update_applied")
)
DISCOUNT_EVENTS = frozenset(
    f"customer.discount.{name}" for name in ("created", "updated", "deleted")
)
INVOICE_EVENTS = frozenset(
    f"invoice.{name}"
    for name in ("finalized", "paid", "payment_failed", "voided", "marked_uncollectible")
)
# Up to this API version `previous_attributes` listed only the changed elements of a list (M29).
_PARTIAL_LISTS_UNTIL = "2017-04-06"
# How many ways of going on are tried for the events of one second before they stay as listed.
_MOST_TRIES = 5000


@dataclass(frozen=True)
class StateEvent:
    """A subscription event: the state it brought, and the one before if it tells (M29)."""

    id: str
    at: int
    kind: str
    state: State
    prior: State | None

    @property
    def is_created(self) -> bool:
        """Whether it is the subscription's first event."""
        return self.kind == "created"


def unique_events(events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The events, each once, oldest first; lists are newest first (M30)."""
    seen: dict[str, Mapping[str, Any]] = {}
    for event in events:
        seen.setdefault(event["id"], event)
    oldest_first = list(seen.values())[::-1]
    return sorted(oldest_first, key=lambda event: event["created"])


def prior_object(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The object before an event, which only `*.updated` events tell (M29)."""
    changed = event["data"].get("previous_attributes")
    if not event["type"].endswith(".updated") or changed is None:
        return None
    is_partial = (event.get("api_version") or "9999") <= _PARTIAL_LISTS_UNTIL
    before = _merged(event["data"]["object"], changed, is_partial)
    if is_partial and "items" in changed:
        _take_out_added(before, changed["items"], event["created"])
    if "items" not in changed and ("plan" in changed or "quantity" in changed):
        _carry_to_only_item(before, changed)
    return before


def state_events(
    events: Sequence[Mapping[str, Any]],
    book: Book,
    customer_discount_at: Callable[[int], str | None],
    last: State | None = None,
) -> list[StateEvent]:
    """Reads and orders the subscription's own events (M30).

    Args:
        events: from `unique_events`, of one subscription.
        book: learns what payloads spell out.
        customer_discount_at: the customer's discount at a time, which these payloads never carry.
        last: the last known state, which the first event of its second should follow.
    """
    read = [_read(event, book, customer_discount_at) for event in events]
    ordered: list[StateEvent] = []
    for _, group in groupby(read, key=lambda event: event.at):
        together = list(group)
        known = ordered[-1].state if ordered else last
        ordered.extend(together if len(together) == 1 else _ordered(together, known))
    return ordered


def _read(
    event: Mapping[str, Any], book: Book, customer_discount_at: Callable[[int], str | None]
) -> StateEvent:
    at = event["created"]
    assumed = customer_discount_at(at)
    before = prior_object(event)
    return StateEvent(
        id=event["id"],
        at=at,
        kind=event["type"].rpartition(".")[2],
        state=state_from(event["data"]["object"], book, assumed),
        prior=None if before is None else state_from(before, book, assumed),
    )


def _ordered(events: list[StateEvent], known: State | None) -> list[StateEvent]:
    """The order in which each event's prior state is the object before it (M30)."""
    first = [event for event in events if event.kind == "created"]
    final = [event for event in events if event.kind == "deleted"]
    middle = [event for event in events if event.kind not in ("created", "deleted")]
    start = first[-1].state if first else known
    for held in (start, None) if start is not None else (None,):
        order = _chained(held, middle)
        if order is not None:
            return [*first, *order, *final]
    return [*first, *middle, *final]


def _chained(held: State | None, events: list[StateEvent]) -> list[StateEvent] | None:
    """The first order in which each event follows from the object before it, if there is one."""
    tries = 0

    def go_on(held: State | None, left: tuple[int, ...]) -> list[int] | None:
        nonlocal tries
        if not left:
            return []
        for i in left:
            tries += 1
            if tries > _MOST_TRIES:
                return None
            event = events[i]
            # An event that does not tell its prior state repeats what another one brought.
            before = event.prior if event.prior is not None else event.state
            if held is None or before == held:
                rest = go_on(event.state, tuple(other for other in left if other != i))
                if rest is not None:
                    return [i, *rest]
        return None

    found = go_on(held, tuple(range(len(events))))
    return None if found is None else [events[i] for i in found]


def _merged(current: Any, changed: Mapping[str, Any], is_partial: bool) -> dict[str, Any]:
    """Plain hashes merge key by key, lists and list objects replace as a whole (M29)."""
    before = dict(current)
    for key, old in changed.items():
        now = before.get(key)
        if not (isinstance(old, dict) and isinstance(now, dict)):
            before[key] = _elements(now, old) if is_partial and isinstance(old, list) else old
        elif isinstance(old.get("data"), list):
            data = old["data"]
            before[key] = {**old, "data": _elements(now.get("data"), data)} if is_partial else old
        else:
            before[key] = _merged(now, old, is_partial)
    return before


def _elements(now: Any, old: list[Any]) -> list[Any]:
    if not isinstance(now, list) or not all(isinstance(entry, dict) for entry in [*now, *old]):
        return old
    changed = {entry.get("id"): entry for entry in old}
    kept = [{**entry, **changed.pop(entry.get("id"), {})} for entry in now]
    return [*kept, *changed.values()]


def _take_out_added(before: dict[str, Any], changed: Any, at: int) -> None:
    """An item that the change added is in no list of what was so before it (M29)."""
    listed, named = before["items"], changed.get("data") if isinstance(changed, dict) else None
    if not isinstance(named, list):
        return
    known = {item.get("id") for item in named}
    kept = [
        item
        for item in listed["data"]
        if item.get("id") in known or (item.get("created") or 0) < at
    ]
    before["items"] = {**listed, "data": kept}


def _carry_to_only_item(before: dict[str, Any], changed: Mapping[str, Any]) -> None:
    """The top-level plan and quantity of old payloads are those of a single item (M28)."""
    listed = before.get("items")
    data = listed.get("data") if isinstance(listed, dict) else None
    if not data or len(data) != 1 or data[0].get("id") == PLAN_ITEM:
        return
    item = dict(data[0])
    if "quantity" in changed:
        item["quantity"] = changed["quantity"]
    if changed.get("plan"):
        plan = {**(item.get("plan") or {}), **changed["plan"]}
        item["plan"] = plan
        item.pop("price", None)
    before["items"] = {**listed, "data": [item]} if isinstance(listed, dict) else listed
