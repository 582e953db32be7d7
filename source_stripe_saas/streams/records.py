"""An object as Stripe sends it -> the records of one stream.

Adds what the connector adds (`updated`, `is_deleted`, ids of the parent), reads cut lists to their
end, and takes children out of their parents. What cannot be had of a single object is skipped: a
`SkippedObject` then stands among the records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import msgspec

from source_stripe_saas.api.address import endpoint_of, fill_path
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import Listing, ListReader
from source_stripe_saas.api.raw_object import (
    ListedObject,
    RawObject,
    StripeObject,
    as_dict,
    has_id,
    loads,
)
from source_stripe_saas.api.refusal import NotFound, Refusal, StripeError, UnexpectedContent
from source_stripe_saas.streams.carried import CarriedBefore, carried_in, cut_lists
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.read_mode import DAY_SECONDS
from source_stripe_saas.streams.skipped import RetryKey, SkippedObject, SkipRules, odd

_LATE_DAYS = 35
"""So late may usage be reported to a meter."""


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """A record that was never decoded: an object as Stripe wrote it, and what is added to it."""

    raw: memoryview
    tail: bytes
    """Takes the place of the object's closing brace."""

    def decoded(self) -> StripeObject:
        record: StripeObject = loads(bytes(self.raw)[:-1] + self.tail)
        return record


AnyRecord = RawRecord | StripeObject
Made = AnyRecord | SkippedObject
"""What comes of an object: a record, or that one could not be had."""
MadeChild = StripeObject | SkippedObject


@dataclass
class RecordMaker:
    """Makes one stream's records; safe to use from many threads."""

    plan: StreamPlan
    client: StripeClient
    drops: frozenset[str] = frozenset()
    """Fields that the objects have only for the sake of other streams."""
    rules: SkipRules = field(default_factory=SkipRules)
    carried_before: CarriedBefore = field(default_factory=CarriedBefore)
    _latest_tail: tuple[int, bytes] | None = field(init=False, default=None)

    def as_they_are(self, rows: Sequence[ListedObject], updated: int) -> list[AnyRecord] | None:
        """A whole page's records, if nothing in it needs to be decoded, completed or taken out.

        Args:
            rows: the objects of a list.
            updated: as for `records`.

        Returns:
            What `records` would give for each, or None if one of them must be decoded.
        """
        if self.plan.parent is not None or self.drops:
            return None
        tail = self._tail(updated)
        lists = self.plan.completes
        made: list[AnyRecord] = []
        for row in rows:
            if type(row) is not RawObject or (lists and any(map(row.is_cut, lists))):
                return None
            made.append(RawRecord(row.raw, tail))
        return made

    def records(self, row: ListedObject, updated: int) -> Iterator[Made]:
        """The records that a listed or fetched object gives: itself, or its children.

        Args:
            row: the object, or the parent for a stream of children.
            updated: the second from which on this content is known to hold.
        """
        if self.plan.parent is not None:
            yield from self.children(as_dict(row), updated)
            return
        if isinstance(row, RawObject):
            if not self.drops and not any(map(row.is_cut, self.plan.completes)):
                yield RawRecord(row.raw, self._tail(updated))
                return
            row = row.decoded()
        for name in self.plan.completes:
            yield from self._completed(row, name, RetryKey("objects", row["id"]))
        if self.drops:
            row = {name: value for name, value in row.items() if name not in self.drops}
        yield self.stamped(row, updated)

    def children(
        self, parent: StripeObject, updated: int
    ) -> Iterator[StripeObject | SkippedObject]:
        """The records of a parent's children, from its embedded list or asked for."""
        if self.plan.carried_at:
            yield from self._carried(parent, updated)
            return
        if self.plan.embedded is not None:
            retry = RetryKey("parents", parent["id"])
            yield from self._completed(parent, self.plan.embedded, retry)
            children = self.children_in(parent)
        elif self.plan.asks_for is not None:
            children = self._asked_for(parent, self.plan.asks_for, updated)
        elif self.plan.has_children(parent):
            children = self._called(parent)
        else:
            return
        for child in children:
            if isinstance(child, SkippedObject):
                yield child
            else:
                yield self.of_parent(child, parent, updated)

    def _carried(self, parent: StripeObject, updated: int) -> Iterator[MadeChild]:
        """Records that an object carries, lists in it read to their end; each once a sync."""
        for name in cut_lists(self.plan.carried_at):
            yield from self._completed(parent, name, RetryKey("parents", parent["id"]))
        for child in carried_in(parent, self.plan.carried_at):
            if child.get("object") != self.plan.object:
                continue
            if not has_id(child):
                yield odd(parent["id"], f"a {self.plan.object} of it has no id")
                continue
            deleted = child.get("deleted") is True
            if not self.carried_before.is_new(child["id"], deleted):
                continue
            kept = {name: value for name, value in child.items() if name != "deleted"}
            yield self.stamped(kept, updated, deleted=deleted)

    def children_in(self, parent: StripeObject) -> Iterator[MadeChild]:
        """The stream's objects among the entries of the parent's embedded list."""
        name = self.plan.embedded
        assert name is not None
        embedded = parent.get(name)
        if not isinstance(embedded, dict):
            return  # ids alone, in the shapes of old versions
        entries = embedded.get("data", [])
        if not isinstance(entries, list):
            yield odd(parent["id"], f"its `{name}` are no list of objects")
            return
        for entry in entries:
            kind = entry.get("object") if isinstance(entry, dict) else None
            if kind not in (None, self.plan.object):
                continue  # another stream's
            if kind is None or not has_id(entry):
                said = f"an entry of its `{name}` has no {'type' if kind is None else 'id'}"
                yield odd(parent["id"], said)
                continue
            yield entry

    def _completed(self, row: StripeObject, name: str, retry: RetryKey) -> Iterator[SkippedObject]:
        """Completes an embedded list; gives the object as skipped where the rest cannot be had."""
        try:
            self.complete(row, name)
        except StripeError as error:
            yield self.rules.skipped(error, row["id"], retry)

    def of_parent(
        self, child: StripeObject, parent: StripeObject, updated: int, *, deleted: bool = False
    ) -> StripeObject:
        """A child's record, with what it takes from its parent."""
        taken = {name: parent[source] for name, source in self.plan.adds}
        return self.stamped({**child, **taken}, updated, deleted=deleted)

    def stamped(self, row: StripeObject, updated: int, *, deleted: bool = False) -> StripeObject:
        """A copy of the object with the connector's own fields."""
        added: StripeObject = {}
        if self.plan.adds_updated:
            added["updated"] = updated
        if self.plan.adds_is_deleted:
            added["is_deleted"] = deleted
        return {**row, **added}

    def _tail(self, updated: int) -> bytes:
        """What `stamped` adds, as JSON that ends an object; the same for a whole page."""
        known = self._latest_tail
        if known is not None and known[0] == updated:
            return known[1]
        tail = b""
        if self.plan.adds_updated:
            tail += b',"updated":%d' % updated
        if self.plan.adds_is_deleted:
            tail += b',"is_deleted":false'
        self._latest_tail = updated, tail + b"}"
        return tail + b"}"

    def _called(self, parent: StripeObject, asked_for: str = "") -> Iterator[MadeChild]:
        """Children that must be asked for, parent by parent, perhaps about one that is named."""
        assert self.plan.call is not None
        kind = self.plan.object
        path, _, query = self.plan.call.partition("?")
        listing = Listing(
            path=fill_path(path, parent),
            params=parse_qsl(fill_path(query, parent)),
            endpoint=endpoint_of(path),
            created_field=None,
        )
        try:
            for page in ListReader(self.client, listing).pages():
                self.rules.succeeded()
                yield from map(as_dict, page.objects)
                yield from (odd(parent["id"], f"a {kind} of it has no id") for _ in page.without_id)
        except StripeError as error:
            if asked_for and self._is_elsewhere(error):
                return
            # A parent that was deleted after it was listed: the feed will report its deletion.
            if not (isinstance(error, NotFound) and self._is_gone(parent)):
                name = f"{asked_for} of {parent['id']}" if asked_for else parent["id"]
                yield self.rules.skipped(error, name, RetryKey("parents", parent["id"]))

    def _asked_for(self, parent: StripeObject, field: str, now: int) -> Iterator[MadeChild]:
        """Children that must be asked for by a value that the config names, whole days of them."""
        # What happened up to 35 days before a meter was made may be reported to it.
        first = max(self.plan.asked_since, parent["created"] - _LATE_DAYS * DAY_SECONDS)
        days = {
            "start_day": str(first // DAY_SECONDS * DAY_SECONDS),
            "end_day": str(now // DAY_SECONDS * DAY_SECONDS),
        }
        for value in self.plan.asked_for if days["start_day"] != days["end_day"] else ():
            for child in self._called({**parent, **days, field: value}, value):
                yield child if isinstance(child, SkippedObject) else {**child, field: value}

    def _is_elsewhere(self, error: StripeError) -> bool:
        """True if whom it was asked about is not of this account, and may be of another."""
        return (
            self.plan.is_asked_of_several
            and isinstance(error, Refusal)
            and (error.code, error.param) == ("resource_missing", self.plan.asks_for)
        )

    def complete(self, row: StripeObject, name: str) -> None:
        """Reads an embedded list to its end if Stripe cut it; the entries are replaced.

        Raises:
            UnexpectedContent: it is cut, and does not say where the rest is.
            StripeError: the rest cannot be had.
        """
        embedded = row.get(name)
        if not isinstance(embedded, dict) or not embedded.get("has_more"):
            return
        address = embedded.get("url")
        url = urlsplit(address if isinstance(address, str) else "")
        if not url.path.startswith("/v1/"):
            problem = f"`{name}` of it is cut and has no address"
            raise UnexpectedContent(self.plan.path, problem, row["id"])
        path = url.path.removeprefix("/v1/")
        inner = f"{name}.data."
        expand = [
            ("expand[]", f"data.{path.removeprefix(inner)}")
            for path in self.plan.expand
            if path.startswith(inner)
        ]
        listing = Listing(
            path=path,
            params=(*parse_qsl(url.query), *expand),
            endpoint=endpoint_of(path),
            created_field=None,
        )
        # By id: what vanishes meanwhile makes the walk start anew, and pages may come twice.
        entries: dict[str, StripeObject] = {}
        without_id: list[StripeObject] = []
        try:
            for page in ListReader(self.client, listing).pages():
                entries.update((row["id"], as_dict(row)) for row in page.objects)
                without_id += page.without_id
        except NotFound as error:
            if self._is_gone(row):
                return  # deleted since it was listed: keep the entries that the list showed
            raise Refusal(
                error.path,
                f"`{name}` of {row['id']} is cut, and the rest of it is not found",
                error.status,
                request_id=error.request_id,
            ) from error
        row[name] = {**embedded, "data": [*entries.values(), *without_id], "has_more": False}

    def _is_gone(self, row: StripeObject) -> bool:
        """True if an object whose list is not found does not exist any more itself."""
        plan = self.plan.parent or self.plan
        try:
            found = self.client.get(
                fill_path(plan.get_path, row), endpoint=endpoint_of(plan.get_path)
            )
        except NotFound:
            return True
        except Refusal:
            return False  # it cannot be seen, which is not the same
        return bool(found.body.get("deleted"))
