"""Who is reading from which endpoint, and whether another reader would find something to do.

A window may be given away only while its endpoint has room: readers beyond what Stripe's limit lets
through would hold threads that other endpoints need. Nor is there room while pages are read faster
than they are taken: each reader holds a page and memory of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MOST_READERS_OF_AN_ENDPOINT = 12
_SPARE_READERS = 2
"""Readers beyond those that the limit keeps busy, for when one of them is between two pages."""

_ALWAYS_READERS = 3
"""So many readers may there be however busy the processor is: some of them wait for replies."""

_BUSY_SHARE = 0.85
"""Of one processor: who uses that much has no time for another reader's pages.

Python runs one thread at a time, so more readers would only wait for each other, and each change of
hands costs. Against Stripe's latency this is never reached.
"""

_BUSY_SECONDS = 0.25
"""Over which that is measured."""


class Processor:
    """How busy this process keeps its processor."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        used_seconds: Callable[[], float] = time.process_time,
    ) -> None:
        """Begins to measure.

        Args:
            clock: seconds.
            used_seconds: what all threads have used of the processor so far.
        """
        self._clock, self._used_seconds = clock, used_seconds
        self._since, self._used_before = clock(), used_seconds()
        self._latest: bool | None = None

    def is_busy(self) -> bool:
        """True if there was hardly a pause lately."""
        passed = self._clock() - self._since
        if self._latest is not None and passed < _BUSY_SECONDS:
            return self._latest
        used = self._used_seconds()
        busy = used - self._used_before > _BUSY_SHARE * passed
        if passed >= _BUSY_SECONDS:
            self._since, self._used_before, self._latest = self._since + passed, used, busy
        return busy


@dataclass
class Traffic:
    """The readers at work in one sync; without limits there is always room."""

    per_second: float = float("inf")
    """What one endpoint allows."""
    latency_seconds: Callable[[], float] = lambda: 0.0
    """How long a request takes at present."""
    most_readers: int = 1_000_000
    """Over all endpoints: the threads that there are."""
    expect: Callable[[str, float], None] = lambda endpoint, pages: None
    """Told how many more pages, or fewer, an endpoint is thought to have left."""
    processor: Processor | None = None
    """None has always time."""
    is_backed_up: Callable[[], bool] = lambda: False
    """True while pages that have been read wait to be written."""
    _readers: dict[str, int] = field(default_factory=dict)
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
            return self._readers.get(endpoint, 0) < wanted and sum(self._readers.values()) < min(
                most, self.most_readers
            )

    def enters(self, endpoint: str) -> None:
        """A reader is about to begin; counts from the moment that it is promised its window."""
        with self._lock:
            self._readers[endpoint] = self._readers.get(endpoint, 0) + 1

    def leaves(self, endpoint: str) -> None:
        """A reader has ended."""
        with self._lock:
            self._readers[endpoint] -= 1
