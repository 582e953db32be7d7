"""A webhook endpoint of the account: where its events go, signed with what, tried how often."""

from __future__ import annotations

from dataclasses import dataclass

_MINUTE, _HOUR = 60, 3600

LIVE_WAITS = (5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, *(12 * _HOUR,) * 4)
"""Seconds before each retry in live mode: three days in all, more and more apart."""

TEST_WAITS = (5 * _MINUTE, 2 * _HOUR)
"""The same in test mode: three attempts in a few hours."""


@dataclass(frozen=True)
class Endpoint:
    """One address that gets deliveries."""

    url: str
    secrets: tuple[str, ...]
    """The newest first; two while the secret is rolled: both sign."""
    types: tuple[str, ...] = ("*",)
    """Event types that it is sent; `*` is all."""
    is_thin: bool = False
    """True for an event destination that gets references only (`v2.core.event`)."""
    application: str | None = None
    """The application (`ca_…`) that it belongs to; None: the account itself."""

    def takes(self, kind: str) -> bool:
        """Whether events of a type are sent to it."""
        return "*" in self.types or kind in self.types


def waits(*, livemode: bool) -> tuple[int, ...]:
    """Seconds before the second, third … attempt."""
    return LIVE_WAITS if livemode else TEST_WAITS
