"""Syncs and their streams as they begin and end -> two tables in the warehouse.

All moments are Unix seconds of Stripe's clock, as in the other raw tables. The models take the
greatest `synced_at` for *now*: nothing asks the warehouse for the time.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import RAW_SCHEMA, SYNC_STREAMS_TABLE, SYNCS_TABLE

RUNNING = "running"
"""Under way, or ended by something that gave it no time to say so; `synced_at` is null."""
COMPLETE = "complete"
"""Every stream was read to its end and written."""
INCOMPLETE = "incomplete"
"""Some streams were not; the others are as good as in a complete sync."""
FAILED = "failed"
"""No stream was read to its end; `synced_at` is null."""

SYNCS = f"{RAW_SCHEMA}.{SYNCS_TABLE}"
SYNC_STREAMS = f"{RAW_SCHEMA}.{SYNC_STREAMS_TABLE}"

# `synced_at` of a sync is Stripe's clock at its end: the data holds nothing later. Of a stream it
# is that of the sync if the stream was complete, else null. `record_count` is what a sync wrote,
# not what the table holds. Ids of later syncs sort after those of earlier ones.
_TABLES = {
    SYNCS_TABLE: f"""create table {SYNCS} (
        sync_id varchar, started_at bigint, synced_at bigint, account_id varchar,
        account_name varchar, mode varchar, is_full boolean, status varchar,
        stream_count bigint, record_count bigint, error varchar)""",
    SYNC_STREAMS_TABLE: f"""create table {SYNC_STREAMS} (
        sync_id varchar, stream varchar, status varchar, record_count bigint, synced_at bigint,
        error varchar)""",
}


@dataclass(frozen=True)
class SyncBegin:
    """A sync at its beginning; moments are Unix seconds of Stripe's clock."""

    sync_id: str
    started_at: int
    account_id: str | None
    account_name: str | None
    mode: str
    """`live` or `test`; `unknown` for keys that do not tell."""
    is_full: bool


@dataclass(frozen=True)
class StreamEnd:
    """How one stream of a sync ended."""

    stream: str
    is_complete: bool
    record_count: int
    error: str | None = None
    rejected_count: int = 0
    """Values that did not fit their columns."""


def next_sync_id(database: Database) -> str:
    """An id that sorts after those of all syncs before, whatever the clock of this machine says."""
    least = 0
    if database.has_table(RAW_SCHEMA, SYNCS_TABLE):
        [row] = database.rows(f"select max(sync_id) as last_id from {SYNCS}")
        digits = str(row["last_id"] or "").partition("-")[0]
        least = int(digits) + 1 if digits.isdigit() else 0
    number = max(time.time_ns() // 1_000_000, least)
    return f"{number:013d}-{secrets.token_hex(4)}"


def note_begin(database: Database, begin: SyncBegin) -> None:
    """Writes that a sync has begun."""
    # Somebody with more rights may have made the schema.
    if not database.has_schema(RAW_SCHEMA):
        database.execute(f"create schema {RAW_SCHEMA}")
    for table, statement in _TABLES.items():
        if not database.has_table(RAW_SCHEMA, table):
            database.execute(statement)
    database.execute(
        f"""insert into {SYNCS} (sync_id, started_at, account_id, account_name, mode, is_full,
        status) values (?, ?, ?, ?, ?, ?, ?)""",
        begin.sync_id,
        begin.started_at,
        begin.account_id,
        begin.account_name,
        begin.mode,
        begin.is_full,
        RUNNING,
    )


def note_end(
    database: Database,
    begin: SyncBegin,
    streams: list[StreamEnd],
    ended_at: int,
    error: str | None = None,
) -> str:
    """Writes how a sync has ended; gives its status.

    Args:
        database: the warehouse.
        begin: what was written at its beginning.
        streams: every stream that was to be read.
        ended_at: Stripe's clock, Unix seconds.
        error: what went wrong with all of it.
    """
    status = status_of(streams, error)
    synced_at = None if status == FAILED else ended_at
    with database.transaction():
        for end in streams:
            note_stream(database, begin, end, synced_at)
        database.execute(
            f"""update {SYNCS} set status = ?, synced_at = ?, stream_count = ?, record_count = ?,
            error = ? where sync_id = ?""",
            status,
            synced_at,
            len(streams),
            sum(end.record_count for end in streams),
            error,
            begin.sync_id,
        )
    return status


def note_stream(
    database: Database, begin: SyncBegin, end: StreamEnd, synced_at: int | None
) -> None:
    """Writes how far a stream of a sync is, in the place of what was written before.

    Args:
        database: the warehouse; it counts with the transaction around it.
        begin: what was written at the sync's beginning.
        end: of the stream, or how it would have ended if nothing more comes.
        synced_at: Stripe's clock, Unix seconds; noted only for a stream that is complete.
    """
    database.execute(
        f"delete from {SYNC_STREAMS} where sync_id = ? and stream = ?", begin.sync_id, end.stream
    )
    database.execute(
        f"insert into {SYNC_STREAMS} values (?, ?, ?, ?, ?, ?)",
        begin.sync_id,
        end.stream,
        COMPLETE if end.is_complete else INCOMPLETE,
        end.record_count,
        synced_at if end.is_complete else None,
        end.error,
    )


def status_of(streams: list[StreamEnd], error: str | None) -> str:
    """The status of a sync whose streams ended like this."""
    complete = sum(end.is_complete for end in streams)
    if not complete:
        return FAILED
    return INCOMPLETE if error or complete < len(streams) else COMPLETE
