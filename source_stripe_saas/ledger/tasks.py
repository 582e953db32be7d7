"""The ledger's tasks, and its share in a pass over the change feed.

They hold a sync and call it; what they do is told there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from source_stripe_saas.api.rows import Row, StripeObject
from source_stripe_saas.streams.object_fetch import FetchObserver
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task

if TYPE_CHECKING:
    from source_stripe_saas.ledger.sync import LedgerSync


@dataclass(frozen=True)
class _LedgerTask:
    """A task that is the ledger's alone."""

    sync: LedgerSync

    @property
    def label(self) -> str:
        """What it does."""
        return f"{self.sync.reader.plan.name}: {type(self).__name__.lower()}"

    @property
    def serves(self) -> tuple[str, ...]:
        """The stream."""
        return (self.sync.reader.plan.name,)


@dataclass(frozen=True)
class EventScan(_LedgerTask):
    """Reads the events of a scan."""

    span: Span

    def read(self) -> Iterator[Batch]:
        """No records."""
        yield self.sync.reader.batch(spawned=self.sync.read_events(self.span))


@dataclass(frozen=True)
class ChangeSearch(_LedgerTask):
    """Finds out what has to be fetched."""

    def read(self) -> Iterator[Batch]:
        """No records; the tasks that fetch."""
        tasks = [*self.sync.fetches(), *self.sync.ends()]
        yield self.sync.reader.batch(spawned=tuple(tasks))


@dataclass(frozen=True)
class Derivation(_LedgerTask):
    """Makes the rows."""

    def read(self) -> Iterator[Batch]:
        """The rows."""
        yield from self.sync.batches()


@dataclass(frozen=True)
class LedgerConsumer:
    """The ledger, as it follows the change feed: it wants the events themselves."""

    sync: LedgerSync
    span: Span

    @property
    def reader(self) -> StreamReader:
        """The ledger's."""
        return self.sync.reader

    def note(self, event: StripeObject) -> None:
        """Takes an event."""
        self.sync.note(event)

    @property
    def name(self) -> str:
        """The stream's."""
        return self.sync.reader.plan.name

    def observer_for(self, plan: StreamPlan) -> FetchObserver | None:
        """The ledger needs the very objects that two streams fetch."""
        return self if plan.name in ("subscriptions", "invoices") else None

    def begins(self) -> None:
        """One more task is about to show what it fetches."""
        self.sync.observations.begins()

    def ends(self) -> tuple[Task, ...]:
        """One has shown all; after the last one the rest is fetched."""
        return self.sync.observations.ends()

    def saw(self, path: str, identity: str, row: Row | StripeObject | None) -> None:
        """Takes an object."""
        self.sync.saw(path, identity, row)

    def defers(self, task: Task, readers: Sequence[StreamReader]) -> bool:
        """Subscriptions are listed for the ledger's own sake, all that are live."""
        return self.sync.live.defers(task, readers)

    def shows(self, path: str, identity: str) -> StripeObject | None:
        """A subscription that was on that list."""
        return self.sync.live.shows(path, identity)

    def own_tasks(self) -> tuple[Task, ...]:
        """What lists the live subscriptions; all else that concerns them begins after that."""
        return self.sync.live.tasks()
