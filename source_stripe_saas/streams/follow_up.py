"""What the feed said to a family of streams -> their lists read again, and the fetches needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from source_stripe_saas.api.listing import ListReader
from source_stripe_saas.api.refusal import NotFound
from source_stripe_saas.streams.change_set import ChangedObject, created_of
from source_stripe_saas.streams.checkpoint import CHANGES, Checkpoint
from source_stripe_saas.streams.object_fetch import FetchObserver, ObjectFetch, served
from source_stripe_saas.streams.records import AnyRecord, endpoint_of
from source_stripe_saas.streams.stream_consumer import StreamConsumer
from source_stripe_saas.streams.task import Batch

_OBJECTS_PER_TASK = 50
"""Objects that one thread fetches, so that several threads share a long list."""


@dataclass(frozen=True)
class FollowUp:
    """Turns the change sets of a stream and of its embedded children into records and fetches."""

    consumers: tuple[StreamConsumer, ...]
    observer: FetchObserver | None = None

    @property
    def label(self) -> str:
        return f"{self.consumers[0].plan.name} follow-up"

    @property
    def serves(self) -> tuple[str, ...]:
        return served(self.consumers, self.observer)

    def read(self) -> Iterator[Batch]:
        """Records that need no fetch, and the tasks that make the others."""
        ready: dict[str, list[AnyRecord]] = {}
        for consumer in self.consumers:
            seen: set[str] = set()
            for batch in _reread(consumer, seen):
                if consumer.reader.failed.is_set():
                    return
                yield batch
            ready[consumer.plan.name] = consumer.settle(seen)
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
        for consumer in self.consumers:
            checkpoint = Checkpoint(opened=opened, closed=CHANGES)
            yield consumer.reader.batch(ready[consumer.plan.name], checkpoint)
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


def _reread(consumer: StreamConsumer, seen: set[str]) -> Iterator[Batch]:
    """Lists that are read again on every sync, or for each object that events name."""
    plan, reader = consumer.plan, consumer.reader
    lists: list[tuple[tuple[tuple[str, str], ...], int]] = [
        (variant, reader.began) for variant in plan.reread
    ]
    if plan.reread_for is not None:
        lists += [
            (((plan.reread_for.filter, value),), second)
            for value, second in consumer.changes.reread_for.items()
        ]
    for variant, updated in lists:
        try:
            for page in ListReader(reader.client, plan.listing(variant)).pages():
                records: list[AnyRecord] = []
                for row in page.objects:
                    if row["id"] in seen:
                        continue
                    seen.add(row["id"])
                    known = consumer.changes.objects.get(row["id"])
                    second = max(updated, known.updated) if known else updated
                    records.extend(reader.maker.records(row, second))
                yield reader.batch(records)
        except NotFound:
            # What the list was to be filtered by may have been deleted; nothing else excuses it.
            if variant in plan.reread or not _is_gone(consumer, variant[0][1]):
                raise


def _is_gone(consumer: StreamConsumer, identity: str) -> bool:
    """True if an object that an event named, and a list is filtered by, does not exist any more."""
    assert consumer.plan.reread_for is not None
    path = consumer.plan.reread_for.path
    try:
        found = consumer.reader.client.get(
            f"{path}/{quote(identity, safe='')}", endpoint=endpoint_of(f"{path}/{{id}}")
        )
    except NotFound:
        return True
    return bool(found.body.get("deleted"))
