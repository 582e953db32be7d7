"""A sandbox account -> what its API says of every object by id, asked without sockets."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from source_stripe_saas.config import resources
from source_stripe_saas.streams.manifest_entries import entries_of
from stripe_sandbox.account import Account
from stripe_sandbox.server.app import build_app
from stripe_sandbox.server.calls import Reply
from stripe_sandbox.streams import STREAMS, counts

StripeObject = dict[str, Any]
Params = Iterable[tuple[str, str]]


class Truth:
    """Everything that the account holds at this moment of its clock."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._api = build_app(account).state.api
        self._entries = {entry["name"]: entry for entry in entries_of(resources.manifest())}

    @property
    def now(self) -> int:
        """The account's clock, Unix seconds."""
        return self._account.store.now

    def counts(self) -> dict[str, dict[str, Any]]:
        """Stream -> `ids`, `deleted`, `unlistable`, by the sandbox's own books."""
        return counts(self._account)

    def get(self, path: str, params: Params = ()) -> StripeObject | None:
        """The reply to a request with a key that may read everything; None for a 404."""
        mode = "live" if self._account.store.livemode else "test"
        headers = {"authorization": f"Bearer sk_{mode}_truth00000001"}
        reply = _result_of(self._api.answer("GET", f"/v1/{path}", urlencode(list(params)), headers))
        if reply.status == 404:
            return None
        body: StripeObject = json.loads(reply.body)
        assert reply.status == 200, (path, params, body)
        return body

    def listed(self, path: str, params: Params = ()) -> Iterator[StripeObject]:
        """All objects of a list."""
        after: list[tuple[str, str]] = []
        while True:
            page = self.get(path, [*params, ("limit", "100"), *after])
            assert page is not None, path
            yield from page["data"]
            if not page["has_more"]:
                return
            after = [("starting_after", page["data"][-1]["id"])]

    def events_since(self, second: int) -> list[StripeObject]:
        """The events from a second onwards."""
        return list(self.listed("events", [("created[gte]", str(second))]))

    def objects(self, stream: str, wanted: Iterable[str]) -> dict[str, StripeObject]:
        """The wanted objects of a stream as a GET by id gives them, embedded lists complete.

        Children that cannot be had by id are those that their parent's GET or list shows. Objects
        that are not there are left out.

        Args:
            stream: its name.
            wanted: primary keys, the parts of a composite one joined by `/`.
        """
        retriever = self._entries[stream]["retriever"]
        if "carried_by" in retriever:
            carried = dict(self._carried(retriever))
            return {key: carried[key] for key in wanted if key in carried}
        if "asks_for" in retriever:
            return {}  # without a name in the config nothing is asked for
        if "parent" in retriever:
            children = dict(self._children(stream, retriever))
            return {key: children[key] for key in wanted if key in children}
        if retriever.get("single"):
            account = self.get(retriever["path"])
            assert account is not None
            return {account["id"]: account}
        expand = _expansions(retriever)
        found = {}
        for key in wanted:
            row = self.get(f"{retriever['path']}/{quote(key, safe='')}", expand)
            if row is not None and not row.get("deleted"):
                found[key] = self._completed(row, retriever, retriever.get("completes", ()))
        return found

    def streams_of(self, subject: Mapping[str, Any]) -> list[str]:
        """The streams to which an object of an event belongs; none for what has no id."""
        own = subject.get("id") == self._account.account_id
        return [
            stream.name
            for stream in STREAMS
            if stream.object == subject.get("object")
            and "id" in subject
            and stream.belongs(dict(subject))
            and not (own and stream.name == "accounts")  # the connected ones only
        ]

    def _children(
        self, stream: str, retriever: Mapping[str, Any]
    ) -> Iterator[tuple[str, StripeObject]]:
        parent = self._entries[retriever["parent"]]["retriever"]
        for identity in self.counts()[retriever["parent"]]["ids"]:
            row = self.get(f"{parent['path']}/{quote(identity, safe='')}", _expansions(retriever))
            assert row is not None, identity
            if "embedded" in retriever:
                row = self._completed(row, retriever, [retriever["embedded"]])
                children = (row.get(retriever["embedded"]) or {}).get("data", [])
            elif all(row[name] in some for name, some in retriever.get("only_parents", {}).items()):
                path, _, query = retriever["call"].replace("{id}", identity).partition("?")
                params = [tuple(part.split("=")) for part in query.split("&") if part]
                children = list(self.listed(path, params))
            else:
                children = []
            for child in children:
                if child["object"] == retriever["object"]:
                    added = {name: row[field] for name, field in retriever["adds"].items()}
                    key = "/".join(
                        str({**child, **added}[part])
                        for part in self._entries[stream].get("primary_key", ["id"])
                    )
                    yield key, {**child, **added}

    def _carried(self, retriever: Mapping[str, Any]) -> Iterator[tuple[str, StripeObject]]:
        """What objects of several streams hold somewhere, by id; nothing that is deleted."""
        for carrier in retriever["carried_by"]:
            own = self._entries[carrier]["retriever"]
            lists = [
                name for name in ("items", "lines") if f"{name}.data" in str(own.get("expand"))
            ]
            for identity in self.counts()[carrier]["ids"]:
                row = self.get(f"{own['path']}/{quote(identity, safe='')}", _expansions(own))
                assert row is not None, identity
                for found in _inside(self._completed(row, own, lists), retriever["object"]):
                    if not found.get("deleted"):
                        yield found["id"], found

    def _completed(
        self, row: StripeObject, retriever: Mapping[str, Any], names: Iterable[str]
    ) -> StripeObject:
        for name in names:
            embedded = row.get(name)
            if isinstance(embedded, dict) and embedded["has_more"]:
                path, _, query = embedded["url"].removeprefix("/v1/").partition("?")
                inner = f"{name}.data."
                params = [tuple(part.split("=")) for part in query.split("&") if part]
                params += [
                    ("expand[]", f"data.{path.removeprefix(inner)}")
                    for path in retriever.get("expand", ())
                    if path.startswith(inner)
                ]
                data = list(self.listed(path, params))
                row[name] = {**embedded, "data": data, "has_more": False}
        return row


def _result_of(coroutine: Coroutine[Any, Any, Reply]) -> Reply:
    """The result of a coroutine that never waits: an event loop would take most of the time."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        reply: Reply = ended.value
        return reply
    raise AssertionError("the API waited for something")


def _inside(node: Any, kind: str) -> Iterator[StripeObject]:
    if isinstance(node, dict) and node.get("object") == kind:
        yield node
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from _inside(part, kind)


def _expansions(retriever: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("expand[]", name) for name in retriever.get("expand", ())]
