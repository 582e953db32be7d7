"""An account whose clock runs by itself and which delivers what happens."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Living:
    """Moves time on, tick by tick, in a thread of its own."""

    def __init__(
        self, tick: Callable[[int], object], *, speed: float, every_seconds: float
    ) -> None:
        """Does not run yet.

        Args:
            tick: is given the seconds of the account's time that have passed.
            speed: seconds of the account's time in one of the machine's.
            every_seconds: of the machine's time between two ticks.
        """
        if speed <= 0 or every_seconds <= 0:
            raise ValueError("speed and seconds between ticks are above 0")
        self._tick, self._speed, self._every = tick, speed, every_seconds
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="living", daemon=True)

    def start(self) -> None:
        """Lets time run."""
        self._thread.start()

    def stop(self) -> None:
        """Stops it, after the tick that is under way."""
        self._ends.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        left = 0.0
        while not self._ends.wait(self._every):
            left += self._every * self._speed
            passed, left = int(left), left % 1
            if passed:
                self._tick(passed)
