"""A scan of the account: all lists and all kept events -> a store -> every subscription's rows.

For a first sync, for one that was interrupted, and where events no longer reach back to the last.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from source_stripe_saas.ledger.events import EVENT_TYPES, keep_events
from source_stripe_saas.ledger.row_batches import batches_at_once, batches_by_key
from source_stripe_saas.ledger.scan_lists import LedgerReader, scan_readers
from source_stripe_saas.ledger.store import Store, SubscriptionObjects, key_of
from source_stripe_saas.ledger.sync import LedgerSync
from source_stripe_saas.mrr import Catalog
from source_stripe_saas.streams.assignment import SyncedStream
from source_stripe_saas.streams.clock_lists import ClockLists
from source_stripe_saas.streams.feed import feed_events
from source_stripe_saas.streams.position import Backfill, Position
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.read_mode import FullRead
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.task import Batch, Task
from source_stripe_saas.streams.task_group import TaskGroup


@dataclass
class Scan(LedgerSync):
    """A sync that reads all lists."""

    _group: TaskGroup = field(init=False)
    _folder: tempfile.TemporaryDirectory[str] = field(init=False)
    _store: Store = field(init=False)
    _readers: list[LedgerReader] = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._group = TaskGroup(self.reader, self.then_rows)
        self._folder = tempfile.TemporaryDirectory(prefix="ledger-", ignore_cleanup_errors=True)
        self._store = Store(Path(self._folder.name))
        self._readers = scan_readers(
            self.reader.plans, self.reader, self._group, self._store, self.listed, self.skips
        )

    def synced_streams(self, start: int) -> list[SyncedStream]:
        """The lists, each in one span, or in two where other streams begin later.

        Args:
            start: where other streams begin, Unix seconds.
        """
        spans: list[Span] = [(start, self.reader.began)]
        if start > 0:
            spans.append((0, start - 1))
        return [_synced_list(each, span) for each in self._readers for span in spans]

    def tasks(self) -> list[Task]:
        """The reading of the events, and of test clocks where their objects are wanted."""
        tasks = [self.task("events", self.read_events)]
        if self.reader.clocks.are_included:
            tasks += [ClockLists(each, self.reader.began) for each in self._readers]
        return [self._group.add(task) for task in tasks]

    def read_events(self) -> tuple[Batch, ...]:
        """Puts the events into the store; no batches."""
        events = feed_events(self.reader.client, EVENT_TYPES, self.span)
        keep_events(self.readable(events), self._store)
        return ()

    def batches(self) -> Iterator[Batch]:
        """Every subscription's rows, in the order of keys."""
        events = feed_events(self.reader.client, EVENT_TYPES, self.late_span)
        keep_events(self.readable(events), self._store)
        self._store.close_for_writing()
        position = self.progress.position
        catalog = Catalog(
            self.listed.prices,
            self.listed.coupons,
            customer_discounts=self.listed.customer_discounts,
        )
        keys = self._store.keys()
        written = position.written if not position.is_complete else keys[-1] if keys else None
        if position.through is not None:
            # Those that earlier attempts have written go on from where they stood.
            old = [key for key in keys if written is not None and key <= written]
            objects = filter(self._is_worth_a_look, self._store.objects(old))
            since = position.through  # the state moves meanwhile
            derived = self.derived(objects, catalog, since, position.memories)
            yield from batches_at_once(
                self.reader, derived, self.upper, is_last=position.is_complete
            )
            if position.is_complete:
                yield self.skipped_besides(since)
                return
        left = [key for key in keys if written is None or key > written]
        derived = self.derived(self._store.objects(left), catalog, None, {})
        yield from batches_by_key(self.reader, derived, self.upper)
        yield self.skipped_besides(None)

    def close(self) -> None:
        self._folder.cleanup()

    def _is_worth_a_look(self, objects: SubscriptionObjects) -> bool:
        """False for what ended before the last sync and was forgotten since."""
        position = self.progress.position
        identity = objects.subscription_id
        if identity in self.aside or identity in self.skips.subscriptions:
            return True
        if key_of(identity) in position.memories or objects.events:
            return True
        raw = objects.subscription or {}
        through = position.through or 0
        return bool(raw.get("created", 0) > through or (raw.get("ended_at") or through) > through)


def _synced_list(reader: LedgerReader, span: Span) -> SyncedStream:
    mode = FullRead(span, Backfill(reader.began))
    return SyncedStream(reader, Progress(reader.plan, mode, Position()), {})
