"""Events -> which objects of a stream have changed, each once, dated by its latest event.

An event's payload keeps the shape of the API version it was born with and is never expanded, so
events mostly say *what* changed, not *how it looks now*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.api.raw_object import StripeObject
from source_stripe_saas.api.transport import STRIPE_VERSION
from source_stripe_saas.streams.plan import StreamPlan, Touch
from source_stripe_saas.streams.skipped import SkippedObject, odd


@dataclass
class ChangedObject:
    """What the feed says of one object."""

    id: str
    updated: int
    """Second of the latest event."""
    is_deletion: bool = False
    payload: StripeObject | None = None
    """The object in the latest event of its own; None if only other objects' events named it."""
    api_version: str | None = None
    is_tied: bool = False
    """Several events in the latest second: which of them is the newest cannot be known."""
    payload_is_older: bool = False
    """The latest event was another object's."""

    @property
    def payload_is_current(self) -> bool:
        """True if the payload looks as a fetch would, so that none is needed."""
        is_doubtful = self.payload is None or self.is_tied or self.payload_is_older
        return not is_doubtful and self.api_version == STRIPE_VERSION


@dataclass
class ChangeSet:
    """All that the feed says of one stream."""

    objects: dict[str, ChangedObject] = field(default_factory=dict)
    """The stream's own objects by id."""
    parents: dict[str, ChangedObject] = field(default_factory=dict)
    """Parents whose children are to be read again, by the parent's id."""
    reread_for: dict[str, int] = field(default_factory=dict)
    """Values of the filter of `reread_for` -> second of the latest event."""
    gone: dict[str, tuple[StripeObject, StripeObject, int, str | None]] = field(
        default_factory=dict
    )
    """Children that an event showed before the change: (child, parent, second, api version)."""
    odd: list[SkippedObject] = field(default_factory=list)
    """Events that name nothing that could be looked up."""


def collect_changes(plan: StreamPlan, events: Iterator[StripeObject]) -> ChangeSet:
    """Sorts out what events mean for a stream."""
    changes = ChangeSet()
    for event in events:
        note_event(plan, changes, event)
    return changes


def note_event(plan: StreamPlan, changes: ChangeSet, event: StripeObject) -> None:
    """Adds to a stream's changes what one event says; the order of events does not matter."""
    subject = event["data"]["object"]
    if event["type"] in plan.events and subject.get("object") == plan.object:
        identity = _named(subject, "id")
        if identity is None:
            changes.odd.append(odd(event["id"], f"the object of this {event['type']} has no id"))
        _note(changes.objects, event, identity, plan.deletion_events, True)
    for touch in plan.touched_by:
        if event["type"] in touch.events:
            _note(changes.objects, event, _named(subject, touch.id), (), False)
    if plan.parent is not None:
        _note_parents(plan, plan.parent, changes, event)
    if plan.reread_for is not None and event["type"] in plan.reread_for.events:
        value = _named(subject, plan.reread_for.id)
        if value is not None:
            known = changes.reread_for.get(value, 0)
            changes.reread_for[value] = max(known, event["created"])


def _named(subject: StripeObject, path: str) -> str | None:
    """The id at a path of an event's object, where there may be an id or an expanded object."""
    value: Any = subject
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def _note_parents(
    plan: StreamPlan, parent: StreamPlan, changes: ChangeSet, event: StripeObject
) -> None:
    subject = event["data"]["object"]
    for touch in plan.parent_touched_by:
        if event["type"] not in touch.events:
            continue
        is_parent = _is_about(touch, parent, subject)
        identity = _named(subject, touch.id)
        deletions = parent.deletion_events if is_parent else ()
        _note(changes.parents, event, identity, deletions, is_parent)
        shows = touch.shows or (plan.embedded if is_parent else None)
        if identity is not None and shows is not None:
            holder = subject if is_parent else {"id": identity}
            _note_gone(plan, shows, holder, changes, event, deletions)


def _is_about(touch: Touch, parent: StreamPlan, subject: StripeObject) -> bool:
    return touch.id == "id" and subject.get("object") == parent.object


def _note_gone(
    plan: StreamPlan,
    shows: str,
    parent: StripeObject,
    changes: ChangeSet,
    event: StripeObject,
    deletion_events: tuple[str, ...],
) -> None:
    """Remembers the children as they were before the event; who is missing later is gone."""
    data = event["data"]
    if event["type"] in deletion_events:
        before = data["object"].get(shows)
    else:
        former = data.get("previous_attributes")
        before = former.get(shows) if isinstance(former, dict) else None
    entries = before.get("data") if isinstance(before, dict) else None
    for child in entries if isinstance(entries, list) else ():
        if not isinstance(child, dict):
            continue
        # Accounts on old API versions list only what differs; entries without id say nothing.
        if child.get("object", plan.object) == plan.object and isinstance(child.get("id"), str):
            known = changes.gone.get(child["id"])
            if known is None or known[2] < event["created"]:
                changes.gone[child["id"]] = (
                    child,
                    parent,
                    event["created"],
                    event.get("api_version"),
                )


def _note(
    into: dict[str, ChangedObject],
    event: StripeObject,
    identity: str | None,
    deletion_events: tuple[str, ...],
    has_payload: bool,
) -> None:
    if identity is None:
        return
    second: int = event["created"]
    known = into.get(identity)
    change = ChangedObject(
        identity,
        second,
        event["type"] in deletion_events,
        event["data"]["object"] if has_payload else None,
        event.get("api_version"),
    )
    if known is not None and known.updated > second:
        _remember_payload(known, change)
        return
    if known is not None:
        if known.updated == second:
            change.is_tied = True
            # A deletion beside another event of its second may be the end or a new beginning with
            # the same id; a fetch decides.
            change.is_deletion = change.is_deletion and known.is_deletion
        _remember_payload(change, known)
    into[identity] = change


def _remember_payload(change: ChangedObject, older: ChangedObject) -> None:
    """Keeps an older payload where the latest event has none: a deleted object's last fields."""
    if change.payload is None and older.payload is not None:
        change.payload, change.api_version = older.payload, older.api_version
        change.payload_is_older = True


def created_of(change: ChangedObject) -> int:
    """When the changed object was created, 0 where the feed does not say."""
    payload = change.payload or {}
    if payload.get("id") != change.id:
        return 0
    moment = payload.get("created") or payload.get("date")
    return moment if isinstance(moment, int) else 0
