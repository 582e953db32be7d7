"""What the connector emitted and what the sandbox knows -> the differences, none or named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

Rows = Iterable[tuple[str, bool]]
"""(key, is the row deleted), in the order of the records."""

_SHOWN = 3
"""Differing ids that are named; the others are counted."""


class Table:
    """A destination's table: one row a key, the last one written wins."""

    def __init__(self) -> None:
        self._deleted: dict[str, bool] = {}

    def merge(self, rows: Rows) -> None:
        """Writes the rows over what is there."""
        self._deleted.update(rows)

    def replace(self, rows: Rows) -> None:
        """Writes the rows in place of what is there."""
        self._deleted = dict(rows)

    def keys(self) -> set[str]:
        """Keys of the rows that are not deleted."""
        return {key for key, is_deleted in self._deleted.items() if not is_deleted}


def once_each(rows: Rows, truth: Mapping[str, Any]) -> list[str]:
    """Differences between a read of everything and the truth, repeats among them."""
    times = Counter(key for key, _ in rows)
    repeated = [key for key, count in times.items() if count > 1]
    return [*differences(times.keys(), truth), *_named("repeated", repeated)]


def differences(
    keys: Collection[str], truth: Mapping[str, Any], forgotten: Collection[str] = ()
) -> list[str]:
    """Differences between a table's keys and the truth.

    Args:
        keys: what is in the table.
        truth: `ids` must be there; `unlistable` exist without any list that shows them, so they
            may be.
        forgotten: keys that may be there although the account holds them no more: events that
            Stripe has forgotten by age.
    """
    expected = set(truth["ids"])
    missing = expected.difference(keys)
    extra = set(keys).difference(expected, truth["unlistable"], forgotten)
    return [*_named("missing", missing), *_named("extra", extra)]


def _named(kind: str, keys: Collection[str]) -> list[str]:
    if not keys:
        return []
    shown = ", ".join(sorted(keys)[:_SHOWN])
    more = len(keys) - _SHOWN
    return [f"{len(keys)} {kind}: {shown}" + (f" and {more} more" if more > 0 else "")]
