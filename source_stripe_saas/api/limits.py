"""Stripe's rate limits: a request -> when it may be sent.

One token bucket for the account and one for each endpoint. A token of the account goes to the
endpoint with the most pages left among those that may have one: shared out evenly, the longest list
would end long after the others. An endpoint that has not replied yet may have the longest list, so
it goes first. A 429 that names a bucket lowers its rate for a while.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from source_stripe_saas.api.access import Access
from source_stripe_saas.api.bucket import Bucket

LIVE_REQUESTS_PER_SECOND = 100
TEST_REQUESTS_PER_SECOND = 25
ENDPOINT_REQUESTS_PER_SECOND = 25
FILES_REQUESTS_PER_SECOND = 20
"""Stripe's published limits: https://docs.stripe.com/rate-limits"""


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
    has_answered: bool = False

    @property
    def priority(self) -> float:
        return self.pages_left if self.has_answered else math.inf


class RateLimits:
    """The token buckets of one account, shared by all threads."""

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
        self._timekeeper: _Waiter | None = None
        self._clock, self._sleep = clock, sleep
        self.waited_seconds = 0.0
        """Time that threads waited for tokens, added up over all of them."""

    @property
    def account_per_second(self) -> float:
        """The account's full rate, requests a second."""
        return self._account.full_rate

    @property
    def endpoint_per_second(self) -> float:
        """An endpoint's full rate, requests a second."""
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

    def take_back(self, endpoint: str) -> None:
        """Gives back the tokens of a request that was never sent."""
        with self._lock:
            self._account.give_back()
            self._of(endpoint).bucket.give_back()

    def expect(self, endpoint: str, pages: float) -> None:
        """Changes the number of pages that an endpoint is thought to have left.

        Args:
            endpoint: of one list.
            pages: to add; negative to take off.
        """
        with self._lock:
            known = self._of(endpoint)
            known.pages_left = max(0.0, known.pages_left + pages)

    def answered(self, endpoint: str) -> None:
        """Notes a successful reply; from now on `expect` decides on the endpoint's priority."""
        with self._lock:
            self._of(endpoint).has_answered = True

    def refused(self, endpoint: str, reason: str | None) -> None:
        """Notes a 429, and lowers the rate of the bucket that it names.

        Args:
            endpoint: of the request.
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
        """Hands the available tokens to waiting requests."""
        now = self._clock()
        self._account.refill(now)
        while self._account.wait_seconds() == 0.0:
            ready = [known for known in self._endpoints.values() if known.waiting]
            for known in ready:
                known.bucket.refill(now)
            ready = [known for known in ready if known.bucket.wait_seconds() == 0.0]
            if not ready:
                return
            chosen = max(ready, key=lambda known: known.priority)
            waiter = chosen.waiting.popleft()
            chosen.bucket.take()
            self._account.take()
            waiter.granted = True
            waiter.condition.notify()

    def _wait_as(self, waiter: _Waiter) -> None:
        """One thread sleeps until the next token is due, the others until they are woken."""
        if self._timekeeper is None:
            self._timekeeper = waiter
        if self._timekeeper is not waiter:
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
        """Wakes another thread to keep the time, if this one did."""
        if self._timekeeper is not waiter:
            return
        self._timekeeper = None
        for known in self._endpoints.values():
            if known.waiting:
                known.waiting[0].condition.notify()
                return


def limits_for(access: Access) -> RateLimits:
    """Stripe's rate limits for the key's mode, or the caps where these are lower.

    A server that is not Stripe's may allow more; there the caps hold.
    """
    account = LIVE_REQUESTS_PER_SECOND if access.is_live else TEST_REQUESTS_PER_SECOND
    return RateLimits(
        _capped(account, access.requests_per_second, access.is_stripe),
        _capped(
            ENDPOINT_REQUESTS_PER_SECOND, access.endpoint_requests_per_second, access.is_stripe
        ),
    )


def _capped(limit: int, cap: int | None, is_stripe: bool) -> int:
    if cap is None:
        return limit
    return min(limit, cap) if is_stripe else cap
