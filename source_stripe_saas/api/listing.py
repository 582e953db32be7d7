"""A list of Stripe's -> all its pages, even if objects are deleted while it is read.

Lists run newest first. The cursor of a page is the last object of the page before. If that object
has been deleted meanwhile, Stripe refuses the page, and reading goes on from the last `created`
seen (or, where a list has no such filter, from the object before), without the repeats.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from source_stripe_saas.api.client import Params, Reply, StripeClient
from source_stripe_saas.api.raw_object import (
    HeadDecoder,
    ListContent,
    ListedObject,
    StripeObject,
    has_id,
)
from source_stripe_saas.api.refusal import (
    CursorGone,
    NotFound,
    Refusal,
    UnexpectedContent,
    Unreachable,
)

PAGE_SIZE = 100

_MOST_REPEATS = 10
"""A page may come twice, and again when reading starts anew; no list needs more."""


@dataclass(frozen=True)
class Listing:
    """What to list: a path, with the filters and expansions of every page."""

    path: str
    params: Params = ()
    endpoint: str | None = None
    created_field: str | None = "created"
    """The field that the `created` filter looks at; None where a list has no such filter."""
    head: HeadDecoder | None = None
    """How much of each object is decoded; None: all of it."""


@dataclass(frozen=True)
class ListPage:
    """Objects that this page was the first to bring, newest first."""

    objects: list[ListedObject]
    has_more: bool
    moment: int | None
    oldest: int | None = None
    """The earliest time among the objects; None where the list has no times, or these have none."""
    untimed: tuple[str, ...] = ()
    """Ids of those that do not say when they were created, though others of the list do."""
    without_id: tuple[StripeObject, ...] = ()
    """Entries that lack an id: they can be shown, and be nobody's record."""


@dataclass
class ListReader:
    """Reads one list page by page; between two pages its lower bound may be raised."""

    client: StripeClient
    listing: Listing
    lo: int | None = None
    """Oldest `created` wanted, inclusive, seconds."""
    hi: int | None = None
    """Newest `created` wanted, inclusive, seconds."""
    after: str | None = None
    """The cursor: id of the object to start after."""
    _before: list[str] = field(default_factory=list)
    _edge: set[str] = field(default_factory=set)
    _oldest: int | None = None
    _tail_without_id: int = 0
    """Entries without an id behind the last one with an id: the next page begins with them."""
    _ends: Counter[str] = field(default_factory=Counter)
    """Ids that pages ended with -> how often, since reading last started anew."""
    _idle: int = 0
    """Requests since the last one that brought something new."""

    def pages(self) -> Iterator[ListPage]:
        """All pages from the cursor on.

        Raises:
            StripeError: a page could not be read.
        """
        has_more = True
        while has_more:
            page = self._page()
            has_more = page.has_more
            yield page

    @property
    def repeats(self) -> int:
        """How many objects would come again if reading started anew now."""
        return len(self._edge)

    def narrow(self, lo: int) -> None:
        """Raises the lower bound: what is older than `lo` is read elsewhere.

        Stripe wants the filters of a page to be those of the page before, so reading starts anew at
        the oldest moment seen.
        """
        self.lo = lo
        self._restart()

    def _restart(self) -> None:
        assert self._oldest is not None, "nothing read yet"
        self.hi, self.after = self._oldest, None
        self._tail_without_id = 0
        self._ends.clear()

    def _page(self) -> ListPage:
        while True:
            try:
                reply = self.client.get(
                    self.listing.path,
                    self._params(),
                    endpoint=self.listing.endpoint,
                    head=self.listing.head,
                    is_list=True,
                )
            except (CursorGone, NotFound) as error:
                if not self._is_about_cursor(error):
                    raise
                self._step_back()
                self._note_empty()
                continue
            entries, has_more = self._checked(reply)
            objects, without_id = self._apart(entries)
            ids = [row["id"] for row in objects]
            if has_more and not ids:
                raise UnexpectedContent(
                    self.listing.path, "no entry of the page has an id to go on from"
                )
            times = self._times_of(objects)
            fresh = list(objects)
            if not self._edge.isdisjoint(ids):
                fresh = [row for row in objects if row["id"] not in self._edge]
            page = ListPage(
                fresh,
                has_more,
                reply.moment,
                min((time for time in times if time is not None), default=None),
                self._untimed(ids, times),
                tuple(without_id),
            )
            self._remember(ids, times)
            if has_more:
                self._note_end(ids[-1])
            if fresh or not has_more:
                self._idle = 0
                return page
            self._note_empty()

    def _is_about_cursor(self, error: Refusal) -> bool:
        """True if Stripe refused a page because of the object that it was to start after.

        A refused event is named in the message only: events vanish by age, and Stripe then says
        "No such event: 'evt_...'" without naming the parameter.
        """
        if self.after is None:
            return False
        return (
            isinstance(error, CursorGone)
            or re.search(rf"\b{re.escape(self.after)}\b", error.message) is not None
        )

    def _note_end(self, last: str) -> None:
        """Ends the reading of a list that repeats itself.

        Raises:
            UnexpectedContent: pages have ended with this id again and again.
        """
        self._ends[last] += 1
        if self._ends[last] > _MOST_REPEATS:
            raise UnexpectedContent(self.listing.path, "the same page comes again and again")

    def _note_empty(self) -> None:
        """Counts requests that brought nothing new; a second with many objects takes some of them.

        Raises:
            UnexpectedContent: there were too many of them.
        """
        self._idle += 1
        if self._idle > _MOST_REPEATS + len(self._before) + 2 * len(self._edge) // PAGE_SIZE:
            raise UnexpectedContent(self.listing.path, "page after page brings nothing new")

    def _params(self) -> list[tuple[str, str]]:
        params = [*self.listing.params, ("limit", str(PAGE_SIZE))]
        if self.lo is not None:
            params.append(("created[gte]", str(self.lo)))
        if self.hi is not None:
            params.append(("created[lte]", str(self.hi)))
        if self.after is not None:
            params.append(("starting_after", self.after))
        return params

    def _checked(self, reply: Reply) -> ListContent:
        """The client retries what is not a page; without one, no list could come to its end."""
        objects, has_more = reply.listed or (reply.body.get("data"), reply.body.get("has_more"))
        if not isinstance(objects, Sequence) or not isinstance(has_more, bool):
            raise Unreachable(self.listing.path, "the reply is not a Stripe list")
        if has_more and not objects:
            raise Unreachable(self.listing.path, "an empty page says that there is more")
        return objects, has_more

    def _apart(
        self, entries: Sequence[ListedObject]
    ) -> tuple[Sequence[ListedObject], list[StripeObject]]:
        """Entries with an id, and those without one that no page before has shown."""
        if all(map(has_id, entries)):
            self._tail_without_id = 0
            return entries, []
        objects = [row for row in entries if has_id(row)]
        without_id = [dict(row) for row in entries if not has_id(row)]
        shown = self._tail_without_id
        behind = (
            len(entries)
            - 1
            - max((place for place, row in enumerate(entries) if has_id(row)), default=-1)
        )
        self._tail_without_id = behind
        return objects, without_id[shown:]

    @property
    def _has_times(self) -> bool:
        return self.listing.created_field is not None

    def _times_of(self, objects: Sequence[ListedObject]) -> list[int | None]:
        """When each was created, by which lists are cut and walked; None where it does not say.

        Not all that have such a list say so: `created` of a connected account is optional.
        """
        name = self.listing.created_field
        if name is None:
            return [None] * len(objects)
        try:
            times = [row[name] for row in objects]
        except KeyError:
            times = [row.get(name) for row in objects]
        return [time if type(time) is int else None for time in times]

    def _untimed(self, ids: list[str], times: list[int | None]) -> tuple[str, ...]:
        """Those without a time that this page is the first to bring."""
        if not self._has_times or None not in times:
            return ()
        pairs = zip(ids, times, strict=True)
        return tuple(one for one, time in pairs if time is None and one not in self._edge)

    def _remember(self, ids: list[str], times: list[int | None]) -> None:
        if not ids:
            return
        self.after = ids[-1]
        known = [time for time in times if time is not None]
        if not known:
            self._before = ids
            if self._has_times:
                self._edge.update(ids)
            else:
                self._edge.clear()
            return
        oldest = min(known)
        # Only objects of the oldest second, or of no known one, can come again when the walk
        # starts anew there.
        edge = {one for one, time in zip(ids, times, strict=True) if time in (oldest, None)}
        self._edge = edge | self._edge if oldest == self._oldest else edge
        self._oldest = oldest

    def _step_back(self) -> None:
        if self._has_times and self._oldest is not None:
            self._restart()
            return
        if not self._before:
            self.after, self._edge = None, set()
            return
        # The last object has gone: start after the one before it. What lies between is known.
        self._edge.add(self._before.pop())
        self.after = self._before[-1] if self._before else None
