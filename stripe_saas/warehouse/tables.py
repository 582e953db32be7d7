"""A catalog and a warehouse -> the streams' tables, as they have to be before a sync fills them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from source_stripe_saas.streams.account_states import ACCOUNT_FIELD
from stripe_saas.warehouse.changes import Changes
from stripe_saas.warehouse.columns import ColumnKind, kind_of_column, kinds_of_schema
from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import EXTRA_COLUMN, GENERATION_COLUMN, RAW_SCHEMA
from stripe_saas.warehouse.stream_table import (
    EXTRACTED_AT,
    META,
    RAW_ID,
    StreamTable,
    quoted,
)

_OWN_TYPES = {
    EXTRA_COLUMN: "json",
    RAW_ID: "varchar",
    EXTRACTED_AT: "timestamp",
    META: "json",
    GENERATION_COLUMN: "bigint",
}


@dataclass(frozen=True)
class PreparedTable:
    """A stream's table, and what had to be done to it."""

    table: StreamTable
    is_new: bool
    """It was not there."""
    added: tuple[str, ...]
    """Fields whose columns an existing table did not have."""


def prepare_tables(
    database: Database, streams: Sequence[Mapping[str, Any]]
) -> dict[str, PreparedTable]:
    """Makes the tables and columns that are missing.

    The type of a column that is there stays: values that it cannot hold are kept apart.

    Args:
        database: the warehouse; what is done counts with the transaction around it.
        streams: configured streams.

    Returns:
        Stream -> its table.
    """
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in database.select(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = ? order by table_name, ordinal_position",
        (RAW_SCHEMA,),
    ):
        found.setdefault(table, {})[column] = kind
    return {
        stream["stream"]["name"]: _prepared(database, stream["stream"], found) for stream in streams
    }


def _prepared(
    database: Database, stream: Mapping[str, Any], found: Mapping[str, Mapping[str, str]]
) -> PreparedTable:
    name = stream["name"]
    key = tuple(part for [part] in stream["source_defined_primary_key"])
    wanted = kinds_of_schema(stream["json_schema"])
    types = {column: database.kind.types[kind] for column, kind in wanted.items()} | _OWN_TYPES
    existing = found.get(name)
    columns: dict[str, ColumnKind] = {
        column: kind_of_column(existing[column]) if existing and column in existing else kind
        for column, kind in wanted.items()
    }
    table = StreamTable(name, columns, key)
    added: tuple[str, ...] = ()
    if existing is None:
        made = ", ".join(f"{quoted(column)} {kind}" for column, kind in types.items())
        database.execute(f"create table {table.full_name} ({made})")
    else:
        added = tuple(column for column in wanted if column not in existing)
        for column, kind in types.items():
            if column not in existing:
                database.execute(
                    f"alter table {table.full_name} add column {quoted(column)} {kind}"
                )
    database.kind.make_findable(database, table)
    return PreparedTable(table, existing is None, added)


def prune(
    database: Database,
    table: StreamTable,
    generation: int,
    changes: Changes,
    *,
    account: str | None = None,
    but: Sequence[str] = (),
) -> None:
    """Deletes the rows of older generations, but for those marked as deleted.

    Args:
        database: the warehouse.
        table: of a stream.
        generation: the read that has come to its end.
        changes: where the rows that go are noted.
        account: of several, whose rows alone are meant.
        but: accounts whose rows stay.
    """
    kept = " and is_deleted is not true" if table.keeps_deleted else ""
    column, owner = quoted(GENERATION_COLUMN), quoted(ACCOUNT_FIELD)
    of_accounts, accounts = "", list(but)
    if account is not None:
        of_accounts, accounts = f" and {owner} = ?", [account]
    elif but:
        marks = ", ".join("?" for _ in but)
        of_accounts = f" and ({owner} is null or {owner} not in ({marks}))"
    gone = f"({column} is null or {column} < ?){kept}{of_accounts}"
    parameters = (generation, *accounts)
    changes.note_where(table, gone, parameters)
    database.execute(f"delete from {table.full_name} where {gone}", *parameters)
