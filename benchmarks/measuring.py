"""A program -> how long it took, the processor time and memory it used; its output in a file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SECONDS_BETWEEN_LOOKS = 0.05
_CHUNK_BYTES = 1 << 16
_STOPWATCH = Path(__file__).with_name("stopwatch.py")


class Failed(RuntimeError):
    """A measured program that did not end well."""


@dataclass(frozen=True)
class Measured:
    """One finished run of a program."""

    seconds: float
    """From the start of its process to its end."""
    cpu_seconds: float
    """Of all its threads, user and system."""
    peak_mb: float
    """The most memory it held at a time."""
    start_up_seconds: float
    """Of `seconds`, what the interpreter and the libraries took to load."""
    start_up_cpu_seconds: float
    """The same, of the processor's time."""


@dataclass(frozen=True)
class Program:
    """Something written in Python."""

    python: Path | str
    """Its interpreter."""
    libraries: str
    """What it builds on, and is loaded before the stopwatch is read; commas between."""
    name: str
    """A script's path or a module."""
    arguments: tuple[str | Path, ...]


def measure(
    program: Program,
    output: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    bytes_per_second: int | None = None,
    timeout_seconds: float = 1800,
    exit_code: int = 0,
) -> Measured:
    """Runs a program to its end.

    Args:
        program: what to run.
        output: where its standard output goes; what it says on standard error goes beside it.
        environment: variables on top of this process's own.
        folder: where it is run.
        bytes_per_second: its output is taken no faster than this; None: it writes to the file
            itself, so that no reader is part of what is measured.
        timeout_seconds: after which it is stopped.
        exit_code: that it is to end with.

    Raises:
        Failed: it ended with another code, or took too long.
    """
    errors, stamp = output.with_suffix(".err"), output.with_suffix(".stamp")
    command = [program.python, _STOPWATCH, stamp, program.libraries, program.name]
    with output.open("wb") as out, errors.open("wb") as err:
        began = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in (*command, *program.arguments)],
            stdin=subprocess.DEVNULL,
            stdout=out if bytes_per_second is None else subprocess.PIPE,
            stderr=err,
            cwd=folder,
            env=_environment(environment or {}),
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
    if process.returncode != exit_code:
        last_words = errors.read_bytes()[-1500:] + output.read_bytes()[-1500:]
        raise Failed(
            f"{program.name} ended with {process.returncode} after {seconds:.0f} s: "
            f"{last_words.decode(errors='replace')}"
        )
    # Where the kernel reports nothing of a running process, its figure at the end is taken.
    peak_mb = watch.peak_mb or usage.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
    ready_at, ready_cpu = map(float, stamp.read_text().split())
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Measured(seconds, cpu_seconds, peak_mb, ready_at - began, ready_cpu)


def _environment(added: Mapping[str, str]) -> dict[str, str]:
    """This process's variables, but for one that has every run compile its modules anew."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**plain, **added}


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
