"""A destination and the truth -> what of it differs, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integration_tests.destination import Destination
from integration_tests.truth import Truth
from stripe_sandbox.store import EVENT_WINDOW_SECONDS

CONNECTORS_OWN = ("updated", "is_deleted")
"""Fields that records carry and Stripe's objects mostly do not."""

DRIFTS = {
    # A link that is made or expires changes its file without an event.
    "files": ("links",),
    # What a payout holds is read when the payout is reconciled; that its own debit, too, has become
    # available shows in the stream balance_transactions.
    "payout_balance_transactions": ("status",),
}
"""Stream -> fields that change without an event, later than any look-back: as documented."""

_GO_WITH_THEIR_CUSTOMER = ("customer_balance_transactions", "active_entitlements")
"""Nothing tells that they went when their customer was deleted; a history keeps them."""

DERIVED = frozenset({"subscription_events"})
"""Streams that no object of the account stands behind: `ledger_check` compares these."""

_SHOWN = 3


def missing_and_extra(
    destination: Destination, truth: Truth, streams: Iterable[str] = ()
) -> dict[str, Any]:
    """Stream -> keys that the destination lacks and keys that it should not have."""
    found = {}
    chosen = set(streams)
    for name, counted in truth.counts().items():
        if chosen and name not in chosen:
            continue
        missing, extra = _keys(_present(name, destination, truth.now), counted)
        if missing or extra:
            found[name] = {"missing": _few(missing), "extra": _few(extra)}
    return found


def _few(keys: list[str]) -> list[str]:
    more = len(keys) - _SHOWN
    return keys if more <= 0 else [*keys[:_SHOWN], f"and {more} more"]


def _keys(rows: Mapping[str, Any], counted: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    expected = set(counted["ids"])
    have = set(rows)
    # Inline prices are in no list; the change feed may show them all the same.
    return sorted(expected - have), sorted(have - expected - set(counted["unlistable"]))


def _present(name: str, destination: Destination, now: int) -> dict[str, Any]:
    """The rows of a stream that should be in the account."""
    rows = destination.tables[name].present
    if name == "events":  # Stripe forgets them, the destination does not
        horizon = now - EVENT_WINDOW_SECONDS
        return {key: row for key, row in rows.items() if row["created"] >= horizon}
    if name in _GO_WITH_THEIR_CUSTOMER:
        customers = destination.tables["customers"].present
        return {key: row for key, row in rows.items() if row["customer"] in customers}
    return rows


def stale(destination: Destination, truth: Truth, streams: Iterable[str] = ()) -> dict[str, Any]:
    """Stream -> keys whose row is not what a GET by id gives now, with the fields that differ."""
    found: dict[str, Any] = {}
    for name in streams or destination.tables.keys() - DERIVED:
        rows = _present(name, destination, truth.now)
        objects = truth.objects(name, rows)
        for key, row in rows.items():
            if key not in objects:
                found.setdefault(name, {})[key] = "is gone"
                continue
            fields = differing(row, objects[key], DRIFTS.get(name, ()))
            if fields:
                found.setdefault(name, {})[key] = fields
    return {name: dict(list(keys.items())[:_SHOWN]) for name, keys in found.items()}


def differing(
    record: Mapping[str, Any], current: Mapping[str, Any], drifting: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Field -> (in the record, in Stripe's object), where they differ."""
    names = (set(record) | set(current)) - set(drifting)
    names -= {name for name in CONNECTORS_OWN if name not in current}
    return {
        name: (record.get(name), current.get(name))
        for name in sorted(names)
        if record.get(name, "absent") != current.get(name, "absent")
    }
