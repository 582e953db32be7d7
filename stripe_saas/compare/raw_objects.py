"""Raw tables of a warehouse in, Stripe's objects as the MRR rules read them out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import GENERATION_COLUMN, RAW_SCHEMA

Raw = dict[str, Any]
_OWN = "_airbyte_"
_IN_ONE_QUESTION = 500


class RawObjects:
    """The tables that `stripe-saas sync` fills."""

    def __init__(self, database: Database) -> None:
        """Looks at which columns there are."""
        self._database = database
        self._columns: dict[str, dict[str, bool]] = {}
        for table, column, kind in database.select(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_schema = ? order by table_name, ordinal_position",
            (RAW_SCHEMA,),
        ):
            if not column.startswith(_OWN) and column != GENERATION_COLUMN:
                self._columns.setdefault(table, {})[column] = "json" in kind.lower()

    def has(self, stream: str) -> bool:
        """True if there is a table of the stream."""
        return stream in self._columns

    def each(
        self, stream: str, field: str | None = None, values: Sequence[str] = ()
    ) -> Iterator[Raw]:
        """Objects of a stream; none if it has no table.

        Args:
            stream: whose.
            field: a column that chooses.
            values: what the column may hold.
        """
        columns = self._columns.get(stream)
        if columns is None or (field is not None and field not in columns):
            return
        selected = ", ".join(
            f'cast("{name}" as varchar)' if is_json else f'"{name}"'
            for name, is_json in columns.items()
        )
        query = f"select {selected} from {RAW_SCHEMA}.{stream}"
        for first in range(0, len(values) if field else 1, _IN_ONE_QUESTION):
            some = values[first : first + _IN_ONE_QUESTION]
            where = f' where "{field}" in ({", ".join("?" * len(some))})' if field else ""
            for row in self._database.select(query + where, some):
                yield _object(columns, row)


def _object(columns: dict[str, bool], row: Sequence[Any]) -> Raw:
    found = {}
    for (name, is_json), value in zip(columns.items(), row, strict=True):
        # Decimals keep their text: 12.1 percent is 121/1000, not a binary neighbour (M3).
        is_text = is_json and isinstance(value, str)
        found[name] = json.loads(value, parse_float=Decimal) if is_text else value
    return found
