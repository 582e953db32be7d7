"""What ends a sync before its end: a signal from outside, or an output that takes no more."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class OutputBroken(Exception):
    """Standard output takes no more: nothing else must be written, not even why.

    Whatever came after half a line would make it a broken one, so the log falls silent too.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error
        logging.disable()


class Stopped(Exception):
    """A signal asked for the end; the last states have been printed."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """As shells have it for a process that a signal has ended."""
        return exit_code_of(self.number)


def exit_code_of(number: int) -> int:
    """The exit code that tells of a signal."""
    return 128 + number


@contextmanager
def stopping_on_signals(stop: Callable[[int], bool]) -> Iterator[None]:
    """Calls `stop` once a signal asks for the end; a second one ends the process at once.

    Args:
        stop: told the signal's number, in a thread of its own, since the main thread may be in the
            middle of a line; False if there is nothing yet to be ended in good order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's; somebody else's program runs this
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
