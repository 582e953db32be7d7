"""An object -> the objects that it carries in fields such as `lines.data.discounts`."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from source_stripe_saas.api.raw_object import StripeObject

_LIST_ENTRIES = "data"
"""Stands in a field's path behind a list of Stripe's."""

_MOST_KNOWN = 200_000
"""So many objects are remembered; beyond that some come twice, which does no harm."""


class CarriedBefore:
    """Which carried objects have been made records of in a sync; safe to use from many threads.

    Invoices carry what their subscription has, month after month. All show it as it is now.
    """

    def __init__(self) -> None:
        self._hashes: set[int] = set()
        self._lock = threading.Lock()

    def is_new(self, identity: str, deleted: bool) -> bool:
        """True the first time for an object, and once more when it is found to be deleted."""
        known = hash((identity, deleted))
        with self._lock:
            if known in self._hashes:
                return False
            if len(self._hashes) >= _MOST_KNOWN:
                self._hashes.clear()
            self._hashes.add(known)
        return True


def carried_in(carrier: StripeObject, fields: Iterable[str]) -> Iterator[StripeObject]:
    """The objects in these fields; ids, which were not expanded, are passed over."""
    for path in fields:
        for value in _values(carrier, path.split(".")):
            for entry in value if isinstance(value, list) else [value]:
                if isinstance(entry, dict):
                    yield entry


def carries_none(carrier: StripeObject, fields: Iterable[str]) -> bool:
    """True if the object shows that these fields hold nothing, not even an id.

    False for an object in the shape of another API version, which may lack a field.
    """
    return all(
        value is None or value == []
        for path in fields
        for value in _values(carrier, path.split("."), unknown=...)
    )


def cut_lists(fields: Iterable[str]) -> list[str]:
    """The lists on the way to these fields, which Stripe cuts after some entries."""
    inside = f".{_LIST_ENTRIES}."
    return [path.partition(inside)[0] for path in fields if inside in path]


def _values(node: Any, path: Sequence[str], unknown: Any = None) -> Iterator[Any]:
    """What stands at a path, once for each entry of the lists on the way.

    Args:
        node: where the path begins.
        path: names of fields.
        unknown: given for what is not there, or is cut.
    """
    if not path:
        yield node
        return
    if not isinstance(node, dict) or path[0] not in node:
        yield unknown
        return
    value = node[path[0]]
    if path[0] != _LIST_ENTRIES:
        yield from _values(value, path[1:], unknown)
        return
    if node.get("has_more"):
        yield unknown
    for entry in value if isinstance(value, list) else ():
        yield from _values(entry, path[1:], unknown)
