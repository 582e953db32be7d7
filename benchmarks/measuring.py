"""A command -> how long it took, the processor time and memory it used; its output in a file."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SECONDS_BETWEEN_LOOKS = 0.05
_CHUNK_BYTES = 1 << 16


class Failed(RuntimeError):
    """A measured command that did not end well."""


@dataclass(frozen=True)
class Measured:
    """One finished run of a command."""

    seconds: float
    """From the start of its process to its end."""
    cpu_seconds: float
    """Of all its threads, user and system."""
    peak_mb: float
    """The most memory it held at a time."""
    exit_code: int


def measure(
    command: Sequence[str | Path],
    output: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    bytes_per_second: int | None = None,
    timeout_seconds: float = 1800,
) -> Measured:
    """Runs a command to its end.

    Args:
        command: program and arguments.
        output: where its standard output goes; what it says on standard error goes beside it.
        environment: variables on top of this process's own.
        folder: where it is run.
        bytes_per_second: its output is taken no faster than this; None: it writes to the file
            itself, so that no reader is part of what is measured.
        timeout_seconds: after which it is stopped.

    Raises:
        Failed: it ended with another code than 0, or took too long.
    """
    errors = output.with_suffix(".err")
    with output.open("wb") as out, errors.open("wb") as err:
        began = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out if bytes_per_second is None else subprocess.PIPE,
            stderr=err,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
        watch = _Watch(process, began + timeout_seconds)
        watch.start()
        if bytes_per_second is not None:
            assert process.stdout is not None
            _take_slowly(process.stdout.fileno(), out, bytes_per_second)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.ended.set()
        watch.join()
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode != 0:
        last_words = errors.read_bytes()[-1500:] + output.read_bytes()[-1500:]
        raise Failed(
            f"{command[0]} ended with {process.returncode} after {seconds:.0f} s: "
            f"{last_words.decode(errors='replace')}"
        )
    # Where the kernel does not tell of a running process, its word at the end must do.
    peak_mb = watch.peak_mb or usage.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
    return Measured(seconds, usage.ru_utime + usage.ru_stime, peak_mb, process.returncode)


def _take_slowly(source: int, out: BinaryIO, bytes_per_second: int) -> None:
    began, taken = time.monotonic(), 0
    while chunk := os.read(source, _CHUNK_BYTES):
        out.write(chunk)
        taken += len(chunk)
        ahead = taken / bytes_per_second - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)


class _Watch(threading.Thread):
    """Looks at a process's memory until it ends, and ends it when it takes too long.

    The peak that the kernel reports of an ended process includes what its parent held when it
    started it, so it is read from the living process.
    """

    def __init__(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        super().__init__(daemon=True)
        self._process, self._deadline = process, deadline
        self.peak_mb = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        path = Path(f"/proc/{self._process.pid}/status")
        while not self.ended.wait(_SECONDS_BETWEEN_LOOKS):
            if time.monotonic() > self._deadline:
                self._process.kill()
            try:
                lines = path.read_text().splitlines()
            except OSError:
                continue
            for line in lines:
                if line.startswith("VmHWM:"):
                    self.peak_mb = max(self.peak_mb, int(line.split()[1]) / 1024)


@dataclass(frozen=True)
class StartUp:
    """What an interpreter and the libraries that a program builds on cost before it begins."""

    seconds: float
    cpu_seconds: float


def start_up(python: Path | str, imports: str, times: int = 3) -> StartUp:
    """The median of starting an interpreter that imports some modules and ends."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            measure([python, "-c", f"import {imports}"], Path(folder) / "out") for _ in range(times)
        ]
    return StartUp(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.cpu_seconds for run in runs),
    )
