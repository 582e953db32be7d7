"""Events since the last sync, then all live subscriptions -> the rows of those that have changed.

Rows are made of subscriptions that events or the clock have changed, and of those whose MRR is not
what is remembered of them (M51). Three groups of tasks, one after the other: what other streams
fetch of subscriptions and invoices, beside the list of live subscriptions; what is still missing of
those that changed; the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from source_stripe_saas.api.raw_object import ListedObject, StripeObject
from source_stripe_saas.ledger.changed_subscriptions import ChangedSubscriptions
from source_stripe_saas.ledger.events import EVENT_TYPES
from source_stripe_saas.ledger.live_subscriptions import LiveSubscriptions
from source_stripe_saas.ledger.lookup_cache import CustomerDiscounts, LookupCache
from source_stripe_saas.ledger.memory import long_over
from source_stripe_saas.ledger.row_batches import batches_at_once
from source_stripe_saas.ledger.scan_lists import ledger_reader
from source_stripe_saas.ledger.store import SubscriptionObjects, key_of
from source_stripe_saas.ledger.subscription_fetch import SubscriptionFetch
from source_stripe_saas.ledger.sync import LedgerSync
from source_stripe_saas.mrr import Catalog
from source_stripe_saas.mrr.line import reference
from source_stripe_saas.streams.assignment import SyncedStream
from source_stripe_saas.streams.feed import feed_events
from source_stripe_saas.streams.follow_up import FollowUp
from source_stripe_saas.streams.position import Position
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.read_mode import IncrementalRead
from source_stripe_saas.streams.task import Batch, Task
from source_stripe_saas.streams.task_group import TaskGroup

_SUBSCRIPTIONS_PER_TASK = 50
"""Subscriptions that one thread fetches, so that several share a long list."""


@dataclass
class Following(LedgerSync):
    """A sync that follows the change feed, and observes what other streams fetch because of it."""

    _changed: ChangedSubscriptions = field(default_factory=ChangedSubscriptions)
    _live: LiveSubscriptions = field(init=False)
    _prices: LookupCache = field(init=False)
    _vanished: set[int] = field(default_factory=set)
    """Keys of subscriptions that no list has any more."""

    def __post_init__(self) -> None:
        super().__post_init__()
        client, plans = self.reader.client, self.reader.plans
        self._prices = LookupCache(client, plans["prices"])
        self.listed.coupons = LookupCache(client, plans["coupons"])
        self._live = LiveSubscriptions(
            self.reader,
            self._changed,
            self.progress.position.memories,
            self.upper,
            self.options,
            self._prices,
            self.listed,
        )

    def synced_streams(self, start: int) -> list[SyncedStream]:
        """The change feed, with itself as its consumer.

        Args:
            start: not used.
        """
        mode = IncrementalRead(self.span, None, self.upper)
        progress = Progress(self.reader.plan, mode, Position())
        return [SyncedStream(self.reader, progress, {}, consumer=self)]

    # -- consumer of the change feed ---------------------------------------------------------------

    def note(self, event: StripeObject) -> None:
        through = self.progress.position.through or 0
        # Clocks are asked for when the feed has been read: if their list fails, that is the
        # ledger's failure, not that of all streams that share the feed.
        for one in self.readable((event,), may_ask=False):
            # What is older was followed, but for what had to be set aside.
            self._changed.note(one, self.aside if one["created"] <= through else None)

    def arrange(self, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
        """Observes the follow-ups of subscriptions and invoices, and lists live subscriptions.

        Subscriptions' own follow-up begins when they have been listed: most of what it wants is
        there then.
        """
        group = TaskGroup(self.reader, self._then_search)
        at_once: list[Task] = []
        deferred: list[Task] = []
        for task in tasks:
            name = task.consumers[0].plan.name if isinstance(task, FollowUp) else None
            if isinstance(task, FollowUp) and name in ("subscriptions", "invoices"):
                task = group.add(replace(task, observer=self))
            (deferred if name == "subscriptions" else at_once).append(task)
        return (*at_once, *map(group.add, self._live.tasks(tuple(deferred))))

    # -- observer of fetches -----------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.reader.plan.name

    def observe(self, path: str, identity: str, row: ListedObject | None) -> None:
        self._changed.observe(path, identity, row)

    def held(self, path: str, identity: str) -> StripeObject | None:
        """A subscription that was on a page of live ones and has been kept."""
        return self._changed.held(path, identity) if path == "subscriptions" else None

    # -- what is still missing ---------------------------------------------------------------------

    def _then_search(self) -> tuple[Task, ...]:
        group = TaskGroup(self.reader, self.then_rows)
        return (group.add(self.task("search", self._search)),)

    def _search(self) -> Iterator[Batch]:
        yield self.reader.batch(spawned=tuple(self.fetches()))

    def fetches(self) -> Iterator[Task]:
        """Fetches of subscriptions that have events, are due by the clock, or differ."""
        if self._live.refused is not None:
            raise self._live.refused
        memories = self.progress.position.memories
        self._find_missing()
        wanted = dict.fromkeys([*self._changed.events, *self._live.wanted, *self.aside])
        for identity in [one for one in wanted if self._is_of_clock(one)]:
            del wanted[identity]
        for memory in memories.values():
            if memory.due_at is not None and memory.due_at <= self.upper:
                wanted[memory.subscription_id] = None
        for identity in wanted:
            events = self._changed.events.get(identity, ())
            is_new = any(event["type"] == "customer.subscription.created" for event in events)
            is_known = key_of(identity) in memories and identity not in self.aside
            if not is_known and not is_new:
                self._changed.whole.add(identity)
        plans = self.reader.plans
        subscriptions = ledger_reader(plans["subscriptions"], self.reader)
        invoices = ledger_reader(plans["invoices"], self.reader)
        order = sorted(wanted)
        for first in range(0, len(order), _SUBSCRIPTIONS_PER_TASK):
            some = tuple(order[first : first + _SUBSCRIPTIONS_PER_TASK])
            yield SubscriptionFetch(
                self.reader,
                self._changed,
                self.skips,
                subscriptions,
                invoices,
                some,
                self.aside,
            )

    def _is_of_clock(self, identity: str) -> bool:
        """True for a subscription that a test clock has, by itself or by what its events show."""
        events = self._changed.events.get(identity, ())
        shown = (event["data"]["object"] for event in events)
        return any(map(self.reader.clocks.hides, ({"id": identity}, *shown)))

    def _find_missing(self) -> None:
        """Those remembered as live that are neither on the list nor in any event."""
        missing = self._live.unseen - set(map(key_of, self._changed.events))
        if missing:
            missing -= set(map(key_of, self._late_events().events))
        if missing:
            self._vanished = self._live.look_for(missing)

    def _late_events(self) -> ChangedSubscriptions:
        late = ChangedSubscriptions()
        events = feed_events(self.reader.client, EVENT_TYPES, self.late_span)
        for event in self.readable(events):
            late.note(event)
        return late

    # -- what is made of it ------------------------------------------------------------------------

    def batches(self) -> Iterator[Batch]:
        """The rows of all that have changed; the state moves once, at the end."""
        position = self.progress.position
        since = position.through  # the state moves meanwhile
        customers = CustomerDiscounts(self.reader.client, self.reader.plans["customers"])
        catalog = Catalog(self._prices, self.listed.coupons, customer_discounts=customers)
        facts = self._changed.facts
        if facts:
            late = self._late_events()
            for one in facts.values():
                add_late_events(one, late)
        # Those that could not be fetched are skipped with their names alone.
        for identity in self.skips.subscriptions:
            facts.setdefault(identity, SubscriptionObjects(identity))
        objects = (facts[key] for key in sorted(facts))
        derived = self.derived(objects, catalog, since, position.memories)
        # Most of what has ended never changes again, and a state must not grow without bound.
        over = long_over(position.memories, self.upper)
        yield from batches_at_once(
            self.reader, derived, self.upper, is_last=True, without=[*over, *self._vanished]
        )
        yield self.skipped_besides(since)

    def close(self) -> None:
        """Nothing: all of it is in memory."""


def add_late_events(objects: SubscriptionObjects, late: ChangedSubscriptions) -> None:
    """Adds the events that came while a subscription's object was being read; newest first."""
    known = {event["id"] for event in objects.events}
    customer = reference((objects.subscription or {}).get("customer"))
    events = [
        *late.events.get(objects.subscription_id, ()),
        *late.customer_events.get(customer or "", ()),
    ]
    objects.events += [event for event in events if event["id"] not in known]
    objects.events.sort(key=lambda event: -event["created"])
