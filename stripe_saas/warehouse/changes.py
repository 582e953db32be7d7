"""Rows of streams that a loader writes or deletes -> their keys, until the models have read them.

Nothing is noted before the models were built for the first time: that reads everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import CHANGES_TABLE, PLAN_TABLE, RAW_SCHEMA
from stripe_saas.warehouse.records import Key
from stripe_saas.warehouse.stream_table import StreamTable, quoted

CHANGES = f"{RAW_SCHEMA}.{CHANGES_TABLE}"
PLAN = f"{RAW_SCHEMA}.{PLAN_TABLE}"

_MOST_OF_A_BATCH = 20_000
_MOST_AT_ALL = 200_000
"""Of more than so many, each key by itself would cost more than it saves."""


@dataclass(frozen=True)
class StreamChange:
    """What changed in a stream's table since the models were built."""

    stream: str
    rows: int
    is_whole: bool
    """True if not every key was noted."""


class Changes:
    """The notes of one warehouse; what is written counts with the transaction around it."""

    def __init__(self, database: Database) -> None:
        """Makes the table if it is missing and there are models."""
        self._database = database
        self._is_wanted = database.has_table(RAW_SCHEMA, PLAN_TABLE)
        if self._is_wanted and not database.has_table(RAW_SCHEMA, CHANGES_TABLE):
            database.execute(f"create table {CHANGES} (stream varchar, record_key varchar)")

    def note(self, stream: str, keys: Sequence[Key]) -> None:
        """Notes rows that were written.

        Args:
            stream: its name.
            keys: of the rows.
        """
        if not self._is_wanted or not keys:
            return
        if len(keys) > _MOST_OF_A_BATCH:
            self.note_whole(stream)
            return
        self._database.execute(
            f"insert into {CHANGES} select cast(? as varchar), unnest(cast(? as varchar[]))",
            stream,
            [" ".join(key) for key in keys],
        )

    def note_whole(self, stream: str) -> None:
        """Notes that any row of a stream may have changed."""
        if self._is_wanted:
            self._database.execute(f"insert into {CHANGES} values (?, null)", stream)

    def note_where(self, table: StreamTable, condition: str, parameters: Sequence[object]) -> None:
        """Notes rows that are about to be deleted.

        Args:
            table: of the stream.
            condition: of the rows, as SQL.
            parameters: of the condition.
        """
        if not self._is_wanted:
            return
        key = " || ' ' || ".join(f"cast({quoted(part)} as varchar)" for part in table.key)
        self._database.execute(
            f"insert into {CHANGES} select cast(? as varchar), {key} from {table.full_name} "
            f"where {condition}",
            table.name,
            *parameters,
        )


def changes_of(database: Database) -> list[StreamChange] | None:
    """What changed, by stream; None if it is so much that nobody should go by it."""
    if not database.has_table(RAW_SCHEMA, CHANGES_TABLE):
        return []
    found = [
        StreamChange(str(stream), int(rows), rows != keyed)
        for stream, rows, keyed in database.select(
            f"select stream, count(*), count(record_key) from {CHANGES} group by 1 order by 1"
        )
    ]
    return None if sum(each.rows for each in found) > _MOST_AT_ALL else found


def forget_changes(database: Database) -> None:
    """Begins anew: the models have read everything."""
    if database.has_table(RAW_SCHEMA, CHANGES_TABLE):
        database.execute(f"delete from {CHANGES}")
