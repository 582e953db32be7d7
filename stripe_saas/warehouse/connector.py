"""A command of the Airbyte protocol -> the connector's messages, as they come."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stripe_saas.warehouse.rows import decoded

_GRACE_SECONDS = 20
_LAST_WORDS_BYTES = 2000


class ReadFailed(Exception):
    """The connector could not read at all; the text says why."""


class ConnectorOutput:
    """A connector that runs."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Any) -> None:
        """Reads the process's standard output; `errors` is the file of its standard error."""
        self._process, self._errors = process, errors

    def messages(self) -> Iterator[dict[str, Any]]:
        """The messages until its end; a line that was cut off is none."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                message = decoded(line)
            except ValueError:
                continue
            if isinstance(message, dict) and "type" in message:
                yield message

    def exit_code(self) -> int:
        """Waits for the end."""
        return self._process.wait()

    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        self._errors.seek(0)
        text: str = self._errors.read()[-_LAST_WORDS_BYTES:].decode(errors="replace")
        return text.strip()


@contextmanager
def running_connector(*arguments: str | Path) -> Iterator[ConnectorOutput]:
    """Runs the connector of this environment; stops it if it still runs in the end."""
    # Loopback addresses are the sandbox's, and no proxy's business.
    direct = os.environ.get("NO_PROXY", "127.0.0.1,localhost")
    environment = {**os.environ, "NO_PROXY": direct, "no_proxy": direct}
    command = [sys.executable, "-m", "source_stripe_saas", *map(str, arguments)]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            # Ctrl-C goes to the sync alone, which then ends the connector in good order.
            start_new_session=True,
        ) as process,
    ):
        try:
            yield ConnectorOutput(process, errors)
        finally:
            if process.poll() is None:
                process.terminate()
                assert process.stdout is not None
                process.stdout.close()
                try:
                    process.wait(_GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
