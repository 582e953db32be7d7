"""Records and states of a sync -> the streams' tables, batch by batch.

A batch's rows, the state that vouches for them, what did not fit, the log's line and, at the end
of a whole read, the rows that are gone: all of it is one transaction. If that fails the stream is
given up: what was committed before is true, and the next sync goes on from there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stripe_saas.warehouse.batch import Batch
from stripe_saas.warehouse.books import Books, StreamNote
from stripe_saas.warehouse.catalog import forgetful_streams, is_incremental
from stripe_saas.warehouse.changes import Changes
from stripe_saas.warehouse.database import Database, WarehouseError, WriterLock
from stripe_saas.warehouse.records import RecordFormat
from stripe_saas.warehouse.stream_table import StreamTable
from stripe_saas.warehouse.sync_log import StreamEnd, SyncBegin, note_stream
from stripe_saas.warehouse.tables import PreparedTable, prepare_tables, prune

UNFINISHED = "the sync that read it did not come to its end"

_BATCH_ROWS = 50_000
_BATCH_BYTES = 128 * 1024 * 1024
_BATCH_SECONDS = 15.0
"""So much, or what has waited so long, is written at once: what a connection that goes can cost."""

_SECONDS_BETWEEN_LOOKS = 1.0


class Loader:
    """The tables of one sync, while they are filled."""

    def __init__(
        self,
        database: Database,
        streams: Sequence[Mapping[str, Any]],
        folder: Path,
        begin: SyncBegin,
        lock: WriterLock,
        now: Callable[[], int],
    ) -> None:
        """Makes the tables ready.

        Args:
            database: the warehouse.
            streams: configured streams.
            folder: for files on their way.
            begin: the sync, as the log has it.
            lock: the right to write.
            now: Stripe's clock, Unix seconds.

        Raises:
            WarehouseError: the warehouse refuses something.
        """
        self._database, self._lock, self._begin, self._now = database, lock, begin, now
        self._folder = folder
        self._looked_at = 0.0
        self._forgetful = forgetful_streams()
        self.remarks: list[str] = []
        """What a user should know of the tables."""
        database.kind.prepare(database, folder)
        with database.transaction():
            self._books, self._changes = Books(database), Changes(database)
            tables = prepare_tables(database, streams)
            can_hold = database.kind.can_hold(database)
            self._streams = {
                name: _Stream(each.table, can_hold, self._books.notes.get(name, StreamNote()))
                for name, each in tables.items()
            }
            self._begin_reads(streams, tables)
            self._lock.check(database)

    def states(self) -> str:
        """The states that earlier syncs left for these streams, as JSON for the connector."""
        states = self._books.states()
        return json.dumps([json.loads(states[name]) for name in self._streams if name in states])

    def begin_whole(self, name: str, account: str = "") -> None:
        """Notes that everything there is of a stream will be read, if need be by several syncs.

        Args:
            name: of the stream.
            account: of several, that alone will be read so; empty: all there is.

        Raises:
            WarehouseError: the warehouse refuses it.
        """
        self._write(name)
        with self._database.transaction():
            if account:
                self._begin_account(name, account)
            else:
                self._begin_whole(name)
            self._lock.check(self._database)

    def take_record(self, name: str, record: bytes, emitted_at_ms: int) -> None:
        """Takes a record in, and writes its stream's rows if there are enough.

        Raises:
            ValueError: it is no JSON object.
            RecursionError: it is nested deeper than Python can follow.
            OSError: there is no room for it.
            WarehouseError: the warehouse refuses the rows.
        """
        stream = self._streams[name]
        if stream.is_given_up:
            return
        stream.is_given_up = True  # until it is in
        batch = stream.batch
        if batch is None:
            batch = stream.batch = Batch(self._folder / f"{name}.jsonl")
        batch.add(stream.format.line(record, batch.records, emitted_at_ms))
        stream.is_given_up = False
        now = time.monotonic()
        if stream.waiting_since is None:
            stream.waiting_since = now
        if len(batch) >= _BATCH_ROWS or batch.size_bytes >= _BATCH_BYTES:
            self._write(name)
        self._write_overdue(now)

    def take_state(self, name: str, state: Mapping[str, Any]) -> None:
        """Takes a state in: it is kept with the records before it.

        Args:
            name: of the stream.
            state: what a STATE message holds.

        Raises:
            WarehouseError: the warehouse refuses something that has waited for too long.
        """
        stream = self._streams[name]
        if stream.is_given_up:
            return
        stream.state = state
        now = time.monotonic()
        if stream.waiting_since is None:
            stream.waiting_since = now
        self._write_overdue(now)

    def end_stream(self, name: str, *, is_complete: bool, lacking: Sequence[str] = ()) -> None:
        """Writes what is left of a stream; does nothing for one that was given up.

        Args:
            name: of the stream.
            is_complete: the connector read it to its end; if it was read as a whole, rows that did
                not come since that began are gone.
            lacking: of several accounts those that were not read to their end; the others were.

        Raises:
            WarehouseError: the warehouse refuses it.
        """
        self._write(name, is_complete=is_complete, lacking=lacking)

    def end(self) -> None:
        """Writes what is left of all streams, each by itself.

        Raises:
            WarehouseError, OSError: what went wrong first.
        """
        problem: WarehouseError | OSError | None = None
        for name in self._streams:
            try:
                self._write(name)
            except (WarehouseError, OSError) as error:
                problem = problem or error
        if problem is not None:
            raise problem

    def written(self, name: str) -> int:
        """Rows of a stream that have been written."""
        return self._streams[name].written

    def rejected(self, name: str) -> int:
        """Values of them that did not fit."""
        return self._streams[name].rejected

    def _begin_reads(
        self, streams: Sequence[Mapping[str, Any]], tables: Mapping[str, PreparedTable]
    ) -> None:
        """Notes the columns, and begins a whole read of each stream that needs one."""
        states = self._books.states()
        for configured in streams:
            name = configured["stream"]["name"]
            why = self._lacks(name, tables[name]) if name in states else ""
            if why:
                self.remarks.append(f"{name}: {why}, so that everything is read again.")
            stream = self._streams[name]
            stream.note = replace(stream.note, columns=tuple(stream.table.columns))
            if self._begin.is_full or not is_incremental(configured) or name not in states or why:
                self._begin_whole(name)
            else:
                self._books.note(name, stream.note)

    def _lacks(self, name: str, prepared: PreparedTable) -> str:
        """Why a table does not hold what its stream's state says that it does."""
        if prepared.is_new:
            return "its table was gone"
        if prepared.added:
            former = set(self._streams[name].note.columns)
            gone = [column for column in prepared.added if column in former]
            which = ", ".join(gone or prepared.added)
            return f"its column {which} was gone" if gone else f"its table has the new {which}"
        return ""

    def _begin_whole(self, name: str) -> None:
        """Begins a generation; a state from before it must not be gone on from."""
        stream = self._streams[name]
        stream.note = replace(
            stream.note,
            generation=stream.note.generation + 1,
            # Stripe forgets some things by their age: those stay here.
            is_read_whole=name not in self._forgetful,
            account_reads={},
        )
        self._books.forget_state(name)
        self._books.note(name, stream.note)

    def _begin_account(self, name: str, account: str) -> None:
        """Begins a generation in which one account is read whole, and the others go on."""
        stream = self._streams[name]
        if stream.note.is_read_whole or name in self._forgetful:
            return  # its older rows go with those of the others, or stay with them
        generation = stream.note.generation + 1
        stream.note = replace(
            stream.note,
            generation=generation,
            account_reads={**stream.note.account_reads, account: generation},
        )
        self._books.note(name, stream.note)

    def _write_overdue(self, now: float) -> None:
        """Writes what has waited for too long, of any stream."""
        if now - self._looked_at < _SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = now
        for name, stream in self._streams.items():
            if stream.waiting_since is not None and now - stream.waiting_since >= _BATCH_SECONDS:
                self._write(name)

    def _write(self, name: str, *, is_complete: bool = False, lacking: Sequence[str] = ()) -> None:
        """Writes what waits of a stream in one transaction; gives the stream up if that fails."""
        stream = self._streams[name]
        batch, note = stream.batch, stream.note
        is_read = is_complete or bool(lacking)
        has_something = batch is not None or stream.state is not None or is_read
        if stream.is_given_up or not has_something:
            return
        stream.is_given_up = True
        written = stream.written + (0 if batch is None else len(batch))
        if batch is not None:
            batch.flush()
        with self._database.transaction():
            if batch is not None:
                self._merge(stream, batch)
            if stream.state is not None:
                self._books.keep_state(name, json.dumps(stream.state))
            if is_read and (note.is_read_whole or note.account_reads):
                note = self._prune(name, note, lacking)
                self._books.note(name, note)
            end = StreamEnd(name, is_complete, written, None if is_complete else UNFINISHED)
            note_stream(self._database, self._begin, end, self._now())
            self._lock.check(self._database)
        stream.note, stream.state, stream.waiting_since = note, None, None
        stream.written = written
        if batch is not None:
            stream.rejected += len(batch.rejects)
            batch.remove()
            stream.batch = None
        stream.is_given_up = False

    def _prune(self, name: str, note: StreamNote, lacking: Sequence[str]) -> StreamNote:
        """Deletes what is gone at Stripe, now that a stream has been read, and notes that."""
        table = self._streams[name].table
        if note.is_read_whole:
            prune(self._database, table, note.generation, self._changes, but=lacking)
            if not lacking:
                self._books.prune_rejects(name, note.generation)
                note = replace(note, is_read_whole=False)
        for account, generation in note.account_reads.items():
            if account not in lacking:
                prune(self._database, table, generation, self._changes, account=account)
        left = {one: began for one, began in note.account_reads.items() if one in lacking}
        return replace(note, account_reads=left)

    def _merge(self, stream: _Stream, batch: Batch) -> None:
        generation = stream.note.generation
        if len(batch):
            self._database.kind.merge(self._database, stream.table, batch, generation)
        self._changes.note(stream.table.name, batch.keys)
        self._books.keep_rejects(
            stream.table.name, batch.keys, batch.rejects, generation, self._begin.sync_id
        )


class _Stream:
    """What waits of one stream."""

    def __init__(
        self, table: StreamTable, can_hold: Callable[[str], bool] | None, note: StreamNote
    ) -> None:
        self.table, self.note = table, note
        self.format = RecordFormat(table.columns, table.key, can_hold)
        self.batch: Batch | None = None
        self.state: Mapping[str, Any] | None = None
        self.waiting_since: float | None = None
        self.written = self.rejected = 0
        self.is_given_up = False
        """True while something is done to it, and for good if that fails."""
