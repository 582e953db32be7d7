"""A command of the Airbyte protocol -> the connector's messages, as they come or in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from stripe_saas.protocol_files.messages import (
    NotMessages,
    RecordLine,
    messages_and_records_in,
    messages_in,
)

_GRACE_SECONDS = 20
_LAST_WORDS_BYTES = 2000
_PIPE_BYTES = 1024 * 1024
_STANDARD_INPUT = "/dev/stdin"
_LOOPBACK = "127.0.0.1,localhost"


class ReadFailed(Exception):
    """What the connector read is not to be had; the text says why."""


class ConnectorProcess(Protocol):
    """What is needed of a process: `subprocess.Popen` has it."""

    @property
    def stdin(self) -> IO[bytes] | None: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def __enter__(self) -> ConnectorProcess: ...
    def __exit__(self, *_: Any) -> None: ...


class Start(Protocol):
    """Starts a command of the connector."""

    def __call__(
        self, arguments: list[str], *, has_input: bool, out: BinaryIO | None, errors: BinaryIO
    ) -> ConnectorProcess:
        """See `start_connector`."""
        ...


class ConnectorOutput:
    """A connector that runs."""

    def __init__(self, process: ConnectorProcess, errors: BinaryIO) -> None:
        """Takes the process, and the file that its standard error goes to."""
        self._process, self._errors = process, errors

    def messages(self) -> Iterator[dict[str, Any]]:
        """The messages until its end; see `messages_in`.

        Raises:
            ReadFailed: a line cannot be read.
        """
        with _as_read_failed():
            yield from messages_in(self._lines())

    def messages_and_records(self) -> Iterator[RecordLine | dict[str, Any]]:
        """The same, with records that are not decoded.

        Raises:
            ReadFailed: a line cannot be read.
        """
        with _as_read_failed():
            yield from messages_and_records_in(self._lines())

    def _lines(self) -> Iterable[bytes]:
        assert self._process.stdout is not None, "its messages go into a file"
        return self._process.stdout

    def stop(self) -> None:
        """Asks it to come to its end; what it says until then is to be read."""
        self._process.terminate()

    def has_ended(self, wait_seconds: float) -> bool:
        """Waits so long for the end."""
        try:
            self._process.wait(wait_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def exit_code(self) -> int:
        """Waits for the end."""
        return self._process.wait()

    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        self._errors.seek(0)
        return self._errors.read()[-_LAST_WORDS_BYTES:].decode(errors="replace").strip()


def start_connector(
    arguments: list[str], *, has_input: bool, out: BinaryIO | None, errors: BinaryIO
) -> subprocess.Popen[bytes]:
    """Starts the connector of this environment in an interpreter of its own.

    Args:
        arguments: the command and its options.
        has_input: whether its standard input is a pipe.
        out: takes its messages; None: a pipe does.
        errors: takes its standard error.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "source_stripe_saas", *arguments],
        stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE if out is None else out,
        stderr=errors,
        bufsize=_PIPE_BYTES,
        env=connector_environment(),
        # Ctrl-C goes to the command alone, which then ends the connector in good order.
        start_new_session=True,
    )


@contextmanager
def running_connector(
    *arguments: str | Path,
    config: Mapping[str, Any] | None = None,
    out: BinaryIO | None = None,
    start: Start = start_connector,
) -> Iterator[ConnectorOutput]:
    """Runs the connector of this environment; stops it if it still runs in the end.

    Args:
        arguments: a command of the protocol and its options.
        config: the connector's; it goes through a pipe, so that no file holds its key.
        out: a file for its messages; without one they are taken from `messages`.
        start: starts it.
    """
    command = list(map(str, arguments))
    if config is not None:
        command += ["--config", _STANDARD_INPUT]
    with (
        tempfile.TemporaryFile() as errors,
        start(command, has_input=config is not None, out=out, errors=errors) as process,
    ):
        try:
            if process.stdin is not None:
                # A connector that has ended already says why by its exit code.
                with suppress(BrokenPipeError), process.stdin:
                    process.stdin.write(json.dumps(config).encode())
            yield ConnectorOutput(process, errors)
        finally:
            if process.poll() is None:
                process.terminate()
                if process.stdout is not None:
                    process.stdout.close()
                try:
                    process.wait(_GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()


@contextmanager
def _as_read_failed() -> Iterator[None]:
    try:
        yield
    except NotMessages as error:
        raise ReadFailed(f"the connector's output is broken: {error}") from error


def connector_environment() -> dict[str, str]:
    """This process's environment, with proxies kept out of what goes to this machine itself."""
    kept_out = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    direct = f"{kept_out},{_LOOPBACK}" if kept_out else _LOOPBACK
    return {**os.environ, "NO_PROXY": direct, "no_proxy": direct}
