"""Requests a second -> when the next request may go out, for the account and per endpoint."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from source_stripe_saas.settings import Settings

LIVE_REQUESTS_PER_SECOND = 100
TEST_REQUESTS_PER_SECOND = 25
ENDPOINT_REQUESTS_PER_SECOND = 25
FILES_REQUESTS_PER_SECOND = 20
"""Stripe's published limits: https://docs.stripe.com/rate-limits"""

_BURST_SECONDS = 0.25
"""How much of a second's allowance may go out at once after a pause."""


class Pace:
    """Spaces out requests to a number a second, with a short burst after a pause."""

    def __init__(self, per_second: float) -> None:
        self._gap_seconds = 1.0 / per_second
        self._next = 0.0

    def reserve(self, now: float) -> float:
        """Takes the next place in the row and gives its time, on the clock of `now`."""
        earliest = now - _BURST_SECONDS
        place = max(self._next, earliest)
        self._next = place + self._gap_seconds
        return max(place, now)


class RateLimits:
    """One pace for the account and one for each endpoint, shared by all threads."""

    def __init__(
        self,
        account_per_second: float,
        endpoint_per_second: float = ENDPOINT_REQUESTS_PER_SECOND,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account = Pace(account_per_second)
        self._endpoint_per_second = endpoint_per_second
        self._endpoints: dict[str, Pace] = {}
        self._lock = threading.Lock()
        self._clock, self._sleep = clock, sleep
        self.waited_seconds = 0.0

    def wait(self, endpoint: str) -> None:
        """Returns when a request to the endpoint may be sent."""
        with self._lock:
            now = self._clock()
            pace = self._endpoints.get(endpoint)
            if pace is None:
                per_second = self._endpoint_per_second
                if endpoint == "files" and per_second == ENDPOINT_REQUESTS_PER_SECOND:
                    per_second = min(per_second, FILES_REQUESTS_PER_SECOND)
                pace = self._endpoints[endpoint] = Pace(per_second)
            pause = max(pace.reserve(now), self._account.reserve(now)) - now
            self.waited_seconds += pause
        if pause > 0:
            self._sleep(pause)


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
