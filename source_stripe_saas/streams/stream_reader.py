"""One stream in one sync: what its tasks share, and how objects become its batches."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import PAGE_SIZE, ListPage
from source_stripe_saas.api.raw_object import ListedObject, StripeObject
from source_stripe_saas.streams.carried import CarriedBefore
from source_stripe_saas.streams.checkpoint import Checkpoint
from source_stripe_saas.streams.clocks import TestClocks
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.reader_slots import ReaderSlots
from source_stripe_saas.streams.records import AnyRecord, Made, RecordMaker
from source_stripe_saas.streams.skipped import SkippedObject, SkipRules, odd
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
    rules: SkipRules = field(default_factory=SkipRules)
    """Which failures are a single object's; the same for all tasks of the stream."""
    carried_before: CarriedBefore = field(default_factory=CarriedBefore)
    """The same for all carriers of the stream's records."""
    test_clocks: TestClocks | None = None
    """What is known of them, the same for all streams of a sync."""
    maker: RecordMaker = field(init=False)

    def __post_init__(self) -> None:
        self.maker = RecordMaker(
            self.plan, self.client, self.drops, self.rules, self.carried_before
        )

    @property
    def clocks(self) -> TestClocks:
        """What is known of test clocks."""
        if self.test_clocks is None:
            self.test_clocks = TestClocks(self.client)
        return self.test_clocks

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
        self, page: ListPage, updated: int, variant: str, span: Span | None
    ) -> Iterator[Batch]:
        """A page's objects as batches of this stream's records; the span counts with the last one.

        A parent with very many children makes more than one batch, so that memory stays flat.

        Args:
            page: its objects.
            updated: the second from which on their content is known to hold.
            variant: the name of the list's variant.
            span: seconds of `created` that are read once these records are written, if any.
        """
        if self.failed.is_set():
            return
        rows = page.objects
        as_they_are = self.maker.as_they_are(rows, updated)
        records: list[Made] = [*(as_they_are or ()), *self.oddities(page)]
        for row in rows if as_they_are is None else ():
            if self.failed.is_set():
                return
            for record in self.maker.records(row, updated):
                records.append(record)
                if len(records) >= 5 * PAGE_SIZE:
                    yield self.batch(records)
                    records = []
        oldest_open = self._oldest_open(rows)
        yield self.batch(records, Checkpoint(variant=variant, span=span, oldest_open=oldest_open))

    def _oldest_open(self, rows: Sequence[ListedObject]) -> int | None:
        """When the oldest object was created that will change without an event."""
        if not self.plan.open_while:
            return None
        times = (row.get(self.plan.created_field) for row in rows if self.plan.is_open(row))
        return min((time for time in times if isinstance(time, int)), default=None)

    def oddities(self, page: ListPage) -> list[SkippedObject]:
        """What of a page can be nobody's record, and what lacks a field that it must have."""
        source = self.plan.parent or self.plan
        found = [_without_id(row, source.path) for row in page.without_id]
        if self.plan.parent is None and not self.plan.created_optional:
            said = (
                f"`{self.plan.created_field}` is not a whole number; the row is written as it came"
            )
            found += [odd(identity, said) for identity in page.untimed]
        return found

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
        made: Sequence[Made] | None = None,
        checkpoint: Checkpoint | None = None,
        spawned: tuple[Task, ...] = (),
    ) -> Batch:
        """A batch of this stream's; what was skipped goes into its checkpoint."""
        checkpoint = checkpoint or Checkpoint()
        skipped = tuple(one for one in made or () if isinstance(one, SkippedObject))
        records: list[AnyRecord] = [one for one in made or () if not isinstance(one, SkippedObject)]
        if skipped:
            checkpoint = replace(checkpoint, skipped=(*checkpoint.skipped, *skipped))
        return Batch(self.plan.name, records, checkpoint.of_carrier(self.plan.carrier), spawned)


def _without_id(row: StripeObject, path: str) -> SkippedObject:
    """An entry that has no id, told by what else there is of it."""
    created = row.get("created")
    told = f", created {created}" if isinstance(created, int) else ""
    return odd(f"an object without id in {path}{told}", "nothing can be its key")
