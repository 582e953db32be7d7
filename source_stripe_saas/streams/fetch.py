"""Objects that have changed -> their records as they are now, each object fetched once.

Several streams may want the same object: a subscription and its items, an invoice and its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from source_stripe_saas.api.listing import PAGE_SIZE, ListReader
from source_stripe_saas.api.refusal import NotFound, PermissionRefused, Unreachable
from source_stripe_saas.api.rows import Row, StripeObject
from source_stripe_saas.streams.feed import Change
from source_stripe_saas.streams.part import Part, created_of
from source_stripe_saas.streams.progress import Step
from source_stripe_saas.streams.records import AnyRecord, endpoint_of, fill_path
from source_stripe_saas.streams.work import Batch, StreamWork, Unit

_FEWEST_WORTH_LISTING = 4
"""With fewer objects to fetch, a page of the list could hardly save a request."""


class Onlooker(Protocol):
    """A stream that makes no records of the objects, and still wants to see them."""

    @property
    def name(self) -> str:
        """The stream's."""
        ...

    def begins(self) -> None:
        """One more unit is about to show what it fetches."""
        ...

    def ends(self) -> tuple[Unit, ...]:
        """One has shown all; gives what can begin because of that."""
        ...

    def saw(self, path: str, identity: str, row: Row | StripeObject | None) -> None:
        """An object as it is now, its cut lists read to their ends; None if it is gone."""
        ...

    def defers(self, unit: Unit, works: Sequence[StreamWork]) -> bool:
        """True if it lists these objects itself first, and has the unit begin after that.

        Args:
            unit: works off what the feed said to some streams.
            works: those streams', the one whose own objects they are first.
        """
        ...

    def shows(self, path: str, identity: str) -> StripeObject | None:
        """An object as a list that was read for its own sake has brought it, if it has."""
        ...


def served(parts: Sequence[Part], onlooker: Onlooker | None) -> tuple[str, ...]:
    """The streams that cannot be complete if these are not served."""
    names = tuple(part.plan.name for part in parts)
    return (*names, onlooker.name) if onlooker is not None else names


@dataclass(frozen=True)
class Fetch:
    """Brings some changed objects (or parents) up to date, by list or one by one."""

    parts: tuple[Part, ...]
    """The streams that want them; the one whose own objects they are comes first."""
    name: str
    changes: tuple[Change, ...]
    """Newest `created` first."""
    onlooker: Onlooker | None = None

    @property
    def label(self) -> str:
        """Stream and place in the row."""
        return f"{self.parts[0].plan.name} {self.name}"

    @property
    def serves(self) -> tuple[str, ...]:
        """The streams that want the objects."""
        return served(self.parts, self.onlooker)

    def read(self) -> Iterator[Batch]:
        """The records of the changed objects."""
        records: dict[str, list[AnyRecord]] = {part.plan.name: [] for part in self.parts}
        try:
            for change, row in self._current():
                if all(part.work.failed.is_set() for part in self.parts):
                    yield from self._ended()
                    return
                for part in self.parts:
                    wanted = part.pending.get(change.id)
                    made = records[part.plan.name]
                    if wanted is not None:
                        made.extend(part.records(wanted, row))
                    if len(made) >= PAGE_SIZE:
                        yield part.work.batch(made)
                        records[part.plan.name] = []
                if self.onlooker is not None:
                    self.onlooker.saw(self.parts[0].plan.path, change.id, row)
        except PermissionRefused:
            # What another stream needs of the objects may be the one thing that is not allowed.
            if len(self.parts) == 1:
                raise
            yield self.parts[0].work.batch(spawned=self._apart())
            return
        for part in self.parts:
            yield part.work.batch(records[part.plan.name], Step(closed=self.name))
        yield from self._ended()

    def _ended(self) -> Iterator[Batch]:
        """Whoever looks on has seen all that there is to see."""
        units = self.onlooker.ends() if self.onlooker is not None else ()
        if units:
            yield self.parts[0].work.batch(spawned=units)

    def _apart(self) -> tuple[Fetch, ...]:
        """The same for each stream by itself."""
        alone = [replace(part, work=part.work.alone()) for part in self.parts]
        onlookers = (self.onlooker, *(None,) * len(alone))
        return tuple(
            Fetch((part,), self.name, self.changes, onlooker)
            for part, onlooker in zip(alone, onlookers, strict=False)
        )

    def _current(self) -> Iterator[tuple[Change, Row | StripeObject | None]]:
        """Each change with the object's present content, None where it is gone.

        Listing a page costs one request and may bring many of the changed objects, fetching costs
        one each. So a page is tried from the newest missing object downwards; when pages bring
        little, more and more objects are fetched before the next one is tried.
        """
        rest = []
        for change in self.changes:
            if all(part.payload_serves(change) for part in self._wanting(change)):
                yield change, change.payload
                continue
            shown = self._shown(change)
            if shown is not None:
                yield change, shown
            else:
                rest.append(change)
        misses = 0
        while rest:
            found: dict[str, Row | StripeObject] = {}
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

    def _shown(self, change: Change) -> StripeObject | None:
        """What the one who looks on has of it already."""
        if self.onlooker is None:
            return None
        return self.onlooker.shows(self.parts[0].plan.path, change.id)

    def _wanting(self, change: Change) -> list[Part]:
        return [part for part in self.parts if change.id in part.pending]

    def _can_list(self) -> bool:
        plan = self.parts[0].plan
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
        first = self.parts[0]
        wanted = [path for part in self.parts[1:] for path in part.plan.expand]
        listing = first.plan.listing(first.plan.variants[0], wanted)
        page = next(ListReader(first.work.client, listing, hi=created).pages(), None)
        return {row["id"]: row for row in page.objects} if page else {}

    def _fetched(self, change: Change) -> StripeObject | None:
        """The object by id, None if it is gone."""
        first = self.parts[0]
        plan, is_child = first.plan, first.is_own_child(change)
        if plan.call is not None and not plan.only_parents:
            return {"id": change.id}  # the id is all that the children's request needs
        source = plan if is_child or plan.parent is None else plan.parent
        paths = [] if is_child else [path for part in self.parts for path in part.plan.expand]
        try:
            path = fill_path(source.get_path, {**(change.payload or {}), "id": change.id})
        except (KeyError, TypeError):
            return None  # a source of no customer: it cannot be addressed any more
        try:
            row = first.work.client.get(
                path,
                [("expand[]", name) for name in dict.fromkeys(paths)],
                endpoint=endpoint_of(source.get_path),
            ).body
        except NotFound:
            return None
        if not isinstance(row.get("id"), str):
            raise Unreachable(path, "the reply is no object with an id")
        return None if row.get("deleted") else row
