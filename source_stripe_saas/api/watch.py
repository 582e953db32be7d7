"""Requests under way -> a log line for each slow one, an abort for each past its deadline.

A socket's timeouts look at single packets: a reply that trickles in can keep a thread for hours and
break none of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

WARN_AFTER_SECONDS = 30.0
ABORT_AFTER_SECONDS = 300.0
_INTERVAL_SECONDS = 1.0

_log = logging.getLogger("airbyte.source_stripe_saas")


@dataclass(eq=False)
class _UnderWay:
    """One request that has not been answered in full."""

    label: str
    abort: Callable[[], None]
    started_at: float
    warned_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.warned_at = self.started_at


class Watch:
    """Checks a client's requests once a second, for as long as there are any."""

    def __init__(
        self,
        *,
        warn_after_seconds: float = WARN_AFTER_SECONDS,
        abort_after_seconds: float = ABORT_AFTER_SECONDS,
        interval_seconds: float = _INTERVAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._warn_after, self._abort_after = warn_after_seconds, abort_after_seconds
        self._interval, self._clock = interval_seconds, clock
        self._under_way: set[_UnderWay] = set()
        self._lock = threading.Lock()
        self._is_running = False

    @contextmanager
    def over(self, label: str, abort: Callable[[], None]) -> Iterator[None]:
        """Watches one request until the context ends.

        Args:
            label: the request, for the log.
            abort: makes it fail; called from another thread, and again while that has no effect.
        """
        request = _UnderWay(label, abort, self._clock())
        with self._lock:
            self._under_way.add(request)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="watch", daemon=True).start()
        try:
            yield
        finally:
            # Under the lock, so that an abort never meets the thread's next request.
            with self._lock:
                self._under_way.discard(request)

    def _run(self) -> None:
        while True:
            time.sleep(self._interval)
            with self._lock:
                if not self._under_way:
                    self._is_running = False
                    return
            self.check()

    def check(self) -> None:
        """Logs slow requests and aborts those past their deadline."""
        now = self._clock()
        with self._lock:
            for request in self._under_way:
                seconds = now - request.started_at
                if now - request.warned_at >= self._warn_after:
                    request.warned_at = now
                    _log.warning("Waiting for Stripe: %s has taken %.0f s", request.label, seconds)
                if seconds >= self._abort_after:
                    request.abort()
