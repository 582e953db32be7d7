"""What a warehouse knows of each stream: its last state, its generation, what did not fit.

A generation is one read of a whole stream, and each row knows the one that brought it. When the
read has come to its end, rows of older generations are gone at Stripe. The end may come with
another sync than the beginning; no clock is asked.

States are kept in the table in which PyAirbyte's caches keep them, so that either can go on from
where the other stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import RAW_SCHEMA, REJECTS_TABLE, STATES_TABLE, STREAMS_TABLE
from stripe_saas.warehouse.records import Key, Reject

SOURCE_NAME = "source-stripe-saas"
"""The name under which states are kept."""

STATES = f"{RAW_SCHEMA}.{STATES_TABLE}"
STREAMS = f"{RAW_SCHEMA}.{STREAMS_TABLE}"
REJECTS = f"{RAW_SCHEMA}.{REJECTS_TABLE}"

_FORMER_WHOLE_READS = "_stripe_saas_whole_reads"
"""Older versions kept whole reads here, by the clock."""

_TABLES = {
    STATES_TABLE: f"""create table {STATES} (
        source_name varchar, stream_name varchar, table_name varchar primary key,
        state_json varchar, last_updated timestamp with time zone)""",
    STREAMS_TABLE: f"""create table {STREAMS} (
        stream varchar, generation bigint, is_read_whole boolean, column_names varchar,
        account_reads varchar)""",
    REJECTS_TABLE: f"""create table {REJECTS} (
        stream varchar, record_key varchar, column_name varchar, value varchar, reason varchar,
        generation bigint, sync_id varchar)""",
}


@dataclass(frozen=True)
class StreamNote:
    """What is known of a stream's table."""

    generation: int = 1
    is_read_whole: bool = False
    """True while a read of the whole stream has begun and not ended."""
    columns: tuple[str, ...] = ()
    """The fields that the table has had columns for."""
    account_reads: Mapping[str, int] = field(default_factory=dict)
    """Account of several -> the generation in which a read of all it has began, and not ended."""


class Books:
    """The notes of one warehouse; what is written counts with the transaction around it."""

    def __init__(self, database: Database) -> None:
        """Makes the tables where they are missing."""
        self._database = database
        for table, statement in _TABLES.items():
            if not database.has_table(RAW_SCHEMA, table):
                database.execute(statement)
        self._add_account_reads()
        self._take_over_former_reads()
        self.notes = {
            row["stream"]: StreamNote(
                int(row["generation"]),
                bool(row["is_read_whole"]),
                tuple(json.loads(row["column_names"])),
                json.loads(row["account_reads"] or "{}"),
            )
            for row in database.rows(f"select * from {STREAMS}")
        }
        """Stream -> what is known of it."""
        self._with_rejects = {
            row["stream"] for row in database.rows(f"select distinct stream from {REJECTS}")
        }

    def states(self) -> dict[str, str]:
        """Stream -> its last state, as a message of the protocol."""
        rows = self._database.rows(
            f"select stream_name, state_json from {STATES} where source_name = ?", SOURCE_NAME
        )
        return {row["stream_name"]: row["state_json"] for row in rows}

    def keep_state(self, stream: str, state: str) -> None:
        """Puts a state in the place of the one before."""
        self._database.execute(
            f"insert into {STATES} values (?, ?, ?, ?, current_timestamp) "
            "on conflict (table_name) do update set source_name = excluded.source_name, "
            "stream_name = excluded.stream_name, state_json = excluded.state_json, "
            "last_updated = excluded.last_updated",
            SOURCE_NAME,
            stream,
            stream,
            state,
        )

    def forget_state(self, stream: str) -> None:
        """Lets the next sync read the stream from its beginning."""
        self._database.execute(
            f"delete from {STATES} where source_name = ? and stream_name = ?", SOURCE_NAME, stream
        )

    def note(self, stream: str, note: StreamNote) -> None:
        """Puts a note in the place of the one before."""
        self._database.execute(f"delete from {STREAMS} where stream = ?", stream)
        self._database.execute(
            f"insert into {STREAMS} (stream, generation, is_read_whole, column_names, "
            "account_reads) values (?, ?, ?, ?, ?)",
            stream,
            note.generation,
            note.is_read_whole,
            json.dumps(note.columns),
            json.dumps(note.account_reads),
        )

    def keep_rejects(
        self,
        stream: str,
        keys: Iterable[Key],
        rejects: Sequence[Reject],
        generation: int,
        sync_id: str,
    ) -> None:
        """Notes which values of a batch did not fit.

        Args:
            stream: its name.
            keys: of all rows of the batch; what was noted of them before is no longer so.
            rejects: the values.
            generation: of the rows.
            sync_id: of the sync.
        """
        if stream in self._with_rejects:
            self._database.execute(
                f"delete from {REJECTS} where stream = ? "
                "and record_key in (select unnest(cast(? as varchar[])))",
                stream,
                [" ".join(key) for key in keys],
            )
        if rejects:
            self._with_rejects.add(stream)
            self._database.execute(
                f"insert into {REJECTS} select cast(? as varchar), unnest(cast(? as varchar[])), "
                "unnest(cast(? as varchar[])), unnest(cast(? as varchar[])), "
                "unnest(cast(? as varchar[])), cast(? as bigint), cast(? as varchar)",
                stream,
                [each.key for each in rejects],
                [each.column for each in rejects],
                [each.value for each in rejects],
                [each.reason for each in rejects],
                generation,
                sync_id,
            )

    def prune_rejects(self, stream: str, generation: int) -> None:
        """Forgets what did not fit of rows of older generations."""
        if stream in self._with_rejects:
            self._database.execute(
                f"delete from {REJECTS} where stream = ? and generation < ?", stream, generation
            )

    def _add_account_reads(self) -> None:
        """Adds the column that tables of older versions lack."""
        known = self._database.select(
            "select column_name from information_schema.columns "
            "where table_schema = ? and table_name = ?",
            (RAW_SCHEMA, STREAMS_TABLE),
        )
        if ("account_reads",) not in known:
            self._database.execute(f"alter table {STREAMS} add column account_reads varchar")

    def _take_over_former_reads(self) -> None:
        """Has streams read anew whose whole read an older version began and did not end."""
        if not self._database.has_table(RAW_SCHEMA, _FORMER_WHOLE_READS):
            return
        table = f"{RAW_SCHEMA}.{_FORMER_WHOLE_READS}"
        for row in self._database.rows(f"select stream from {table}"):
            self.forget_state(row["stream"])
        self._database.execute(f"drop table {table}")
