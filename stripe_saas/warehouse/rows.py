"""Records of one stream -> rows that a table takes, each key once.

A row holds the columns of the stream's schema and the three that PyAirbyte adds to every table. Of
two records of one key the one with the greater `updated` stays, of equal ones the later: a merge
could not tell which of the two to keep.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import msgspec
import orjson

from source_stripe_saas.api.raw_object import loads

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUL_IN_JSON = b"\\u0000"


def decoded(line: bytes) -> Any:
    """A line of JSON -> its content, in text that every warehouse can hold.

    Half a surrogate pair and the character 0 become U+FFFD: neither DuckDB nor Postgres has a text
    with them, and one such value would keep a whole batch out.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested deeper than Python can follow.
    """
    if _NUL_IN_JSON not in line:
        try:
            return msgspec.json.decode(line)  # keeps integers whole, which orjson does not
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # half a surrogate pair, perhaps
    return _holdable(loads(line))


def _holdable(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub(REPLACEMENT, value.replace("\0", REPLACEMENT))
    if isinstance(value, list):
        return [_holdable(each) for each in value]
    if isinstance(value, dict):
        return {_holdable(key): _holdable(each) for key, each in value.items()}
    return value


class Rows:
    """The rows of one stream that wait to be written."""

    def __init__(self, columns: Sequence[str], primary_key: Sequence[str], began: float) -> None:
        """Starts empty.

        Args:
            columns: those of the stream's schema; what a record holds besides is left out.
            primary_key: the columns that tell rows apart.
            began: Unix seconds of this machine; no row says that it was extracted earlier.
        """
        self._columns = dict.fromkeys(columns)
        self._primary_key, self._began = primary_key, began
        self._rows: dict[tuple[Any, ...], tuple[Any, bytes]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, record: Mapping[str, Any], emitted_at_ms: float) -> None:
        """Takes a record in."""
        key = tuple(record.get(name) for name in self._primary_key)
        updated = record.get("updated")
        known = self._rows.pop(key, None)
        if known and isinstance(updated, int) and isinstance(known[0], int) and updated < known[0]:
            self._rows[key] = known
            return
        row = {name: value for name, value in record.items() if name in self._columns}
        extracted = datetime.fromtimestamp(max(emitted_at_ms / 1000, self._began), timezone.utc)
        row["_airbyte_raw_id"] = str(uuid.uuid4())
        row["_airbyte_extracted_at"] = extracted.strftime("%Y-%m-%d %H:%M:%S.%f")
        row["_airbyte_meta"] = {}
        self._rows[key] = (updated, _json(row))

    def take(self) -> list[bytes]:
        """The rows as lines of JSON, by no means in the order of the records; none are left."""
        lines = [line for _, line in self._rows.values()]
        self._rows.clear()
        return lines


def _json(row: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(row) + b"\n"
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(row).encode() + b"\n"
