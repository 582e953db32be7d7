"""Records in; tables as destinations of Airbyte leave them, in the shape of their version 2, out.

Each stream has a raw table in the schema `airbyte_internal`, with whole records as JSON, one row
for each time that a record came, and a final table with a column for each property. Nothing but
Airbyte was there: there is no log of syncs. Old versions of records are in the raw tables, and in
final tables too where a connection only appends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb

from integration_tests.warehouse.raw_tables import Records, columns_of

FINAL = {"stripe_schema": "airbyte", "stripe_table_prefix": "stripe_"}
"""What the models are to be told to read the final tables."""
RAW = {"stripe_schema": "airbyte_internal", "stripe_table_prefix": "airbyte_raw__stream_stripe_"}
"""The same of the raw tables."""

_RAW_COLUMNS = (
    "_airbyte_raw_id, _airbyte_extracted_at, _airbyte_loaded_at, _airbyte_data, _airbyte_meta, "
    "_airbyte_generation_id"
)
_DAY_SECONDS = 86_400
# JSON never holds these two bytes, so each line is one value as it is.
_COPY = "copy incoming from stdin (format csv, quote e'\\x01', delimiter e'\\x02')"


def load_airbyte_duckdb(database: Path, folder: Path, records: Records, synced_at: int) -> None:
    """Writes both kinds of tables into a DuckDB file.

    Args:
        database: the file; made if there is none.
        folder: for files on their way.
        records: stream -> its records.
        synced_at: Unix seconds at which they came.
    """
    with duckdb.connect(str(database)) as connection:
        for stream, rows in records.items():
            path = _write(folder, stream, rows, synced_at)
            connection.execute(
                "create or replace temp table incoming as select json as line from "
                f"read_json_objects('{path}', format = 'newline_delimited', "
                "maximum_object_size = 67108864)"
            )
            for statement in _statements(stream, "json"):
                connection.execute(statement)
            path.unlink()


def load_airbyte_postgres(connection: Any, folder: Path, records: Records, synced_at: int) -> None:
    """The same in Postgres, through a psycopg2 connection."""
    with connection.cursor() as cursor:
        for stream, rows in records.items():
            path = _write(folder, stream, rows, synced_at)
            cursor.execute("drop table if exists incoming")
            cursor.execute("create temp table incoming (line jsonb)")
            with path.open("rb") as lines:
                cursor.copy_expert(_COPY, lines)
            for statement in _statements(stream, "jsonb"):
                cursor.execute(statement)
            path.unlink()
    connection.commit()


def _write(folder: Path, stream: str, records: Iterable[Mapping[str, Any]], synced_at: int) -> Path:
    path = folder / f"{stream}.lines"
    with path.open("w", encoding="utf-8") as file:
        for number, record in enumerate(records):
            for version in _versions(stream, number, record, synced_at):
                file.write(json.dumps(version) + "\n")
    return path


def _versions(
    stream: str, number: int, record: Mapping[str, Any], synced_at: int
) -> Iterator[dict[str, Any]]:
    """A record as it came the day before, when all was otherwise, and as it is."""
    known = columns_of(stream)
    data = {name: value for name, value in record.items() if name in known}
    old = {**data, "currency": "xxx", "customer": "cus_old", "customer_id": "cus_old", "amount": 7}
    if "updated" in data:
        old["updated"] = data["updated"] - 1
    for version, extracted_at in ((old, synced_at - _DAY_SECONDS), (data, synced_at)):
        moment = datetime.fromtimestamp(extracted_at, timezone.utc).isoformat()
        yield {"data": version, "raw_id": f"{stream}-{number}-{extracted_at}", "at": moment}


def _statements(stream: str, json_type: str) -> Iterator[str]:
    """What makes both tables of a stream out of the lines that came in."""
    for schema in (FINAL["stripe_schema"], RAW["stripe_schema"]):
        yield f"create schema if not exists {schema}"
    raw = f"{RAW['stripe_schema']}.{RAW['stripe_table_prefix']}{stream}"
    yield f"""create table {raw} (
        _airbyte_raw_id varchar(36), _airbyte_extracted_at timestamp with time zone,
        _airbyte_loaded_at timestamp with time zone, _airbyte_data {json_type},
        _airbyte_meta {json_type}, _airbyte_generation_id bigint)"""
    yield f"""insert into {raw} ({_RAW_COLUMNS}) select
        substr(line ->> 'raw_id', 1, 36), cast(line ->> 'at' as timestamp with time zone),
        cast(line ->> 'at' as timestamp with time zone), line -> 'data',
        cast('{{}}' as {json_type}), 1 from incoming"""
    columns = {
        name: json_type if kind == "json" else kind
        for name, kind in columns_of(stream).items()
        if not name.startswith("_airbyte")
    }
    # A JSON null is no value in a column.
    picked = ", ".join(
        f"nullif(cast(_airbyte_data -> '{name}' as varchar), 'null')::{kind} as \"{name}\""
        if kind == json_type
        else f"cast(_airbyte_data ->> '{name}' as {kind}) as \"{name}\""
        for name, kind in columns.items()
    )
    yield f"""create table {FINAL["stripe_schema"]}.{FINAL["stripe_table_prefix"]}{stream} as select
        _airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, _airbyte_generation_id, {picked}
        from {raw}"""
