"""How busy this process keeps its processor."""

from __future__ import annotations

import time
from collections.abc import Callable

_BUSY_SHARE = 0.85
"""Of one processor: at this load there is no time for another reader's pages.

Python runs one thread at a time, so more readers would only wait for each other, and each switch
costs. At Stripe's latency this load is never reached.
"""


_BUSY_SECONDS = 0.25
"""Over which that is measured."""


class CpuLoad:
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
