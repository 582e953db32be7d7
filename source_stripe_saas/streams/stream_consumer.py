"""A stream as a consumer of the change feed: what changed, and the records made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.api.address import NoAddress, fill_path
from source_stripe_saas.api.raw_object import ListedObject, StripeObject, as_dict
from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.streams.carried import carries_none
from source_stripe_saas.streams.change_set import ChangedObject, ChangeSet, created_of, note_event
from source_stripe_saas.streams.last_known import last_known
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.records import Made
from source_stripe_saas.streams.skipped import Retries, RetryKey, SkippedObject, odd
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Task

_GONE = "gone"
"""The name under which a skipped parent's children are remembered that may be gone.

No event will tell of them again.
"""

_CARRIER = "carrier"
"""The name under which it is remembered which of a stream's carriers a skipped one is."""


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
    new: Span | None = None
    """`created` span that is listed before the changes are worked off, whatever events say."""
    retries: Retries = field(default_factory=Retries)
    """What the last sync had to skip."""
    seen: set[str] = field(default_factory=set)
    """Objects, or parents, whose records have been made already."""
    named: set[str] = field(default_factory=set)
    """What the objects that have been seen belong to, by the field of the plan's `reread_for`."""

    @property
    def plan(self) -> StreamPlan:
        return self.reader.plan

    def note(self, event: StripeObject) -> None:
        note_event(self.plan, self.changes, event)

    def note_odd(self, event: StripeObject, reason: str) -> None:
        """Takes an event of which nothing can be made."""
        self.changes.odd.append(odd(event["id"], reason))

    def arrange(self, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
        """The tasks as they are: its changes are worked off with those of its family."""
        return tasks

    def prepare(self) -> None:
        """Completes what the events said; none comes after it."""
        self._leave_out_clocks()
        self._retry()

    def settle(self) -> list[Made]:
        """Fills `pending`; gives the records that need no look."""
        own = self._settle_own() if self.plan.parent is None else self._settle_children()
        return [*self.changes.odd, *own]

    def _settle_own(self) -> Iterator[Made]:
        for change in self.changes.objects.values():
            if change.id in self.seen or self._is_listed_again(change):
                continue
            if change.is_deletion:
                # What carried it may have shown the same.
                if not self.plan.carriers or self.reader.carried_before.is_new(change.id, True):
                    yield self.deleted(change.payload or {}, change)
            else:
                self.pending[change.id] = change

    def _settle_children(self) -> Iterator[Made]:
        changes = self.changes
        losers = {parent["id"] for _, parent, _, _ in changes.gone.values()}
        for change in changes.parents.values():
            is_seen = change.id in self.seen or self._is_listed_again(change)
            if self._carries_none(change):
                continue
            if not change.is_deletion and not (is_seen and change.id not in losers):
                self.pending[change.id] = change
        # Children that have events of their own (a customer's sources, tax ids).
        for change in changes.objects.values():
            if not self._has_address(change):
                continue  # it belongs to no parent here, such as the account's own tax id
            if change.id in self.seen and not change.is_deletion:
                continue
            if change.is_deletion and change.payload is not None:
                yield self.deleted(change.payload, change)
            else:
                self.pending[change.id] = change
        yield from self._children_of_deleted()

    def _retry(self) -> None:
        """Counts what the last sync skipped among the changes, unless these tell of it anyway."""
        changes, began = self.changes, self.reader.began
        for key in self.retries.of("filters"):
            changes.reread_for.setdefault(key.id, began)
        for key in self.retries.of("objects"):
            payload = {"id": key.id, **dict(key.fields)}
            changes.objects.setdefault(key.id, ChangedObject(key.id, began, payload=payload))
        if self.plan.parent is None:
            return
        for key in self.retries.of("parents"):
            if dict(key.fields).get(_CARRIER, self.plan.carrier) != self.plan.carrier:
                continue
            changes.parents.setdefault(key.id, ChangedObject(key.id, began))
            for child in dict(key.fields).get(_GONE, "").split():
                shown = {"id": child, "object": self.plan.object}
                changes.gone.setdefault(child, (shown, {"id": key.id}, began, None))

    def _leave_out_clocks(self) -> None:
        """Drops what belongs to test clocks: no list would show it either."""
        clocks, changes = self.reader.clocks, self.changes
        for into in (changes.objects, changes.parents):
            for change in list(into.values()):
                if clocks.hides({"id": change.id, **(change.payload or {})}):
                    del into[change.id]
        for value in list(changes.reread_for):
            if clocks.hides({"id": value}):
                del changes.reread_for[value]
        for child, (_, parent, _, _) in list(changes.gone.items()):
            if clocks.hides(parent):
                del changes.gone[child]

    def _carries_none(self, change: ChangedObject) -> bool:
        """True if the event shows that the object carries nothing, so that none need be asked."""
        is_latest = not (change.is_tied or change.payload_is_older)
        shown = change.payload if self.plan.carried_at and is_latest else None
        return shown is not None and carries_none(shown, self.plan.carried_at)

    def _has_address(self, change: ChangedObject) -> bool:
        try:
            fill_path(self.plan.get_path, {**(change.payload or {}), "id": change.id})
        except NoAddress:
            return False
        return True

    def saw_child(self, made: Made) -> None:
        """Takes note of a child that a parent showed and that has events of its own."""
        if self.plan.parent is None or not self.plan.events or not isinstance(made, dict):
            return
        self.seen.add(made["id"])
        change = self.changes.objects.get(made["id"])
        if change is not None and not change.is_deletion and "updated" in made:
            made["updated"] = change.updated

    def second_of(self, identity: str, listed: int) -> int:
        """From when on a listed object's content is known to hold, Unix seconds.

        Args:
            identity: the object's id, or the parent's.
            listed: when the list was read, which holds for what no event has told.
        """
        changes = self.changes.objects if self.plan.parent is None else self.changes.parents
        change = changes.get(identity)
        return listed if change is None or change.is_deletion else change.updated

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

    def records(self, change: ChangedObject, row: ListedObject | None) -> Iterator[Made]:
        """The records of a changed object as it is now; `row` is None where it is gone."""
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
        is_whole = True
        if row is not None:
            for made in maker.children(as_dict(row), change.updated):
                if isinstance(made, SkippedObject):
                    is_whole = is_whole and not made.is_refused
                    yield replace(made, retry=made.retry and self._key_of_parent(made.retry.id))
                    continue
                present.add(made["id"])
                yield made
        # Of a parent whose children could not all be had, nobody knows which are gone.
        for identity, (child, parent, second, version) in self.changes.gone.items():
            if is_whole and parent["id"] == change.id and identity not in present:
                yield self._gone_child(child, parent, second, version)

    def skipped(self, change: ChangedObject, error: StripeError) -> SkippedObject:
        """A changed object that could not be fetched.

        Raises:
            StripeError: the same, where it does not concern a single object.
        """
        if self.is_own_child(change):
            key = RetryKey("objects", change.id, self._address(change))
        elif self.plan.parent is not None:
            key = self._key_of_parent(change.id)
        else:
            key = RetryKey("objects", change.id)
        return self.reader.rules.skipped(error, change.id, key)

    def _key_of_parent(self, identity: str) -> RetryKey:
        """How a parent is asked for again, with the children that an event showed before."""
        known = self.changes.gone.items()
        gone = " ".join(child for child, (_, parent, _, _) in known if parent["id"] == identity)
        fields = {_GONE: gone, _CARRIER: self.plan.carrier}
        return RetryKey("parents", identity, tuple((n, v) for n, v in fields.items() if v))

    def _address(self, change: ChangedObject) -> tuple[tuple[str, str], ...]:
        """The fields beside the id that the path to a child needs."""
        payload = change.payload or {}
        named = {name for name, _ in self.plan.adds}
        return tuple(
            (name, value)
            for name, value in payload.items()
            if name in named and isinstance(value, str)
        )

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
