"""`subprocess.Popen` for modules that the server has loaded; for anything else it is the usual."""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_PYTHON = sys.executable
_CONSOLE_SCRIPT = str(Path(sys.executable).with_name("source-stripe-saas"))
MODULES = ("source_stripe_saas", "stripe_saas.cli", "stripe_saas.warehouse.dbt_process")
STARTING = ("stripe_saas.protocol_files.connector", "stripe_saas.warehouse.models")
"""The modules of the app that start them."""


def module_of(command: Any) -> tuple[str, list[str]] | None:
    """The module that a command line runs and its arguments, if a fork can do it as well."""
    words = [str(word) for word in command] if isinstance(command, list | tuple) else []
    # Other systems lack the kind of socket, or forbid what was loaded before a fork.
    if words[:1] != [_PYTHON] or sys.platform != "linux":
        return None
    if words[1:2] == [_CONSOLE_SCRIPT]:
        return "source_stripe_saas", words[2:]
    if words[1:2] == ["-m"] and words[2:3] and words[2] in MODULES:
        return words[2], words[3:]
    return None


def _changes_the_interpreter(env: dict[str, str] | None) -> bool:
    """Whether an environment holds what only a new interpreter would heed."""
    mine = {name: value for name, value in os.environ.items() if name.startswith("PYTHON")}
    theirs = {name: value for name, value in (env or mine).items() if name.startswith("PYTHON")}
    return mine != theirs


class ForkedPopen(subprocess.Popen[Any]):
    """A process; `subprocess` does the pipes, the waiting for output and the timeouts."""

    _connection: socket.socket | None = None
    address: str | None = None
    """Where the server listens; without one, one is started for this process."""

    def _execute_child(self, args: Any, *rest: Any) -> None:
        # In the order of Python 3.10 to 3.14.
        executable, preexec_fn, _, pass_fds, cwd, env, _, _, shell = rest[:9]
        p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite = rest[9:15]
        start_new_session = rest[20]
        found = module_of(args)
        if (
            found is None
            or (executable or preexec_fn or pass_fds or shell)
            or _changes_the_interpreter(env)
        ):
            super()._execute_child(args, *rest)  # type: ignore[misc]
            return
        module, arguments = found
        asked = {
            "module": module,
            "arguments": arguments,
            "env": dict(os.environ if env is None else env),
            "cwd": str(cwd or Path.cwd()),
            "start_new_session": start_new_session,
        }
        descriptors = [
            descriptor if descriptor != -1 else number
            for number, descriptor in enumerate((p2cread, c2pwrite, errwrite))
        ]
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connection.connect(self.address or _own_server())
            socket.send_fds(connection, [json.dumps(asked).encode()], descriptors)
            self.pid = json.loads(connection.recv(4096))["pid"]
        except BaseException:
            connection.close()
            raise
        finally:
            self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)
        self._connection = connection
        self._child_created = True

    def _internal_poll(self, *arguments: Any, **options: Any) -> int | None:
        if self._connection is None:
            return super()._internal_poll(*arguments, **options)  # type: ignore[misc, no-any-return]
        if self.returncode is None:
            pid, status = self._try_wait(os.WNOHANG)
            if pid:
                self._handle_exitstatus(status)  # type: ignore[attr-defined]
        return self.returncode

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        connection = self._connection
        if connection is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc, no-any-return]
        if connection.fileno() == -1:
            return 0, 0  # another thread has taken it
        if wait_flags & os.WNOHANG and not select.select([connection], [], [], 0)[0]:
            return 0, 0
        said = connection.recv(4096)
        connection.close()
        return self.pid, json.loads(said)["status"]


def forking(address: str | None = None) -> SimpleNamespace:
    """What a module may take for `subprocess`; its `Popen` forks.

    Args:
        address: of a server that runs; without one, this process has its own.
    """
    kind = type("ForkedPopen", (ForkedPopen,), {"address": address})
    return SimpleNamespace(**{**vars(subprocess), "Popen": kind})


@cache
def _own_server() -> str:
    """Starts a server that ends with this process; the path at which it listens."""
    folder = tempfile.mkdtemp(prefix="forking-")
    path = str(Path(folder) / "socket")
    process = subprocess.Popen(
        [_PYTHON, "-m", "integration_tests.forking.server", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        start_new_session=True,  # Ctrl-C is for the tests
    )
    assert process.stdout is not None
    assert process.stdin is not None
    stdin = process.stdin

    def end() -> None:
        stdin.close()
        with suppress(subprocess.TimeoutExpired):  # what a test has left behind may still run
            process.wait(timeout=10)

    atexit.register(end)
    assert process.stdout.readline() == b"ready\n", "the server did not start"
    return path
