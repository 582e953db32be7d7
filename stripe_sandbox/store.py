"""Everything one Stripe account holds at one moment of its own clock.

Objects go in as plain dicts in the shape of API version 2026-05-27.dahlia, *normalised*: references
are ids, and lists that Stripe embeds (invoice lines, subscription items, refunds of a charge ...)
are left out. Each of their entries is put on its own, with its parent's id; `render.py` puts them
together again when a reply is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

EVENT_WINDOW_SECONDS = 30 * 86_400
"""Stripe keeps events readable for thirty days."""

StripeObject = dict[str, Any]


@dataclass
class Row:
    """One stored object: its content, its parent if it is a child, its place in time."""

    content: StripeObject
    created: int
    """Seconds. The object's `created` (an invoice item's `date`), else its moment of arrival."""
    sequence: int
    """Order of first arrival; breaks ties of `created`."""
    parent: str | None = None
    hidden: bool = False
    """True for an object that can be fetched by id but stands in no list (an inline price)."""


_OWNERS = ("customer", "subscription", "invoice", "charge")
"""Fields of an object that name another one which it belongs to."""


@dataclass
class Store:
    """The account's objects by Stripe `object` name and id, its clock and its deletions."""

    now: int
    """The account's clock, Unix seconds; what the server sends as `Date`."""
    livemode: bool = False
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    children: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """(object name, parent id) -> ids of the children, oldest first."""
    deleted: dict[str, dict[str, StripeObject]] = field(default_factory=dict)
    """Object name -> id -> last content, for objects that were deleted."""
    purged: set[str] = field(default_factory=set)
    """Ids of deleted objects that nothing expands to any more."""
    of_clock: dict[tuple[str, str], str] = field(default_factory=dict)
    """(object name, id) -> the test clock that an object belongs to; unscoped lists hide it."""
    versions: dict[str, int] = field(default_factory=dict)
    """Object name -> how often its table changed; lets readers keep sorted copies."""
    renderer: Any = field(default=None, repr=False, compare=False)
    """What `render.py` keeps from call to call; it lives as long as the store."""
    _sequence: int = 0

    def put(
        self, content: StripeObject, *, parent: str | None = None, hidden: bool = False
    ) -> None:
        """Stores an object, or replaces the one with the same `object` and `id`.

        Args:
            content: the whole normalised object; must have `object` and `id`.
            parent: id of the parent, for children (line items, subscription items ...).
            hidden: keep it out of lists.
        """
        name, identity = content["object"], content["id"]
        table = self.rows.setdefault(name, {})
        self.versions[name] = self.versions.get(name, 0) + 1
        known = table.get(identity)
        if known is not None:
            known.content = content
            known.hidden = hidden
            return
        self._inherit_clock(content, parent)
        created = content.get("created", content.get("date"))
        if created is None:
            created = self.now
        self._sequence += 1
        table[identity] = Row(content, int(created), self._sequence, parent, hidden)
        if parent is not None:
            self.children.setdefault((name, parent), []).append(identity)

    def _inherit_clock(self, content: StripeObject, parent: str | None) -> None:
        """What belongs to an object of a test clock is the clock's, too."""
        if not self.of_clock or content["object"] == "event":
            return
        clocks = {identity: clock for (_, identity), clock in self.of_clock.items()}
        for owner in (parent, *(content.get(name) for name in _OWNERS)):
            if isinstance(owner, str) and owner in clocks:
                self.of_clock[content["object"], content["id"]] = clocks[owner]

    def get(self, name: str, identity: str) -> StripeObject | None:
        """The object's content, or None if it never existed or was deleted."""
        row = self.rows.get(name, {}).get(identity)
        return row.content if row else None

    def remove(self, name: str, identity: str) -> StripeObject:
        """Deletes an object and returns its last content.

        Raises:
            KeyError: there is no such object.
        """
        row = self.rows[name].pop(identity)
        self.versions[name] = self.versions.get(name, 0) + 1
        if row.parent is not None:
            self.children[(name, row.parent)].remove(identity)
        self.deleted.setdefault(name, {})[identity] = row.content
        return row.content

    def newest_first(self, name: str) -> list[Row]:
        """All rows of one object name as Stripe lists them."""
        rows = self.rows.get(name, {}).values()
        return sorted(rows, key=lambda row: (row.created, row.sequence), reverse=True)

    def of_parent(self, name: str, parent: str) -> list[StripeObject]:
        """Contents of a parent's children, oldest first."""
        table = self.rows.get(name, {})
        return [table[identity].content for identity in self.children.get((name, parent), [])]

    def contents(self, name: str) -> Iterator[StripeObject]:
        """Contents of all objects of one name, in order of arrival."""
        return (row.content for row in self.rows.get(name, {}).values())
