"""Files of JSON lines -> rows of PyAirbyte's tables.

PyAirbyte decides on tables, columns and types. How a file gets into them is done anew for Postgres:
PyAirbyte reads it by pandas, which takes integers in columns such as `canceled_at` for dates, and
integers beside nulls for floating-point numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airbyte._processors.sql.duckdb import DuckDBSqlProcessor
from airbyte._processors.sql.postgres import PostgresSqlProcessor
from airbyte.caches._state_backend import CACHE_STATE_TABLE_NAME
from airbyte.shared.sql_processor import SqlProcessorBase
from airbyte.strategies import WriteMethod
from sqlalchemy import text

_LOAD = "load"
"""Ends the name of the table through which a stream's rows go."""

# JSON as orjson and json write it never holds these: control characters are escaped in it.
_COPY = "copy {} from stdin with (format csv, quote e'\\x01', delimiter e'\\x02')"


class FileMerging(SqlProcessorBase):
    """A processor that merges one file at a time into a stream's table."""

    def merge_file(self, stream: str, path: Path) -> None:
        """Writes a file's rows over those with the same keys; no key may be in it twice."""
        load_table = self._get_temp_table_name(stream, _LOAD)
        self._drop_temp_table(load_table)  # a sync that was killed may have left one
        table = self._ensure_final_table_exists(stream)
        self._write_files_to_new_table([path], stream, _LOAD)
        try:
            self._write_temp_table_to_final_table(stream, load_table, table, WriteMethod.MERGE)
        finally:
            self._drop_temp_table(load_table)

    def ensure_table(self, stream: str) -> None:
        """Makes the stream's table, empty, if there is none."""
        self._ensure_final_table_exists(stream)

    def forget_states(self, source: str, quoted_streams: str) -> None:
        """Deletes what PyAirbyte keeps of how far streams were read.

        Args:
            source: the name under which it is kept.
            quoted_streams: names of streams, each in quotes, with commas between them.
        """
        # PyAirbyte makes the table when it is asked for states; nothing else there forgets one.
        table = self._fully_qualified(CACHE_STATE_TABLE_NAME)
        self._execute_sql(
            f"delete from {table} where source_name = '{source}' "
            f"and stream_name in ({quoted_streams})"
        )

    def prune(self, stream: str, extracted_before: str) -> None:
        """Deletes the rows that no sync has brought since, but for those marked as deleted.

        Args:
            stream: its name.
            extracted_before: a moment as `_airbyte_extracted_at` is written, UTC.
        """
        table = self._fully_qualified(self.get_sql_table_name(stream))
        kept = ""
        if "is_deleted" in self._get_sql_column_definitions(stream):
            kept = " and is_deleted is not true"
        self._execute_sql(
            f"delete from {table} where _airbyte_extracted_at < '{extracted_before}'{kept}"
        )

    def _ensure_compatible_table_schema(self, stream_name: str, table_name: str) -> None:
        # PyAirbyte has SQLAlchemy describe the whole table first, which takes half a second.
        with self.get_sql_connection() as connection:
            known = {
                row[0]
                for row in connection.execute(
                    text(
                        "select column_name from information_schema.columns "
                        "where table_schema = :schema and table_name = :table"
                    ),
                    {"schema": self.sql_config.schema_name, "table": table_name},
                )
            }
        for name, kind in self._get_sql_column_definitions(stream_name).items():
            if name not in known:
                self._execute_sql(
                    f'alter table {self._fully_qualified(table_name)} add column "{name}" {kind}'
                )


class DuckDBLoader(FileMerging, DuckDBSqlProcessor):
    """Into DuckDB, by its own reader of JSON."""


class PostgresLoader(FileMerging, PostgresSqlProcessor):
    """Into Postgres, by COPY."""

    def _ensure_final_table_exists(
        self, stream_name: str, *, create_if_missing: bool = True
    ) -> str:
        name = super()._ensure_final_table_exists(stream_name, create_if_missing=create_if_missing)
        keys = ", ".join(f'"{key}"' for key in self._keys(stream_name))
        if keys:
            index = f"{name[:55]}_keys"
            self._execute_sql(
                f'create index if not exists "{index}" on {self._fully_qualified(name)} ({keys})'
            )
        return name

    def _write_files_to_new_table(self, files: list[Path], stream_name: str, batch_id: str) -> str:
        table = self._create_table_for_loading(stream_name, batch_id)
        with self.get_sql_engine().begin() as connection:
            driver: Any = connection.connection.dbapi_connection
            with driver.cursor() as cursor:
                cursor.execute("create temp table incoming (line json) on commit drop")
                for path in files:
                    with path.open("rb") as lines:
                        cursor.copy_expert(_COPY.format("incoming"), lines)
                full_name = self._fully_qualified(table)
                cursor.execute(
                    f"insert into {full_name} select made.* from incoming, "
                    f"json_populate_record(null::{full_name}, line) as made"
                )
        return table

    def _emulated_merge_temp_table_to_final_table(
        self, stream_name: str, temp_table_name: str, final_table_name: str
    ) -> None:
        old, new = self._fully_qualified(final_table_name), self._fully_qualified(temp_table_name)
        same = " and ".join(f'old."{key}" = new."{key}"' for key in self._keys(stream_name))
        columns = ", ".join(f'"{name}"' for name in self._get_sql_column_definitions(stream_name))
        with self.get_sql_connection() as connection:
            connection.exec_driver_sql(f"delete from {old} as old using {new} as new where {same}")
            connection.exec_driver_sql(f"insert into {old} ({columns}) select {columns} from {new}")

    def _keys(self, stream: str) -> list[str]:
        keys: list[str] = self.catalog_provider.get_primary_keys(stream)
        return keys
