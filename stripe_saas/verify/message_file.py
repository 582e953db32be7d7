"""A file of a connector's messages -> what an append-dedup destination would hold of it.

Only ids and places in the file stay in memory; a row is read again when it is asked for. One row a
primary key: the largest cursor value wins, the later line among equals. A stream that can only be
read in full takes the place of what was there once it is complete.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from source_stripe_saas.api.raw_object import loads
from source_stripe_saas.streams.account_states import ACCOUNT_FIELD
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.read_mode import LACKS_ACCOUNTS
from stripe_saas.protocol_files.messages import NotMessages, placed_messages
from stripe_saas.several_accounts import states_of_account
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

    def __init__(
        self, path: Path, plans: Mapping[str, StreamPlan], *, by_account: bool = False
    ) -> None:
        """Reads the file once.

        Args:
            path: the file.
            plans: the streams that there may be.
            by_account: the messages are of several accounts; `of_account` gives the parts.

        Raises:
            HoldingsError: it cannot be read, or a line is not a message.
        """
        self._plans = plans
        self._by_account = by_account
        self._account: str | None = None
        self._tables: dict[str, dict[str | None, _Table]] = {}
        """Stream -> account -> its rows; None where accounts are not told apart."""
        self.states: Mapping[str, Mapping[str, Any]] = {}
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

    def of_account(self, account: str) -> MessageFile:
        """The rows of one of several accounts, by the same open file."""
        part = copy.copy(self)
        part._account = account
        part.states = states_of_account(self.states, account)
        return part

    def index(self, plan: StreamPlan) -> Mapping[Key, Held]:
        """All rows of a stream."""
        table = self._tables.get(plan.name, {}).get(self._account, _Table())
        return {key: line.held for key, line in table.lines.items()}

    def rows(self, plan: StreamPlan, keys: Collection[Key]) -> Mapping[Key, Row]:
        """Some rows in full, read from the file again."""
        lines = self._tables.get(plan.name, {}).get(self._account, _Table()).lines
        found = {}
        for key in keys:
            if key in lines:
                with self._lock:
                    self._file.seek(lines[key].offset)
                    text = self._file.read(lines[key].length)
                found[key] = loads(text)["record"]["data"]
                if self._by_account:
                    del found[key][ACCOUNT_FIELD]
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
            self._tables.setdefault(name, {})
            self.states = {**self.states, name: stream.get("stream_state") or {}}
        elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            said = message["trace"]["stream_status"]
            self._take_status(said["stream_descriptor"]["name"], said["status"])
        elif message["type"] == "TRACE" and message["trace"]["type"] == "ANALYTICS":
            said = message["trace"]["analytics"]
            if said["type"] == LACKS_ACCOUNTS:
                name, *lacking = said["value"].split()
                self._complete(name, lacking)

    def _take_record(
        self, plan: StreamPlan, record: Mapping[str, Any], offset: int, length: int
    ) -> None:
        parent = parent_field(plan)
        held = Held(
            record.get(plan.created_field),
            str(record[parent]) if parent else None,
            bool(record.get("is_deleted")),
        )
        account = record[ACCOUNT_FIELD] if self._by_account else None
        table = self._tables.setdefault(plan.name, {}).setdefault(account, _Table())
        key = key_of(plan, record)
        if not plan.is_incremental:
            table.arriving[key] = _Line(0, held, offset, length)
            return
        cursor = int(record[plan.cursor_field])
        known = table.lines.get(key)
        if known is None or known.cursor <= cursor:
            table.lines[key] = _Line(cursor, held, offset, length)

    def _take_status(self, name: str, status: str) -> None:
        tables = self._tables.setdefault(name, {})
        if status == "STARTED":
            for table in tables.values():
                table.arriving = {}
        elif status == "COMPLETE":
            self._complete(name)

    def _complete(self, name: str, lacking: Collection[str] = ()) -> None:
        """What arrived of a stream that is read whole takes the place of what was there.

        Args:
            name: the stream.
            lacking: accounts of which it was not read to its end.
        """
        plan = self._plans.get(name)
        if plan is None or plan.is_incremental:
            return
        for account, table in self._tables.get(name, {}).items():
            if account not in lacking:
                table.lines, table.arriving = table.arriving, {}
