"""Syncs and their streams as they begin and end -> two tables in the warehouse.

All moments are Unix seconds of Stripe's clock, as in the other raw tables. The models take the
greatest `synced_at` for *now*: nothing asks the warehouse for the time.
"""

from __future__ import annotations

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
_TABLES = (
    f"create schema if not exists {RAW_SCHEMA}",
    f"""create table if not exists {SYNCS} (
        sync_id varchar, started_at bigint, synced_at bigint, account_id varchar,
        account_name varchar, mode varchar, is_full boolean, status varchar,
        stream_count bigint, record_count bigint, error varchar)""",
    f"""create table if not exists {SYNC_STREAMS} (
        sync_id varchar, stream varchar, status varchar, record_count bigint, synced_at bigint,
        error varchar)""",
)


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


def note_begin(database: Database, begin: SyncBegin) -> None:
    """Writes that a sync has begun."""
    for statement in _TABLES:
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
    for end in streams:
        database.execute(
            f"insert into {SYNC_STREAMS} values (?, ?, ?, ?, ?, ?)",
            begin.sync_id,
            end.stream,
            COMPLETE if end.is_complete else INCOMPLETE,
            end.record_count,
            synced_at if end.is_complete else None,
            end.error,
        )
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


def status_of(streams: list[StreamEnd], error: str | None) -> str:
    """The status of a sync whose streams ended like this."""
    complete = sum(end.is_complete for end in streams)
    if not complete:
        return FAILED
    return INCOMPLETE if error or complete < len(streams) else COMPLETE
