"""The change feed of one stream -> its changed objects, each once, as they are now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from source_stripe_saas.streams.feed import Change, Changes, collect_changes, feed_events
from source_stripe_saas.streams.last_known import last_known
from source_stripe_saas.streams.progress import CHANGES, Step
from source_stripe_saas.streams.records import AnyRecord, endpoint_of, fill_path
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.work import Batch, StreamWork
from source_stripe_saas.stripe.listing import PAGE_SIZE, ListReader
from source_stripe_saas.stripe.refusal import NotFound
from source_stripe_saas.stripe.rows import Row, StripeObject, plain

_FETCHES_PER_UNIT = 50
"""Objects that one thread fetches, so that several threads share a long list."""

_FEWEST_WORTH_LISTING = 4
"""With fewer objects to fetch, a page of the list could hardly save a request."""


@dataclass(frozen=True)
class ChangeFeed:
    """Reads the feed, gives out the easy records, spawns units that fetch the rest."""

    work: StreamWork
    span: Span
    listed_from: int | None
    """Objects created from here on are listed again in this sync anyway."""
    schema: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Stream and span."""
        return f"{self.work.plan.name} changes {self.span}"

    def read(self) -> Iterator[Batch]:
        """Records that need no fetch, and the units that make the others."""
        plan, work = self.work.plan, self.work
        events = feed_events(work.client, plan.feed_types, self.span)
        changes = collect_changes(plan, events)
        seen: set[str] = set()
        for batch in self._reread(changes, seen):
            if work.failed.is_set():
                return
            yield batch
        pending: list[Change] = []
        ready: list[AnyRecord] = []
        for change in (changes.parents if plan.parent else changes.objects).values():
            if plan.parent is None and self._is_read_elsewhere(change, seen):
                continue
            if change.is_deletion:
                if plan.parent is None:
                    ready.append(self.deleted(change.payload or {}, change))
            else:
                pending.append(change)
        if plan.parent is not None:
            # Children that have events of their own (a customer's sources, tax ids).
            for change in changes.objects.values():
                if change.is_deletion and change.payload is not None:
                    ready.append(self.deleted(change.payload, change))
                else:
                    pending.append(change)
            ready += self._children_of_deleted(changes)
        pending.sort(key=lambda change: _created(change), reverse=True)
        units = tuple(
            Fetch(
                self,
                f"{CHANGES}/{first}",
                tuple(pending[first : first + _FETCHES_PER_UNIT]),
                changes,
            )
            for first in range(0, len(pending), _FETCHES_PER_UNIT)
        )
        opened = tuple(unit.name for unit in units)
        yield Batch(ready, Step(opened=opened, closed=CHANGES), units)

    def _is_read_elsewhere(self, change: Change, seen: set[str]) -> bool:
        if change.id in seen:
            return True
        return (
            self.listed_from is not None
            and not change.is_deletion
            # A deletion may be among several events of one second.
            and not (change.is_tied and self.work.plan.deletion_events)
            and _created(change) >= self.listed_from
        )

    def _reread(self, changes: Changes, seen: set[str]) -> Iterator[Batch]:
        """Lists that are read again on every sync, or for each object that events name."""
        plan, work = self.work.plan, self.work
        lists: list[tuple[tuple[tuple[str, str], ...], int]] = [
            (variant, work.began) for variant in plan.reread
        ]
        if plan.reread_for is not None:
            lists += [
                (((plan.reread_for.filter, value),), second)
                for value, second in changes.reread_for.items()
            ]
        for variant, updated in lists:
            try:
                for page in ListReader(work.client, plan.listing(variant)).pages():
                    records: list[AnyRecord] = []
                    for row in page.objects:
                        if row["id"] in seen:
                            continue
                        seen.add(row["id"])
                        known = changes.objects.get(row["id"])
                        second = max(updated, known.updated) if known else updated
                        records.extend(work.maker.records(row, second))
                    yield Batch(records)
            except NotFound:
                if variant in plan.reread:
                    raise
                continue  # what the list was to be filtered by has been deleted

    def _children_of_deleted(self, changes: Changes) -> Iterator[StripeObject]:
        """Children of parents that the feed says are gone."""
        deleted = {parent.id for parent in changes.parents.values() if parent.is_deletion}
        for child, parent, second, version in changes.gone.values():
            if parent["id"] in deleted:
                yield self.gone_child(child, parent, second, version)

    def gone_child(
        self, child: StripeObject, parent: StripeObject, second: int, version: str | None
    ) -> StripeObject:
        """The record of a child that its parent no longer has."""
        kept = last_known(child, version, self.schema)
        kept.setdefault("object", self.work.plan.object)
        return self.work.maker.of_parent(kept, parent, second, deleted=True)

    def deleted(self, payload: StripeObject, change: Change) -> StripeObject:
        """The record of an object that is gone: its id and its last known fields."""
        kept = last_known(payload, change.api_version, self.schema)
        kept["id"] = change.id
        kept.setdefault("object", self.work.plan.object)
        return self.work.maker.stamped(kept, change.updated, deleted=True)


@dataclass(frozen=True)
class Fetch:
    """Brings some changed objects (or parents) up to date, by list or one by one."""

    feed: ChangeFeed
    name: str
    changes: tuple[Change, ...]
    """Newest `created` first."""
    all_changes: Changes

    @property
    def label(self) -> str:
        """Stream and place in the row."""
        return f"{self.feed.work.plan.name} {self.name}"

    def read(self) -> Iterator[Batch]:
        """The records of the changed objects."""
        work = self.feed.work
        records: list[AnyRecord] = []
        for change, row in self._current():
            if work.failed.is_set():
                return
            records.extend(self._records(change, row))
            if len(records) >= PAGE_SIZE:
                yield Batch(records)
                records = []
        yield Batch(records, Step(closed=self.name))

    # -- from a change to the object as it is now --------------------------------------------------

    def _current(self) -> Iterator[tuple[Change, Row | StripeObject | None]]:
        """Each change with the object's present content, None where it is gone.

        Listing a page costs one request and may bring many of the changed objects, fetching costs
        one each. So a page is tried from the newest missing object downwards; when pages bring
        little, more and more objects are fetched before the next one is tried.
        """
        rest = [change for change in self.changes if not self._payload_serves(change)]
        for change in self.changes:
            if self._payload_serves(change):
                yield change, change.payload
        misses = 0
        while rest:
            found: dict[str, Row | StripeObject] = {}
            if self._can_list() and len(rest) >= _FEWEST_WORTH_LISTING and _created(rest[0]) > 0:
                found = self._page_from(_created(rest[0]))
            hits = [change for change in rest if change.id in found]
            for change in hits:
                yield change, found[change.id]
            rest = [change for change in rest if change.id not in found]
            misses = 0 if len(hits) > 1 else misses + 1
            singly = 2**misses if misses else 0
            for change in rest[:singly]:
                yield change, self._fetched(change)
            rest = rest[singly:]

    def _payload_serves(self, change: Change) -> bool:
        plan = self.feed.work.plan
        payload = change.payload
        if payload is None or not change.payload_is_current:
            return False
        if self._is_own_child(change):
            return True
        if plan.expand:
            return False
        if plan.parent is not None and (plan.only_parents or change.id != payload.get("id")):
            return False
        lists = (*plan.completes, *((plan.embedded,) if plan.embedded else ()))
        return all(isinstance(payload.get(name), dict) for name in lists)

    def _is_own_child(self, change: Change) -> bool:
        """True for a child whose own events told of it, not its parent's."""
        return self.feed.work.plan.parent is not None and change.id in self.all_changes.objects

    def _can_list(self) -> bool:
        plan = self.feed.work.plan
        source = plan.parent or plan
        by_own_events = plan.parent is not None and plan.events
        return (
            source.created_filter
            and len(plan.variants) == 1
            and plan.call is None
            and not by_own_events
        )

    def _page_from(self, created: int) -> dict[str, Row | StripeObject]:
        """One page of the list, by id: what was created at a second and before."""
        plan = self.feed.work.plan
        reader = ListReader(self.feed.work.client, plan.listing(*plan.variants), hi=created)
        page = next(reader.pages(), None)
        return {row["id"]: row for row in page.objects} if page else {}

    def _fetched(self, change: Change) -> StripeObject | None:
        """The object by id, None if it is gone."""
        plan = self.feed.work.plan
        is_child = self._is_own_child(change)
        if plan.call is not None and not plan.only_parents:
            return {"id": change.id}  # the id is all that the children's request needs
        source = plan if is_child or plan.parent is None else plan.parent
        expand = plan.expand if not is_child else ()
        try:
            path = fill_path(source.get_path, {**(change.payload or {}), "id": change.id})
        except (KeyError, TypeError):
            return None  # a source of no customer: it cannot be addressed any more
        try:
            row = self.feed.work.client.get(
                path,
                [("expand[]", name) for name in expand],
                endpoint=endpoint_of(source.get_path),
            ).body
        except NotFound:
            return None
        return None if row.get("deleted") else row

    # -- from the object to records ----------------------------------------------------------------

    def _records(self, change: Change, row: Row | StripeObject | None) -> Iterator[AnyRecord]:
        plan, maker = self.feed.work.plan, self.feed.work.maker
        if plan.parent is None:
            if row is not None:
                yield from maker.records(row, change.updated)
            elif plan.adds_is_deleted:
                yield self.feed.deleted(change.payload or {}, change)
            return
        if self._is_own_child(change):
            if row is not None:
                yield maker.stamped(plain(row), change.updated)
            elif change.payload is not None:
                yield self.feed.deleted(change.payload, change)
            return
        present: set[str] = set()
        if row is not None:
            for record in maker.children(plain(row), change.updated):
                present.add(record["id"])
                yield record
        for identity, (child, parent, second, version) in self.all_changes.gone.items():
            if parent["id"] == change.id and identity not in present:
                yield self.feed.gone_child(child, parent, second, version)


def _created(change: Change) -> int:
    """When the changed object was created, 0 where the feed does not tell."""
    payload = change.payload or {}
    if payload.get("id") != change.id:
        return 0
    return int(payload.get("created") or payload.get("date") or 0)
