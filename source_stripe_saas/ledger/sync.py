"""What both ways of reading the ledger share: how far it goes, and how rows are made of objects.

A *scan* (scan.py) reads all lists; *following* (following.py) reads events and live subscriptions.
In both, events are asked for once more after the objects: an object that is ahead of the events
read before it would look like a mismatch that the next sync resolves by itself (M51).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from source_stripe_saas.ledger.codec import UNREADABLE, Unreadable
from source_stripe_saas.ledger.coupons import complete
from source_stripe_saas.ledger.deriver import Bounds, Derived, Deriver, all_derived
from source_stripe_saas.ledger.ledger_task import LedgerTask
from source_stripe_saas.ledger.memory import Memory
from source_stripe_saas.ledger.progress import LedgerProgress
from source_stripe_saas.ledger.scan_lists import ListedCatalog
from source_stripe_saas.ledger.store import SubscriptionObjects
from source_stripe_saas.ledger.tally import Tally
from source_stripe_saas.mrr import Catalog, Options
from source_stripe_saas.streams.assignment import SyncedStream
from source_stripe_saas.streams.plan import EVENTS_KEPT_DAYS
from source_stripe_saas.streams.read_mode import DAY_SECONDS, LATENESS_SECONDS
from source_stripe_saas.streams.skipped import SkippedObject
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task

_WINDOW_SECONDS = EVENTS_KEPT_DAYS * DAY_SECONDS - 3_600
"""How far back events can be relied on: the oldest may vanish while they are read."""


def window_start(began: int) -> int:
    """From when on events can be relied on, Unix seconds.

    Args:
        began: when the sync began, Unix seconds.
    """
    return began - _WINDOW_SECONDS


@dataclass
class LedgerSync(ABC):
    """One sync of the ledger."""

    reader: StreamReader
    options: Options
    progress: LedgerProgress
    reason: str | None = None
    """Why everything is read although there was a state."""
    tally: Tally = field(default_factory=Tally)
    listed: ListedCatalog = field(default_factory=ListedCatalog)
    odd_events: list[SkippedObject] = field(default_factory=list)
    """Events of which nothing could be made."""

    @abstractmethod
    def synced_streams(self, start: int) -> list[SyncedStream]:
        """What it reads together with other streams.

        Args:
            start: where other streams begin; what is older, the ledger reads for itself.
        """

    def tasks(self) -> list[Task]:
        """What it reads by itself from the start."""
        return []

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """The rows, when all has been read, each batch with what its state may say."""

    @abstractmethod
    def close(self) -> None:
        """Removes what lies on disk; called when the read has ended, however it ended."""

    def summary(self) -> str:
        """The ledger's part of the sync's last log line."""
        return self.tally.text(self.progress.position.memories.values())

    @property
    def upper(self) -> int:
        """Rows are made up to here, Unix seconds: what is younger may not be known yet (M30)."""
        return max(self.reader.began - LATENESS_SECONDS, self.progress.position.through or 0)

    @property
    def span(self) -> Span:
        """Seconds of the change feed that concern it."""
        since = window_start(self.reader.began)
        through = self.progress.position.through
        if self.progress.position.is_complete and through is not None:
            since = max(since, through + 1)
        return since, self.reader.began

    @property
    def late_span(self) -> Span:
        """Seconds above the bound of M30, up to this moment: they explain objects ahead of it."""
        return self.upper + 1, self.reader.began + EVENTS_KEPT_DAYS * DAY_SECONDS

    def task(self, does: str, batches: Callable[[], Iterable[Batch]]) -> Task:
        return LedgerTask(self.reader, does, batches)

    def then_rows(self) -> tuple[Task, ...]:
        """What begins when all has been read: the rows are made."""
        return () if self.reader.failed.is_set() else (self.task("rows", self.batches),)

    def derived(
        self,
        objects: Iterable[SubscriptionObjects],
        catalog: Catalog,
        since: int | None,
        memories: Mapping[int, Memory],
    ) -> Iterator[Derived]:
        """New rows of some subscriptions, in the order given.

        Args:
            objects: of each subscription.
            catalog: prices, coupons, customers' discounts.
            since: rows up to here have been written, Unix seconds; None: none have.
            memories: what the last sync remembered, by key.

        Raises:
            Unreadable: an object cannot be read.
        """
        horizon, began = self.progress.position.horizon, window_start(self.reader.began)
        if since is None:
            # As far back as events can be relied on: a read that goes on makes the same rows.
            horizon = max(horizon, began)
        bounds = Bounds(self.upper, horizon, began, since)
        deriver = Deriver(catalog, self.options, bounds, self.tally)
        return all_derived(deriver, self._completed(objects), memories)

    def _completed(self, objects: Iterable[SubscriptionObjects]) -> Iterator[SubscriptionObjects]:
        """With the coupons that the account has deleted, which only what uses them still shows."""
        for one in objects:
            try:
                complete(one, self.listed, self.reader.client)
            except UNREADABLE as error:
                raise Unreadable.of(one.subscription_id, error) from error
            yield one
