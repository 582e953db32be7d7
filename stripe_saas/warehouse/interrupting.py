"""A signal while the warehouse works on a statement -> the end of that statement.

Python runs a signal's handler when the main thread comes back to it, and a driver written in C may
stay away for as long as its statement takes. The interpreter's part in C writes each signal's
number into a pipe at once, and a thread reads that.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from stripe_saas.warehouse.database import running_statements

_LOOK_SECONDS = 0.25
_DEAF_SECONDS = 30.0
"""A statement that goes on for so long after it was interrupted ends with the process: what it did
is in no committed transaction."""


@contextmanager
def statements_ended(
    numbers: Collection[int],
    patience: Callable[[], float],
    deaf_seconds: float = _DEAF_SECONDS,
) -> Iterator[None]:
    """Interrupts statements after a signal, again and again until none of them is left.

    Args:
        numbers: of the signals.
        patience: seconds that a statement may go on after the signal.
        deaf_seconds: seconds after which the process is ended if its statement is not.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    ended = threading.Event()

    def watch() -> None:
        while content := os.read(reading, 64):
            for number in content:
                if number in numbers:
                    _end_statements(number, patience, deaf_seconds, ended)
                    return

    thread = threading.Thread(target=watch, name="statements", daemon=True)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        ended.set()
        os.close(writing)
        thread.join()
        os.close(reading)


def _end_statements(
    number: int, patience: Callable[[], float], deaf_seconds: float, ended: threading.Event
) -> None:
    began = time.monotonic()
    interrupted_at: float | None = None
    seen = running_statements()
    while not ended.wait(_LOOK_SECONDS):
        running = running_statements()
        # One that began meanwhile is a short one, such as the last line of a log.
        lasting, seen = running & seen, running
        if not lasting:
            interrupted_at = None
        elif time.monotonic() - began >= patience():
            if interrupted_at is None:
                interrupted_at = time.monotonic()
            elif time.monotonic() - interrupted_at >= deaf_seconds:
                os._exit(128 + number)
            for database, _ in lasting:
                database.interrupt()
