"""SIGTERM and SIGINT -> the end of a command in good order, with the code that shells expect."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from stripe_saas.warehouse.interrupting import statements_ended

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_ORDERLY_SECONDS = 10.0
"""After a signal: how long a statement of an `orderly` part may go on."""


class Stopped(BaseException):
    """A signal asked for the end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """The shell's code for a process that a signal ended."""
        return 128 + self.number


class StopSignals:
    """What has been asked for by signals; a second one ends the process at once."""

    def __init__(self) -> None:
        self.number: int | None = None
        """The first signal's number, once there was one."""
        self._ask: Callable[[], None] | None = None

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Raises `Stopped` wherever a signal comes, or at the end of an `orderly` part."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread can handle signals; another program runs this
            return
        before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        try:
            with statements_ended(_SIGNALS, self._patience), self.seen():
                yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def seen(self) -> Iterator[None]:
        """A part in which an error after a signal is the signal's doing.

        DuckDB drops the exception of a signal's handler and raises one of its own.

        Raises:
            Stopped: a signal came, and then an error.
        """
        try:
            yield
        except Exception as error:
            if self.number is None:
                raise
            raise Stopped(self.number) from error

    @contextmanager
    def orderly(self, ask: Callable[[], None]) -> Iterator[None]:
        """A part that nothing may break off: a signal only asks it to come to its end.

        Libraries written in C drop an exception that a signal's handler raises while they call
        back into Python, and go on.

        Args:
            ask: called by the signal's handler; must not take long.

        Raises:
            Stopped: a signal came.
        """
        self._ask = ask
        try:
            with self.seen():
                yield
        finally:
            self._ask = None
        if self.number is not None:
            raise Stopped(self.number)

    def _patience(self) -> float:
        """Seconds that a statement may go on after a signal."""
        return 0 if self._ask is None else _ORDERLY_SECONDS

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            os._exit(128 + number)
        self.number = number
        if self._ask is None:
            raise Stopped(number)
        self._ask()
