"""The change feed -> each stream's changed objects, each once, as they are now.

One pass over the events serves all streams that follow the feed; what comes of it is then worked
off stream by stream, so that one stream's refusal stays its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import quote

from source_stripe_saas.api.listing import ListReader
from source_stripe_saas.api.refusal import NotFound
from source_stripe_saas.api.rows import StripeObject
from source_stripe_saas.streams.feed import (
    Change,
    Changes,
    feed_events,
    type_groups,
)
from source_stripe_saas.streams.fetch import Fetch, Onlooker, served
from source_stripe_saas.streams.part import Part, created_of
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.progress import CHANGES, Step
from source_stripe_saas.streams.records import AnyRecord, endpoint_of
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.work import Batch, StreamWork, Unit

_FETCHES_PER_UNIT = 50
"""Objects that one thread fetches, so that several threads share a long list."""


@dataclass(frozen=True)
class Follower:
    """A stream that follows the feed."""

    work: StreamWork
    span: Span
    """Seconds of the feed that concern it."""
    listed_from: int | None
    """Objects created from here on are listed again in this sync anyway."""
    schema: Mapping[str, Any]

    def part(self) -> FeedPart:
        """Its share in the pass, nothing noted yet."""
        return Part(self.work, self.schema, self.listed_from, Changes())


class FeedPart(Protocol):
    """One follower's share in a pass over the feed."""

    def note(self, event: StripeObject) -> None:
        """Takes an event of the follower's span; events of one type come newest first."""
        ...

    def looks_on(self, plan: StreamPlan) -> Onlooker | None:
        """Who else wants to see a stream's objects as they are fetched, if anybody does."""
        ...

    def own_units(self) -> tuple[Unit, ...]:
        """What it does with its events if it does not want them worked off as others do."""
        ...


@dataclass
class _Gathered:
    """What the threads of one pass have found so far."""

    parts: list[tuple[FeedPart, Span]]
    unread: int
    """Groups of event types that are still being read."""
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class FeedPass:
    """Reads the events that any of its followers listens to, in groups of types."""

    followers: tuple[Follower, ...]
    """The first one's stream leads."""

    @property
    def label(self) -> str:
        """How many follow."""
        return f"changes for {len(self.followers)} streams"

    @property
    def serves(self) -> tuple[str, ...]:
        """All followers."""
        return tuple(follower.work.plan.name for follower in self.followers)

    def read(self) -> Iterator[Batch]:
        """No records; the units that read the feed."""
        types = {name for follower in self.followers for name in follower.work.plan.feed_types}
        groups = type_groups(tuple(sorted(types)))
        span = (
            min(follower.span[0] for follower in self.followers),
            max(follower.span[1] for follower in self.followers),
        )
        parts = [(each.part(), each.span) for each in self.followers]
        # Streams that listen to nothing still read some lists again.
        gathered = _Gathered(parts, len(groups))
        leader = self.followers[0].work
        if not groups:
            yield from follow_up(leader, gathered.parts)
            return
        units = tuple(FeedGroup(leader, self.serves, group, span, gathered) for group in groups)
        yield leader.batch(spawned=units)


@dataclass(frozen=True)
class FeedGroup:
    """Reads the events of some types; the last group to end hands out what all have found."""

    leader: StreamWork
    serves: tuple[str, ...]
    types: tuple[str, ...]
    span: Span
    gathered: _Gathered

    @property
    def label(self) -> str:
        """Types and span."""
        return f"events {self.types[0]} … {self.span}"

    def read(self) -> Iterator[Batch]:
        """No records; at the end of the pass, the units that make them."""
        events = feed_events(self.leader.client, self.types, self.span, must_reach=True)
        for event in events:
            with self.gathered.lock:
                for part, (first, last) in self.gathered.parts:
                    if first <= event["created"] <= last:
                        part.note(event)
        with self.gathered.lock:
            self.gathered.unread -= 1
            is_last = self.gathered.unread == 0
        if is_last:
            yield from follow_up(self.leader, self.gathered.parts)


def follow_up(leader: StreamWork, shares: list[tuple[FeedPart, Span]]) -> Iterator[Batch]:
    """The units that make records of what a pass has found: one for each family of streams."""
    families: dict[str, list[Part]] = {}
    parts = [part for part, _ in shares if isinstance(part, Part)]
    for part in parts:
        families.setdefault(_family(part, parts), []).append(part)
    units: list[Unit] = []
    for members in families.values():
        members.sort(key=lambda part: part.plan.parent is not None)
        plans = [part.plan for part in members]
        sharing = [replace(part, work=part.work.sharing(plans)) for part in members]
        looking = [share.looks_on(plans[0]) for share, _ in shares]
        onlooker = next(filter(None, looking), None)
        unit = FollowUp(tuple(sharing), onlooker)
        if onlooker is not None:
            onlooker.begins()
        if onlooker is None or not onlooker.defers(unit, [part.work for part in sharing]):
            units.append(unit)
    units += [unit for share, _ in shares for unit in share.own_units()]
    yield leader.batch(spawned=tuple(units))


def _family(part: Part, parts: list[Part]) -> str:
    """Children that their parent's own objects hold go with the parent's stream, if it is read."""
    plan = part.plan
    if plan.parent is None or plan.embedded is None or plan.events:
        return plan.name
    parents = (plan.parent.events, *(touch.events for touch in plan.parent.touched_by))
    same_events = tuple(touch.events for touch in plan.parent_touched_by) == parents
    is_read = any(other.plan.name == plan.parent.name for other in parts)
    return plan.parent.name if same_events and is_read else plan.name


@dataclass(frozen=True)
class FollowUp:
    """Works off what the feed said to one stream, and to the children that its objects hold."""

    parts: tuple[Part, ...]
    onlooker: Onlooker | None = None

    @property
    def label(self) -> str:
        """The first stream."""
        return f"{self.parts[0].plan.name} follow-up"

    @property
    def serves(self) -> tuple[str, ...]:
        """The streams, and who looks on."""
        return served(self.parts, self.onlooker)

    def read(self) -> Iterator[Batch]:
        """Records that need no fetch, and the units that make the others."""
        ready: dict[str, list[AnyRecord]] = {}
        for part in self.parts:
            seen: set[str] = set()
            for batch in _reread(part, seen):
                if part.work.failed.is_set():
                    yield from self._shown()
                    return
                yield batch
            ready[part.plan.name] = part.settle(seen)
        pending = sorted(self._wanted(), key=created_of, reverse=True)
        units = tuple(
            Fetch(
                self.parts,
                f"{CHANGES}/{first}",
                tuple(pending[first : first + _FETCHES_PER_UNIT]),
                self.onlooker,
            )
            for first in range(0, len(pending), _FETCHES_PER_UNIT)
        )
        opened = tuple(unit.name for unit in units)
        for part in self.parts:
            step = Step(opened=opened, closed=CHANGES)
            yield part.work.batch(ready[part.plan.name], step)
        if self.onlooker is not None:
            for _ in units:
                self.onlooker.begins()
        if units:
            yield self.parts[0].work.batch(spawned=units)
        yield from self._shown()

    def _wanted(self) -> Iterable[Change]:
        """What must be looked at, each object once, as the part has it that heard of it last."""
        wanted: dict[str, Change] = {}
        for part in self.parts:
            for change in part.pending.values():
                known = wanted.get(change.id)
                # Of the same second, the one that needs a fetch: its part may have heard of more.
                if known is None or (known.updated, not known.payload_is_current) < (
                    change.updated,
                    not change.payload_is_current,
                ):
                    wanted[change.id] = change
        return wanted.values()

    def _shown(self) -> Iterator[Batch]:
        """Whoever looks on has seen all that there is to see."""
        units = self.onlooker.ends() if self.onlooker is not None else ()
        if units:
            yield self.parts[0].work.batch(spawned=units)


def _reread(part: Part, seen: set[str]) -> Iterator[Batch]:
    """Lists that are read again on every sync, or for each object that events name."""
    plan, work = part.plan, part.work
    lists: list[tuple[tuple[tuple[str, str], ...], int]] = [
        (variant, work.began) for variant in plan.reread
    ]
    if plan.reread_for is not None:
        lists += [
            (((plan.reread_for.filter, value),), second)
            for value, second in part.changes.reread_for.items()
        ]
    for variant, updated in lists:
        try:
            for page in ListReader(work.client, plan.listing(variant)).pages():
                records: list[AnyRecord] = []
                for row in page.objects:
                    if row["id"] in seen:
                        continue
                    seen.add(row["id"])
                    known = part.changes.objects.get(row["id"])
                    second = max(updated, known.updated) if known else updated
                    records.extend(work.maker.records(row, second))
                yield work.batch(records)
        except NotFound:
            # What the list was to be filtered by may have been deleted; nothing else excuses it.
            if variant in plan.reread or not _is_gone(part, variant[0][1]):
                raise


def _is_gone(part: Part, identity: str) -> bool:
    """True if an object that an event named, and a list is filtered by, does not exist any more."""
    assert part.plan.reread_for is not None
    path = part.plan.reread_for.path
    try:
        found = part.work.client.get(
            f"{path}/{quote(identity, safe='')}", endpoint=endpoint_of(f"{path}/{{id}}")
        )
    except NotFound:
        return True
    return bool(found.body.get("deleted"))
