"""Rates in; hooks that refuse what exceeds them, or make every call wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from stripe_sandbox.refusals import Refusal
from stripe_sandbox.server.calls import Call, Hook, Proceed, Reply

Clock = Callable[[], float]


class Bucket:
    """As many calls a second as its rate, and no more at once."""

    def __init__(self, rate_per_second: float, clock: Clock = time.monotonic) -> None:
        """Starts full."""
        self._rate = rate_per_second
        self._clock = clock
        self._tokens = max(1.0, rate_per_second)
        self._filled_at = clock()

    def take(self) -> bool:
        """Takes a call's share; False when there is none left."""
        now = self._clock()
        self._tokens += (now - self._filled_at) * self._rate
        self._tokens = min(max(1.0, self._rate), self._tokens)
        self._filled_at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


def rate_limit(
    per_second: float | None, per_endpoint: float | None, clock: Clock = time.monotonic
) -> Hook:
    """Refuses calls above a rate of the account, or of one endpoint whatever the ids in it."""
    whole = Bucket(per_second, clock) if per_second else None
    endpoints: dict[str, Bucket] = {}

    async def hook(call: Call, proceed: Proceed) -> Reply:
        if whole is not None and not whole.take():
            raise too_many("global-rate")
        if per_endpoint:
            bucket = endpoints.get(call.route.path)
            if bucket is None:
                bucket = endpoints[call.route.path] = Bucket(per_endpoint, clock)
            if not bucket.take():
                raise too_many("endpoint-rate")
        return await proceed(call)

    return hook


def too_many(reason: str) -> Refusal:
    """429, with Stripe's word for which limit was met."""
    return Refusal(
        429,
        "Request rate limit exceeded. You can learn more about rate limits here "
        "https://stripe.com/docs/rate-limits.",
        "rate_limit",
        headers={"Stripe-Rate-Limited-Reason": reason},
    )


def latency(seconds: float) -> Hook:
    """Makes every call wait, without keeping the others from being answered."""

    async def hook(call: Call, proceed: Proceed) -> Reply:
        await asyncio.sleep(seconds)
        return await proceed(call)

    return hook
