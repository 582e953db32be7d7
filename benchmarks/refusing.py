"""Rates and a share of faults -> which requests the benchmark's server refuses, and how."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

_BURST_SECONDS = 0.5
"""How much of a second's allowance may come at once after a pause."""


@dataclass(frozen=True)
class Refusal:
    """An answer that is none."""

    status: int
    reason: str | None = None
    """The value of Stripe-Rate-Limited-Reason, if it is sent."""


class Bucket:
    """Fills at a rate; a request takes one token."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._per_second, self._clock = per_second, clock
        self._capacity = max(1.0, per_second * _BURST_SECONDS)
        self._tokens, self._at = self._capacity, clock()

    def take(self) -> bool:
        """False if there is none left."""
        now = self._clock()
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class Gate:
    """Lets requests through, or says why not."""

    def __init__(
        self,
        account_per_second: float | None,
        endpoint_per_second: float | None,
        fault_share: float,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._account = Bucket(account_per_second, clock) if account_per_second else None
        self._endpoint_per_second = endpoint_per_second
        self._endpoints: dict[str, Bucket] = {}
        self._fault_share = fault_share
        self._chance = random.Random(seed)

    def refusal(self, endpoint: str) -> Refusal | None:
        """Why a request to an endpoint is not answered; None if it is."""
        if self._account is not None and not self._account.take():
            return Refusal(429, "global-rate")
        if self._endpoint_per_second:
            bucket = self._endpoints.get(endpoint)
            if bucket is None:
                bucket = Bucket(self._endpoint_per_second, self._clock)
                self._endpoints[endpoint] = bucket
            if not bucket.take():
                return Refusal(429, "endpoint-rate")
        if self._fault_share and self._chance.random() < self._fault_share:
            return Refusal(500) if self._chance.random() < 0.5 else Refusal(429)
        return None
