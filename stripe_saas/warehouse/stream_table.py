"""A stream -> its table: name, columns and key, quoted as SQL wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stripe_saas.warehouse.columns import ColumnKind
from stripe_saas.warehouse.places import EXTRA_COLUMN, GENERATION_COLUMN, RAW_SCHEMA

RAW_ID, EXTRACTED_AT, META = "_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta"
"""The columns that PyAirbyte's caches and Airbyte's destinations have in every table."""

OWN_COLUMNS = (EXTRA_COLUMN, RAW_ID, EXTRACTED_AT, META, GENERATION_COLUMN)
"""What a table has besides the stream's fields."""


@dataclass(frozen=True)
class StreamTable:
    """A table that is filled from a stream."""

    name: str
    columns: Mapping[str, ColumnKind]
    """The stream's fields."""
    key: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """With its schema."""
        return f"{RAW_SCHEMA}.{quoted(self.name)}"

    @property
    def has_updated(self) -> bool:
        """True if its rows say since when they hold."""
        return self.columns.get("updated") is ColumnKind.INTEGER

    @property
    def keeps_deleted(self) -> bool:
        """True if rows of deleted objects are marked, and so stay."""
        return self.columns.get("is_deleted") is ColumnKind.BOOLEAN


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str], prefix: str = "") -> str:
    """Names in SQL, with commas between them.

    Args:
        names: of columns.
        prefix: precedes each, such as `old.`.
    """
    return ", ".join(prefix + quoted(name) for name in names)


def same_key(left: str, right: str, key: Sequence[str]) -> str:
    """The condition that two rows have the same key."""
    return " and ".join(f"{left}.{quoted(name)} = {right}.{quoted(name)}" for name in key)
