"""Lines of a connector's output -> its messages: the one reader that all commands share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from source_stripe_saas.api.raw_object import loads


class NotMessages(ValueError):
    """A line that is not a message of the Airbyte protocol."""


class RecordLine(msgspec.Struct, frozen=True):
    """A RECORD message whose record is not decoded."""

    stream: str
    data: msgspec.Raw
    """A JSON object."""
    emitted_at: int
    """Unix milliseconds."""


class _RecordMessage(msgspec.Struct):
    type: Literal["RECORD"]
    record: RecordLine


_RECORD = msgspec.json.Decoder(_RecordMessage)
_BRACE = ord("{")


class PlacedMessage(NamedTuple):
    """A message, and where its line stands."""

    message: dict[str, Any]
    number: int
    """Of the line, from 1."""
    offset: int
    """Bytes before the line."""
    length: int
    """Bytes of the line."""


def messages_in(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The messages of these lines; see `placed_messages`.

    Raises:
        NotMessages: a line is something else.
    """
    for placed in placed_messages(lines):
        yield placed.message


def placed_messages(lines: Iterable[bytes]) -> Iterator[PlacedMessage]:
    """The messages, blank lines left out, and the last one too if it was cut off.

    A line in the middle that cannot be read may have been a record: nobody may go on from a state
    that comes after it.

    Args:
        lines: each with its line feed.

    Raises:
        NotMessages: a line is not JSON, or lacks what a message of its type has.
    """
    offset = 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            message = _message(line, number)
            if message is None:
                return
            yield PlacedMessage(message, number, offset, len(line))
        offset += len(line)


def messages_and_records_in(lines: Iterable[bytes]) -> Iterator[RecordLine | dict[str, Any]]:
    """The same messages, but records are not decoded.

    Raises:
        NotMessages: a line is something else.
    """
    for number, line in enumerate(lines, 1):
        try:
            if not line.isascii():
                line.decode()  # msgspec does not look inside what it leaves undecoded
            record = _RECORD.decode(line).record
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if not line.strip():
                continue
            message = _message(line, number)
            if message is None:
                return
            # msgspec refuses some JSON that other readers take.
            yield _record_line(message["record"]) if message["type"] == "RECORD" else message
        else:
            if memoryview(record.data)[0] != _BRACE:
                raise _not_a_message(number)
            yield record


def _record_line(record: dict[str, Any]) -> RecordLine:
    data = msgspec.Raw(json.dumps(record["data"]).encode())
    return RecordLine(record["stream"], data, int(record["emitted_at"]))


def _message(line: bytes, number: int) -> dict[str, Any] | None:
    """A line's message; None if the connector was stopped in the middle of it.

    Raises:
        NotMessages: it is something else.
    """
    try:
        message = loads(line)
    except (ValueError, RecursionError):
        if not line.endswith(b"\n"):
            return None
        raise _not_a_message(number) from None
    if not _is_message(message):
        raise _not_a_message(number)
    found: dict[str, Any] = message
    return found


def _not_a_message(number: int) -> NotMessages:
    return NotMessages(f"line {number} is not a message of the Airbyte protocol")


def _is_message(content: Any) -> bool:
    """True if it has what the commands here take from a message of its type."""
    if not isinstance(content, dict) or not isinstance(content.get("type"), str):
        return False
    try:
        return _has_its_parts(content)
    except (KeyError, TypeError):
        return False


def _has_its_parts(message: dict[str, Any]) -> bool:
    match message["type"]:
        case "RECORD":
            record = message["record"]
            return (
                isinstance(record["stream"], str)
                and isinstance(record["data"], dict)
                and isinstance(record["emitted_at"], (int, float))
            )
        case "STATE":
            return isinstance(message["state"]["stream"]["stream_descriptor"]["name"], str)
        case "TRACE":
            trace = message["trace"]
            return isinstance(trace["emitted_at"], (int, float)) and _is_trace(trace)
        case "LOG":
            return isinstance(message["log"]["message"], str)
        case "CATALOG":
            return isinstance(message["catalog"]["streams"], list)
        case "CONNECTION_STATUS":
            return isinstance(message["connectionStatus"]["status"], str)
    return True


def _is_trace(trace: dict[str, Any]) -> bool:
    match trace["type"]:
        case "ERROR":
            return isinstance(trace["error"]["message"], str)
        case "ANALYTICS":
            return isinstance(trace["analytics"]["type"], str)
        case "STREAM_STATUS":
            status = trace["stream_status"]
            name = status["stream_descriptor"]["name"]
            return isinstance(name, str) and isinstance(status["status"], str)
    return True
