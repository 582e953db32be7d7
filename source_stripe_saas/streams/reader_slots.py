"""How many readers each endpoint has, and whether one more would be kept busy.

A window is split only while its endpoint has room: readers beyond what Stripe's limit lets through
would hold threads that other endpoints need. Nor is there room while pages are read faster than
they are written: each reader holds a page in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from source_stripe_saas.streams.cpu_load import CpuLoad

_MOST_READERS_OF_AN_ENDPOINT = 12
_SPARE_READERS = 2
"""Readers beyond those that the limit keeps busy, for when one of them is between two pages."""

_ALWAYS_READERS = 3
"""Allowed however busy the processor is: some of them wait for replies."""


@dataclass
class ReaderSlots:
    """The readers at work in one sync; without limits there is always room."""

    per_second: float = float("inf")
    """What one endpoint allows."""
    latency_seconds: Callable[[], float] = lambda: 0.0
    """How long a request takes at present."""
    most_readers: int = 1_000_000
    """Over all endpoints: the threads that there are."""
    expect: Callable[[str, float], None] = lambda endpoint, pages: None
    """Takes how many more pages, or fewer, an endpoint is estimated to have left."""
    processor: CpuLoad | None = None
    """None: never busy."""
    is_backed_up: Callable[[], bool] = lambda: False
    """True while pages that have been read wait to be written."""
    _in_use: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has_room(self, endpoint: str) -> bool:
        """True if one more reader of the endpoint would be kept busy, and not the processor."""
        if self.is_backed_up():
            return False
        is_busy = self.processor is not None and self.processor.is_busy()
        most = _ALWAYS_READERS if is_busy else self.most_readers
        wanted = min(
            _MOST_READERS_OF_AN_ENDPOINT,
            self.per_second * self.latency_seconds() + _SPARE_READERS,
        )
        with self._lock:
            return self._in_use.get(endpoint, 0) < wanted and sum(self._in_use.values()) < min(
                most, self.most_readers
            )

    def acquire(self, endpoint: str) -> None:
        """Counts a reader, from the moment that its window is split off."""
        with self._lock:
            self._in_use[endpoint] = self._in_use.get(endpoint, 0) + 1

    def release(self, endpoint: str) -> None:
        """Counts off a reader that has ended."""
        with self._lock:
            self._in_use[endpoint] -= 1
