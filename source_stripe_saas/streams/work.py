"""Units of work: what a thread reads in one go, and what it hands over.

A unit yields batches. A batch is written out before its step counts and before the units that it
spawns are begun.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import PAGE_SIZE
from source_stripe_saas.api.rows import Row, StripeObject
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.progress import Step
from source_stripe_saas.streams.records import AnyRecord, RecordMaker
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.traffic import Traffic


class Unit(Protocol):
    """Something to read."""

    @property
    def label(self) -> str:
        """What it reads, for logs."""
        ...

    @property
    def serves(self) -> tuple[str, ...]:
        """The streams that cannot be complete if it fails; its own comes first."""
        ...

    def read(self) -> Iterator[Batch]:
        """Reads it; ends early, without its last step, once the stream has failed."""
        ...


@dataclass
class Batch:
    """Records of one stream, what they complete, and further work."""

    stream: str

    records: list[AnyRecord] = field(default_factory=list)
    step: Step = field(default_factory=Step)
    spawned: tuple[Unit, ...] = ()


@dataclass
class StreamWork:
    """What all units of one stream share in one sync."""

    plan: StreamPlan
    client: StripeClient
    began: int
    """When this sync began, Unix seconds on Stripe's clock."""
    account_created: int = 0
    """Nothing is expected to be older, Unix seconds."""
    plans: dict[str, StreamPlan] = field(default_factory=dict)
    """All streams' plans, for a stream that falls back on another's list."""
    traffic: Traffic = field(default_factory=Traffic)
    """Who reads from where, over all streams."""
    failed: threading.Event = field(default_factory=threading.Event)
    """Set when the stream failed for good: its other units stop quietly."""
    drops: frozenset[str] = frozenset()
    """Fields that the objects have only for the sake of other streams."""
    fed: tuple[StreamWork, ...] = ()
    """Streams whose records are made of the objects that this one lists."""
    maker: RecordMaker = field(init=False)

    def __post_init__(self) -> None:
        self.maker = RecordMaker(self.plan, self.client, self.drops)

    @property
    def served(self) -> tuple[StreamWork, ...]:
        """This stream and those that it feeds."""
        return (self, *self.fed)

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(work.plan.name for work in self.served)

    @property
    def is_over(self) -> bool:
        """True if there is no one left to read for."""
        return all(work.failed.is_set() for work in self.served)

    def begins(self) -> None:
        """A window that serves this stream is about to be read."""

    def ends(self) -> tuple[Unit, ...]:
        """Such a window has been read to its end; gives what can begin because of that."""
        return ()

    def take(
        self, rows: Sequence[Row | StripeObject], updated: int, variant: str, span: Span
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
        yield self.batch(records, Step(variant=variant, span=span, oldest_open=oldest_open))

    def sharing(self, plans: Iterable[StreamPlan]) -> StreamWork:
        """The same stream, knowing what its objects have only for the sake of other streams."""
        if self.plan.parent is not None:
            return self
        foreign = {path for plan in plans for path in plan.expand} - set(self.plan.expand)
        return replace(self, drops=frozenset(path.split(".")[0] for path in foreign))

    def alone(self) -> StreamWork:
        """The same stream, feeding no other."""
        return replace(self, fed=(), drops=frozenset())

    def batch(
        self,
        records: list[AnyRecord] | None = None,
        step: Step | None = None,
        spawned: tuple[Unit, ...] = (),
    ) -> Batch:
        """A batch of this stream's."""
        return Batch(self.plan.name, records or [], step or Step(), spawned)
