"""A connector's command and its config -> a DuckDB file that dlt fills, merging by id.

    python dlt_duckdb.py COMMAND CONFIG FOLDER customers invoices ...

Nested parts stay JSON, as in the other loaders. The last line printed is the number of records.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt  # type: ignore[import-not-found]
import orjson

_PAGE = 1_000


def records(command: list[str], counts: dict[str, int]) -> Iterator[Any]:
    """Pages of records, each for the table of its stream."""
    pages: dict[str, list[dict[str, Any]]] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.startswith(b'{"type":"RECORD"'):
                continue
            record = orjson.loads(line)["record"]
            name = record["stream"]
            counts[name] = counts.get(name, 0) + 1
            pages.setdefault(name, []).append(record["data"])
            if len(pages[name]) == _PAGE:
                yield dlt.mark.with_table_name(pages.pop(name), name)
    for name, page in pages.items():
        yield dlt.mark.with_table_name(page, name)


def main() -> None:
    """Loads all of it."""
    source, config, folder, *streams = sys.argv[1:]
    catalog = Path(folder) / "catalog.json"
    configured = [
        {
            "stream": {
                "name": name,
                "json_schema": {},
                "supported_sync_modes": ["full_refresh", "incremental"],
            },
            "sync_mode": "incremental",
            "destination_sync_mode": "append",
            "cursor_field": ["updated"],
        }
        for name in streams
    ]
    catalog.write_text(json.dumps({"streams": configured}))
    command = [source, "read", "--config", config, "--catalog", str(catalog)]
    counts: dict[str, int] = {}
    resource = dlt.resource(
        records(command, counts),
        name="stripe",
        primary_key="id",
        write_disposition="merge",
        max_table_nesting=0,
    )
    pipeline = dlt.pipeline(
        "benchmark",
        pipelines_dir=folder,
        destination=dlt.destinations.duckdb(str(Path(folder) / "dlt.duckdb")),
        dataset_name="stripe",
    )
    pipeline.run(resource)
    print()
    print(sum(counts.values()))


if __name__ == "__main__":
    main()
