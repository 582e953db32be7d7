"""A process and all that it starts -> the most memory that they hold at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SECONDS_BETWEEN_LOOKS = 0.1
_PROC = Path("/proc")


class TreePeak:
    """The peak, once the context has ended; 0 where the system has no /proc."""

    mb = 0.0


@contextmanager
def tree_peak() -> Iterator[TreePeak]:
    """Watches what this process starts in the context, and leaves out what runs already."""
    peak, ended = TreePeak(), threading.Event()
    before = set(_descendants(os.getpid(), set()))

    def watch() -> None:
        while not ended.wait(_SECONDS_BETWEEN_LOOKS):
            held = sum(map(_resident_mb, _descendants(os.getpid(), before)))
            peak.mb = max(peak.mb, held)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _descendants(pid: int, left_out: set[int]) -> list[int]:
    found: list[int] = []
    for task in _PROC.glob(f"{pid}/task/*/children"):
        try:
            children = [int(each) for each in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            if child not in left_out:
                found += [child, *_descendants(child, left_out)]
    return found


def _resident_mb(pid: int) -> float:
    """Pages that are shared with others count for each."""
    try:
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0
