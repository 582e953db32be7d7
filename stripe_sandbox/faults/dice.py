"""A seed and rates in; which request, or which event, is hit out, and how often it was."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from random import Random

from stripe_sandbox.faults.kinds import FaultOptions


class Dice:
    """Decides for every kind by draws of its own, so that one switch does not move another."""

    def __init__(self, options: FaultOptions) -> None:
        """Has thrown nothing yet."""
        self.options = options
        self.injected: Counter[str] = Counter()
        self._random: dict[str, Random] = {}
        self._lock = threading.Lock()

    def is_on(self, kind: str) -> bool:
        """Whether a kind can hit at all."""
        return self.options.rates.get(kind, 0) > 0

    def strikes(self, kind: str) -> bool:
        """Throws for one request; a hit is not counted before `note`."""
        rate = self.options.rates.get(kind, 0)
        return rate > 0 and self.random(kind).random() < rate

    def random(self, kind: str) -> Random:
        """The kind's own source of chance."""
        with self._lock:
            if kind not in self._random:
                self._random[kind] = Random(f"{self.options.seed}/{kind}")
            return self._random[kind]

    def picks(self, kind: str, identity: str) -> bool:
        """Whether an object is among the share that a kind affects; always the same for it."""
        return self.share(kind, identity) < self.options.rates.get(kind, 0)

    def share(self, kind: str, identity: str) -> float:
        """A number from 0 to 1 that is this object's for good."""
        text = f"{self.options.seed}/{kind}/{identity}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big") / 2**56

    def note(self, kind: str, times: int = 1) -> None:
        """Counts a fault as injected."""
        self.injected[kind] += times
