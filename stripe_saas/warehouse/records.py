"""Records of one stream, as JSON -> the lines that its table is filled from.

A line is the record as it came, with what the table has besides put in front: nothing is decoded
and encoded again. Only a record that the table or the warehouse cannot hold as it is, is taken
apart: what does not fit is null in its line and kept beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, NamedTuple

import msgspec

from source_stripe_saas.api.raw_object import loads
from stripe_saas.warehouse.columns import (
    LEAST_INTEGER,
    MOST_INTEGER,
    NUMBER_LIMIT,
    ColumnKind,
    DoesNotFit,
    fitted,
)
from stripe_saas.warehouse.places import EXTRA_COLUMN

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

NUMBER_FIELD = "_stripe_saas_n"
"""In every line: its number within its batch."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_ODD_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""The character 0, or half of a surrogate pair, of which the other half may follow."""

_FITTING: Mapping[ColumnKind, Any] = {
    ColumnKind.TEXT: str | None,
    ColumnKind.INTEGER: Annotated[int, msgspec.Meta(ge=LEAST_INTEGER, le=MOST_INTEGER)] | None,
    ColumnKind.NUMBER: Annotated[float, msgspec.Meta(gt=-NUMBER_LIMIT, lt=NUMBER_LIMIT)] | None,
    ColumnKind.BOOLEAN: bool | None,
    ColumnKind.JSON: msgspec.Raw,
}

Key = tuple[str, ...]
"""The values of a primary key's columns, in their order."""


class Reject(NamedTuple):
    """A value that its column cannot hold."""

    key: str
    """The record's key; of several columns, with blanks between them."""
    column: str
    value: str
    """As JSON."""
    reason: str


@dataclass(frozen=True)
class Line:
    """A record, ready to be written."""

    key: Key
    updated: int | None
    """The second from which on this content holds; of two records of a key the later one counts."""
    text: bytes
    """A JSON object and a line feed."""
    rejects: tuple[Reject, ...] = ()


class RecordFormat:
    """How the records of one stream become lines."""

    def __init__(
        self,
        columns: Mapping[str, ColumnKind],
        key: Sequence[str],
        can_hold: Callable[[str], bool] | None = None,
    ) -> None:
        """Makes the decoders.

        Args:
            columns: those of the table that are filled from records.
            key: the primary key's columns.
            can_hold: says whether the warehouse's encoding has all characters of a text; None if it
                has every character.
        """
        self._columns, self._key_columns, self._can_hold = columns, tuple(key), can_hold
        # Names of fields need not be names in Python.
        places = {name: f"f{number}" for number, name in enumerate(columns)}
        row = msgspec.defstruct(
            "Row",
            [(places[name], _FITTING[kind], None) for name, kind in columns.items()],
            rename={place: name for name, place in places.items()},
        )
        self._row = msgspec.json.Decoder(row)
        self._fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
        self._key_of: Callable[[Any], Any] = attrgetter(*(places[name] for name in key))
        updated = places.get("updated")
        is_integer = columns.get("updated") is ColumnKind.INTEGER
        self._updated_of = attrgetter(updated) if updated and is_integer else _never

    def line(self, record: bytes, number: int, emitted_at_ms: int) -> Line | Reject:
        """A record's line; a `Reject` of the whole record if it has no key.

        Args:
            record: a JSON object, in UTF-8.
            number: of the line within its batch.
            emitted_at_ms: when the connector read it, Unix milliseconds.

        Raises:
            ValueError: it is no JSON object.
            RecursionError: it is nested deeper than Python can follow.
        """
        if self._is_odd(record):
            return self._mended(record, number, emitted_at_ms)
        try:
            row = self._row.decode(record)
            fields = self._fields.decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._mended(record, number, emitted_at_ms)
        found = self._key_of(row)
        key: Key = found if len(self._key_columns) > 1 else (found,)
        if None in key:
            return self._mended(record, number, emitted_at_ms)
        columns = self._columns
        extra = [name for name in fields if name not in columns]
        before = b'{"%b":%d,"_airbyte_extracted_at":%d,' % (_NUMBER, number, emitted_at_ms)
        if extra:
            parts = [b"%b:%b" % (msgspec.json.encode(name), bytes(fields[name])) for name in extra]
            before += b'"%b":{%b},' % (_EXTRA, b",".join(parts))
        return Line(key, self._updated_of(row), b"%b%b\n" % (before, record[1:]))

    def _is_odd(self, record: bytes) -> bool:
        """True if some of its text may have to change: what `_mended` looks into."""
        if b"\\u" in record and (self._can_hold is not None or _ODD_ESCAPE.search(record)):
            return True
        can_hold = self._can_hold
        return can_hold is not None and not record.isascii() and not can_hold(record.decode())

    def _mended(self, record: bytes, number: int, emitted_at_ms: int) -> Line | Reject:
        """The slow way: the record taken apart, and what does not fit left out."""
        content = _holdable(loads(record))
        if not isinstance(content, dict):
            raise ValueError("a record that is no JSON object")
        can_hold = self._can_hold or _always
        row: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        problems: list[tuple[str, Any, str]] = []
        for name, value in content.items():
            kind = self._columns.get(name)
            if kind is None and can_hold(_json({name: value})):
                extra[name] = value
                continue
            try:
                row[name] = None if value is None else fitted(kind or _NO_COLUMN, value, can_hold)
            except DoesNotFit as problem:
                row[name] = None
                problems.append((name, value, str(problem)))
        parts = [row.get(name) for name in self._key_columns]
        if None in parts:
            missing = self._key_columns[parts.index(None)]
            return Reject("", missing, _ascii(content), f"a record without {missing}")
        key = tuple(map(str, parts))
        head: dict[str, Any] = {NUMBER_FIELD: number, "_airbyte_extracted_at": emitted_at_ms}
        if extra:
            head[EXTRA_COLUMN] = extra
        if problems:
            changes = [
                {"field": name, "change": "NULLED", "reason": reason}
                for name, _, reason in problems
            ]
            head["_airbyte_meta"] = {"changes": changes}
        named = " ".join(key)
        updated = row.get("updated")
        return Line(
            key,
            updated if isinstance(updated, int) else None,
            _json({**head, **row}).encode() + b"\n",
            tuple(Reject(named, name, _ascii(value), reason) for name, value, reason in problems),
        )


_NUMBER, _EXTRA = NUMBER_FIELD.encode(), EXTRA_COLUMN.encode()
_NO_COLUMN = ColumnKind.JSON


def _holdable(value: Any) -> Any:
    """JSON in text that every warehouse can hold.

    Half a surrogate pair and the character 0 become U+FFFD: neither DuckDB nor Postgres has a text
    with them, and one such value would keep a whole batch out.
    """
    if isinstance(value, str):
        return _SURROGATE.sub(REPLACEMENT, value.replace("\0", REPLACEMENT))
    if isinstance(value, list):
        return [_holdable(each) for each in value]
    if isinstance(value, dict):
        return {_holdable(key): _holdable(each) for key, each in value.items()}
    return value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _ascii(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _never(row: Any) -> None:
    return None


def _always(text: str) -> bool:
    return True
