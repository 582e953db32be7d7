"""Events whose payloads cut long lists of items in, the same events with all items out (M5)."""

from collections.abc import Mapping, Sequence
from typing import Any

from source_stripe_saas.mrr.discount import discount_id
from source_stripe_saas.mrr.event_chain import DISCOUNT_EVENTS, STATE_EVENTS

Raw = Mapping[str, Any]
# How many entries Stripe puts into a list inside an object.
EMBEDDED = 10


def with_all_items(events: Sequence[Raw], current: Raw | None) -> list[Raw]:
    """Completes the items of payloads that end in `has_more`.

    The list of a past state cannot be paged any more. What it does not show is what the state
    after it shows, created by then: the walk goes backwards from the current object. Discounts that
    such an item got or lost since are told by events of their own.

    Args:
        events: of one subscription, oldest first.
        current: the subscription as it is now, with all of its items.
    """
    if not any(_is_cut(event) for event in events):
        return list(events)
    known = _entries((current or {}).get("items"))
    discounts = [event for event in events if event["type"] in DISCOUNT_EVENTS]
    completed: list[Raw] = []
    for event in reversed(events):
        if event["type"] not in STATE_EVENTS:
            completed.append(event)
            continue
        data, at = event["data"], event["created"]
        raw, before = data["object"], data.get("previous_attributes")
        known = _taken_back(discounts, at + 1, known)
        items, known = _completed(raw.get("items"), known, at)
        told = {**data, "object": {**raw, "items": items}}
        known = _taken_back(discounts, at, known)
        if before and "items" in before:
            earlier, known = _completed(before["items"], known, at - 1)
            told["previous_attributes"] = {**before, "items": earlier}
        completed.append({**event, "data": told})
    return completed[::-1]


def _completed(listed: Any, known: list[Raw], until: int) -> tuple[Any, list[Raw]]:
    """The list with what is known besides, created by then, and its entries."""
    entries = _entries(listed)
    if not (isinstance(listed, Mapping) and listed.get("has_more")):
        return listed, entries
    shown = {entry.get("id") for entry in entries}
    hidden = [
        entry
        for entry in known
        if entry.get("id") not in shown and (entry.get("created") or 0) <= until
    ]
    whole = _in_order([*entries, *hidden])
    return {**listed, "data": whole, "has_more": False}, whole


def _taken_back(discounts: list[Raw], since: int, known: list[Raw]) -> list[Raw]:
    """The entries before the last of these discount events, which are used up as far as `since`."""
    while discounts and discounts[-1]["created"] >= since:
        event = discounts.pop()
        kind, raw = event["type"].rpartition(".")[2], event["data"]["object"]
        item = raw.get("subscription_item")
        if item and kind != "updated":
            known = [
                _with_discount(entry, raw, is_held=kind == "deleted")
                if entry.get("id") == item
                else entry
                for entry in known
            ]
    return known


def _with_discount(entry: Raw, discount: Raw, *, is_held: bool) -> Raw:
    held = entry.get("discounts") or ()
    others = [one for one in held if discount_id(one) != discount_id(discount)]
    return {**entry, "discounts": [*others, discount] if is_held else others}


def in_order(current: Raw | None) -> Raw | None:
    """The current object with a long list of items in the order of completed ones."""
    entries = _entries((current or {}).get("items"))
    if current is None or len(entries) <= EMBEDDED:
        return current
    return {**current, "items": {"data": _in_order(entries)}}


def _in_order(entries: list[Raw]) -> list[Raw]:
    """By creation: which ones a list shows changes, and the order may not hang on it."""
    return sorted(entries, key=lambda one: (one.get("created") or 0, str(one.get("id"))))


def _entries(listed: Any) -> list[Raw]:
    data = listed.get("data") if isinstance(listed, Mapping) else listed
    return list(data or ())


def _is_cut(event: Raw) -> bool:
    if event["type"] not in STATE_EVENTS:
        return False
    data = event["data"]
    lists = (data["object"].get("items"), (data.get("previous_attributes") or {}).get("items"))
    return any(isinstance(one, Mapping) and bool(one.get("has_more")) for one in lists)
