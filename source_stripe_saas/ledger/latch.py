"""A count of what is being read; when the last of it has ended, something else begins."""

from __future__ import annotations

import threading
from collections.abc import Callable

from source_stripe_saas.streams.task import Task


class Latch:
    """Counts what is being read; when the last of it has ended, something else begins."""

    def __init__(self, then: Callable[[], tuple[Task, ...]]) -> None:
        """Waits for nothing yet.

        Args:
            then: gives what begins at the end.
        """
        self._then = then
        self._under_way = 0
        self._lock = threading.Lock()

    def begins(self) -> None:
        """One more is going to be read."""
        with self._lock:
            self._under_way += 1

    def ends(self) -> tuple[Task, ...]:
        """One has been read to its end."""
        with self._lock:
            self._under_way -= 1
            is_last = self._under_way == 0
        return self._then() if is_last else ()
