"""Streams' schemas and tables' columns -> one of five kinds of column; values -> what fits them.

A value fits a column if the column can hold it unchanged. Numbers are kept to nine decimals, as
Airbyte's destinations keep them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

MOST_INTEGER, LEAST_INTEGER = 2**63 - 1, -(2**63)
"""What 64 bits hold."""

NUMBER_LIMIT = 10.0**28
"""Numbers smaller than this fit `decimal(38, 9)`, with some room for rounding."""

_WHOLE = re.compile(r"-?[0-9]{1,19}")
_EXACT_FLOAT = 2.0**53
"""Up to here a float without a fraction is the integer that was meant."""


class ColumnKind(Enum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "json"


_OF_SCHEMAS = {
    "string": ColumnKind.TEXT,
    "integer": ColumnKind.INTEGER,
    "number": ColumnKind.NUMBER,
    "boolean": ColumnKind.BOOLEAN,
    "object": ColumnKind.JSON,
    "array": ColumnKind.JSON,
}

_OF_TABLES = {
    "bigint": ColumnKind.INTEGER,
    "hugeint": ColumnKind.INTEGER,
    "decimal": ColumnKind.NUMBER,
    "numeric": ColumnKind.NUMBER,
    "double": ColumnKind.NUMBER,
    "double precision": ColumnKind.NUMBER,
    "boolean": ColumnKind.BOOLEAN,
    "json": ColumnKind.JSON,
    "jsonb": ColumnKind.JSON,
}


class DoesNotFit(Exception):
    """A value that its column cannot hold; the text says why."""


def kinds_of_schema(schema: Mapping[str, Any]) -> dict[str, ColumnKind]:
    """Column -> its kind, by a stream's JSON schema."""
    return {name: _kind_of(prop) for name, prop in schema["properties"].items()}


def _kind_of(prop: Mapping[str, Any]) -> ColumnKind:
    types = prop.get("type", "object")
    types = [types] if isinstance(types, str) else types
    named = [each for each in types if each != "null"]
    return _OF_SCHEMAS[named[0]] if len(named) == 1 else ColumnKind.JSON


def kind_of_column(sql_type: str) -> ColumnKind:
    """The kind of a table's column, by its type as `information_schema.columns` names it.

    Text for a type that this package makes no columns of.
    """
    return _OF_TABLES.get(sql_type.lower().partition("(")[0], ColumnKind.TEXT)


def fitted(kind: ColumnKind, value: Any, can_hold: Callable[[str], bool]) -> Any:
    """The value as its column takes it.

    Args:
        kind: of the column.
        value: decoded JSON, not null.
        can_hold: says whether the warehouse's encoding has all characters of a text.

    Raises:
        DoesNotFit: the column would have to change it.
    """
    if kind is ColumnKind.JSON:
        found = value
    elif isinstance(value, (dict, list)):
        raise DoesNotFit(f"{_name(value)} in a column of {_PLURALS[kind]}")
    elif kind is ColumnKind.TEXT:
        found = value if isinstance(value, str) else json.dumps(value)
    elif kind is ColumnKind.BOOLEAN:
        found = _boolean(value)
    elif kind is ColumnKind.INTEGER:
        found = _integer(value)
    else:
        found = _number(value)
    try:
        text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise DoesNotFit("a number beyond all measure") from None
    if not can_hold(text):
        raise DoesNotFit("a character that the database's encoding does not have")
    return found


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise DoesNotFit(f"{_name(value)} in a column of true and false")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT_FLOAT:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        fraction = isinstance(value, float) and math.isfinite(value)
        what = "a number with a fraction" if fraction else _name(value)
        raise DoesNotFit(f"{what} in a column of integers")
    if not LEAST_INTEGER <= value <= MOST_INTEGER:
        raise DoesNotFit("an integer beyond 64 bits")
    return int(value)


def _number(value: Any) -> int | float:
    if isinstance(value, str):
        try:
            value = int(value) if _WHOLE.fullmatch(value) else float(value)
        except ValueError:
            raise DoesNotFit("text in a column of numbers") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DoesNotFit(f"{_name(value)} in a column of numbers")
    if not abs(value) < NUMBER_LIMIT:
        raise DoesNotFit("a number beyond 29 digits")
    found: int | float = value
    return found


_PLURALS = {
    ColumnKind.TEXT: "text",
    ColumnKind.INTEGER: "integers",
    ColumnKind.NUMBER: "numbers",
    ColumnKind.BOOLEAN: "true and false",
}


def _name(value: Any) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return names.get(type(value), "a number")
