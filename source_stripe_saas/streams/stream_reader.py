"""One stream in one sync: what its tasks share, and how objects become its batches."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import PAGE_SIZE
from source_stripe_saas.api.raw_object import ListedObject
from source_stripe_saas.streams.checkpoint import Checkpoint
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.reader_slots import ReaderSlots
from source_stripe_saas.streams.records import AnyRecord, RecordMaker
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.task import Batch, Task


@dataclass
class StreamReader:
    """What all tasks of one stream share in one sync."""

    plan: StreamPlan
    client: StripeClient
    began: int
    """When this sync began, Unix seconds on Stripe's clock."""
    account_created: int = 0
    """Nothing is expected to be older, Unix seconds."""
    plans: dict[str, StreamPlan] = field(default_factory=dict)
    """All streams' plans, for a stream that falls back on another's list."""
    slots: ReaderSlots = field(default_factory=ReaderSlots)
    """The readers at work, over all streams."""
    failed: threading.Event = field(default_factory=threading.Event)
    """Set when the stream failed for good: its other tasks stop without an error."""
    drops: frozenset[str] = frozenset()
    """Fields that were expanded for other streams only."""
    fed: tuple[StreamReader, ...] = ()
    """Streams whose records are made of the objects that this one lists."""
    maker: RecordMaker = field(init=False)

    def __post_init__(self) -> None:
        self.maker = RecordMaker(self.plan, self.client, self.drops)

    @property
    def served(self) -> tuple[StreamReader, ...]:
        """This stream and those that it feeds."""
        return (self, *self.fed)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(reader.plan.name for reader in self.served)

    @property
    def is_over(self) -> bool:
        """True if every stream that it serves has failed."""
        return all(reader.failed.is_set() for reader in self.served)

    def counted(self, task: Task) -> Task:
        """What must be begun in the place of a task that serves this stream: the task itself."""
        return task

    def take(
        self, rows: Sequence[ListedObject], updated: int, variant: str, span: Span
    ) -> Iterator[Batch]:
        """A page's objects as batches of this stream's records; the span counts with the last one.

        A parent with very many children makes more than one batch, so that memory stays flat.

        Args:
            rows: the objects.
            updated: the second from which on their content is known to hold.
            variant: the name of the list's variant.
            span: seconds of `created` that are read once these records are written.
        """
        if self.failed.is_set():
            return
        plan = self.plan
        oldest_open = None
        if plan.open_while:
            silent = (row[plan.created_field] for row in rows if plan.is_open(row))
            oldest_open = min(silent, default=None)
        as_they_are = self.maker.as_they_are(rows, updated)
        records: list[AnyRecord] = as_they_are or []
        for row in rows if as_they_are is None else ():
            if self.failed.is_set():
                return
            for record in self.maker.records(row, updated):
                records.append(record)
                if len(records) >= 5 * PAGE_SIZE:
                    yield self.batch(records)
                    records = []
        yield self.batch(records, Checkpoint(variant=variant, span=span, oldest_open=oldest_open))

    def sharing(self, plans: Iterable[StreamPlan]) -> StreamReader:
        """The same stream, knowing what its objects have only for the sake of other streams."""
        if self.plan.parent is not None:
            return self
        foreign = {path for plan in plans for path in plan.expand} - set(self.plan.expand)
        return replace(self, drops=frozenset(path.split(".")[0] for path in foreign))

    def alone(self) -> StreamReader:
        """The same stream, feeding no other."""
        return replace(self, fed=(), drops=frozenset())

    def batch(
        self,
        records: list[AnyRecord] | None = None,
        checkpoint: Checkpoint | None = None,
        spawned: tuple[Task, ...] = (),
    ) -> Batch:
        return Batch(self.plan.name, records or [], checkpoint or Checkpoint(), spawned)
