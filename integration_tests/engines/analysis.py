"""The models' SQL on engines that are not run: is every statement of theirs right there?

    python -m integration_tests.engines.analysis ENGINE --python PYTHON

PYTHON is one in whose environment `ENGINE.txt` of this folder is installed. BigQuery's statements
go through Google's analyzer, which resolves names and types, Trino's through a grammar. Each
shape of raw tables is tried.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from integration_tests.warehouse.airbyte_tables import FINAL, RAW
from integration_tests.warehouse.building import PROJECT
from integration_tests.warehouse.raw_tables import columns_of, sync_log_columns
from integration_tests.warehouse.sandbox_records import MODELED_STREAMS
from stripe_saas.warehouse.places import RAW_SCHEMA

ENGINES = ("bigquery", "trino")
STREAMS = (*MODELED_STREAMS, "subscription_events")
TYPES = {
    "bigquery": {
        "varchar": "string",
        "bigint": "int64",
        "decimal(38, 9)": "numeric",
        "boolean": "bool",
        "timestamp": "timestamp",
        "json": "json",
    },
    # Connectors have no column of JSON.
    "trino": {
        "varchar": "varchar",
        "bigint": "bigint",
        "decimal(38, 9)": "decimal(38, 9)",
        "boolean": "boolean",
        "timestamp": "timestamp(6) with time zone",
        "json": "varchar",
    },
}
"""Engine -> type of a column on DuckDB -> what loaders make of it there."""
RAW_COLUMNS = {
    "_airbyte_raw_id": "varchar",
    "_airbyte_extracted_at": "timestamp",
    "_airbyte_loaded_at": "timestamp",
    "_airbyte_data": "varchar",
    "_airbyte_meta": "json",
    "_airbyte_generation_id": "bigint",
}
EVERY_OPTION = {
    "reporting_timezone": "America/New_York",
    "fx_mode": "month_end",
    "switch_movements": "one_moment",
    "month_movements": "net",
    "trial_conversion_at": "new_mrr",
    "identity_metadata_keys": ["account"],
    "expected_mrr_minor": {"usd": [1, 2]},
}

Tables = dict[str, dict[str, str]]


def shapes() -> dict[str, tuple[dict[str, Any], Tables]]:
    """Shape -> the models' variables, and its tables: table -> column -> type on DuckDB."""
    streams = {stream: columns_of(stream) for stream in STREAMS}
    as_text = {
        stream: {name: "varchar" if kind == "json" else kind for name, kind in columns.items()}
        for stream, columns in streams.items()
    }
    final, raw = FINAL["stripe_table_prefix"], RAW["stripe_table_prefix"]
    return {
        "a column each": ({}, {**streams, **sync_log_columns()}),
        "a column each, JSON as text, every option": (
            EVERY_OPTION,
            {**as_text, **sync_log_columns()},
        ),
        "Airbyte's final tables": (
            FINAL,
            {final + stream: columns for stream, columns in streams.items()},
        ),
        "Airbyte's raw tables": (RAW, {raw + stream: RAW_COLUMNS for stream in STREAMS}),
        "no table but events": (
            {"fx_mode": "constant"},
            {"subscription_events": streams["subscription_events"]},
        ),
    }


def main() -> int:
    """Analyses each shape; 1 if a statement of one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--python", required=True, help="of the engine's environment")
    parser.add_argument("--shape", help="only those whose name holds this")
    arguments = parser.parse_args()
    side = Path(__file__).with_name(f"{arguments.engine}_side.py")
    types = TYPES[arguments.engine]
    bad = []
    for shape, (variables, tables) in shapes().items():
        if arguments.shape and arguments.shape not in shape:
            continue
        print(f"== {arguments.engine}: {shape}", flush=True)
        translated = {
            table: {name: types[kind] for name, kind in columns.items()}
            for table, columns in tables.items()
        }
        schema = variables.get("stripe_schema", RAW_SCHEMA)
        with tempfile.TemporaryDirectory(prefix="stripe-saas-engine-") as name:
            folder = Path(name)
            (folder / "tables.json").write_text(json.dumps({schema: translated}), encoding="utf-8")
            (folder / "variables.json").write_text(json.dumps(variables), encoding="utf-8")
            command = [arguments.python, str(side), str(folder), str(PROJECT)]
            if subprocess.run(command, check=False).returncode:
                bad.append(shape)
    print(f"wrong in: {', '.join(bad)}" if bad else "every statement is right")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
