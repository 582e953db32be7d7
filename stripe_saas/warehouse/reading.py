"""The connector's messages -> the tables, and how every stream ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from source_stripe_saas.streams.read_mode import READ_AGAIN
from stripe_saas.protocol_files.connector import ConnectorOutput, ReadFailed
from stripe_saas.warehouse.catalog import forgetful_streams, is_incremental
from stripe_saas.warehouse.progress import SyncProgress
from stripe_saas.warehouse.rows import decoded
from stripe_saas.warehouse.sync_log import StreamEnd

if TYPE_CHECKING:  # it loads PyAirbyte, which a test of messages can do without
    from stripe_saas.warehouse.tables import Tables

_NOT_REACHED = "the connector ended before it"


class Reading:
    """One read, from its first message to its last."""

    def __init__(
        self, catalog: Mapping[str, Any], tables: Tables, progress: SyncProgress, *, is_full: bool
    ) -> None:
        """Reads nothing yet.

        Args:
            catalog: a configured catalog.
            tables: what is filled.
            progress: is told.
            is_full: no state is given to the connector, so everything will come.
        """
        self._tables, self._progress = tables, progress
        self._forgetful = forgetful_streams()
        self._names = [stream["stream"]["name"] for stream in catalog["streams"]]
        for stream in catalog["streams"]:
            if is_full or not is_incremental(stream):
                self._read_whole(stream["stream"]["name"])
        self._errors: dict[str, str] = {}
        self._complete: set[str] = set()
        self._general_error: str | None = None

    def follow(self, connector: ConnectorOutput) -> None:
        """Takes all messages in until the connector has ended.

        Raises:
            ReadFailed: it ended with an error that belongs to no stream, or a line cannot be read.
        """
        try:
            for message in connector.messages(decoded):
                self._take(message)
        finally:
            self._tables.end()
        if connector.exit_code() != 0 and not self._errors:
            said = self._general_error or connector.last_words().rpartition("\n")[2]
            raise ReadFailed(said or f"the connector ended with code {connector.exit_code()}")

    def ends(self) -> list[StreamEnd]:
        """How every stream ended, as far as it is known."""
        return [
            StreamEnd(
                stream=name,
                is_complete=name in self._complete,
                record_count=self._tables.written(name),
                error=None if name in self._complete else self._errors.get(name, _NOT_REACHED),
            )
            for name in self._names
        ]

    def _read_whole(self, name: str) -> None:
        """Rows that do not come are gone, except where Stripe forgets what is old."""
        if name not in self._forgetful:
            self._tables.begin_whole(name)

    def _take(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "RECORD":
            self._tables.take_record(message["record"])
            self._progress.record(message["record"]["stream"])
        elif kind == "STATE":
            self._tables.take_state(message["state"])
        elif kind == "TRACE":
            self._take_trace(message["trace"])

    def _take_trace(self, trace: Mapping[str, Any]) -> None:
        if trace["type"] == "ERROR":
            name = (trace["error"].get("stream_descriptor") or {}).get("name")
            if name is None:
                self._general_error = trace["error"]["message"]
            else:
                self._errors[name] = trace["error"]["message"]
        elif trace["type"] == "ANALYTICS" and trace["analytics"]["type"] == READ_AGAIN:
            # What is gone since the old state is told by no event any more; nor would the rows of
            # `subscription_events` that are derived in another way now replace the old ones.
            self._read_whole(trace["analytics"]["value"])
        elif trace["type"] == "STREAM_STATUS":
            name = trace["stream_status"]["stream_descriptor"]["name"]
            status = trace["stream_status"]["status"]
            if status in ("COMPLETE", "INCOMPLETE"):
                is_complete = status == "COMPLETE" and name not in self._errors
                self._tables.end_stream(name, is_complete=is_complete)
                if is_complete:
                    self._complete.add(name)
                self._progress.stream_ended(
                    name, None if is_complete else self._errors.get(name, "no reason was given")
                )
