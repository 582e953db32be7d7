"""Two warehouses with models -> whether every table holds the same rows."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from stripe_saas.warehouse.places import MODELS_SCHEMA

MARTS = (MODELS_SCHEMA,)
ALL = (MODELS_SCHEMA, f"{MODELS_SCHEMA}_staging")

Table = tuple[list[str], list[str]]


def query_by(cursor: Any) -> Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]:
    """A function from a statement to the names of its columns and its rows."""

    def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor.execute(sql)
        return [column[0] for column in cursor.description], cursor.fetchall()

    return query


def tables_of(cursor: Any, schemas: Iterable[str] = ALL) -> dict[str, Table]:
    """Table -> its columns and rows, in an order that does not hang on the warehouse."""
    query = query_by(cursor)
    found = {}
    names = query(
        "select table_schema, table_name from information_schema.tables "
        f"where table_schema in ({', '.join(map(repr, schemas))}) order by 1, 2"
    )[1]
    for schema, name in names:
        columns, rows = query(f'select * from {schema}."{name}"')
        found[f"{schema}.{name}"] = (
            columns,
            sorted(repr([_plain(value) for value in row]) for row in rows),
        )
    return found


def differing(some: dict[str, Table], others: dict[str, Table]) -> dict[str, Any]:
    """Table -> the first pair of rows in which two warehouses differ; both have these tables."""
    assert list(some) == list(others)
    return {
        name: next(
            (pair for pair in zip(rows, others[name][1], strict=False) if pair[0] != pair[1]),
            (columns, len(rows), others[name][0], len(others[name][1])),
        )
        for name, (columns, rows) in some.items()
        if (columns, rows) != others[name]
    }


def _plain(value: Any) -> Any:
    """A value as both drivers give it."""
    if isinstance(value, float):
        value = Decimal(str(value))
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, str) and value[:1] in ("{", "["):
        # One driver gives JSON as its text, the other decoded.
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    return json.dumps(value, sort_keys=True) if isinstance(value, (dict, list)) else value
