"""Many deliveries of a company -> one read of what they name, soon after the first of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

_LEAST_PAUSE_SECONDS = 5.0
_MOST_PAUSE_SECONDS = 300.0
_MOST_DOUBLED = 10

_LOGGER = logging.getLogger(__name__)


class StillAsked(Exception):
    """A read was asked for and has not ended; it may have looked already."""


class Gathering:
    """Waits for each connection by itself; forgets everything at its end, as the store does not."""

    def __init__(self, fetch: Callable[[str], None], seconds: float) -> None:
        """Has no thread yet.

        Args:
            fetch: asks for a read; raises StillAsked if it has to be asked again.
            seconds: how long deliveries are gathered.
        """
        self._fetch, self._seconds = fetch, seconds
        self._timers: dict[str, threading.Timer] = {}
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._lock = threading.Lock()
        self._is_over = False

    def wake(self, connection_id: str) -> None:
        """Something waits of a connection."""
        with self._lock:
            if self._is_over or connection_id in self._timers:
                return
            wait = max(self._seconds, self._not_before.get(connection_id, 0) - time.monotonic())
            timer = threading.Timer(wait, self._ask, (connection_id,))
            timer.daemon = True
            self._timers[connection_id] = timer
            timer.start()

    def put_off(self, connection_id: str, *, failed: bool) -> None:
        """Notes how a read went: after a failure the next one waits twice as long as before."""
        with self._lock:
            if not failed:
                self._failures.pop(connection_id, None)
                self._not_before.pop(connection_id, None)
                return
            doubled = min(self._failures.get(connection_id, 0), _MOST_DOUBLED)
            self._failures[connection_id] = doubled + 1
            pause = min(_LEAST_PAUSE_SECONDS * 2**doubled, _MOST_PAUSE_SECONDS)
            self._not_before[connection_id] = time.monotonic() + pause

    def stop(self) -> None:
        """Asks for nothing more."""
        with self._lock:
            self._is_over = True
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()

    def _ask(self, connection_id: str) -> None:
        with self._lock:
            self._timers.pop(connection_id, None)
            if self._is_over:
                return
        try:
            self._fetch(connection_id)
        except StillAsked:
            self.wake(connection_id)
        except Exception:
            _LOGGER.exception("a read of deliveries could not be asked for")
