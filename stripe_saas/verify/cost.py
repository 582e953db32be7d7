"""Planned requests -> their number, and the least time that Stripe's rate limits allow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from source_stripe_saas.api.limits import RateLimits


@dataclass
class Cost:
    """Requests by endpoint, estimated from the rows held."""

    requests: Counter[str] = field(default_factory=Counter)
    fallbacks: dict[str, int] = field(default_factory=dict)
    """Stream -> further requests, if Stripe does not list the whole account at once."""

    def add(self, endpoint: str, requests: int) -> None:
        """Adds requests."""
        self.requests[endpoint] += requests

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())

    def seconds(self, limits: RateLimits) -> float:
        """The least time that they take."""
        most = max(self.requests.values(), default=0)
        return max(self.total / limits.account_per_second, most / limits.endpoint_per_second)

    def text(self, limits: RateLimits) -> str:
        """The cost in one line."""
        text = (
            f"This takes about {self.total:,} requests, at least {_duration(self.seconds(limits))} "
            f"at {limits.account_per_second:g} a second, {limits.endpoint_per_second:g} a list."
        )
        for stream, requests in sorted(self.fallbacks.items()):
            seconds = requests / limits.endpoint_per_second
            text += (
                f" If Stripe does not list {stream} for the whole account, they are asked for "
                f"customer by customer: about {requests:,} more, {_duration(seconds)}."
            )
        return text


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
