"""A catalog and records -> PyAirbyte's tables filled batch by batch, and states that are true.

PyAirbyte's own `read` writes the tables when the connector has ended, and none of them if it ended
with an error; so its parts are put together here in another way.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

from airbyte.shared.catalog_providers import CatalogProvider
from airbyte_protocol.models import AirbyteStateMessage, ConfiguredAirbyteCatalog

from stripe_saas.warehouse.caches import DuckDBTables, PostgresTables
from stripe_saas.warehouse.loaders import FileMerging
from stripe_saas.warehouse.rows import Rows
from stripe_saas.warehouse.whole_reads import WholeReads

SOURCE_NAME = "source-stripe-saas"
"""Under this name PyAirbyte keeps catalog and states."""

_BATCH_ROWS = 20_000
_BATCH_SECONDS = 15.0
"""So many rows, or rows so old, are written at once: what a connection that goes can cost."""

_SECONDS_BETWEEN_LOOKS = 1.0


class Tables:
    """The tables of one sync."""

    def __init__(
        self, cache: DuckDBTables | PostgresTables, catalog: Mapping[str, Any], folder: Path
    ) -> None:
        """Makes no table yet.

        Args:
            cache: PyAirbyte's.
            catalog: a configured catalog.
            folder: for the files on their way.
        """
        self._began, self._folder = time.time(), folder
        self._looked_at = 0.0
        provider = CatalogProvider(ConfiguredAirbyteCatalog.model_validate(catalog))
        self._states_before = cache.get_state_provider(source_name=SOURCE_NAME)
        self._states = cache.get_state_writer(source_name=SOURCE_NAME)
        self._processor = cast(
            FileMerging, cache.get_record_processor(SOURCE_NAME, provider, self._states)
        )
        self._streams = {
            stream["stream"]["name"]: _Stream(stream, self._began) for stream in catalog["streams"]
        }
        self._whole_reads = WholeReads(self._processor)
        for name in self._streams.keys() - self._states_before.known_stream_names:
            if self._whole_reads.began_at(name):  # cut off before there was a state to go on from
                self.begin_whole(name)

    def states_before(self) -> str:
        """The states that earlier syncs left, as JSON for the connector."""
        return self._states_before.to_state_input_file_text()

    def forget_states(self) -> None:
        """Forgets the states of all streams of this sync: whatever happens, all is read again."""
        names = ", ".join(f"'{name}'" for name in self._streams)
        self._processor.forget_states(SOURCE_NAME, names)

    def begin_whole(self, name: str) -> None:
        """Notes that everything there is of a stream will be read, if need be by several syncs."""
        self._whole_reads.begin(name, _moment(self._began))

    def take_record(self, message: Mapping[str, Any]) -> None:
        """Takes a record in, and writes its stream's rows if there are enough."""
        name = message["stream"]
        stream = self._streams[name]
        if stream.is_given_up:
            return
        stream.is_given_up = True  # until it is in: a signal may come in between
        stream.rows.add(message["data"], message["emitted_at"])
        stream.waiting_since = stream.waiting_since or time.monotonic()
        stream.is_given_up = False
        if len(stream.rows) >= _BATCH_ROWS:
            self._write(name)
        self._write_overdue()

    def take_state(self, message: dict[str, Any]) -> None:
        """Takes a state in: it is kept once all records before it have been written."""
        stream = self._streams[message["stream"]["stream_descriptor"]["name"]]
        if stream.is_given_up:
            return
        stream.state = message
        stream.waiting_since = stream.waiting_since or time.monotonic()
        self._write_overdue()

    def end_stream(self, name: str, *, is_complete: bool) -> None:
        """Writes what is left of a stream, and makes its table if nothing came.

        If it was read as a whole, rows that did not come since that began are gone. Does nothing
        for a stream of which a write has failed.

        Args:
            name: of the stream.
            is_complete: the connector read it to its end.
        """
        self._write(name)
        if self._streams[name].is_given_up:
            return
        self._processor.ensure_table(name)
        began_at = self._whole_reads.began_at(name)
        if is_complete and began_at is not None:
            self._processor.prune(name, began_at)
            self._whole_reads.end(name)

    def end(self) -> None:
        """Writes what is left of all streams."""
        for name in self._streams:
            self._write(name)

    def written(self, name: str) -> int:
        """Rows of a stream that have been written."""
        return self._streams[name].written

    def _write_overdue(self) -> None:
        """Writes whatever has waited for too long, of any stream."""
        now = time.monotonic()
        if now - self._looked_at < _SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = now
        for name, stream in self._streams.items():
            if stream.waiting_since and now - stream.waiting_since >= _BATCH_SECONDS:
                self._write(name)

    def _write(self, name: str) -> None:
        """Writes a stream's rows, then its state; if that fails, the stream is given up.

        Its rows are lost then, so no later state of this sync may be kept, nor may rows be pruned
        because they did not come.
        """
        stream = self._streams[name]
        stream.waiting_since = None
        if stream.is_given_up:
            return
        stream.is_given_up = True
        if lines := stream.rows.take():
            path = self._folder / f"{name}.jsonl"
            with path.open("wb") as file:
                file.writelines(lines)
            self._processor.merge_file(name, path)
            path.unlink()
            stream.written += len(lines)
        if stream.state is not None:
            self._states.write_state(AirbyteStateMessage.model_validate(stream.state))
            stream.state = None
        stream.is_given_up = False


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")


class _Stream:
    """What waits of one stream."""

    def __init__(self, configured: Mapping[str, Any], began: float) -> None:
        columns: Sequence[str] = list(configured["stream"]["json_schema"]["properties"])
        keys = [part for [part] in configured["stream"]["source_defined_primary_key"]]
        self.rows = Rows(columns, keys, began)
        self.state: dict[str, Any] | None = None
        self.waiting_since: float | None = None
        self.written = 0
        self.is_given_up = False
        """True while it is written, and for good if that fails: its rows and states are dropped."""
