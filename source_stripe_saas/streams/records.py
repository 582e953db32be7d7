"""An object as Stripe sends it -> the records of one stream.

Adds what the connector adds (`updated`, `is_deleted`, ids of the parent), reads cut lists to their
end, and takes children out of their parents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import Listing, ListReader
from source_stripe_saas.api.raw_object import ListedObject, RawObject, StripeObject, as_dict, loads
from source_stripe_saas.api.refusal import NotFound, UnexpectedContent
from source_stripe_saas.streams.plan import StreamPlan

_NAMESPACES = frozenset({"billing", "checkout", "entitlements", "issuing", "radar"})
"""First words of collections that have two."""


def fill_path(template: str, row: StripeObject) -> str:
    """`customers/{id}/sources` and a customer -> `customers/cus_1/sources`, ids escaped.

    Raises:
        KeyError: the object lacks a field that the template names.
    """

    class _Escaped(dict[str, str]):
        def __missing__(self, name: str) -> str:
            value = row[name]
            # A field may hold the id or, expanded, the object.
            return quote(str(value["id"] if isinstance(value, dict) else value), safe="")

    return template.format_map(_Escaped())


def endpoint_of(path: str) -> str:
    """The path with its ids blanked out: what Stripe counts limits by."""
    parts = path.split("/")
    # Every path is a collection, then an id, then optionally children, then one of their ids.
    first_id = 2 if parts[0] in _NAMESPACES else 1
    parts[first_id::2] = ["*"] * len(parts[first_id::2])
    return "/".join(parts)


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """A record that was never decoded: an object as Stripe wrote it, and what is added to it."""

    raw: memoryview
    tail: bytes
    """Takes the place of the object's closing brace."""

    def decoded(self) -> StripeObject:
        record: StripeObject = loads(bytes(self.raw)[:-1] + self.tail)
        return record


AnyRecord = RawRecord | StripeObject


@dataclass
class RecordMaker:
    """Makes one stream's records; safe to use from many threads."""

    plan: StreamPlan
    client: StripeClient
    drops: frozenset[str] = frozenset()
    """Fields that the objects have only for the sake of other streams."""
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

    def records(self, row: ListedObject, updated: int) -> Iterator[AnyRecord]:
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
            self.complete(row, name)
        if self.drops:
            row = {name: value for name, value in row.items() if name not in self.drops}
        yield self.stamped(row, updated)

    def children(self, parent: StripeObject, updated: int) -> Iterator[StripeObject]:
        """The records of a parent's children, from its embedded list or asked for."""
        if self.plan.embedded is not None:
            self.complete(parent, self.plan.embedded)
            for child in self.children_in(parent):
                yield self.of_parent(child, parent, updated)
        elif self.plan.has_children(parent):
            for child in self._called(parent):
                yield self.of_parent(child, parent, updated)

    def children_in(self, parent: StripeObject) -> list[StripeObject]:
        """The stream's objects among the entries of the parent's embedded list."""
        assert self.plan.embedded is not None
        embedded = parent.get(self.plan.embedded)
        if not isinstance(embedded, dict):
            return []  # ids alone, in the shapes of old versions
        entries = embedded.get("data", [])
        if not isinstance(entries, list) or not all(map(_is_object, entries)):
            problem = f"`{self.plan.embedded}` of {parent.get('id')} is not a list of objects"
            raise UnexpectedContent((self.plan.parent or self.plan).path, problem)
        return [entry for entry in entries if entry.get("object") == self.plan.object]

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

    def _called(self, parent: StripeObject) -> Iterator[StripeObject]:
        """Children that must be asked for, parent by parent."""
        assert self.plan.call is not None
        path, _, query = self.plan.call.partition("?")
        listing = Listing(
            path=fill_path(path, parent),
            params=parse_qsl(fill_path(query, parent)),
            endpoint=endpoint_of(path),
            created_field=None,
        )
        try:
            for page in ListReader(self.client, listing).pages():
                yield from map(as_dict, page.objects)
        except NotFound:
            # A parent that was deleted after it was listed: the feed will report its deletion.
            if not self._is_gone(parent):
                raise

    def complete(self, row: StripeObject, name: str) -> None:
        """Reads an embedded list to its end if Stripe cut it; the entries are replaced."""
        embedded = row.get(name)
        if not isinstance(embedded, dict) or not embedded.get("has_more"):
            return
        address = embedded.get("url")
        url = urlsplit(address if isinstance(address, str) else "")
        if not url.path.startswith("/v1/"):
            raise UnexpectedContent(
                self.plan.path, f"`{name}` of {row['id']} is cut and has no address"
            )
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
        try:
            for page in ListReader(self.client, listing).pages():
                entries.update((row["id"], as_dict(row)) for row in page.objects)
        except NotFound as error:
            if self._is_gone(row):
                return  # deleted since it was listed: keep the entries that the list showed
            problem = f"`{name}` of {row['id']} is cut, and the rest of it is not found"
            raise UnexpectedContent(self.plan.path, problem) from error
        row[name] = {**embedded, "data": list(entries.values()), "has_more": False}

    def _is_gone(self, row: StripeObject) -> bool:
        """True if an object whose list is not found does not exist any more itself."""
        plan = self.plan.parent or self.plan
        try:
            found = self.client.get(
                fill_path(plan.get_path, row), endpoint=endpoint_of(plan.get_path)
            )
        except NotFound:
            return True
        return bool(found.body.get("deleted"))


def _is_object(entry: object) -> bool:
    """True for what can be a record."""
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)
