"""A recorded read of a company -> how fast it gets into DuckDB: by `sync`, and by PyAirbyte alone.

`python -m tools.writing_rate` prints records a second; nothing but the writer runs meanwhile.
"""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stripe_saas.demo.sandbox_process import running_sandbox_process
from stripe_saas.protocol_files.catalog import configured_catalog, discovered_streams
from stripe_saas.protocol_files.connector import running_connector
from stripe_saas.protocol_files.messages import messages_in
from stripe_saas.warehouse.catalog import catalog_for_tables, chosen_names, names_of
from stripe_saas.warehouse.pyairbyte import load_pyairbyte
from stripe_saas.warehouse.rows import decoded
from stripe_saas.warehouse.target import Target

_COMPANY = ("--customers", "300", "--months", "24", "--livemode")
_NO_LIMIT = 1_000_000


def recorded(folder: Path) -> tuple[Path, dict[str, Any]]:
    """A file of the connector's messages, and the catalog that they belong to."""
    with running_sandbox_process(_COMPANY) as sandbox:
        config, chosen = folder / "config.json", folder / "catalog.json"
        limits = {"call_rate_limit": _NO_LIMIT, "endpoint_rate_limit": _NO_LIMIT}
        settings = {"client_secret": sandbox.key, "api_url": sandbox.url, **limits}
        config.write_text(json.dumps(settings), encoding="utf-8")
        with running_connector("discover", "--config", config) as connector:
            streams = discovered_streams(connector.messages())
        names = chosen_names(names_of(streams), ())
        wanted = [stream for stream in streams if stream["name"] in names]
        catalog = catalog_for_tables(configured_catalog(wanted))
        chosen.write_text(json.dumps(catalog), encoding="utf-8")
        messages = folder / "messages.jsonl"
        with (
            running_connector("read", "--config", config, "--catalog", chosen) as connector,
            messages.open("w", encoding="utf-8") as out,
        ):
            for message in connector.messages():
                out.write(json.dumps(message) + "\n")
    return messages, catalog


def write_as_sync_does(messages: Path, catalog: dict[str, Any], folder: Path) -> None:
    """Into a new file, by the warehouse package."""
    from stripe_saas.warehouse.caches import cache_of
    from stripe_saas.warehouse.tables import Tables

    cache = cache_of(Target("duckdb", path=folder / "sync.duckdb"), folder)
    tables = Tables(cache, catalog, folder)
    with messages.open("rb") as lines:
        for message in map(decoded, lines):
            if message["type"] == "RECORD":
                tables.take_record(message["record"])
            elif message["type"] == "STATE":
                tables.take_state(message["state"])
    tables.end()
    cache.close()


def write_as_pyairbyte_does(messages: Path, catalog: dict[str, Any], folder: Path) -> None:
    """Into a new file, by PyAirbyte's own reading and writing."""
    from airbyte._message_iterators import AirbyteMessageIterator
    from airbyte.caches import DuckDBCache
    from airbyte.progress import ProgressStyle, ProgressTracker
    from airbyte.shared.catalog_providers import CatalogProvider
    from airbyte.strategies import WriteStrategy
    from airbyte_protocol.models import ConfiguredAirbyteCatalog

    cache = DuckDBCache(db_path=folder / "pyairbyte.duckdb", cache_dir=folder)
    progress = ProgressTracker(ProgressStyle.NONE, source=None, cache=cache, destination=None)
    with messages.open(encoding="utf-8") as lines:
        cache._write_airbyte_message_stream(
            AirbyteMessageIterator.from_str_buffer(lines),
            catalog_provider=CatalogProvider(ConfiguredAirbyteCatalog.model_validate(catalog)),
            write_strategy=WriteStrategy.AUTO,
            state_writer=cache.get_state_writer(source_name="measured"),
            progress_tracker=progress,
        )
    cache.close()


def main() -> None:
    """Measures both."""
    ways: dict[str, Callable[[Path, dict[str, Any], Path], None]] = {
        "stripe-saas sync": write_as_sync_does,
        "PyAirbyte alone": write_as_pyairbyte_does,
    }
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="stripe-saas-") as name:
        folder = Path(name)
        load_pyairbyte(folder)
        messages, catalog = recorded(folder)
        with messages.open("rb") as lines:
            records = sum(message["type"] == "RECORD" for message in messages_in(lines))
        for title, write in ways.items():
            began = time.monotonic()
            write(messages, catalog, folder)
            seconds = time.monotonic() - began
            print(f"{title:<18}{records / seconds:>8,.0f} records/s  ({records:,} records)")


if __name__ == "__main__":
    main()
