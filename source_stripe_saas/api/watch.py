"""Requests under way -> a line in the log for each that takes long, an end for each that would not.

A socket's timeouts look at single packets: a body that trickles in can keep a thread for hours and
break none of them.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

TELLS_AFTER_SECONDS = 30.0
ENDS_AFTER_SECONDS = 300.0
_LOOKS_EVERY_SECONDS = 1.0

_log = logging.getLogger("airbyte.source_stripe_saas")


@dataclass(eq=False)
class Waiting:
    """One request that has not been answered in full."""

    label: str
    began: float
    connection: socket.socket | None = None
    """Set once the request has been sent."""
    told_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.told_at = self.began


class Watch:
    """Looks at a client's requests once a second, for as long as there are any."""

    def __init__(
        self,
        *,
        tells_after_seconds: float = TELLS_AFTER_SECONDS,
        ends_after_seconds: float = ENDS_AFTER_SECONDS,
        looks_every_seconds: float = _LOOKS_EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tells_after, self._ends_after = tells_after_seconds, ends_after_seconds
        self._looks_every, self._clock = looks_every_seconds, clock
        self._waiting: set[Waiting] = set()
        self._lock = threading.Lock()
        self._is_looking = False

    @contextmanager
    def over(self, label: str) -> Iterator[Waiting]:
        """Watches over one request until the context ends."""
        waiting = Waiting(label, self._clock())
        with self._lock:
            self._waiting.add(waiting)
            if not self._is_looking:
                self._is_looking = True
                threading.Thread(target=self._look_on, name="watch", daemon=True).start()
        try:
            yield waiting
        finally:
            with self._lock:
                self._waiting.discard(waiting)

    def _look_on(self) -> None:
        while True:
            time.sleep(self._looks_every)
            with self._lock:
                if not self._waiting:
                    self._is_looking = False
                    return
            self.look()

    def look(self) -> None:
        """Tells of requests that take long, and breaks off those that take too long."""
        now = self._clock()
        with self._lock:
            for waiting in self._waiting:
                taken = now - waiting.began
                if now - waiting.told_at >= self._tells_after:
                    waiting.told_at = now
                    _log.warning("Waiting for Stripe: %s has taken %.0f s", waiting.label, taken)
                if taken >= self._ends_after and waiting.connection is not None:
                    _break_off(waiting.connection)


def _break_off(connection: socket.socket) -> None:
    """Whoever reads from the connection sees it break, and tries again."""
    # By a proxy that itself wants TLS, urllib3 hands out a wrapper around the socket.
    own = getattr(connection, "socket", connection)
    with suppress(OSError):
        # A TLS socket's own `shutdown` gives up its keys first, and its reader would go on to
        # take what is still to come, encrypted, for the body.
        socket.socket.shutdown(own, socket.SHUT_RDWR)
