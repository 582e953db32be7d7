"""Records by stream in, tables as PyAirbyte's caches and Airbyte's destinations write them out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from stripe_saas.warehouse.places import RAW_SCHEMA, SYNC_STREAMS_TABLE, SYNCS_TABLE

SCHEMAS = Path(__file__).parent.parent.parent / "schemas"
EXTRACTED_AT = "2026-06-15 12:00:00.000000"
TYPES = {
    "string": "varchar",
    "integer": "bigint",
    "number": "decimal(38, 9)",
    "boolean": "boolean",
    "object": "json",
    "array": "json",
}
_AIRBYTE_COLUMNS = {
    "_airbyte_raw_id": "varchar",
    "_airbyte_extracted_at": "timestamp",
    "_airbyte_meta": "json",
}
Records = Mapping[str, Iterable[Mapping[str, Any]]]


def columns_of(stream: str) -> dict[str, str]:
    """Column -> SQL type of a stream's table, by the stream's schema."""
    found = {}
    schema = json.loads((SCHEMAS / f"{stream}.json").read_text(encoding="utf-8"))
    for name, kind in schema["properties"].items():
        kinds = kind.get("type", "object")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        found[name] = TYPES[next(each for each in kinds if each != "null")]
    return {**found, **_AIRBYTE_COLUMNS}


def write_lines(folder: Path, stream: str, records: Iterable[Mapping[str, Any]]) -> Path:
    """The records of a stream as a file of JSON lines, Airbyte's own columns with them."""
    path = folder / f"{stream}.jsonl"
    known = columns_of(stream)
    with path.open("w", encoding="utf-8") as file:
        for number, record in enumerate(records):
            row = {name: value for name, value in record.items() if name in known}
            row["_airbyte_raw_id"] = f"{stream}-{number}"
            row["_airbyte_extracted_at"] = EXTRACTED_AT
            row["_airbyte_meta"] = {}
            file.write(json.dumps(row) + "\n")
    return path


def load_duckdb(database: Path, folder: Path, records: Records, synced_at: int) -> None:
    """Writes records into a DuckDB file, each table anew, and notes a sync.

    Args:
        database: the file; made if there is none.
        folder: for files on their way.
        records: stream -> its records.
        synced_at: Unix seconds of the sync's end.
    """
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create schema if not exists {RAW_SCHEMA}")
        for stream, rows in records.items():
            path = write_lines(folder, stream, rows)
            columns = ", ".join(f"'{name}': '{kind}'" for name, kind in columns_of(stream).items())
            connection.execute(
                f"create or replace table {RAW_SCHEMA}.{stream} as select * from read_json("
                f"'{path}', format = 'newline_delimited', columns = {{{columns}}}, "
                "maximum_object_size = 67108864)"
            )
            path.unlink()
        for statement in sync_log(list(records), synced_at):
            connection.execute(statement)


def load_postgres(connection: Any, folder: Path, records: Records, synced_at: int) -> None:
    """Writes records into a Postgres through a psycopg2 connection; else as `load_duckdb`."""
    with connection.cursor() as cursor:
        cursor.execute(f"create schema if not exists {RAW_SCHEMA}")
        for stream, rows in records.items():
            path = write_lines(folder, stream, rows)
            columns = ", ".join(f'"{name}" {kind}' for name, kind in columns_of(stream).items())
            table = f"{RAW_SCHEMA}.{stream}"
            cursor.execute(f"drop table if exists {table} cascade")
            cursor.execute(f"create table {table} ({columns})")
            cursor.execute("create temp table incoming (line json) on commit drop")
            with path.open("rb") as lines:
                # Neither byte stands in JSON, so each line is one value as it is.
                cursor.copy_expert(
                    "copy incoming from stdin (format csv, quote e'\\x01', delimiter e'\\x02')",
                    lines,
                )
            cursor.execute(
                f"insert into {table} select made.* from incoming, "
                f"json_populate_record(null::{table}, line) as made"
            )
            cursor.execute("drop table incoming")
            path.unlink()
        for statement in sync_log(list(records), synced_at):
            cursor.execute(statement)
    connection.commit()


def sync_log_columns() -> dict[str, dict[str, str]]:
    """Table -> column -> SQL type of the log of syncs."""
    return {
        SYNCS_TABLE: {
            "sync_id": "varchar",
            "started_at": "bigint",
            "synced_at": "bigint",
            "account_id": "varchar",
            "account_name": "varchar",
            "mode": "varchar",
            "is_full": "boolean",
            "status": "varchar",
            "stream_count": "bigint",
            "record_count": "bigint",
            "error": "varchar",
        },
        SYNC_STREAMS_TABLE: {
            "sync_id": "varchar",
            "stream": "varchar",
            "status": "varchar",
            "record_count": "bigint",
            "synced_at": "bigint",
            "error": "varchar",
        },
    }


def sync_log(streams: list[str], synced_at: int) -> list[str]:
    """The statements that note one complete sync, as `stripe-saas sync` does."""
    syncs, sync_streams = f"{RAW_SCHEMA}.{SYNCS_TABLE}", f"{RAW_SCHEMA}.{SYNC_STREAMS_TABLE}"
    named = ", ".join(f"('1', '{name}', 'complete', 0, {synced_at}, null)" for name in streams)
    return [
        f"drop table if exists {syncs} cascade",
        f"drop table if exists {sync_streams} cascade",
        *(
            f"create table {RAW_SCHEMA}.{table} "
            f"({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
            for table, columns in sync_log_columns().items()
        ),
        f"""insert into {syncs} values ('1', {synced_at}, {synced_at}, 'acct_1', 'Acme', 'test',
            true, 'complete', {len(streams)}, 0, null)""",
        f"insert into {sync_streams} values {named}",
    ]
