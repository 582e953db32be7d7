"""The connector's messages -> the tables, and how every stream ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from source_stripe_saas.streams.read_mode import LACKS_ACCOUNTS, READ_AGAIN
from stripe_saas.protocol_files.connector import ConnectorOutput, ReadFailed
from stripe_saas.protocol_files.messages import RecordLine
from stripe_saas.warehouse.database import WarehouseError
from stripe_saas.warehouse.listener import SyncListener
from stripe_saas.warehouse.loader import Loader
from stripe_saas.warehouse.sync_log import StreamEnd

_NOT_REACHED = "the connector ended before it"


class Reading:
    """One read, from its first message to its last."""

    def __init__(
        self,
        names: Sequence[str],
        loader: Loader,
        listener: SyncListener,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Reads nothing yet.

        Args:
            names: of the streams that will be read.
            loader: fills their tables.
            listener: is told.
            is_stopping: True if the connector was asked to end before it has read everything.
        """
        self._names, self._loader, self._listener = names, loader, listener
        self._is_stopping = is_stopping
        self._errors: dict[str, str] = {}
        self._complete: set[str] = set()
        self._lacking: dict[str, list[str]] = {}
        """Stream -> accounts of several in which it was not read to its end."""
        self._general_error: str | None = None
        self.records = 0
        """Records that have come."""

    def follow(self, connector: ConnectorOutput) -> None:
        """Takes all messages in until the connector has ended, and writes what they hold.

        Raises:
            ReadFailed: it ended with an error that belongs to no stream, or a line cannot be read.
            WarehouseError: the warehouse refused something.
            OSError: there is no room for files on their way.
        """
        try:
            for message in connector.messages_and_records():
                if isinstance(message, RecordLine):
                    self._take_record(message)
                else:
                    self._take(message)
        except Exception:
            with suppress(WarehouseError, OSError):  # what came first says more
                self._loader.end()
            raise
        self._loader.end()
        if connector.exit_code() != 0 and not self._errors and not self._is_stopping():
            said = self._general_error or connector.last_words().rpartition("\n")[2]
            raise ReadFailed(said or f"the connector ended with code {connector.exit_code()}")

    def ends(self) -> list[StreamEnd]:
        """How every stream ended, as far as it is known."""
        return [
            StreamEnd(
                stream=name,
                is_complete=name in self._complete,
                record_count=self._loader.written(name),
                error=None if name in self._complete else self._errors.get(name, _NOT_REACHED),
                rejected_count=self._loader.rejected(name),
            )
            for name in self._names
        ]

    def _take_record(self, record: RecordLine) -> None:
        try:
            self._loader.take_record(record.stream, bytes(record.data), record.emitted_at)
        except (ValueError, RecursionError):
            raise ReadFailed(f"a record of {record.stream} cannot be read") from None
        self.records += 1
        self._listener.record(record.stream)

    def _take(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "STATE":
            state = message["state"]
            name = state["stream"]["stream_descriptor"]["name"]
            self._loader.take_state(name, state)
            self._listener.state(name)
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
            self._loader.begin_whole(*trace["analytics"]["value"].split(" "))
        elif trace["type"] == "ANALYTICS" and trace["analytics"]["type"] == LACKS_ACCOUNTS:
            name, *accounts = trace["analytics"]["value"].split(" ")
            self._lacking[name] = accounts
        elif trace["type"] == "STREAM_STATUS":
            name = trace["stream_status"]["stream_descriptor"]["name"]
            status = trace["stream_status"]["status"]
            if status in ("COMPLETE", "INCOMPLETE"):
                is_complete = status == "COMPLETE" and name not in self._errors
                self._loader.end_stream(
                    name, is_complete=is_complete, lacking=self._lacking.get(name, ())
                )
                if is_complete:
                    self._complete.add(name)
                self._listener.stream_ended(
                    name, None if is_complete else self._errors.get(name, "no reason was given")
                )
