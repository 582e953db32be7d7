"""A config and a warehouse -> one sync with its models, in a process of its own.

The process is `stripe-saas sync`. Its config, which holds the key, is a file in memory that only
this user's processes can open, and that is gone with this process: nothing secret lies on a disk.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

_LAST_LINES = 20
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Ended:
    """How a sync ended."""

    code: int
    """0: complete, models and all."""
    said: str
    """The last lines that it printed; they hold no secret."""


def sync(
    config: Mapping[str, Any],
    warehouse: str,
    *,
    is_full: bool,
    on_line: Callable[[str], None] = lambda line: None,
    on_start: Callable[[subprocess.Popen[str]], None] = lambda process: None,
) -> Ended:
    """Runs a sync to its end; no process is left when this returns or raises.

    Args:
        config: the connector's, with its key.
        warehouse: an address, as `stripe-saas sync --warehouse` takes it.
        is_full: whether everything is read again.
        on_line: gets each line of progress.
        on_start: gets the process, so that it can be ended.
    """
    with _in_memory(config) as path:
        command = [sys.executable, "-m", "stripe_saas.cli", "sync", "--config", path]
        command += ["--warehouse", warehouse, *(["--full"] if is_full else [])]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            # It would hold the warehouse against the sync of the service's next start.
            preexec_fn=partial(_end_with_parent, os.getpid()),
        )
        try:
            on_start(process)
            lines: list[str] = []
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip():
                    lines = [*lines[1 - _LAST_LINES :], line.rstrip()]
                    on_line(lines[-1])
            return Ended(process.wait(), "\n".join(lines))
        finally:
            # Of a process that has ended these do nothing.
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _end_with_parent(parent: int) -> None:
    """Has the kernel end this process when the service is killed (Linux).

    Args:
        parent: the service's pid; it may have been killed before the kernel was asked.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


@contextmanager
def _in_memory(content: Mapping[str, Any]) -> Iterator[str]:
    """The path of a file that exists in memory alone."""
    if not hasattr(os, "memfd_create"):
        raise RuntimeError("this system has no files in memory: run the service on Linux.")
    descriptor = os.memfd_create("config")
    try:
        os.write(descriptor, json.dumps(content).encode())
        yield str(Path("/proc", str(os.getpid()), "fd", str(descriptor)))
    finally:
        os.close(descriptor)
