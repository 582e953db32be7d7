"""Run in the environment of fakesnow: raw tables in, all models built, every table out as Parquet.

    python snowflake_side.py FOLDER PROJECT RAW_SCHEMA MODELS_SCHEMA

FOLDER holds `raw/SCHEMA.TABLE.parquet`, in which JSON is text, and `types.json`; what was built is
written to `built/SCHEMA.TABLE/`. dbt's adapter for Snowflake writes the SQL; fakesnow takes it in
the place of Snowflake's connector, translates it and runs it on DuckDB. Imports nothing of ours, as
dbt for Snowflake is installed without it.
"""

from __future__ import annotations

import json
import logging
import sys
import unittest.mock
import warnings
from pathlib import Path
from typing import Any

from side import build

DATABASE = "STRIPE"
OUTPUT = {
    "type": "snowflake",
    "account": "none",
    "user": "none",
    "password": "none",
    "database": DATABASE,
    "warehouse": "none",
    "role": "none",
    "threads": 1,
}


def main() -> None:
    """Loads, builds and writes out; ends with dbt's own exit code."""
    folder, project = (Path(each).resolve() for each in sys.argv[1:3])
    raw, models = sys.argv[3:]
    import snowflake.connector
    from fakesnow.instance import FakeSnow

    # Of each statement: that its rows are copied, that DuckDB has no transient tables.
    warnings.simplefilter("ignore", UserWarning)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    snow = FakeSnow()
    _load(snow, folder, raw)
    with unittest.mock.patch.object(snowflake.connector, "connect", snow.connect):
        succeeded = build(folder, project, {**OUTPUT, "schema": models})
    for schema in (models, f"{models}_staging"):
        for (table,) in snow.duck_conn.execute(
            "select distinct table_name from information_schema.tables "
            "where table_catalog = ? and upper(table_schema) = upper(?)",
            [DATABASE, schema],
        ).fetchall():
            _write(snow.duck_conn, schema, table, folder / "built" / f"{schema}.{table.lower()}")
    sys.exit(0 if succeeded else 1)


def _load(snow: Any, folder: Path, raw: str) -> None:
    """Makes each raw table; JSON is a variant in every second one, and text in the others."""
    cursor = snow.connect(database=DATABASE, schema=raw).cursor()
    types = json.loads((folder / "types.json").read_text(encoding="utf-8"))
    for number, (table, columns) in enumerate(sorted(types.items())):
        json_type = ("variant", "varchar")[number % 2]
        made = ", ".join(
            f'"{name.upper()}" {json_type if kind == "JSON" else kind}'
            for name, kind in columns.items()
        )
        cursor.execute(f"create table {raw}.{table} ({made})")
        path = folder / "raw" / f"{raw}.{table}.parquet"
        snow.duck_conn.execute(f"insert into {DATABASE}.{raw}.{table} by name from '{path}'")


def _write(duck: Any, schema: str, table: str, to: Path) -> None:
    """One table as Parquet; names in lower case, as DuckDB's are, and JSON as text."""
    relation = f'{DATABASE}.{schema}."{table}"'
    chosen = ", ".join(
        f'cast("{name}" as varchar) as "{name.lower()}"'
        if kind == "JSON"
        else f'"{name}" as "{name.lower()}"'
        for name, kind, *_ in duck.execute(f"describe {relation}").fetchall()
    )
    to.mkdir(parents=True)
    duck.execute(f"copy (select {chosen} from {relation}) to '{to}/rows.parquet' (format parquet)")


if __name__ == "__main__":
    main()
