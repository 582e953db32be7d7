"""A stream as a consumer of the change feed: what changed, and the records made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.api.raw_object import ListedObject, StripeObject, as_dict
from source_stripe_saas.streams.change_set import ChangedObject, ChangeSet, created_of, note_event
from source_stripe_saas.streams.last_known import last_known
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.records import AnyRecord
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Task


@dataclass
class StreamConsumer:
    """One stream's changes, sorted into what is known already and what must be fetched."""

    reader: StreamReader
    span: Span
    """Seconds of the feed that concern it."""
    schema: Mapping[str, Any]
    listed_from: int | None
    """Objects created from here on are listed again in this sync anyway."""
    changes: ChangeSet = field(default_factory=ChangeSet)
    pending: dict[str, ChangedObject] = field(default_factory=dict)
    """Objects, or parents, that must be fetched, by id."""

    @property
    def plan(self) -> StreamPlan:
        return self.reader.plan

    def note(self, event: StripeObject) -> None:
        note_event(self.plan, self.changes, event)

    def arrange(self, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
        """The tasks as they are: its changes are worked off with those of its family."""
        return tasks

    def settle(self, seen: set[str]) -> list[AnyRecord]:
        """Fills `pending`; returns the records that need no fetch.

        Args:
            seen: objects whose records have been made already.
        """
        ready: list[AnyRecord] = []
        plan, changes = self.plan, self.changes
        if plan.parent is None:
            for change in changes.objects.values():
                if change.id in seen or self._is_listed_again(change):
                    continue
                if change.is_deletion:
                    ready.append(self.deleted(change.payload or {}, change))
                else:
                    self.pending[change.id] = change
            return ready
        losers = {parent["id"] for _, parent, _, _ in changes.gone.values()}
        for change in changes.parents.values():
            if not change.is_deletion and not (
                self._is_listed_again(change) and change.id not in losers
            ):
                self.pending[change.id] = change
        # Children that have events of their own (a customer's sources, tax ids).
        for change in changes.objects.values():
            if change.is_deletion and change.payload is not None:
                ready.append(self.deleted(change.payload, change))
            else:
                self.pending[change.id] = change
        return [*ready, *self._children_of_deleted()]

    def is_own_child(self, change: ChangedObject) -> bool:
        """True for a child that has events of its own, apart from its parent's."""
        return self.plan.parent is not None and change.id in self.changes.objects

    def payload_serves(self, change: ChangedObject) -> bool:
        """True if the event's payload makes the same records as a fetch would."""
        plan, payload = self.plan, change.payload
        if payload is None or not change.payload_is_current:
            return False
        if self.is_own_child(change):
            return True
        if plan.expand:
            return False
        if plan.parent is not None and (plan.only_parents or change.id != payload.get("id")):
            return False
        lists = (*plan.completes, *((plan.embedded,) if plan.embedded else ()))
        return all(isinstance(payload.get(name), dict) for name in lists)

    def records(self, change: ChangedObject, row: ListedObject | None) -> Iterator[AnyRecord]:
        """The records of a changed object as it is now; `row` is None if it is gone."""
        maker = self.reader.maker
        if self.plan.parent is None:
            if row is not None:
                yield from maker.records(row, change.updated)
            elif self.plan.adds_is_deleted:
                yield self.deleted(change.payload or {}, change)
            return
        if self.is_own_child(change):
            if row is not None:
                yield maker.stamped(as_dict(row), change.updated)
            elif change.payload is not None:
                yield self.deleted(change.payload, change)
            return
        present: set[str] = set()
        if row is not None:
            for record in maker.children(as_dict(row), change.updated):
                present.add(record["id"])
                yield record
        for identity, (child, parent, second, version) in self.changes.gone.items():
            if parent["id"] == change.id and identity not in present:
                yield self._gone_child(child, parent, second, version)

    def deleted(self, payload: StripeObject, change: ChangedObject) -> StripeObject:
        """The record of an object that is gone: its id and its last known fields."""
        kept = last_known(payload, change.api_version, self.schema)
        kept["id"] = change.id
        kept.setdefault("object", self.plan.object)
        return self.reader.maker.stamped(kept, change.updated, deleted=True)

    def _is_listed_again(self, change: ChangedObject) -> bool:
        return (
            self.listed_from is not None
            and not change.is_deletion
            # A deletion may be among several events of one second.
            and not (change.is_tied and self.plan.deletion_events)
            and created_of(change) >= self.listed_from
        )

    def _children_of_deleted(self) -> Iterator[StripeObject]:
        """Children of parents that the feed says are gone."""
        deleted = {parent.id for parent in self.changes.parents.values() if parent.is_deletion}
        for child, parent, second, version in self.changes.gone.values():
            if parent["id"] in deleted:
                yield self._gone_child(child, parent, second, version)

    def _gone_child(
        self, child: StripeObject, parent: StripeObject, second: int, version: str | None
    ) -> StripeObject:
        """The record of a child that its parent no longer has."""
        kept = last_known(child, version, self.schema)
        kept.setdefault("object", self.plan.object)
        return self.reader.maker.of_parent(kept, parent, second, deleted=True)
