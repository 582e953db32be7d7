"""A row that is held and Stripe's object of today -> the fields in which they differ.

Both sides are brought into one form first: warehouses keep nested values as JSON texts and numbers
as decimals, and do not distinguish null from absent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from source_stripe_saas.streams.plan import StreamPlan
from stripe_saas.warehouse.places import EXTRA_COLUMN

DRIFTS = {
    # A link that is made or expires changes its file without an event.
    "files": frozenset({"links"}),
    # What a payout holds is read when it is reconciled; `balance_transactions` has the status.
    "payout_balance_transactions": frozenset({"status"}),
}
"""Stream -> fields that change later without an event, as docs/behaviour.md says."""

Column = Callable[[str], str | None]


def differing(
    plan: StreamPlan,
    held: Mapping[str, Any],
    current: Mapping[str, Any],
    *,
    copied: Collection[str],
    column: Column,
) -> list[str]:
    """The fields that differ, sorted; the connector's own are left out.

    Args:
        plan: the stream.
        held: the row, by its own names of fields.
        current: the record that the connector would make now.
        copied: names of objects that are compared by their id where another object holds a copy of
            them: they have streams of their own, and change without an event of this object.
        column: a field's name in the row, None if rows leave it out.
    """
    own = {
        *(("updated",) if plan.adds_updated else ()),
        *(("is_deleted",) if plan.adds_is_deleted else ()),
        *DRIFTS.get(plan.name, ()),
    }
    # Events are copies themselves, and stay as they are.
    copied = () if plan.object == "event" else copied
    found = set()
    named = {EXTRA_COLUMN}
    beside: dict[str, Any] = {}
    for field, value in current.items():
        name = column(field)
        if name is None:
            beside[field] = value
            continue
        named.add(name)
        if field not in own and not _is_same(held.get(name), value, copied):
            found.add(field)
    # What only the row has is no longer Stripe's.
    found |= {name for name, value in held.items() if name not in named | own and value is not None}
    kept = held.get(EXTRA_COLUMN)
    if kept is not None:  # null in rows from before there was such a column
        kept = json.loads(kept) if isinstance(kept, str) else kept
        names = kept.keys() | beside.keys()
        found |= {name for name in names if not _is_same(kept.get(name), beside.get(name), copied)}
    return sorted(found)


def _is_same(held: Any, current: Any, copied: Collection[str]) -> bool:
    wanted = _plain(current, copied)
    if _plain(held, copied) == wanted:
        return True
    if isinstance(held, str) and not (isinstance(current, str) and held == current):
        try:
            return bool(_plain(json.loads(held), copied) == wanted)
        except (ValueError, RecursionError):
            return False
    if isinstance(held, Decimal) and isinstance(wanted, Decimal):
        # A column of decimals has a fixed number of places.
        try:
            return wanted.quantize(held) == held
        except InvalidOperation:
            return False
    return False


def _plain(value: Any, copied: Collection[str]) -> Any:
    """A value in the form in which both sides can be compared."""
    if isinstance(value, Mapping):
        if value.get("object") in copied and "id" in value:
            return {"id": value["id"]}
        return {name: _plain(inner, copied) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner, copied) for inner in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return Decimal(str(value))
    return value
