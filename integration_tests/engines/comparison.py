"""The models on another engine and on DuckDB: are all tables equal?

    python -m integration_tests.engines.comparison ENGINE --python PYTHON

PYTHON is one in whose environment `ENGINE.txt` of this folder is installed. Spark needs Java 17 and
a quarter of an hour. Prints each table that differs with the first pair of rows that do.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from integration_tests.warehouse.building import PROJECT, duckdb_profile, run_dbt
from integration_tests.warehouse.built_tables import Table, differing, tables_of
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_saas.warehouse.places import MODELS_SCHEMA, RAW_SCHEMA
from stripe_sandbox.account import open_account

VARIABLES = {"reporting_timezone": "America/New_York"}
ENGINES = ("snowflake", "spark")
_SIDES = Path(__file__).parent


def main() -> int:
    """Builds on both, and compares; 1 if a table or a test differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--python", required=True, help="of the engine's environment")
    parser.add_argument("--customers", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stripe-saas-engine-") as name:
        folder = Path(name)
        in_duckdb = _on_duckdb(folder, arguments.customers)
        (folder / "variables.json").write_text(json.dumps(VARIABLES), encoding="utf-8")
        places = (str(folder), str(PROJECT), RAW_SCHEMA, MODELS_SCHEMA)
        side = _SIDES / f"{arguments.engine}_side.py"
        ended = subprocess.run([arguments.python, str(side), *places], check=False)
        in_engine = _written(folder / "built")
    if ended.returncode and not in_engine:
        return 1
    both = sorted(in_duckdb.keys() & in_engine.keys())
    found = differing(
        {table: in_duckdb[table] for table in both}, {table: in_engine[table] for table in both}
    )
    for table, pair in found.items():
        print(f"{table} differs:", *pair, sep="\n  ")
    lacking = sorted(in_duckdb.keys() ^ in_engine.keys())
    print(f"{len(both) - len(found)} of {len(both)} tables are equal; on one side only: {lacking}")
    return 1 if found or lacking or ended.returncode else 0


def _on_duckdb(folder: Path, customers: int) -> dict[str, Table]:
    """All tables as DuckDB has them; the raw ones are written for the engine."""
    account = open_account("company", seed=5, customers=customers, months=18)
    file = folder / "stripe.duckdb"
    load_duckdb(file, folder, records_of(account), account.store.now)
    result = run_dbt(folder / "dbt", duckdb_profile(file), variables=VARIABLES)
    if not result.success or result.bad:
        sys.exit(f"The models do not build on DuckDB: {result.bad}")
    (folder / "raw").mkdir()
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = ?", [RAW_SCHEMA]
        ).fetchall()
        types = {}
        for (table,) in tables:
            columns = connection.execute(f'describe {RAW_SCHEMA}."{table}"').fetchall()
            types[table] = {column[0]: column[1] for column in columns}
            # Parquet's JSON is not every engine's: it is text there.
            chosen = ", ".join(
                f'cast("{column[0]}" as varchar) as "{column[0]}"'
                if column[1] == "JSON"
                else f'"{column[0]}"'
                for column in columns
            )
            connection.execute(
                f'copy (select {chosen} from {RAW_SCHEMA}."{table}") to '
                # Spark passes over files whose names begin with an underscore.
                f"'{folder / 'raw' / RAW_SCHEMA}.{table}.parquet' (format parquet)"
            )
        (folder / "types.json").write_text(json.dumps(types), encoding="utf-8")
        return tables_of(connection.cursor())


def _written(folder: Path) -> dict[str, Table]:
    """The tables that the engine wrote, read by DuckDB."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for path in sorted(folder.glob("*")):
            schema, _, table = path.name.partition(".")
            connection.execute(f"create schema if not exists {schema}")
            columns = connection.execute(f"describe from '{path}/*.parquet'").fetchall()
            chosen = ", ".join(
                f'cast("{column[0]}" as timestamp) as "{column[0]}"'
                if column[1].startswith("TIMESTAMP")
                else f'"{column[0]}"'
                for column in columns
            )
            connection.execute(
                f"create table {schema}.\"{table}\" as select {chosen} from '{path}/*.parquet'"
            )
        return tables_of(connection.cursor())


if __name__ == "__main__":
    sys.exit(main())
