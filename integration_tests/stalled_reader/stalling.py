"""Bytes -> lines, taken with pauses; lines -> messages, and the lines that are torn."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from integration_tests.connector import Message

LINES_BETWEEN_STALLS = 100
SECONDS_OF_A_STALL = 0.1


@dataclass
class Taken:
    """What a reader got."""

    messages: list[Message] = field(default_factory=list)
    torn: list[bytes] = field(default_factory=list)
    """Whole lines that are no JSON."""
    rest: bytes = b""
    """What came after the last line feed."""


def stalling_lines(
    source: BinaryIO, lines_between: int = LINES_BETWEEN_STALLS, seconds: float = SECONDS_OF_A_STALL
) -> Iterator[bytes]:
    """The lines, with a pause of so many seconds after so many of them."""
    for number, line in enumerate(source):
        if number % lines_between == 0:
            time.sleep(seconds)
        yield line


def taken(lines: Iterator[bytes]) -> Taken:
    """All lines, sorted into those that are messages and those that are not."""
    found = Taken()
    for line in lines:
        if not line.endswith(b"\n"):
            found.rest = line
            continue
        try:
            found.messages.append(json.loads(line))
        except ValueError:
            found.torn.append(line)
    return found
