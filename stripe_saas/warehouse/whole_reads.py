"""Streams that are being read as a whole -> since when, kept in the warehouse across interruptions.

At the end of such a read the rows that it did not bring are gone at Stripe. The end may come with
another sync than the beginning: what that one goes on from no longer says that all was to be read.
"""

from __future__ import annotations

from airbyte.shared.sql_processor import SqlProcessorBase
from sqlalchemy import text

from stripe_saas.warehouse.places import RAW_SCHEMA, WHOLE_READS_TABLE

_TABLE = f"{RAW_SCHEMA}.{WHOLE_READS_TABLE}"


class WholeReads:
    """The reads that have begun and not ended."""

    def __init__(self, processor: SqlProcessorBase) -> None:
        """Makes the table if there is none.

        Args:
            processor: PyAirbyte's, whose connection is used.
        """
        self._processor = processor
        self._run(f"create table if not exists {_TABLE} (stream varchar, began_at varchar)")
        with processor.get_sql_connection() as connection:
            rows = connection.execute(text(f"select stream, began_at from {_TABLE}"))
            self._began_at: dict[str, str] = {row[0]: row[1] for row in rows}

    def begin(self, stream: str, began_at: str) -> None:
        """Notes that a stream is read as a whole, from its very beginning.

        Args:
            stream: its name.
            began_at: a moment as `_airbyte_extracted_at` is written, UTC: no row of the read says
                that it was extracted earlier.
        """
        self.end(stream)
        self._began_at[stream] = began_at
        self._run(f"insert into {_TABLE} values ('{stream}', '{began_at}')")

    def began_at(self, stream: str) -> str | None:
        """When the read of a stream began that has not ended yet, if there is one."""
        return self._began_at.get(stream)

    def end(self, stream: str) -> None:
        """Notes that a stream was read to its end."""
        if self._began_at.pop(stream, None) is not None:
            self._run(f"delete from {_TABLE} where stream = '{stream}'")

    def _run(self, sql: str) -> None:
        with self._processor.get_sql_connection() as connection:
            connection.execute(text(sql))
