"""What the feed said to a family of streams -> their lists read again, and the fetches needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from source_stripe_saas.api.address import endpoint_of, object_path
from source_stripe_saas.api.listing import ListReader
from source_stripe_saas.api.refusal import NotFound, Refusal, StripeError
from source_stripe_saas.streams.change_set import ChangedObject, created_of
from source_stripe_saas.streams.checkpoint import CHANGES, Checkpoint
from source_stripe_saas.streams.full_list import fallback_maker
from source_stripe_saas.streams.new_objects import new_object_tasks
from source_stripe_saas.streams.object_fetch import FetchObserver, ObjectFetch, served
from source_stripe_saas.streams.records import Made
from source_stripe_saas.streams.skipped import RetryKey
from source_stripe_saas.streams.stream_consumer import StreamConsumer
from source_stripe_saas.streams.task import Batch

_OBJECTS_PER_TASK = 50
"""Objects that one thread fetches, so that several threads share a long list."""


@dataclass(frozen=True)
class FollowUp:
    """Turns the change sets of a stream and of its embedded children into records and fetches."""

    consumers: tuple[StreamConsumer, ...]
    observer: FetchObserver | None = None
    lists_new: bool = True
    """What is new is to be listed first."""

    @property
    def label(self) -> str:
        return f"{self.consumers[0].plan.name} follow-up"

    @property
    def serves(self) -> tuple[str, ...]:
        return served(self.consumers, self.observer)

    def read(self) -> Iterator[Batch]:
        """Records that need no fetch, and the tasks that make the others."""
        if self.lists_new and any(consumer.new is not None for consumer in self.consumers):
            listed = replace(self, lists_new=False)
            windows = new_object_tasks(self.consumers, self.observer, lambda: listed)
            yield self.consumers[0].reader.batch(spawned=windows)
            return
        ready: list[list[Made]] = []
        for consumer in self.consumers:
            consumer.prepare()
            for batch in _reread(consumer):
                if consumer.reader.failed.is_set():
                    return
                yield batch
            ready.append(consumer.settle())
        pending = sorted(self._wanted(), key=created_of, reverse=True)
        tasks = tuple(
            ObjectFetch(
                self.consumers,
                f"{CHANGES}/{first}",
                tuple(pending[first : first + _OBJECTS_PER_TASK]),
                self.observer,
            )
            for first in range(0, len(pending), _OBJECTS_PER_TASK)
        )
        opened = tuple(task.name for task in tasks)
        for consumer, made in zip(self.consumers, ready, strict=True):
            checkpoint = Checkpoint(opened=opened, closed=CHANGES)
            yield consumer.reader.batch(made, checkpoint)
        if tasks:
            yield self.consumers[0].reader.batch(spawned=tasks)

    def _wanted(self) -> Iterable[ChangedObject]:
        """What must be fetched, each object once, with the latest change that a consumer holds."""
        wanted: dict[str, ChangedObject] = {}
        for consumer in self.consumers:
            for change in consumer.pending.values():
                known = wanted.get(change.id)
                # Of the same second, the one that needs a fetch: its consumer may know of more.
                if known is None or (known.updated, not known.payload_is_current) < (
                    change.updated,
                    not change.payload_is_current,
                ):
                    wanted[change.id] = change
        return wanted.values()


def _reread(consumer: StreamConsumer) -> Iterator[Batch]:
    """Lists that are read again on every sync, or for each object that events name."""
    plan, reader = consumer.plan, consumer.reader
    for variant in plan.reread:
        yield from _listed_again(consumer, variant, reader.began)
    for value, second in consumer.changes.reread_for.items():
        assert plan.reread_for is not None
        if value in consumer.named:
            continue  # what belongs to it has been seen
        try:
            yield from _listed_again(consumer, ((plan.reread_for.filter, value),), second)
            reader.rules.succeeded()
        except StripeError as error:
            # What the list was to be filtered by may have been deleted.
            if not (isinstance(error, NotFound) and _is_gone(consumer, value)):
                yield reader.batch([reader.rules.skipped(error, value, RetryKey("filters", value))])
    if plan.fallback is not None:
        for key in consumer.retries.of("parents"):
            made = fallback_maker(reader).records({"id": key.id}, reader.began)
            yield reader.batch(list(made))


def _listed_again(
    consumer: StreamConsumer, variant: tuple[tuple[str, str], ...], updated: int
) -> Iterator[Batch]:
    """A list's objects that have not been seen yet."""
    reader = consumer.reader
    for page in ListReader(reader.client, consumer.plan.listing(variant)).pages():
        made: list[Made] = []
        for row in page.objects:
            if row["id"] in consumer.seen:
                continue
            consumer.seen.add(row["id"])
            known = consumer.changes.objects.get(row["id"])
            second = max(updated, known.updated) if known else updated
            made.extend(reader.maker.records(row, second))
        yield reader.batch([*made, *reader.oddities(page)])


def _is_gone(consumer: StreamConsumer, identity: str) -> bool:
    """True if an object that an event named, and a list is filtered by, does not exist any more."""
    assert consumer.plan.reread_for is not None
    path = consumer.plan.reread_for.path
    try:
        found = consumer.reader.client.get(
            object_path(path, identity), endpoint=endpoint_of(f"{path}/{{id}}")
        )
    except NotFound:
        return True
    except Refusal:
        return False  # it cannot be seen, which is not the same
    return bool(found.body.get("deleted"))
