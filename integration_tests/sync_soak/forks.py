"""A command line -> a process forked by the fork server, as `subprocess.Popen` would have it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from integration_tests.sync_soak.fork_server import HEAD_BYTES

FORKED = ("source_stripe_saas", "stripe_saas.cli", "stripe_saas.warehouse.dbt_process")
"""Modules that the server has loaded what they need for."""

_SERVER = "integration_tests.sync_soak.fork_server"
_Stream = Any


class Forked:
    """A process of the fork server's; what is used of `Popen` here and in `stripe_saas`."""

    def __init__(
        self,
        address: str,
        command: Sequence[str],
        *,
        stdin: _Stream = None,
        stdout: _Stream = None,
        stderr: _Stream = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        text: bool = False,
        bufsize: int = -1,
        start_new_session: bool = False,
    ) -> None:
        """Has it forked; the arguments are those of `Popen`."""
        self.args = command
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[Any] | None = None
        lent: list[int] = []
        files = [0, 1, 2]
        if stdin == subprocess.PIPE:
            files[0], ours = os.pipe()
            lent.append(files[0])
            self.stdin = os.fdopen(ours, "wb")
        if stdout == subprocess.PIPE:
            ours, files[1] = os.pipe()
            lent.append(files[1])
            self.stdout = os.fdopen(ours, "r" if text else "rb", bufsize)
        elif stdout is not None:
            files[1] = stdout.fileno()
        if stderr == subprocess.STDOUT:
            files[2] = files[1]
        elif stderr is not None:
            files[2] = stderr.fileno()
        umask = os.umask(0o077)
        os.umask(umask)
        content = json.dumps(
            {
                "command": list(command),
                "environment": dict(os.environ if env is None else env),
                "folder": cwd or os.getcwd(),
                "umask": umask,
                "new_session": start_new_session,
            }
        ).encode()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(address)
        socket.send_fds(self._socket, [b"%0*d" % (HEAD_BYTES, len(content))], files)
        self._socket.sendall(content)
        for file in lent:
            os.close(file)
        self._told = self._socket.makefile("r")
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        """Its code, if it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end; gives its code."""
        if self.returncode is None:
            with selectors.DefaultSelector() as waiting:
                waiting.register(self._socket, selectors.EVENT_READ)
                if not waiting.select(timeout):
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._told.readline())
            self._told.close()
            self._socket.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[Any, None]:
        """What it says until its end; a process that still holds the pipe is not waited for."""
        assert self.stdout is not None
        until = None if timeout is None else time.monotonic() + timeout
        said = b""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.stdout, selectors.EVENT_READ)
            while True:
                left = None if until is None else until - time.monotonic()
                if not waiting.select(left):
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
                part = os.read(self.stdout.fileno(), 65536)
                if not part:
                    break
                said += part
        self.wait(None if until is None else max(0.0, until - time.monotonic()))
        return said.decode(), None

    def send_signal(self, number: int) -> None:
        """Sends a signal, if it still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended, and the server is to tell it
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Sends SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Sends SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdin, self.stdout):
            if stream is not None:
                stream.close()
        self.wait()


def fork_all_of_this_process(address: str) -> None:
    """Has this process start forks where it would start one of the known modules."""
    subprocess.Popen = _started_at(address, subprocess.Popen)  # type: ignore[misc]


@contextmanager
def fork_server(folder: Path) -> Iterator[str]:
    """Runs a fork server; gives its address.

    Args:
        folder: an empty one with a short path, for the server's socket.
    """
    address = str(folder / "socket")
    with subprocess.Popen(
        # The modules that it runs have been imported before, which is what it is for.
        [sys.executable, "-W", "ignore::RuntimeWarning:runpy", "-m", _SERVER, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a fork has no threads of libraries
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        try:
            yield address
        finally:
            server.stdin.close()


@contextmanager
def forking(address: str) -> Iterator[None]:
    """Has this process start forks for as long as the context lasts."""
    popen = subprocess.Popen
    fork_all_of_this_process(address)
    try:
        yield
    finally:
        subprocess.Popen = popen  # type: ignore[misc]


def _started_at(address: str, popen: Any) -> Any:
    class Popen(popen):  # type: ignore[misc]
        """A fork for what is known, a new program else."""

        def __new__(cls, command: Any, *arguments: Any, **options: Any) -> Any:
            is_python = isinstance(command, list) and command[:2] == [sys.executable, "-m"]
            if is_python and command[2] in FORKED:
                return Forked(address, command, **options)
            return super().__new__(cls)

    return Popen
