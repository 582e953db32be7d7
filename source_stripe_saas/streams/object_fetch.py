"""Objects that have changed -> their records as they are now, each object fetched once.

Several streams may want the same object: a subscription and its items, an invoice and its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from source_stripe_saas.api.address import endpoint_of, fill_path
from source_stripe_saas.api.listing import PAGE_SIZE, ListReader
from source_stripe_saas.api.raw_object import ListedObject, StripeObject, has_id
from source_stripe_saas.api.refusal import (
    NotFound,
    PermissionRefused,
    StripeError,
    UnexpectedContent,
)
from source_stripe_saas.streams.change_set import ChangedObject, created_of
from source_stripe_saas.streams.checkpoint import Checkpoint
from source_stripe_saas.streams.records import Made
from source_stripe_saas.streams.stream_consumer import StreamConsumer
from source_stripe_saas.streams.task import Batch

_FEWEST_WORTH_LISTING = 4
"""With fewer objects to fetch, a page of the list could hardly save a request."""


class FetchObserver(Protocol):
    """A stream that needs the fetched objects without making records of them."""

    @property
    def name(self) -> str:
        """The stream's."""
        ...

    def observe(self, path: str, identity: str, row: ListedObject | None) -> None:
        """Takes an object as it is now, its cut lists read to their ends; None if it is gone."""
        ...

    def held(self, path: str, identity: str) -> StripeObject | None:
        """An object that it has listed for its own sake already, None if it has not."""
        ...


def served(consumers: Sequence[StreamConsumer], observer: FetchObserver | None) -> tuple[str, ...]:
    """Names of the streams that cannot be complete without these objects."""
    names = tuple(consumer.plan.name for consumer in consumers)
    return (*names, observer.name) if observer is not None else names


@dataclass(frozen=True)
class ObjectFetch:
    """Fetches some changed objects (or parents), by list or one by one."""

    consumers: tuple[StreamConsumer, ...]
    """The streams that want them; the one whose own objects they are comes first."""
    name: str
    changes: tuple[ChangedObject, ...]
    """Newest `created` first."""
    observer: FetchObserver | None = None

    @property
    def label(self) -> str:
        return f"{self.consumers[0].plan.name} {self.name}"

    @property
    def serves(self) -> tuple[str, ...]:
        return served(self.consumers, self.observer)

    def read(self) -> Iterator[Batch]:
        records: dict[str, list[Made]] = {consumer.plan.name: [] for consumer in self.consumers}
        try:
            for change, row in self._current():
                if all(consumer.reader.failed.is_set() for consumer in self.consumers):
                    return
                if isinstance(row, Mapping) and self.consumers[0].reader.clocks.hides(row):
                    continue
                for consumer in self.consumers:
                    wanted = consumer.pending.get(change.id)
                    made = records[consumer.plan.name]
                    if wanted is None:
                        continue
                    if isinstance(row, StripeError):
                        made.append(consumer.skipped(wanted, row))
                    else:
                        made.extend(consumer.records(wanted, row))
                    if len(made) >= PAGE_SIZE:
                        yield consumer.reader.batch(made)
                        records[consumer.plan.name] = []
                if self.observer is not None and not isinstance(row, StripeError):
                    self.observer.observe(self.consumers[0].plan.path, change.id, row)
        except PermissionRefused:
            # What another stream needs of the objects may be the one thing that is not allowed.
            if len(self.consumers) == 1:
                raise
            yield self.consumers[0].reader.batch(spawned=self._apart())
            return
        for consumer in self.consumers:
            yield consumer.reader.batch(records[consumer.plan.name], Checkpoint(closed=self.name))

    def _apart(self) -> tuple[ObjectFetch, ...]:
        """The same for each stream by itself."""
        alone = [replace(consumer, reader=consumer.reader.alone()) for consumer in self.consumers]
        observers = (self.observer, *(None,) * len(alone))
        return tuple(
            ObjectFetch((consumer,), self.name, self.changes, observer)
            for consumer, observer in zip(alone, observers, strict=False)
        )

    def _current(self) -> Iterator[tuple[ChangedObject, ListedObject | StripeError | None]]:
        """Each change with the object's present content, None where it is gone, or why not.

        Listing a page costs one request and may bring many of the changed objects, fetching costs
        one each. So a page is tried from the newest missing object downwards; when pages bring
        little, more and more objects are fetched before the next one is tried.
        """
        rest = []
        for change in self.changes:
            if all(consumer.payload_serves(change) for consumer in self._wanting(change)):
                yield change, change.payload
                continue
            held = self._held(change)
            if held is not None:
                yield change, held
            else:
                rest.append(change)
        misses = 0
        while rest:
            found: dict[str, ListedObject] = {}
            newest = created_of(rest[0])
            if newest > 0 and len(rest) >= _FEWEST_WORTH_LISTING and self._can_list():
                found = self._page_from(newest)
            hits = [change for change in rest if change.id in found]
            for change in hits:
                yield change, found[change.id]
            rest = [change for change in rest if change.id not in found]
            misses = 0 if len(hits) > 1 else misses + 1
            singly = 2**misses if misses else 0
            for change in rest[:singly]:
                yield change, self._fetched(change)
            rest = rest[singly:]

    def _held(self, change: ChangedObject) -> StripeObject | None:
        """The object, if the observer has it already."""
        if self.observer is None:
            return None
        return self.observer.held(self.consumers[0].plan.path, change.id)

    def _wanting(self, change: ChangedObject) -> list[StreamConsumer]:
        return [consumer for consumer in self.consumers if change.id in consumer.pending]

    def _can_list(self) -> bool:
        plan = self.consumers[0].plan
        source = plan.parent or plan
        by_own_events = plan.parent is not None and plan.events
        return (
            source.created_filter
            and len(plan.variants) == 1
            and plan.call is None
            and not by_own_events
        )

    def _page_from(self, created: int) -> dict[str, ListedObject]:
        """One page of the list, by id: what was created at a second and before."""
        first = self.consumers[0]
        wanted = [path for consumer in self.consumers[1:] for path in consumer.plan.expand]
        listing = first.plan.listing(first.plan.variants[0], wanted)
        page = next(ListReader(first.reader.client, listing, hi=created).pages(), None)
        return {row["id"]: row for row in page.objects} if page else {}

    def _fetched(self, change: ChangedObject) -> StripeObject | StripeError | None:
        """The object by id, None if it is gone; what asking ended with if it cannot be had."""
        first = self.consumers[0]
        plan, is_child = first.plan, first.is_own_child(change)
        if plan.call is not None and not plan.only_parents:
            return {"id": change.id}  # the id is all that the children's request needs
        source = plan if is_child or plan.parent is None else plan.parent
        paths = (
            []
            if is_child
            else [path for consumer in self.consumers for path in consumer.plan.expand]
        )
        path = fill_path(source.get_path, {**(change.payload or {}), "id": change.id})
        try:
            row = first.reader.client.get(
                path,
                [("expand[]", name) for name in dict.fromkeys(paths)],
                endpoint=endpoint_of(source.get_path),
            ).body
        except NotFound:
            return None
        except StripeError as error:
            return error
        if not has_id(row):
            return UnexpectedContent(path, "what Stripe sent for it has no id", change.id)
        for consumer in self.consumers:
            consumer.reader.rules.succeeded()
        return None if row.get("deleted") else row
