"""A file of a connector's messages -> what an append-dedup destination would hold of it.

Only ids and places in the file stay in memory; a row is read again when it is asked for. One row a
primary key: the largest cursor value wins, the later line among equals. A stream that can only be
read in full takes the place of what was there once it is complete.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from source_stripe_saas.api.raw_object import loads
from source_stripe_saas.streams.plan import StreamPlan
from stripe_saas.protocol_files.messages import NotMessages, placed_messages
from stripe_saas.verify.holdings import Held, HoldingsError, Key, Row, key_of, parent_field


class _Line(NamedTuple):
    cursor: int
    held: Held
    offset: int
    length: int


@dataclass
class _Table:
    lines: dict[Key, _Line] = field(default_factory=dict)
    arriving: dict[Key, _Line] = field(default_factory=dict)


class MessageFile:
    """The messages of one sync, or of several one after the other."""

    def __init__(self, path: Path, plans: Mapping[str, StreamPlan]) -> None:
        """Reads the file once.

        Raises:
            HoldingsError: it cannot be read, or a line is not a message.
        """
        self._plans = plans
        self._tables: dict[str, _Table] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise HoldingsError(f"{path}: {error.strerror}") from error
        self._read(path)

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that a message names."""
        return tuple(name for name in self._plans if name in self._tables)

    def index(self, plan: StreamPlan) -> Mapping[Key, Held]:
        """All rows of a stream."""
        table = self._tables.get(plan.name, _Table())
        return {key: line.held for key, line in table.lines.items()}

    def rows(self, plan: StreamPlan, keys: Collection[Key]) -> Mapping[Key, Row]:
        """Some rows in full, read from the file again."""
        lines = self._tables[plan.name].lines if plan.name in self._tables else {}
        found = {}
        for key in keys:
            if key in lines:
                with self._lock:
                    self._file.seek(lines[key].offset)
                    text = self._file.read(lines[key].length)
                found[key] = loads(text)["record"]["data"]
        return found

    def column(self, plan: StreamPlan, field: str) -> str | None:
        """The field itself: records leave nothing out."""
        return field

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _read(self, path: Path) -> None:
        try:
            for placed in placed_messages(self._file):
                try:
                    self._take(placed.message, placed.offset, placed.length)
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    problem = f"{path}: line {placed.number} is not a valid message"
                    raise HoldingsError(problem) from error
        except NotMessages as error:
            raise HoldingsError(f"{path}: {error}") from error

    def _take(self, message: Mapping[str, Any], offset: int, length: int) -> None:
        if message["type"] == "RECORD":
            record = message["record"]
            plan = self._plans.get(record["stream"])
            if plan is not None and plan.is_listed:
                self._take_record(plan, record["data"], offset, length)
        elif message["type"] == "STATE":
            stream = message["state"]["stream"]
            name = stream["stream_descriptor"]["name"]
            self._table(name)
            self.states[name] = stream.get("stream_state") or {}
        elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            said = message["trace"]["stream_status"]
            self._take_status(said["stream_descriptor"]["name"], said["status"])

    def _take_record(
        self, plan: StreamPlan, record: Mapping[str, Any], offset: int, length: int
    ) -> None:
        parent = parent_field(plan)
        held = Held(
            record.get(plan.created_field),
            str(record[parent]) if parent else None,
            bool(record.get("is_deleted")),
        )
        table, key = self._table(plan.name), key_of(plan, record)
        if not plan.is_incremental:
            table.arriving[key] = _Line(0, held, offset, length)
            return
        cursor = int(record[plan.cursor_field])
        known = table.lines.get(key)
        if known is None or known.cursor <= cursor:
            table.lines[key] = _Line(cursor, held, offset, length)

    def _take_status(self, name: str, status: str) -> None:
        table, plan = self._table(name), self._plans.get(name)
        if plan is None or plan.is_incremental:
            return
        if status == "STARTED":
            table.arriving = {}
        elif status == "COMPLETE":
            table.lines, table.arriving = table.arriving, {}

    def _table(self, name: str) -> _Table:
        return self._tables.setdefault(name, _Table())
