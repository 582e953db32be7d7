"""Python lists -> a `StripeClient` that answers as Stripe's lists and GETs by id would."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from source_stripe_saas.api.client import Reply
from source_stripe_saas.api.raw_object import list_content
from source_stripe_saas.api.refusal import Refusal, StripeError, refusal

_NO_FILTERS = {"limit", "starting_after", "expand[]", "status", "types[]"}


@dataclass
class FakeStripe:
    """Answers `get` from `lists`: path -> objects, in the order in which ties are sent."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    now: int = 0
    created_field: str = "created"
    refusals: dict[str, StripeError] = field(default_factory=dict)
    """Path -> what every request to it ends with."""
    before: Callable[[str, dict[str, str]], None] | None = None
    """Called ahead of each request; may change the lists."""
    deleted_stay: bool = False
    """Deleted objects answer a GET by id with `deleted: true`, as customers do."""
    requests: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lists.setdefault("events", [])

    def get(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        *,
        endpoint: str | None = None,
        head: object = None,
        is_list: bool = False,
    ) -> Reply:
        """One request."""
        params = list(params)
        self.requests.append((path, params))
        if self.before is not None:
            self.before(path, dict(params))
        if path in self.refusals:
            raise self.refusals[path]
        body = self._page(path, params) if path in self.lists else self._object(path)
        content = orjson.dumps(body, option=orjson.OPT_INDENT_2)
        if head is not None:
            return Reply({}, self.now, list_content(content, head))
        return Reply(orjson.loads(content), self.now)

    def requests_to(self, path: str) -> list[dict[str, str]]:
        """The parameters of all requests to a path so far."""
        return [dict(params) for asked, params in self.requests if asked == path]

    def _page(self, path: str, params: list[tuple[str, str]]) -> dict[str, Any]:
        asked = dict(params)
        types = [value for name, value in params if name == "types[]"]
        assert len(types) <= 20, "Stripe takes twenty types at most"
        rows = self._ordered(path, asked, types)
        first = 0
        after = asked.get("starting_after")
        if after is not None:
            places = [place for place, row in enumerate(rows) if row["id"] == after]
            if not places:
                raise _no_such(path, after, "starting_after", 400)
            first = places[0] + 1
        limit = int(asked.get("limit", "10"))
        assert 1 <= limit <= 100
        last = first + limit
        return {
            "object": "list",
            "url": f"/v1/{path}",
            "has_more": last < len(rows),
            "data": rows[first:last],
        }

    def _ordered(self, path: str, asked: dict[str, str], types: list[str]) -> list[dict[str, Any]]:
        key = self.created_field
        low = int(asked.get("created[gte]", -(10**12)))
        high = int(asked.get("created[lte]", 10**12))
        chosen = []
        for row in self.lists[path]:
            if not low <= row.get(key, row.get("created", 0)) <= high:
                continue
            if types and row["type"] not in types:
                continue
            if all(_matches(row, name, value) for name, value in asked.items()):
                chosen.append(row)
        # Newest first; Python's sort keeps the order of ties.
        return sorted(chosen, key=lambda row: -row.get(key, row.get("created", 0)))

    def _object(self, path: str) -> dict[str, Any]:
        if path in ("account",):
            return {"id": "acct_1", "object": "account"}
        collection, _, identity = path.rpartition("/")
        for row in self.lists.get(collection, ()):
            if row["id"] == identity:
                return row
        if self.deleted_stay:
            return {"id": identity, "object": "thing", "deleted": True}
        raise _no_such(path, identity, "id", 404)


def _matches(row: dict[str, Any], name: str, value: str) -> bool:
    if name in _NO_FILTERS or name.startswith("created["):
        return True
    found = row.get(name)
    return (str(found).lower() if isinstance(found, bool) else str(found)) == value


def _no_such(path: str, identity: str, param: str, status: int) -> Refusal:
    error = {"message": f"No such object: '{identity}'", "param": param, "code": "resource_missing"}
    return refusal(path, status, {"error": error}, "req_1", None)
