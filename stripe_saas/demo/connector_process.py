"""A command of the Airbyte protocol and its files -> the connector's messages in a file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from stripe_saas.protocol_files.connector import running_connector

_SECONDS_BETWEEN_LOOKS = 0.2
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Run:
    """One finished run of the connector."""

    messages: Path
    exit_code: int
    seconds: float
    """From the start of the process to its end."""
    last_words: str
    """The end of what it wrote to stderr."""


class ConnectorProcess:
    """Runs `python -m source_stripe_saas` with the interpreter that runs this."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        """Keeps all files of the runs in `folder`."""
        self._folder = folder
        self._config = self.save("config.json", config)

    def save(self, name: str, content: Any) -> Path:
        """Writes a JSON file into the folder."""
        path = self._folder / name
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
        return path

    def run(
        self,
        command: str,
        *,
        name: str,
        options: tuple[str | Path, ...] = (),
        watch: Callable[[int], None] = lambda lines: None,
    ) -> Run:
        """Runs one command to its end.

        Args:
            command: `check`, `discover` or `read`.
            name: of the file: `<name>.jsonl` gets the messages.
            options: further arguments.
            watch: called from time to time with the number of messages so far.
        """
        messages = self._folder / f"{name}.jsonl"
        began = time.monotonic()
        with (
            # Straight into a file: a pipe through this process would slow down what is measured.
            messages.open("wb") as out,
            running_connector(command, "--config", self._config, *options, out=out) as connector,
            messages.open("rb") as written,
        ):
            lines = 0
            while not connector.has_ended(_SECONDS_BETWEEN_LOOKS):
                lines += _new_lines(written)
                watch(lines)
            seconds = time.monotonic() - began
            return Run(messages, connector.exit_code(), seconds, connector.last_words())


def _new_lines(written: BinaryIO) -> int:
    """How many lines a file has got since it was last asked about."""
    return sum(chunk.count(b"\n") for chunk in iter(lambda: written.read(_CHUNK_BYTES), b""))
