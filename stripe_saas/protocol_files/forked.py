"""The connector as a fork of a process that has loaded it, which saves two CPU seconds a start."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import IO, BinaryIO

from stripe_saas.protocol_files.connector import connector_environment

_SECONDS_BETWEEN_LOOKS = 0.01
_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class ForkedProcess:
    """A fork, with as much of `subprocess.Popen` as its owner needs."""

    def __init__(
        self, pid: int, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
    ) -> None:
        """Takes a child that runs, and this process's ends of its pipes."""
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code if it has ended; minus the signal's number if one ended it."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end.

        Raises:
            subprocess.TimeoutExpired: it did not come in so many seconds.
        """
        if self.returncode is None and timeout is None:
            _, status = os.waitpid(self.pid, 0)
            self.returncode = os.waitstatus_to_exitcode(status)
        end = time.monotonic() + (timeout or 0)
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("the connector", timeout or 0)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        assert self.returncode is not None
        return self.returncode

    def terminate(self) -> None:
        """Asks it to end in order."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.poll() is None:  # else another process may have its pid
            os.kill(self.pid, number)

    def __enter__(self) -> ForkedProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for pipe in (self.stdin, self.stdout):
            if pipe is not None:
                pipe.close()
        self.wait()


def make_ready() -> None:
    """Loads the connector, and has the CDK read its manifest, for the forks of this process."""
    from source_stripe_saas.protocol import entrypoint
    from source_stripe_saas.source import make_ready

    assert entrypoint is not None
    make_ready()


def fork_connector(
    arguments: list[str], *, has_input: bool, out: BinaryIO | None, errors: BinaryIO
) -> ForkedProcess:
    """Forks this process, and runs a command of the connector in the child.

    Args:
        arguments: the command and its options.
        has_input: whether its standard input is a pipe.
        out: takes its messages; None: a pipe does.
        errors: takes its standard error.
    """
    stdin, into = os.pipe() if has_input else (os.open(os.devnull, os.O_RDONLY), -1)
    from_it, stdout = os.pipe() if out is None else (-1, os.dup(out.fileno()))
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    pid = os.fork()
    if pid == 0:
        _become_connector(arguments, stdin, stdout, errors.fileno())
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(stdin)
    os.close(stdout)
    return ForkedProcess(
        pid,
        os.fdopen(into, "wb") if into != -1 else None,
        os.fdopen(from_it, "rb") if from_it != -1 else None,
    )


def _become_connector(arguments: list[str], stdin: int, stdout: int, stderr: int) -> None:
    """Never returns: nothing of the process that was forked may go on in the child."""
    try:
        os.setsid()
        with suppress(OSError, AttributeError):  # of Linux; elsewhere it ends at its next line
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for each in _SIGNALS:
            # Of the handlers of its parent, none is for this process.
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        for own, number in enumerate((stdin, stdout, stderr)):
            os.dup2(number, own)
        # Its parent's database, locks and pipes are none of its business.
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.environ.update(connector_environment())
        sys.argv = ["source-stripe-saas", *arguments]
        from source_stripe_saas.__main__ import main

        main()
    finally:
        os._exit(1)
