"""Subscriptions whose rows a sync could not make, while it made those of all others.

Stripe may refuse one of their objects, or an object may not be what its API describes. They are
remembered with the moment up to which their rows exist, and the next sync takes them up from there.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.ledger.codec import reason_of
from source_stripe_saas.streams.skipped import (
    MOST_REMEMBERED,
    RetryKey,
    SkippedObject,
    SkipRules,
    odd,
)


@dataclass
class SetAside:
    """What the ledger's state says of them."""

    since: dict[str, int | None] = field(default_factory=dict)
    """Subscription -> its rows exist up to here, Unix seconds; None: it has none."""
    more: int = 0
    """How many there are beyond those that a state has room for: then all is read again."""

    def put(self, identity: str, since: int | None) -> None:
        if identity not in self.since and len(self.since) >= MOST_REMEMBERED:
            self.more += 1
        else:
            self.since.setdefault(identity, since)

    def blob(self) -> dict[str, Any]:
        blob: dict[str, Any] = {}
        if self.since:
            blob["aside"] = dict(self.since)
        if self.more:
            blob["more_aside"] = self.more
        return blob


def read_set_aside(blob: Mapping[str, Any]) -> SetAside:
    """What `SetAside.blob` gave, out of the ledger's state.

    Raises:
        ValueError: it is nothing of the kind.
    """
    since, more = blob.get("aside", {}), blob.get("more_aside", 0)
    if not isinstance(since, Mapping) or not isinstance(more, int):
        raise ValueError("names no subscriptions set aside")
    if not all(value is None or isinstance(value, int) for value in since.values()):
        raise ValueError("names no moment of a subscription set aside")
    return SetAside(dict(since), more)


@dataclass
class LedgerSkips:
    """What one sync had to skip; any thread may add to it."""

    rules: SkipRules
    subscriptions: dict[str, SkippedObject] = field(default_factory=dict)
    """Subscription -> why no rows are made of it."""
    others: list[SkippedObject] = field(default_factory=list)
    """Objects of which it is not known whose they are."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def subscription(
        self, identity: str, error: Exception, about: str | None = None
    ) -> SkippedObject:
        """Notes a subscription of which no rows can be made.

        Args:
            identity: its id.
            error: what reading it, or what belongs to it, ended with.
            about: the object that could not be had or read, if it is not the subscription.

        Raises:
            StripeError: the same error, where it does not concern a single object.
        """
        found = self._skipped(identity, error)
        reason = f"{about}: {found.reason}" if about else found.reason
        retry = RetryKey("objects", identity)
        skipped = replace(found, id=identity, reason=reason, retry=retry)
        with self._lock:
            return self.subscriptions.setdefault(identity, skipped)

    def other(self, identity: str, error: Exception) -> None:
        """Notes an object of which it cannot be told to which subscription it belongs.

        Raises:
            StripeError: the same error, where it does not concern a single object.
        """
        skipped = self._skipped(identity, error)
        with self._lock:
            self.others.append(skipped)

    def _skipped(self, identity: str, error: Exception) -> SkippedObject:
        if isinstance(error, StripeError):
            return self.rules.skipped(error, identity, None)
        return odd(identity, reason_of(error))
