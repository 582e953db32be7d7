"""The change feed -> each stream's changed objects, each once, as they are now.

One pass over the events serves all streams that follow the feed; what it finds is then
handled family by family, so that one stream's refusal stays its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from source_stripe_saas.api.raw_object import StripeObject
from source_stripe_saas.streams.checkpoint import task_name
from source_stripe_saas.streams.feed import feed_events, type_groups, what_is_odd
from source_stripe_saas.streams.follow_up import FollowUp
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_consumer import StreamConsumer
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task


class FeedConsumer(Protocol):
    """A stream that follows the change feed; it serves one pass over it."""

    @property
    def reader(self) -> StreamReader:
        """The stream's reader."""
        ...

    @property
    def span(self) -> Span:
        """Seconds of the feed that concern it."""
        ...

    def note(self, event: StripeObject) -> None:
        """Takes an event of its span; events of one type come newest first."""
        ...

    def note_odd(self, event: StripeObject, reason: str) -> None:
        """Takes an event of its span of which nothing can be made."""
        ...

    def arrange(self, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
        """What begins after the pass.

        Args:
            tasks: the follow-ups of all streams of objects; it may observe, put off or add some.
        """
        ...


@dataclass
class _PassState:
    """What the threads of one pass have found so far."""

    unread: int
    """Groups of event types that are still being read."""
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class FeedPass:
    """Reads the events of all its consumers' types, in groups of types."""

    consumers: tuple[FeedConsumer, ...]
    """The first one's stream leads."""

    @property
    def label(self) -> str:
        return f"changes for {len(self.consumers)} streams"

    @property
    def serves(self) -> tuple[str, ...]:
        return tuple(consumer.reader.plan.name for consumer in self.consumers)

    def read(self) -> Iterator[Batch]:
        """No records; the tasks that read the feed."""
        types = {name for consumer in self.consumers for name in consumer.reader.plan.feed_types}
        groups = type_groups(tuple(sorted(types)))
        span = (
            min(consumer.span[0] for consumer in self.consumers),
            max(consumer.span[1] for consumer in self.consumers),
        )
        # Streams without event types still read some lists again.
        shared = _PassState(len(groups))
        leader = self.consumers[0].reader
        if not groups:
            yield from follow_up(leader, self.consumers)
            return
        tasks = tuple(FeedGroup(self.consumers, group, span, shared) for group in groups)
        yield leader.batch(spawned=tasks)


@dataclass(frozen=True)
class FeedGroup:
    """Reads the events of some types; the last group to end starts the follow-ups."""

    consumers: tuple[FeedConsumer, ...]
    """The first one's stream leads."""
    types: tuple[str, ...]
    span: Span
    shared: _PassState

    @property
    def label(self) -> str:
        return f"events {self.types[0]} … {self.span}"

    @property
    def serves(self) -> tuple[str, ...]:
        return tuple(consumer.reader.plan.name for consumer in self.consumers)

    def read(self) -> Iterator[Batch]:
        """No records; at the end of the pass, the tasks that make them."""
        reader = self.consumers[0].reader
        for event in feed_events(reader.client, self.types, self.span, must_reach=True):
            reason = what_is_odd(event)
            with self.shared.lock:
                if reason is None:
                    reader.clocks.note(event)
                for consumer in self.consumers:
                    self._note(consumer, event, reason)
        with self.shared.lock:
            self.shared.unread -= 1
            is_last = self.shared.unread == 0
        if is_last:
            yield from follow_up(self.consumers[0].reader, self.consumers)

    def _note(self, consumer: FeedConsumer, event: StripeObject, reason: str | None) -> None:
        created = event.get("created")
        if reason is None:
            if consumer.span[0] <= event["created"] <= consumer.span[1]:
                consumer.note(event)
        elif not isinstance(created, int) or consumer.span[0] <= created <= consumer.span[1]:
            kind = event.get("type")
            listens = set(consumer.reader.plan.feed_types)
            if listens & ({kind} if isinstance(kind, str) else set(self.types)):
                consumer.note_odd(event, reason)


def follow_up(leader: StreamReader, following: Sequence[FeedConsumer]) -> Iterator[Batch]:
    """The tasks that make records of what a pass has found: one for each family of streams."""
    families: dict[str, list[StreamConsumer]] = {}
    consumers = [each for each in following if isinstance(each, StreamConsumer)]
    for consumer in consumers:
        families.setdefault(_family(consumer, consumers), []).append(consumer)
    tasks: tuple[Task, ...] = ()
    for family in families.values():
        family.sort(key=lambda consumer: consumer.plan.parent is not None)
        plans = [consumer.plan for consumer in family]
        sharing = [replace(consumer, reader=consumer.reader.sharing(plans)) for consumer in family]
        tasks += (FollowUp(tuple(sharing)),)
    for each in following:
        tasks = each.arrange(tasks)
    yield leader.batch(spawned=tasks)


def _family(consumer: StreamConsumer, consumers: list[StreamConsumer]) -> str:
    """Children that their parent's own objects hold go with the parent's stream, if it is read."""
    plan = consumer.plan
    if plan.parent is not None and plan.carried_at:
        is_read = any(other.plan.name == plan.carrier for other in consumers)
        return plan.carrier if is_read else task_name(plan.name, plan.carrier)
    if plan.parent is None or plan.embedded is None or plan.events:
        return plan.name
    parents = (plan.parent.events, *(touch.events for touch in plan.parent.touched_by))
    same_events = tuple(touch.events for touch in plan.parent_touched_by) == parents
    is_read = any(other.plan.name == plan.parent.name for other in consumers)
    return plan.parent.name if same_events and is_read else plan.name
