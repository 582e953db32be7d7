"""The interface of a destination: which ids it holds, and the rows of some of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from source_stripe_saas.streams.plan import StreamPlan

Key = tuple[str, ...]
"""A primary key's parts, in the plan's order."""

Row = dict[str, Any]


class HoldingsError(Exception):
    """A destination that cannot be read; its text is one line."""


@dataclass(frozen=True)
class Held:
    """What is known of a row before it is read."""

    moment: int | None
    """Its `created`, Unix seconds; None where the row has none."""
    parent: str | None
    """Id of the parent, for children."""
    is_deleted: bool


class Holdings(Protocol):
    """A destination; rows are those that an append-dedup destination would keep."""

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that it holds, or has held."""
        ...

    @property
    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """Stream -> the last state, where it keeps states."""
        ...

    def of_account(self, account: str) -> Holdings:
        """What it holds of one of several accounts; rows come without the account's id.

        Raises:
            HoldingsError: its rows do not say which account they are of.
        """
        ...

    def index(self, plan: StreamPlan) -> Mapping[Key, Held]:
        """All rows of a stream, those of deleted objects among them."""
        ...

    def rows(self, plan: StreamPlan, keys: Collection[Key]) -> Mapping[Key, Row]:
        """Some rows in full, by key."""
        ...

    def column(self, plan: StreamPlan, field: str) -> str | None:
        """Where a field of Stripe's stands in a row; None if rows leave it out."""
        ...


def parent_field(plan: StreamPlan) -> str | None:
    """The field of a child's record that holds its parent's id."""
    return next((name for name, source in plan.adds if source == "id"), None)


def key_of(plan: StreamPlan, record: Mapping[str, Any]) -> Key:
    """A record's primary key."""
    return tuple(str(record[part]) for part in plan.primary_key)
