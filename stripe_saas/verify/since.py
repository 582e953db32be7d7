"""States and Stripe's events -> what changed after the last sync: that is the next one's to bring.

A live account keeps changing; without this every row that changed since would look stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.streams.change_set import ChangeSet, note_event
from source_stripe_saas.streams.feed import feed_events, what_is_odd
from source_stripe_saas.streams.plan import EVENTS_KEPT_DAYS, StreamPlan
from source_stripe_saas.streams.position import read_position
from source_stripe_saas.streams.read_mode import DAY_SECONDS, LATENESS_SECONDS
from stripe_saas.verify.holdings import Key, Row, parent_field


@dataclass
class Since:
    """What the last sync could not know, for one stream."""

    plan: StreamPlan
    watermark: int | None = None
    """Every change up to this second should be held; None if no state says."""
    changes: ChangeSet = field(default_factory=ChangeSet)

    def is_newer(self, key: Key, record: Row | None, moment: int | None) -> bool:
        """True if a record was born or touched after the sync.

        Args:
            key: its primary key.
            record: as Stripe has it, or as it is held.
            moment: `created` of the record, or of its parent, Unix seconds.
        """
        if self.watermark is None:
            return False
        if moment is not None and moment > self.watermark:
            return True
        if key[-1] in self.changes.objects:
            return True
        record = record or {}
        parent = parent_field(self.plan)
        if parent is not None and str(record.get(parent)) in self.changes.parents:
            return True
        reread = self.plan.reread_for
        return reread is not None and str(record.get(reread.filter)) in self.changes.reread_for


def since_last_sync(
    plans: Iterable[StreamPlan],
    states: Mapping[str, Mapping[str, Any]],
    client: StripeClient,
    now: int,
) -> dict[str, Since]:
    """Reads the events that the last sync had not seen.

    Args:
        plans: the streams compared.
        states: stream -> the state that its last sync ended with.
        client: asks Stripe.
        now: Stripe's clock, Unix seconds.

    Raises:
        StripeError: the events could not be read.
    """
    found = by_states(plans, states)
    oldest_event = now - EVENTS_KEPT_DAYS * DAY_SECONDS
    following = [
        since
        for since in found.values()
        if since.plan.feed_types and since.watermark is not None and since.watermark >= oldest_event
    ]
    if not following:
        return found
    types = tuple(sorted({name for since in following for name in since.plan.feed_types}))
    first = min(since.watermark or 0 for since in following) - LATENESS_SECONDS
    for event in feed_events(client, types, (first, now)):
        if what_is_odd(event) is not None:
            continue
        for since in following:
            if event["created"] >= (since.watermark or 0) - LATENESS_SECONDS:
                note_event(since.plan, since.changes, event)
    return found


def by_states(
    plans: Iterable[StreamPlan], states: Mapping[str, Mapping[str, Any]]
) -> dict[str, Since]:
    """The same without a look at the events: what was born since, not what changed."""
    return {plan.name: Since(plan, _covered_until(states.get(plan.name))) for plan in plans}


def _covered_until(state: Mapping[str, Any] | None) -> int | None:
    if not state:
        return None
    position, _ = read_position(state)
    return position.watermark


def is_half_read(state: Mapping[str, Any] | None) -> bool:
    """True if a stream's first read has not come to its end."""
    return bool(state) and read_position(state or {})[0].backfill is not None
