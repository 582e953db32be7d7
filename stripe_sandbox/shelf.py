"""A store in; its tables sorted and indexed the way Stripe lists them out.

Each table is kept until the store says that it changed, so that a page costs what a page holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stripe_sandbox.store import Row, Store, StripeObject


class Table:
    """All listed rows of one object name at one version, newest first."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Sorts the rows that stand in lists."""
        self.rows = newest_first(row for row in rows if not row.hidden)
        self._indexes: dict[str, dict[Any, list[Row]]] = {}

    def by(self, path: str) -> dict[Any, list[Row]]:
        """Value at a dotted path (`^`: the parent's id) -> its listed rows, newest first."""
        index = self._indexes.get(path)
        if index is None:
            index = {}
            keys = path.split(".")
            for row in self.rows:
                value = row.parent if path == "^" else value_at(row.content, keys)
                value = id_of(value)
                if value is not None and not isinstance(value, list):
                    index.setdefault(value, []).append(row)
            self._indexes[path] = index
        return index


class Shelf:
    """The tables of one store."""

    def __init__(self, store: Store) -> None:
        """Reads nothing yet."""
        self.store = store
        self._tables: dict[str, tuple[int, Table]] = {}

    def table(self, name: str) -> Table:
        """The table of one object name, as of now."""
        version = self.store.versions.get(name, 0)
        kept = self._tables.get(name)
        if kept is None or kept[0] != version:
            kept = (version, Table(self.store.rows.get(name, {}).values()))
            self._tables[name] = kept
        return kept[1]

    def related(self, names: Sequence[str], path: str, owner: str) -> list[Row]:
        """Rows of these object names whose `path` is `owner`, in the order Stripe lists them."""
        if path == "^":
            # Straight from the store: while a company is being built, tables change at every step.
            rows = newest_first(row for name in names for row in self._children(name, owner))
        elif len(names) == 1:
            rows = self.table(names[0]).by(path).get(owner, [])
        else:
            rows = newest_first(
                row for name in names for row in self.table(name).by(path).get(owner, [])
            )
        return self._invoice_order(owner, rows) if names[0] == "line_item" else rows

    def _children(self, name: str, owner: str) -> Iterable[Row]:
        table = self.store.rows.get(name, {})
        return (table[identity] for identity in self.store.children.get((name, owner), ()))

    def forget(self) -> None:
        """Drops every kept table, for a store that was changed behind its own back."""
        self._tables.clear()

    def _invoice_order(self, invoice: str, rows: list[Row]) -> list[Row]:
        """Pending items and subscription items newest first, later additions oldest first."""
        holder = self.store.rows.get("invoice", {}).get(invoice)
        made = holder.created if holder else 0
        pending, subscribed, added = [], [], []
        for row in rows:
            kind = (row.content.get("parent") or {}).get("type")
            if kind == "subscription_item_details":
                subscribed.append(row)
            elif row.created > made:
                added.append(row)
            else:
                pending.append(row)
        return [*pending, *subscribed, *reversed(added)]


def newest_first(rows: Iterable[Row]) -> list[Row]:
    """Rows by creation, the latest first; within a second the last to arrive first."""
    return sorted(rows, key=lambda row: (row.created, row.sequence), reverse=True)


def value_at(content: StripeObject, keys: Sequence[str]) -> Any:
    """The value at a path of keys, None where the path ends early."""
    value: Any = content
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def id_of(value: Any) -> Any:
    """The id of an object that stands where others have an id; anything else as it is."""
    return value.get("id") if isinstance(value, dict) else value
