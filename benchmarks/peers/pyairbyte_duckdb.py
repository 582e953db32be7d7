"""A connector's command and its config -> a DuckDB file that PyAirbyte fills.

    python pyairbyte_duckdb.py COMMAND CONFIG FOLDER customers invoices ...

The last line printed is the number of records.
"""

import json
import sys
from pathlib import Path

import airbyte


def main() -> None:
    """Loads all of it."""
    command, config, folder, *streams = sys.argv[1:]
    source = airbyte.get_source(
        "source-stripe-saas",
        local_executable=Path(command),
        config=json.loads(Path(config).read_text()),
        streams=streams,
    )
    cache = airbyte.new_local_cache("stripe", cache_dir=Path(folder) / "cache", cleanup=False)
    print()
    print(source.read(cache=cache).processed_records)


if __name__ == "__main__":
    main()
