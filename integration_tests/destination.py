"""Messages of a read -> the tables of an append-dedup destination, and the states it would keep.

One row a primary key: the newest cursor value wins, the later arrival among equals, and a row that
says `is_deleted` takes its object away. A stream that can only be read in full is written beside
its table and takes its place once the stream is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]


@dataclass
class Table:
    """One stream's rows, those of deleted objects among them."""

    primary_key: tuple[str, ...]
    cursor_field: str | None
    rows: dict[str, Record] = field(default_factory=dict)
    arriving: dict[str, Record] = field(default_factory=dict)

    def key_of(self, record: Mapping[str, Any]) -> str:
        """The primary key as one text."""
        return "/".join(str(record[part]) for part in self.primary_key)

    def write(self, record: Record) -> None:
        """Takes a record in."""
        key = self.key_of(record)
        if self.cursor_field is None:
            self.arriving[key] = record
            return
        known = self.rows.get(key)
        if known is None or known[self.cursor_field] <= record[self.cursor_field]:
            self.rows[key] = record

    def started(self) -> None:
        """A read of the stream begins."""
        self.arriving = {}

    def completed(self) -> None:
        """A read of the stream came to its end."""
        if self.cursor_field is None:
            self.rows, self.arriving = self.arriving, {}

    @property
    def present(self) -> dict[str, Record]:
        """The rows of objects that have not been deleted."""
        return {key: row for key, row in self.rows.items() if not row.get("is_deleted")}

    @property
    def deleted(self) -> set[str]:
        """Keys of objects that have been deleted."""
        return {key for key, row in self.rows.items() if row.get("is_deleted")}


class Destination:
    """The tables of all streams of a catalog, fed by one read after the other."""

    def __init__(self, streams: Iterable[Mapping[str, Any]]) -> None:
        self.tables: dict[str, Table] = {}
        self._states: dict[str, dict[str, Any]] = {}
        for stream in streams:
            cursor = stream.get("default_cursor_field") or [None]
            is_incremental = "incremental" in stream["supported_sync_modes"]
            self.tables[stream["name"]] = Table(
                tuple(part for [part] in stream["source_defined_primary_key"]),
                cursor[0] if is_incremental else None,
            )

    @property
    def states(self) -> list[dict[str, Any]]:
        """The last state of every stream: what the next read starts from."""
        return list(self._states.values())

    def receive(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Takes messages in, in their order."""
        for message in messages:
            if message["type"] == "RECORD":
                record = message["record"]
                self.tables[record["stream"]].write(record["data"])
            elif message["type"] == "STATE":
                name = message["state"]["stream"]["stream_descriptor"]["name"]
                self._states[name] = message["state"]
            elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
                status = message["trace"]["stream_status"]
                table = self.tables[status["stream_descriptor"]["name"]]
                if status["status"] == "STARTED":
                    table.started()
                elif status["status"] == "COMPLETE":
                    table.completed()
