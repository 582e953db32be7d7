"""The ledger's state and the present moment -> what this sync reads, derives and writes.

Two ways. A *scan* reads all lists, for a first sync, for one that was interrupted, and where events
no longer reach back to the last one. *Following* reads the events since the last sync, then lists
the live subscriptions; rows are made of those that events or the clock have moved, and of those
that are not worth what is remembered of them (M51).

In both, events are asked for once more after the objects: what an object shows and no event has
told yet would look like a mistake, and it only is one sync too early (M51).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from source_stripe_saas.api.rows import Row, StripeObject
from source_stripe_saas.ledger.changed_subscriptions import ChangedSubscriptions
from source_stripe_saas.ledger.codec import UNREADABLE, Unreadable
from source_stripe_saas.ledger.coupons import complete
from source_stripe_saas.ledger.deriver import Bounds, Derived, Deriver, all_derived
from source_stripe_saas.ledger.events import EVENT_TYPES, keep_events
from source_stripe_saas.ledger.latch import Latch
from source_stripe_saas.ledger.live_subscriptions import LiveSubscriptions
from source_stripe_saas.ledger.lookup_cache import CustomerDiscounts, LookupCache
from source_stripe_saas.ledger.memory import Memory, long_over
from source_stripe_saas.ledger.progress import LedgerCheckpoint, LedgerPosition, LedgerProgress
from source_stripe_saas.ledger.scan_lists import LedgerReader, ListedCatalog, scan_readers
from source_stripe_saas.ledger.store import Store, SubscriptionObjects, key_of
from source_stripe_saas.ledger.subscription_fetch import SUBSCRIPTIONS_PER_TASK, SubscriptionFetch
from source_stripe_saas.ledger.tally import Tally
from source_stripe_saas.ledger.tasks import ChangeSearch, Derivation, EventScan, LedgerConsumer
from source_stripe_saas.mrr import Catalog, Options
from source_stripe_saas.mrr.invoice import reference
from source_stripe_saas.streams.assignment import SyncedStream
from source_stripe_saas.streams.feed import feed_events
from source_stripe_saas.streams.plan import EVENTS_KEPT_DAYS
from source_stripe_saas.streams.position import Backfill, Position
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.read_mode import (
    DAY_SECONDS,
    LATENESS_SECONDS,
    FullRead,
    IncrementalRead,
)
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task

HORIZON_SECONDS = 29 * DAY_SECONDS
"""How far before the first sync T0 lies (M37)."""

_WINDOW_SECONDS = EVENTS_KEPT_DAYS * DAY_SECONDS - 3_600
"""How far back events can be relied on: the oldest may vanish while they are read."""

_ROWS_IN_ONE_BATCH = 500


@dataclass
class LedgerSync:
    """One sync of the ledger."""

    reader: StreamReader
    options: Options
    progress: LedgerProgress
    remark: str | None = None
    """Why everything is read although there was a state."""
    tally: Tally = field(default_factory=Tally)
    _latch: Latch = field(init=False)
    observations: Latch = field(init=False)
    """What other streams fetch that the ledger wants to see."""
    live: LiveSubscriptions = field(init=False)
    """Of a sync that follows."""
    _store: Store = field(init=False)
    _listed: ListedCatalog = field(default_factory=ListedCatalog)
    _changed: ChangedSubscriptions = field(default_factory=ChangedSubscriptions)
    _prices: LookupCache = field(init=False)
    _vanished: set[int] = field(default_factory=set)
    """Keys of subscriptions that no list has any more."""

    def __post_init__(self) -> None:
        self._latch = Latch(self._then)
        self.observations = Latch(lambda: (ChangeSearch(self),))

    @classmethod
    def of(
        cls,
        reader: StreamReader,
        options: Options,
        position: LedgerPosition | None,
        remark: str | None,
    ) -> LedgerSync:
        """A sync that goes on from a position.

        Args:
            reader: the stream's.
            options: how MRR is counted.
            position: from the state, if there is a usable one.
            remark: about the state, for the log.
        """
        horizon = reader.began - HORIZON_SECONDS
        is_first = position is None
        if position is None:
            position = LedgerPosition(horizon, options.fingerprint)
        elif position.options != options.fingerprint:
            remark = "its options have changed, so everything is read again"
            position = LedgerPosition(position.horizon, options.fingerprint)
            is_first = True
        elif position.through is not None and position.through > reader.began + DAY_SECONDS:
            remark = "its state lies in the future, so everything is read again"
            position = LedgerPosition(horizon, options.fingerprint)
            is_first = True
        return cls(reader, options, LedgerProgress(reader.plan, position, is_first), remark)

    # -- what is read ------------------------------------------------------------------------------

    @property
    def _upper(self) -> int:
        """Rows are made up to here: what is younger may not be known yet (M30)."""
        return max(self.reader.began - LATENESS_SECONDS, self.progress.position.through or 0)

    @property
    def _window_start(self) -> int:
        return self.reader.began - _WINDOW_SECONDS

    @property
    def is_scan(self) -> bool:
        """True if the lists are read: nothing is complete, or events do not reach back so far."""
        position = self.progress.position
        through = position.through
        return not position.is_complete or through is None or through < self._window_start

    def synced_streams(self, start: int) -> list[SyncedStream]:
        """What it reads together with other streams: the lists of a scan, or the change feed.

        Args:
            start: where other streams begin; what is older, the ledger reads for itself.
        """
        self._latch.begins()
        self.observations.begins()
        if not self.is_scan:
            self._begin_following()
            span = self._events_span()
            consumer = LedgerConsumer(self, span)
            progress = Progress(
                self.reader.plan, IncrementalRead(span, None, self._upper), Position()
            )
            return [SyncedStream(self.reader, progress, {}, consumer)]
        # Inside the folder that goes when the read ends, however that ends.
        folder = tempfile.mkdtemp(prefix="ledger-", dir=os.environ.get("REQUEST_CACHE_PATH"))
        self._store = Store(Path(folder))
        readers = scan_readers(
            self.reader.plans, self.reader, self._latch, self._store, self._listed
        )
        spans: list[Span] = [(start, self.reader.began)]
        if start > 0:
            spans.append((0, start - 1))
        return [_synced_list(each, span, self.reader.began) for each in readers for span in spans]

    def tasks(self) -> list[Task]:
        """What the ledger reads by itself from the start."""
        return [EventScan(self, self._events_span())] if self.is_scan else []

    def _events_span(self) -> Span:
        since = self._window_start
        through = self.progress.position.through
        if self.progress.position.is_complete and through is not None:
            since = max(since, through + 1)
        return since, self.reader.began

    def read_events(self, span: Span) -> tuple[Task, ...]:
        """Reads the events of a scan, and gives what can begin when they are in."""
        keep_events(feed_events(self.reader.client, EVENT_TYPES, span), self._store)
        return self._latch.ends()

    def note(self, event: StripeObject) -> None:
        """Takes an event of the change feed."""
        self._changed.note(event)

    def saw(self, path: str, identity: str, row: Row | StripeObject | None) -> None:
        """Takes an object that another stream has fetched."""
        self._changed.saw(path, identity, row)

    def _begin_following(self) -> None:
        client, plans = self.reader.client, self.reader.plans
        self._prices = LookupCache(client, plans["prices"])
        self._listed.coupons = LookupCache(client, plans["coupons"])
        self.live = LiveSubscriptions(
            self.reader,
            self._changed,
            self.progress.position.memories,
            self._upper,
            self.options,
            self._prices,
            self._listed,
            self.observations.ends,
        )

    def fetches(self) -> Iterator[Task]:
        """What has to be looked at: because of events, of the clock, or because it differs."""
        if self.live.refused is not None:
            raise self.live.refused
        memories = self.progress.position.memories
        self._find_missing()
        wanted = dict.fromkeys([*self._changed.events, *self.live.wanted])
        for memory in memories.values():
            if memory.due_at is not None and memory.due_at <= self._upper:
                wanted[memory.subscription_id] = None
        for identity in wanted:
            told = self._changed.events.get(identity, ())
            is_new = any(event["type"] == "customer.subscription.created" for event in told)
            if key_of(identity) not in memories and not is_new:
                self._changed.whole.add(identity)
        readers = {
            each.plan.path: each
            for each in scan_readers(
                self.reader.plans, self.reader, self._latch, _NO_STORE, ListedCatalog()
            )
            if each.plan.path in ("subscriptions", "invoices")
        }
        order = sorted(wanted)
        for first in range(0, len(order), SUBSCRIPTIONS_PER_TASK):
            some = tuple(order[first : first + SUBSCRIPTIONS_PER_TASK])
            self._latch.begins()
            yield SubscriptionFetch(
                self.reader,
                self._latch,
                self._changed,
                readers["subscriptions"],
                readers["invoices"],
                some,
            )

    def _find_missing(self) -> None:
        """Those remembered as live that are neither on the list nor in any event."""
        missing = self.live.unseen - set(map(key_of, self._changed.events))
        if missing:
            missing -= set(map(key_of, self._late_events().events))
        if missing:
            self._vanished = self.live.look_for(missing)

    def _late_events(self) -> ChangedSubscriptions:
        """Events above the bound of M30, up to this moment: they explain objects that are ahead."""
        late = ChangedSubscriptions()
        for event in feed_events(self.reader.client, EVENT_TYPES, self._late_span):
            late.note(event)
        return late

    @property
    def _late_span(self) -> Span:
        return self._upper + 1, self.reader.began + EVENTS_KEPT_DAYS * DAY_SECONDS

    def ends(self) -> tuple[Task, ...]:
        """The events have been worked off; after all else has been, too, the rows are made."""
        return self._latch.ends()

    # -- what is made of it ------------------------------------------------------------------------

    def _then(self) -> tuple[Task, ...]:
        return (Derivation(self),)

    def batches(self) -> Iterator[Batch]:
        """The rows, in batches, each with what its state may say."""
        if not self.is_scan:
            yield from self._followed()
            return
        keep_events(feed_events(self.reader.client, EVENT_TYPES, self._late_span), self._store)
        self._store.close_for_writing()
        yield from self._scanned()
        self._store.close()

    def _followed(self) -> Iterator[Batch]:
        """All that have moved; the state moves once, at the end."""
        position = self.progress.position
        customers = CustomerDiscounts(self.reader.client, self.reader.plans["customers"])
        catalog = Catalog(self._prices, self._listed.coupons, customer_discounts=customers)
        facts = self._changed.facts
        if facts:
            late = self._late_events()
            for one in facts.values():
                _explain(one, late)
        objects = self._completed(facts[key] for key in sorted(facts))
        deriver = Deriver(catalog, self.options, self._bounds(position.through), self.tally)
        derived = all_derived(deriver, objects, position.memories)
        # Most of what has ended never moves again, and a state may not grow for ever.
        over = long_over(position.memories, self._upper)
        yield from self._written(derived, is_last=True, without=[*over, *self._vanished])

    def _scanned(self) -> Iterator[Batch]:
        position = self.progress.position
        listed = self._listed
        catalog = Catalog(
            listed.prices, listed.coupons, customer_discounts=listed.customer_discounts
        )
        keys = self._store.keys()
        written = position.written if not position.is_complete else keys[-1] if keys else None
        if position.through is not None:
            # Those that earlier attempts have written go on from where they stood.
            old = [key for key in keys if written is not None and key <= written]
            deriver = Deriver(catalog, self.options, self._bounds(position.through), self.tally)
            objects = self._completed(filter(self._is_worth_a_look, self._store.objects(old)))
            yield from self._written(
                all_derived(deriver, objects, position.memories), is_last=position.is_complete
            )
            if position.is_complete:
                return
        left = [key for key in keys if written is None or key > written]
        deriver = Deriver(catalog, self.options, self._bounds(None), self.tally)
        objects = self._completed(self._store.objects(left))
        yield from self._written_first(all_derived(deriver, objects, {}))

    def _completed(self, objects: Iterable[SubscriptionObjects]) -> Iterator[SubscriptionObjects]:
        """With the coupons that the account has deleted, which only what uses them still tells."""
        for one in objects:
            try:
                complete(one, self._listed, self.reader.client)
            except UNREADABLE as error:
                raise Unreadable.of(one.subscription_id, error) from error
            yield one

    def _bounds(self, since: int | None) -> Bounds:
        horizon = self.progress.position.horizon
        if since is None:
            # As far back as events can be relied on: a read that goes on makes the same rows.
            horizon = max(horizon, self._window_start)
        return Bounds(self._upper, horizon, self._window_start, since)

    def _is_worth_a_look(self, objects: SubscriptionObjects) -> bool:
        """False for what ended before the last sync and was forgotten since."""
        if key_of(objects.subscription_id) in self.progress.position.memories or objects.events:
            return True
        raw = objects.subscription or {}
        through = self.progress.position.through or 0
        return bool(raw.get("created", 0) > through or (raw.get("ended_at") or through) > through)

    def _written(
        self, derived: Iterable[Derived], *, is_last: bool, without: Iterable[int] = ()
    ) -> Iterator[Batch]:
        """Rows of subscriptions that are remembered; none of it counts before all are written.

        Args:
            derived: the rows.
            is_last: nothing comes after them in this sync.
            without: keys of those that are remembered no longer.
        """
        memories: dict[int, Memory | None] = dict.fromkeys(without)
        rows: list[dict[str, Any]] = []
        for one in derived:
            if self.reader.failed.is_set():
                return
            memories[one.key] = one.memory
            rows += one.rows
            if len(rows) >= _ROWS_IN_ONE_BATCH:
                yield self.reader.batch(list(rows))
                rows = []
        checkpoint = LedgerCheckpoint(memories=memories, through=self._upper, is_last=is_last)
        yield self.reader.batch(list(rows), checkpoint)

    def _written_first(self, derived: Iterable[Derived]) -> Iterator[Batch]:
        """Rows of a first read, which counts from batch to batch."""
        memories: dict[int, Memory | None] = {}
        rows: list[dict[str, Any]] = []
        key: int | None = None
        for one in derived:
            if self.reader.failed.is_set():
                return
            if key is not None and one.key != key and len(rows) >= _ROWS_IN_ONE_BATCH:
                checkpoint = LedgerCheckpoint(memories=memories, through=self._upper, written=key)
                yield self.reader.batch(list(rows), checkpoint)
                memories, rows = {}, []
            key = one.key
            memories[one.key] = one.memory
            rows += one.rows
        checkpoint = LedgerCheckpoint(memories=memories, through=self._upper, is_last=True)
        yield self.reader.batch(list(rows), checkpoint)

    def summary(self) -> str:
        """The ledger's part of the sync's last log line."""
        return self.tally.text(self.progress.position.memories.values())


def _explain(objects: SubscriptionObjects, late: ChangedSubscriptions) -> None:
    """Adds what was told of a subscription while its object was being read."""
    told = {event["id"] for event in objects.events}
    customer = reference((objects.subscription or {}).get("customer"))
    more = [
        *late.events.get(objects.subscription_id, ()),
        *late.customer_events.get(customer or "", ()),
    ]
    objects.events += [event for event in more if event["id"] not in told]
    objects.events.sort(key=lambda event: -event["created"])


class _NoStore:
    """In the place of a store where nothing is put into one."""


_NO_STORE: Any = _NoStore()


def _synced_list(reader: LedgerReader, span: Span, began: int) -> SyncedStream:
    mode = FullRead(span, Backfill(began))
    return SyncedStream(reader, Progress(reader.plan, mode, Position()), {})
