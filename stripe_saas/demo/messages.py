"""A file of Airbyte messages -> what each stream gave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stripe_saas.protocol_files.catalog import can_be_incremental
from stripe_saas.protocol_files.messages import messages_in


@dataclass(frozen=True)
class CatalogStream:
    """A stream as `discover` describes it."""

    name: str
    primary_key: tuple[str, ...]
    is_incremental: bool

    def key_of(self, record: Mapping[str, Any]) -> str:
        """The record's primary key as one text; the parts of a composite one joined by `/`."""
        return "/".join(str(record[part]) for part in self.primary_key)


@dataclass
class StreamOutput:
    """What one read gave of one stream."""

    rows: list[tuple[str, bool]] = field(default_factory=list)
    """(key, is the row deleted), in the order of the records."""
    state: dict[str, Any] | None = None
    """The last state message."""
    status: str | None = None
    """The last status: `COMPLETE` if all went well."""
    error: str | None = None
    started_at: float | None = None
    ended_at: float | None = None

    @property
    def seconds(self) -> float | None:
        """From the stream's start to its end; streams overlap."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at) / 1000


@dataclass
class Output:
    """What one read gave."""

    streams: dict[str, StreamOutput]
    errors: list[str] = field(default_factory=list)
    """Errors that belong to no stream."""

    @property
    def records(self) -> int:
        """All records, the deleted among them."""
        return sum(len(stream.rows) for stream in self.streams.values())

    def states(self) -> list[dict[str, Any]]:
        """The last state of every stream that gave one: what the next read starts from."""
        return [stream.state for stream in self.streams.values() if stream.state is not None]


def messages_of(path: Path) -> Iterator[dict[str, Any]]:
    """All messages of a file."""
    with path.open("rb") as lines:
        yield from messages_in(lines)


def described(streams: Iterable[Mapping[str, Any]]) -> list[CatalogStream]:
    """What the demo needs of the streams that `discover` describes."""
    return [
        CatalogStream(
            name=stream["name"],
            primary_key=tuple(part for [part] in stream["source_defined_primary_key"]),
            is_incremental=can_be_incremental(stream),
        )
        for stream in streams
    ]


def output_in(path: Path, streams: Sequence[CatalogStream]) -> Output:
    """What a read of these streams wrote."""
    by_name = {stream.name: stream for stream in streams}
    output = Output({stream.name: StreamOutput() for stream in streams})
    for message in messages_of(path):
        if message["type"] == "RECORD":
            name, data = message["record"]["stream"], message["record"]["data"]
            row = (by_name[name].key_of(data), data.get("is_deleted") is True)
            output.streams[name].rows.append(row)
        elif message["type"] == "STATE":
            descriptor = message["state"]["stream"]["stream_descriptor"]
            output.streams[descriptor["name"]].state = message["state"]
        elif message["type"] == "TRACE":
            _note_trace(output, message["trace"])
    return output


def _note_trace(output: Output, trace: Mapping[str, Any]) -> None:
    if trace["type"] == "STREAM_STATUS":
        stream = output.streams[trace["stream_status"]["stream_descriptor"]["name"]]
        stream.status = trace["stream_status"]["status"]
        if stream.started_at is None:
            stream.started_at = trace["emitted_at"]
        stream.ended_at = trace["emitted_at"]
    elif trace["type"] == "ERROR":
        descriptor = trace["error"].get("stream_descriptor")
        if descriptor is None:
            output.errors.append(trace["error"]["message"])
        else:
            output.streams[descriptor["name"]].error = trace["error"]["message"]
