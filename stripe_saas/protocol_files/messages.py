"""Lines of a connector's output -> its messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson


class NotMessages(ValueError):
    """A line that is no message of the Airbyte protocol."""


def messages_in(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The messages, blank lines left out, and the last one too if it was cut off.

    Raises:
        NotMessages: a line is something else.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            message = orjson.loads(line)
        except ValueError:
            if not line.endswith(b"\n"):
                return  # whoever wrote it was stopped in the middle
            message = None
        if not isinstance(message, dict) or "type" not in message:
            raise NotMessages(f"line {number} is no message of the Airbyte protocol")
        yield message
