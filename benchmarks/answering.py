"""A request's path and query -> the body of Stripe's answer, made from an `Account`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from benchmarks.account import Account, Collection, Missing, Query
from benchmarks.options import ServerOptions

_NEUTRAL = {
    ("status", "all"),
    ("active", "true"),
}
"""Filters that leave nothing out here; any other filter finds nothing."""


@dataclass(frozen=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes
    is_empty_list: bool = False


class Answers:
    """Knows what to answer; knows nothing of sockets."""

    def __init__(self, options: ServerOptions) -> None:
        self._account = Account(options.account)
        self._collections = self._account.collections
        self._events = Events(options.events)

    def to(self, path: str, query: str) -> Answer:
        """The answer to a GET of a path below /v1."""
        if path == "account":
            return Answer(200, self._account.description)
        if path == "events":
            return self._events.page(path, query)
        collection = self._collections.get(path)
        if collection is not None:
            try:
                rows, has_more = _listed(collection, query)
            except Missing as missing:
                return _missing(str(missing), "starting_after")
            is_expanded = ("expand[]", "data.customer") in parse_qsl(query)
            if is_expanded and "customers" in self._collections:
                rows = [self._with_customer(row) for row in rows]
            return _list_answer(path, rows, has_more)
        head, _, rest = path.partition("/")
        collection = self._collections.get(head)
        if collection is not None and rest and "/" not in rest:
            return _alone(collection, rest)
        if "/" not in rest and rest.startswith(_OBJECT_PREFIXES):
            return _missing(rest)
        # A list of a kind that this account has none of, or of children that no object has.
        return _list_answer(path, [], False)

    def _with_customer(self, row: bytes) -> bytes:
        """A list's entry with its customer spelled out; no other expansion has anything to show."""
        customers = self._collections["customers"]

        def spelled_out(found: re.Match[bytes]) -> bytes:
            number = customers.number(found[2].decode())
            if customers.is_gone(number):
                deleted = {"id": found[2].decode(), "object": "customer", "deleted": True}
                return found[1] + orjson.dumps(deleted)
            return found[1] + customers.alone(number)

        return _CUSTOMER.sub(spelled_out, row)


_CUSTOMER = re.compile(rb'(\n {6}"customer": )"(\w+)"')
"""In an entry of a list, by how far it is indented: discounts inside name a customer, too."""

_OBJECT_PREFIXES = ("cus_", "sub_", "in_", "ch_", "re_", "po_", "pi_", "txn_", "evt_")


def endpoint_of(path: str) -> str:
    """The path with ids blanked out: what limits and statistics count by."""
    return "/".join(
        "*" if "_" in part and any(c.isdigit() for c in part) else part for part in path.split("/")
    )


def _listed(collection: Collection, query: str) -> tuple[list[bytes], bool]:
    """A page, and whether there is more.

    Raises:
        Missing: the cursor's object does not exist.
    """
    wanted = _query(query)
    return collection.rows(wanted) if wanted else ([], False)


def _query(text: str) -> Query | None:
    """What a list is asked for, None if a filter lets nothing through.

    Raises:
        ValueError: something that this server does not know how to answer.
    """
    limit, lo, hi, after = 10, 0, 1 << 40, None
    for name, value in parse_qsl(text):
        if name == "limit":
            limit = int(value)
        elif name == "created[gte]":
            lo = max(lo, int(value))
        elif name == "created[gt]":
            lo = max(lo, int(value) + 1)
        elif name == "created[lte]":
            hi = min(hi, int(value))
        elif name == "created[lt]":
            hi = min(hi, int(value) - 1)
        elif name == "starting_after":
            after = value
        elif name in ("ending_before", "page"):
            raise ValueError(f"cannot page by {name}")
        elif name.startswith("expand"):
            continue
        elif (name, value) not in _NEUTRAL:
            return None
    return Query(min(limit, 100), lo, hi, after)


def _alone(collection: Collection, identity: str) -> Answer:
    try:
        number = collection.number(identity)
    except Missing:
        return _missing(identity)
    if collection.is_gone(number):
        gone = {"id": identity, "object": collection.kind.object, "deleted": True}
        return Answer(200, orjson.dumps(gone, option=orjson.OPT_INDENT_2))
    return Answer(200, collection.alone(number))


def _missing(identity: str, param: str = "id") -> Answer:
    error = {
        "code": "resource_missing",
        "message": f"No such object: '{identity}'",
        "param": param,
        "type": "invalid_request_error",
    }
    return Answer(404, orjson.dumps({"error": error}, option=orjson.OPT_INDENT_2))


def _list_answer(path: str, rows: list[bytes], has_more: bool) -> Answer:
    before = b'{\n  "object": "list",\n  "data": [' + (b"\n" if rows else b"")
    after = b'%b],\n  "has_more": %b,\n  "url": "/v1/%b"\n}' % (
        b"\n  " if rows else b"",
        b"true" if has_more else b"false",
        path.encode(),
    )
    return Answer(200, b"".join((before, b",\n".join(rows), after)), is_empty_list=not rows)


class Events:
    """The events of an account, listed as Stripe lists them."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._rows = [
            b"    " + orjson.dumps(event, option=orjson.OPT_INDENT_2).replace(b"\n", b"\n    ")
            for event in events
        ]
        self._heads = [
            (int(event["created"]), str(event["type"]), str(event["id"])) for event in events
        ]

    def page(self, path: str, text: str) -> Answer:
        """A page of those that a query wants."""
        pairs = parse_qsl(text)
        types = {value for name, value in pairs if name in ("types[]", "type")}
        wanted = _query("&".join(f"{n}={v}" for n, v in pairs if n not in ("types[]", "type")))
        if wanted is None:
            return _list_answer(path, [], False)
        begun = wanted.after is None
        found: list[bytes] = []
        for row, (created, kind, identity) in zip(self._rows, self._heads, strict=True):
            if begun and wanted.lo <= created <= wanted.hi and (not types or kind in types):
                if len(found) == wanted.limit:
                    return _list_answer(path, found, True)
                found.append(row)
            begun = begun or identity == wanted.after
        return _list_answer(path, found, False)
