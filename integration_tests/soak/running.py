"""A command line -> what the connector printed until it ended or was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration_tests.connector import Message
from integration_tests.secret_search import assert_run_is_silent

LONGEST_SECONDS = 120.0
"""A run that takes longer counts as hung; wall time, so a busy machine needs more."""

_LOOK_SECONDS = 0.003


@dataclass(frozen=True)
class Kill:
    """When a run gets a signal, and which; whatever comes first."""

    after_seconds: float | None = None
    after_bytes: int | None = None
    after_requests: int | None = None
    by: int = signal.SIGKILL


NEVER = Kill()


@dataclass
class Ended:
    """One run."""

    code: int
    """Negative for a signal."""
    messages: list[Message]
    errors: str
    seconds: float
    seconds_since_signal: float | None = None

    @property
    def was_killed(self) -> bool:
        """Whether the kill came before the end."""
        return self.code == -signal.SIGKILL


class Hung(AssertionError):
    """A run did not end by itself."""


class Nursery:
    """A process that has the CDK loaded and forks runs."""

    def __init__(self, folder: Path, longest_seconds: float = LONGEST_SECONDS) -> None:
        """Starts it; runs write into `folder`."""
        self._folder, self._longest_seconds = folder, longest_seconds
        self._process = subprocess.Popen(
            [sys.executable, "-m", "integration_tests.soak.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.requests = 0
        """Requests that the server has seen; the soak's hook counts them up."""

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def run(
        self,
        arguments: Sequence[str],
        tuning: Mapping[str, Any],
        kill: Kill = NEVER,
        *,
        most_bytes: int | None = None,
        out: Path | None = None,
    ) -> Ended:
        """Runs the connector until it ends, or kills it.

        Args:
            arguments: its command line.
            tuning: see `nursery.tune`.
            kill: when it is killed.
            most_bytes: its files cannot grow beyond this, as on a full disk.
            out: where its output goes instead of a file; it is not read.

        Raises:
            Hung: it did not end in time.
        """
        is_read = out is None
        out, errors = out or self._folder / "out", self._folder / "errors"
        if is_read:
            out.write_bytes(b"")
        asked = {
            "arguments": list(arguments),
            "out": str(out),
            "errors": str(errors),
            "tuning": dict(tuning),
            "most_bytes": most_bytes,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        pid = self._told()["pid"]
        began, before = time.monotonic(), self.requests
        over = threading.Event()
        hung = threading.Event()
        fired: list[float] = []

        def watch() -> None:
            while not over.is_set():
                passed = time.monotonic() - began
                if passed > self._longest_seconds:
                    hung.set()
                if hung.is_set():
                    os.kill(pid, signal.SIGKILL)
                    return
                if not fired and _is_due(kill, passed, out, self.requests - before):
                    fired.append(passed)
                    with suppress(ProcessLookupError):  # it has just ended by itself
                        os.kill(pid, kill.by)
                time.sleep(_LOOK_SECONDS)

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = self._told()["code"]
        over.set()
        watcher.join()
        text = out.read_bytes() if is_read else b""
        if hung.is_set():
            raise Hung(f"no end after {self._longest_seconds} s; last lines: {text[-2000:]!r}")
        took = time.monotonic() - began
        since_kill = took - fired[0] if fired else None
        complaints = errors.read_text()
        assert_run_is_silent(arguments, text.decode(errors="replace"), complaints)
        return Ended(code, messages_of(text), complaints, took, since_kill)

    def _told(self) -> dict[str, int]:
        assert self._process.stdout is not None
        told: dict[str, int] = json.loads(self._process.stdout.readline())
        return told


def _is_due(kill: Kill, passed: float, out: Path, requests: int) -> bool:
    if kill.after_seconds is not None and passed >= kill.after_seconds:
        return True
    if kill.after_requests is not None and requests >= kill.after_requests:
        return True
    return kill.after_bytes is not None and out.stat().st_size >= kill.after_bytes


def messages_of(output: bytes) -> list[Message]:
    """The messages of an output; only its last line may be unfinished.

    Raises:
        AssertionError: a line is broken.
    """
    messages = []
    for line in output.split(b"\n")[:-1]:
        try:
            messages.append(json.loads(line))
        except ValueError:
            raise AssertionError(f"a broken line: {line[:300]!r}") from None
    return messages
