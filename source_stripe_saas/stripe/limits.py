"""Requests that want to go out -> when each may: Stripe's limits, shared by who has most to read.

One bucket of tokens for the account, one for each endpoint. A token of the account goes to the
endpoint with the most pages left among those that may have one: shared out evenly, the longest list
would end long after the others. A refusal that names a bucket makes it smaller for a while.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from source_stripe_saas.settings import Settings

LIVE_REQUESTS_PER_SECOND = 100
TEST_REQUESTS_PER_SECOND = 25
ENDPOINT_REQUESTS_PER_SECOND = 25
FILES_REQUESTS_PER_SECOND = 20
"""Stripe's published limits: https://docs.stripe.com/rate-limits"""

_BURST_SECONDS = 0.05
"""How much of a second's allowance may go out at once after a pause; more would overstep it."""

_SHRINKS_TO = 0.85
"""What is left of a bucket's rate after a refusal: gentle, since one may be a stray."""

_SHRINKS_TO_WHEN_REPEATED = 0.75
"""The same for a refusal in the second after another."""

_RECOVERS_PER_SECOND = 0.02
"""Share of the full rate that a smaller bucket regains each second."""

_LEAST_SHARE = 0.05
"""A bucket never gets smaller than this share of its full rate."""

_TOLERATED, _TOLERATED_MORE = 0.05, 0.2
"""Share of refused requests that a full bucket takes for strays, and what an empty one adds to it.

Going slower does not help against refusals that have nothing to do with the rate. The smaller a
bucket is already, the more of them it takes to make it smaller still.
"""

_RECENT_SECONDS = 4.0
"""Over which refusals and requests are compared."""


class Bucket:
    """Tokens for so many requests a second; times are seconds on one monotonic clock."""

    def __init__(self, per_second: float) -> None:
        self.full_rate = self.rate = float(per_second)
        self._tokens = self._burst()
        self._seen: float | None = None
        self._shrunk: float | None = None
        self._sent = self._refused = 0.0

    def _burst(self) -> float:
        return max(1.0, self.rate * _BURST_SECONDS)

    def refill(self, now: float) -> None:
        """Adds what has come in since the last look."""
        passed = now - self._seen if self._seen is not None else 0.0
        if passed < 0:
            return
        self._seen = now
        kept = math.exp(-passed / _RECENT_SECONDS)
        self._sent *= kept
        self._refused *= kept
        if self._shrunk is not None and now - self._shrunk > 1.0:
            regained = passed * _RECOVERS_PER_SECOND * self.full_rate
            self.rate = min(self.full_rate, self.rate + regained)
        self._tokens = min(self._burst(), self._tokens + passed * self.rate)

    def wait_seconds(self) -> float:
        """How long until there is a token, 0 if there is one."""
        # Refilling adds fractions that come a hair short of one.
        return max(0.0, (1.0 - 1e-9 - self._tokens) / self.rate)

    def take(self) -> None:
        """Uses a token."""
        self._tokens -= 1.0
        self._sent += 1.0

    def shrink(self, now: float) -> None:
        """Answers a refusal; several in a second count once, and a few among many not at all."""
        self._refused += 1.0
        tolerated = _TOLERATED + _TOLERATED_MORE * (1.0 - self.rate / self.full_rate)
        if self._refused <= tolerated * self._sent:
            return
        since = now - self._shrunk if self._shrunk is not None else None
        if since is not None and since < 1.0:
            return
        repeated = since is not None and since < 2.0
        factor = _SHRINKS_TO_WHEN_REPEATED if repeated else _SHRINKS_TO
        self.rate = max(self.full_rate * _LEAST_SHARE, self.rate * factor)
        self._tokens = min(self._tokens, 0.0)
        self._shrunk = now


@dataclass(eq=False)
class _Waiter:
    endpoint: str
    condition: threading.Condition
    granted: bool = False


@dataclass
class _Endpoint:
    bucket: Bucket
    waiting: deque[_Waiter] = field(default_factory=deque)
    pages_left: float = 0.0


class RateLimits:
    """The buckets of one account, shared by all threads."""

    def __init__(
        self,
        account_per_second: float,
        endpoint_per_second: float = ENDPOINT_REQUESTS_PER_SECOND,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account = Bucket(account_per_second)
        self._endpoint_per_second = endpoint_per_second
        self._endpoints: dict[str, _Endpoint] = {}
        self._lock = threading.RLock()
        self._keeper: _Waiter | None = None
        self._clock, self._sleep = clock, sleep
        self.waited_seconds = 0.0

    @property
    def account_per_second(self) -> float:
        """The account's full rate."""
        return self._account.full_rate

    @property
    def endpoint_per_second(self) -> float:
        """An endpoint's full rate."""
        return self._endpoint_per_second

    def wait(self, endpoint: str) -> None:
        """Returns when a request to the endpoint may be sent."""
        asked = self._clock()
        with self._lock:
            waiter = _Waiter(endpoint, threading.Condition(self._lock))
            self._of(endpoint).waiting.append(waiter)
            self._grant()
            while not waiter.granted:
                self._wait_as(waiter)
            self._pass_on(waiter)
            self.waited_seconds += self._clock() - asked

    def expect(self, endpoint: str, pages: float) -> None:
        """Adds to the pages that an endpoint is thought to have left; negative takes off."""
        with self._lock:
            known = self._of(endpoint)
            known.pages_left = max(0.0, known.pages_left + pages)

    def refused(self, endpoint: str, reason: str | None) -> None:
        """Answers a 429.

        Args:
            endpoint: what was asked.
            reason: the header `Stripe-Rate-Limited-Reason`; None means a lock on an object, which
                says nothing about the rate.
        """
        if reason is None:
            return
        with self._lock:
            bucket = self._account if reason.startswith("global") else self._of(endpoint).bucket
            bucket.shrink(self._clock())

    def _of(self, endpoint: str) -> _Endpoint:
        known = self._endpoints.get(endpoint)
        if known is None:
            per_second = self._endpoint_per_second
            if endpoint == "files" and per_second == ENDPOINT_REQUESTS_PER_SECOND:
                per_second = FILES_REQUESTS_PER_SECOND
            known = self._endpoints[endpoint] = _Endpoint(Bucket(per_second))
        return known

    def _grant(self) -> None:
        """Gives out the tokens that are there."""
        now = self._clock()
        self._account.refill(now)
        while self._account.wait_seconds() == 0.0:
            ready = [known for known in self._endpoints.values() if known.waiting]
            for known in ready:
                known.bucket.refill(now)
            ready = [known for known in ready if known.bucket.wait_seconds() == 0.0]
            if not ready:
                return
            chosen = max(ready, key=lambda known: known.pages_left)
            waiter = chosen.waiting.popleft()
            chosen.bucket.take()
            self._account.take()
            waiter.granted = True
            waiter.condition.notify()

    def _wait_as(self, waiter: _Waiter) -> None:
        """One thread looks at the clock, the others sleep until they are woken."""
        if self._keeper is None:
            self._keeper = waiter
        if self._keeper is not waiter:
            waiter.condition.wait()
            return
        waits = [
            max(self._account.wait_seconds(), known.bucket.wait_seconds())
            for known in self._endpoints.values()
            if known.waiting
        ]
        self._lock.release()
        try:
            self._sleep(min(waits, default=0.0))
        finally:
            self._lock.acquire()
        self._grant()

    def _pass_on(self, waiter: _Waiter) -> None:
        """Whoever looked at the clock leaves: another one must."""
        if self._keeper is not waiter:
            return
        self._keeper = None
        for known in self._endpoints.values():
            if known.waiting:
                known.waiting[0].condition.notify()
                return


def limits_for(settings: Settings) -> RateLimits:
    """Stripe's limits for the key's mode, or the config's where these are lower.

    A server that is not Stripe's may allow more; there the config's word holds.
    """
    account = LIVE_REQUESTS_PER_SECOND if settings.key_mode == "live" else TEST_REQUESTS_PER_SECOND
    return RateLimits(
        _capped(account, settings.requests_per_second, settings.is_stripe),
        _capped(
            ENDPOINT_REQUESTS_PER_SECOND, settings.endpoint_requests_per_second, settings.is_stripe
        ),
    )


def _capped(limit: int, cap: int | None, is_stripe: bool) -> int:
    if cap is None:
        return limit
    return min(limit, cap) if is_stripe else cap
