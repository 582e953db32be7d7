"""What ends a sync early: a signal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(Exception):
    """A signal ended the sync; the last states have been printed."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """The shell's code for a process that a signal ended."""
        return exit_code_of(self.number)


def exit_code_of(number: int) -> int:
    """The exit code of a process that a signal ended."""
    return 128 + number


@contextmanager
def stopping_on_signals(stop: Callable[[int], bool]) -> Iterator[None]:
    """Calls `stop` on the first SIGTERM or SIGINT; a second one ends the process at once.

    Args:
        stop: takes the signal's number, in a thread of its own, since the main thread may be in the
            middle of a line; returns False if there is no read to end in order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread can handle signals; another program runs this
        return
    asked = threading.Event()

    def ask(number: int) -> None:
        if not stop(number):
            os._exit(exit_code_of(number))

    def handler(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            os._exit(exit_code_of(number))
        asked.set()
        threading.Thread(target=ask, args=(number,), name="stop", daemon=True).start()

    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, known in before.items():
            signal.signal(number, known)
