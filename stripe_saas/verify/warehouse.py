"""Tables of `stripe-saas sync` or PyAirbyte, one a stream -> what the warehouse holds.

A column is named after its field; nested values are JSON. Where a key has several rows, as in a
table that is only ever appended to, the one with the largest cursor value counts, the later arrival
among equals.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from source_stripe_saas.streams.account_states import ACCOUNT_FIELD
from source_stripe_saas.streams.plan import StreamPlan
from stripe_saas.several_accounts import states_of_account
from stripe_saas.verify.holdings import Held, HoldingsError, Key, Row, parent_field
from stripe_saas.warehouse.database import Database

_ARRIVED = "_airbyte_extracted_at"
"""The loaders' own column; only tables that have it are streams."""

_STATES = "_airbyte_state"
_KEYS_AT_A_TIME = 500


class Warehouse:
    """The tables of one schema."""

    def __init__(
        self,
        database: Database,
        plans: Mapping[str, StreamPlan],
        *,
        schema: str | None = None,
        prefix: str = "",
    ) -> None:
        """Looks for the streams' tables.

        Args:
            database: where they are.
            plans: the streams that there may be.
            schema: where the tables are; by default wherever some are found.
            prefix: what precedes every stream's name in its table's.

        Raises:
            HoldingsError: no schema has any, or several have.
            WarehouseError: the database refuses a question; as in all that asks it.
        """
        self._database, self._prefix = database, prefix
        self._account: str | None = None
        names = {f"{prefix}{name}": name for name in plans}
        self._schema = schema or self._found(names)
        self._columns: dict[str, list[str]] = {}
        for table, column in self._arriving(self._schema):
            if table in names:
                self._columns.setdefault(names[table], []).append(column)

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that have a table."""
        return tuple(self._columns)

    @property
    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """The last states, kept in a table beside the tables."""
        found = self._database.select(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
            (self._schema, _STATES),
        )
        if not found:
            return {}
        kept = self._database.select(
            f"select stream_name, state_json from {_quoted(self._schema)}.{_quoted(_STATES)}"
        )
        states = {name: blob for name, blob in map(_state, kept) if blob is not None}
        return states if self._account is None else states_of_account(states, self._account)

    def of_account(self, account: str) -> Warehouse:
        """The rows of one of several accounts, by the same connection."""
        for name, columns in self._columns.items():
            if ACCOUNT_FIELD not in columns:
                raise HoldingsError(
                    f"the table of {name} has no column {ACCOUNT_FIELD}: a config without "
                    "`accounts` has filled it"
                )
        part = copy.copy(self)
        part._account = account
        return part

    def index(self, plan: StreamPlan) -> Mapping[Key, Held]:
        """All rows of a stream, as far as the index goes."""
        if plan.name not in self._columns:
            return {}
        optional = [plan.created_field, "is_deleted", parent_field(plan)]
        columns = [self.column(plan, name) if name else None for name in optional]
        wanted = ", ".join(_quoted(name) if name else "null" for name in columns)
        keys = [_column(part) for part in plan.primary_key]
        selected = ", ".join(map(_quoted, keys))
        rows = self._database.select(
            f"select {selected}, {wanted} from ({self._latest(plan)}) x", self._of_account
        )
        width = len(keys)
        return {
            tuple(map(str, row[:width])): Held(
                int(row[width]) if row[width] is not None else None,
                str(row[width + 2]) if row[width + 2] is not None else None,
                bool(row[width + 1]),
            )
            for row in rows
        }

    def rows(self, plan: StreamPlan, keys: Collection[Key]) -> Mapping[Key, Row]:
        """Some rows in full, by key, as columns."""
        if plan.name not in self._columns:
            return {}
        columns = [name for name in self._columns[plan.name] if not name.startswith("_airbyte_")]
        if self._account is not None:
            columns.remove(ACCOUNT_FIELD)
        places = [columns.index(_column(part)) for part in plan.primary_key]
        selected = ", ".join(map(_quoted, columns))
        last = _quoted(_column(plan.primary_key[-1]))
        wanted, found = set(keys), {}
        for some in _chunks(sorted({key[-1] for key in keys})):
            marks = ", ".join("?" * len(some))
            inner = self._latest(plan, f"{last} in ({marks})")
            parameters = (*self._of_account, *some)
            for row in self._database.select(f"select {selected} from ({inner}) x", parameters):
                key = tuple(str(row[place]) for place in places)
                if key in wanted:
                    found[key] = dict(zip(columns, row, strict=True))
        return found

    def column(self, plan: StreamPlan, field: str) -> str | None:
        """The column of a field, if the table has one."""
        name = _column(field)
        return name if name in self._columns.get(plan.name, ()) else None

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    @property
    def _of_account(self) -> tuple[str, ...]:
        """The parameters of `_latest`, ahead of those of its condition."""
        return () if self._account is None else (self._account,)

    def _latest(self, plan: StreamPlan, condition: str = "") -> str:
        """The rows that count, each once."""
        of_account = f"{_quoted(ACCOUNT_FIELD)} = ?" if self._account is not None else ""
        conditions = [text for text in (of_account, condition) if text]
        where = f"where {' and '.join(conditions)}" if conditions else ""
        cursor = self.column(plan, plan.cursor_field) if plan.is_incremental else None
        order = [_quoted(name) + " desc" for name in (cursor, _ARRIVED) if name]
        keys = ", ".join(_quoted(_column(part)) for part in plan.primary_key)
        table = f"{_quoted(self._schema)}.{_quoted(self._prefix + plan.name)}"
        numbered = (
            f"select *, row_number() over (partition by {keys} order by {', '.join(order)}) as n_ "
            f"from {table} {where}"
        )
        return f"select * from ({numbered}) y where n_ = 1"

    def _found(self, names: Collection[str]) -> str:
        rows = self._database.select(
            "select distinct table_schema, table_name from information_schema.columns "
            "where column_name = ?",
            (_ARRIVED,),
        )
        schemas = sorted({schema for schema, table in rows if table in names})
        if not schemas:
            raise HoldingsError("the warehouse has no table of any stream")
        if len(schemas) > 1:
            raise HoldingsError(f"several schemas hold streams, choose one: {', '.join(schemas)}")
        return str(schemas[0])

    def _arriving(self, schema: str) -> Iterator[tuple[str, str]]:
        """(table, column) of the streams' tables."""
        rows = self._database.select(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = ? order by table_name, ordinal_position",
            (schema,),
        )
        made = {table for table, column in rows if column == _ARRIVED}
        return ((table, column) for table, column in rows if table in made)


def _state(kept: tuple[Any, ...]) -> tuple[str, dict[str, Any] | None]:
    name, text = kept
    try:
        blob = json.loads(text)["stream"]["stream_state"]
    except (ValueError, KeyError, TypeError):
        return name, None
    return name, blob if isinstance(blob, dict) else None


def _column(field: str) -> str:
    """A field's name as loaders write it into a table."""
    return re.sub(r"[^a-z0-9_]", "_", field.lower())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _chunks(values: list[str]) -> Iterable[list[str]]:
    return (
        values[first : first + _KEYS_AT_A_TIME] for first in range(0, len(values), _KEYS_AT_A_TIME)
    )
