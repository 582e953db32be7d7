"""A token bucket for one rate limit, with a rate that adapts to refusals (429).

A refusal lowers the rate for a while. Whether that helps is observed: refusals that come at any
rate have nothing to do with a limit, and are not met by going ever slower.
"""

from __future__ import annotations

import math

_BURST_SECONDS = 0.05
"""Size of a burst after a pause, in seconds of the full rate; more would exceed the limit."""

_SHRINKS_TO = 0.85
"""Factor for the rate after a refusal: gentle, since a single one may be chance."""

_SHRINKS_TO_WHEN_REPEATED = 0.75
"""The same for a refusal within two seconds of another."""

_RECOVERS_PER_SECOND = 0.02
"""Share of the full rate that a lowered rate regains each second."""

_LEAST_SHARE = 0.05
"""The rate never falls below this share of the full rate."""

_TOLERATED_SHARE, _TOLERATED_SHARE_OF_A_LIMIT = 0.05, 0.02
"""Share of refused requests that is tolerated, on top of those that no lower rate ends.

The lower share holds once a lower rate has ended all refusals, which shows that there is a limit.
"""

_SETTLES_SECONDS, _LOOKS_SECONDS = 1.0, 2.0
"""How long a lowered rate takes to show, and how long requests are observed after that.

Refusals that depend on the rate have ended by then. Requests that are refused all the same would be
refused at any rate, so their share is tolerated from then on.
"""

_MOST_BY_CHANCE = 0.25
"""A larger share of refusals than this always depends on the rate."""

_FEW = 2
"""A difference of so many refusals is within chance."""

_RECENT_SECONDS = 4.0
"""The time over which refusals are compared with requests."""


class Bucket:
    """Tokens for some number of requests a second; times are seconds on one monotonic clock."""

    def __init__(self, per_second: float) -> None:
        self.full_rate = self.rate = float(per_second)
        self._tokens = self._burst()
        self._seen: float | None = None
        self._shrunk: float | None = None
        self._sent = self._refused = 0.0
        # Requests that were observed since the rate was lowered.
        self._watched = self._watched_refused = 0
        self._by_chance = 0.0
        self._tolerated = _TOLERATED_SHARE

    def _burst(self) -> float:
        return max(1.0, self.rate * _BURST_SECONDS)

    def refill(self, now: float) -> None:
        """Adds the tokens that have come in since the last call."""
        passed = now - self._seen if self._seen is not None else 0.0
        if passed < 0:
            return
        self._seen = now
        kept = math.exp(-passed / _RECENT_SECONDS)
        self._sent *= kept
        self._refused *= kept
        if self._shrunk is not None and now - self._shrunk > _SETTLES_SECONDS + _LOOKS_SECONDS:
            regained = passed * _RECOVERS_PER_SECOND * self.full_rate
            self.rate = min(self.full_rate, self.rate + regained)
        self._tokens = min(self._burst(), self._tokens + passed * self.rate)

    def wait_seconds(self) -> float:
        """How long until there is a token, 0 if there is one now."""
        # Refilling adds fractions that come a hair short of one.
        return max(0.0, (1.0 - 1e-9 - self._tokens) / self.rate)

    def take(self) -> None:
        """Uses a token."""
        self._tokens -= 1.0
        self._sent += 1.0
        if self._is_watched(self._seen):
            self._watched += 1

    def give_back(self) -> None:
        """Returns a token whose request was not sent."""
        self._tokens = min(self._burst(), self._tokens + 1.0)
        self._sent = max(0.0, self._sent - 1.0)
        if self._is_watched(self._seen) and self._watched > 0:
            self._watched -= 1

    def shrink(self, now: float) -> None:
        """Lowers the rate after a refusal.

        Several refusals in a second count once, a few among many requests not at all.
        """
        self._refused += 1.0
        if self._shrunk is None:
            since = math.inf
        else:
            since = now - self._shrunk
            if since < _SETTLES_SECONDS:
                return
            if self._is_watched(now):
                self._watched_refused += 1
                if self._watched_refused <= min(
                    self._watched, _MOST_BY_CHANCE * self._watched + _FEW
                ):
                    return
            else:
                self._learn()
        if self._refused <= (self._by_chance + self._tolerated) * self._sent:
            return
        factor = _SHRINKS_TO_WHEN_REPEATED if since < 2.0 else _SHRINKS_TO
        self.rate = max(self.full_rate * _LEAST_SHARE, self.rate * factor)
        self._tokens = min(self._tokens, 0.0)
        self._shrunk = now
        self._watched = self._watched_refused = 0

    def _is_watched(self, now: float | None) -> bool:
        if self._shrunk is None or now is None:
            return False
        return _SETTLES_SECONDS <= now - self._shrunk < _SETTLES_SECONDS + _LOOKS_SECONDS

    def _learn(self) -> None:
        """Updates the share that is refused whatever the rate, by what was observed."""
        if self._watched > 0:
            share = min(_MOST_BY_CHANCE, self._watched_refused / self._watched)
            self._by_chance = (self._by_chance + share) / 2
            is_limit = self._watched_refused == 0
            self._tolerated = _TOLERATED_SHARE_OF_A_LIMIT if is_limit else _TOLERATED_SHARE
            self._watched = 0
