"""A stream's position and the present moment -> how this sync reads the stream.

*Now* is always Stripe's: the `Date` of its first reply in this sync.
"""

from __future__ import annotations

from dataclasses import dataclass

from source_stripe_saas.streams.plan import EVENTS_KEPT_DAYS, StreamPlan
from source_stripe_saas.streams.position import Backfill, Position
from source_stripe_saas.streams.spans import Span

DAY_SECONDS = 86_400
LATENESS_SECONDS = 60
"""Events may show up this late: the feed stays so far behind now, and overlaps by as much."""

_FEED_MARGIN_SECONDS = 3_600
"""Events this close to their end may vanish while the feed is being read."""

READ_AGAIN = "stripe-saas-stream-read-again"
"""The type of the trace which says that a stream had a state, and everything is read all the same.

Its value is the stream's name; of one of several accounts, then a blank and the account. What was
deleted since that state shows in no message, so a warehouse takes out the rows that do not come
again.
"""

LACKS_ACCOUNTS = "stripe-saas-stream-lacks-accounts"
"""The type of the trace which says that a stream was read to its end in all but some accounts.

Its value is the stream's name and the accounts, with blanks between them. It precedes the stream's
last status.
"""

_OVERLAP_SECONDS = 600
"""How far before the last sync objects count as new, and are listed whatever events say."""

_UNKNOWN_OPEN_DAYS = 35
"""A state of another connector does not say which objects were still open: none that is older than
this stays so, neither a pending balance transaction nor an open checkout session."""


@dataclass(frozen=True)
class FullRead:
    """Lists everything created in a span."""

    span: Span
    resumed: Backfill
    """What earlier attempts have done."""
    reason: str | None = None
    """Why everything is read although there was a state."""


@dataclass(frozen=True)
class IncrementalRead:
    """Asks what changed, and lists again what may have changed without an event."""

    feed: Span | None
    """Seconds of the change feed to read."""
    lookback: Span | None
    """`created` span to list again."""
    watermark: int
    """The next state's, if all goes well."""
    forgotten: Span | None = None
    """Seconds since the last sync of which Stripe keeps nothing any more."""
    new: Span | None = None
    """`created` span whose objects are listed although events should tell of them."""
    unread: Span | None = None
    """`created` span that the first read left out and that is wanted now."""
    reason: str | None = None
    """What of this the log should say."""


ReadMode = FullRead | IncrementalRead


def choose_read_mode(
    plan: StreamPlan,
    position: Position,
    *,
    began: int,
    start: int = 0,
    lookback_days: int = 0,
    from_scratch: bool = False,
) -> ReadMode:
    """Decides between reading everything and following the changes.

    Args:
        plan: the stream.
        position: where it stands.
        began: now, Unix seconds on Stripe's clock.
        start: oldest `created` wanted in a first read, Unix seconds.
        lookback_days: the user's own safety margin.
        from_scratch: a finished position does not count (a full refresh was asked for).
    """
    if plan.keeps_days is not None:
        start = max(start, began - plan.keeps_days * DAY_SECONDS)
    watermark = position.watermark
    reason = None
    if not plan.is_incremental:
        return FullRead((start, began), Backfill(began))
    oldest_event = began - EVENTS_KEPT_DAYS * DAY_SECONDS + _FEED_MARGIN_SECONDS
    if position.backfill is not None:
        first_began = position.backfill.began
        if not start <= first_began <= began + DAY_SECONDS:
            # Nothing could be listed up to there, or what is yet to come would count as read.
            reason = "its state has a first read begin at a time that cannot be"
            return FullRead((start, began), Backfill(began), reason)
        if not plan.feed_types or first_began - LATENESS_SECONDS >= oldest_event:
            return FullRead((start, first_began), position.backfill)
        # The feed no longer holds what changed since the first attempt.
        reason = f"its first read began over {EVENTS_KEPT_DAYS} days ago and never ended"
        return FullRead((start, began), Backfill(began), reason)
    if watermark is None or from_scratch:
        return FullRead((start, began), Backfill(began))
    since = watermark - LATENESS_SECONDS
    if watermark > began + DAY_SECONDS:
        reason = "its state lies in the future"
    elif plan.feed_types and since < oldest_event:
        reason = f"its state is older than the {EVENTS_KEPT_DAYS} days that Stripe keeps events for"
    if reason is not None:
        return FullRead((start, began), Backfill(began), reason)
    until = max(watermark, began - LATENESS_SECONDS)
    has_feed = bool(plan.feed_types or plan.reread or position.retries.keys)
    can_list = (plan.parent or plan).created_filter
    lookback = new = None
    if not plan.call and (not plan.feed_types or plan.lookback_days or lookback_days):
        days = max(plan.lookback_days, lookback_days)
        oldest = min(since, until) - days * DAY_SECONDS
        if position.open_since is not None:
            oldest = min(oldest, position.open_since)
        if plan.open_while and not position.knows_open:
            oldest = min(oldest, since - _UNKNOWN_OPEN_DAYS * DAY_SECONDS)
        if can_list:
            lookback = (max(oldest, start if plan.keeps_days else 0), began)
    elif can_list:
        new = (min(since, until) - _OVERLAP_SECONDS, began)
    is_forgotten = plan.keeps_days is not None and watermark < start
    forgotten = (watermark + 1, start - 1) if is_forgotten else None
    unread = reason = None
    begins_earlier = position.start is not None and start < position.start
    if can_list and plan.keeps_days is None and begins_earlier:
        assert position.start is not None
        unread = (start, position.start - 1)
        reason = "its first read began at a later `start_date`; what is older is read now"
    return IncrementalRead(
        (since, until) if has_feed else None, lookback, until, forgotten, new, unread, reason
    )
