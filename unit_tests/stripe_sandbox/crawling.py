"""Walks every route of an account in-process, as the connector would."""

from collections.abc import Iterator
from urllib.parse import quote

from stripe_sandbox.account import Account
from stripe_sandbox.server import routes
from stripe_sandbox.server.routes import Route
from stripe_sandbox.store import EVENT_WINDOW_SECONDS, Row
from unit_tests.stripe_sandbox.asking import Asker


def list_requests(account: Account, ends: int | None = None) -> Iterator[tuple[Route, str, str]]:
    """Every list of every parent: its route, path and query.

    With `ends`, only so many parents from either end of each kind.
    """
    for route in routes.all_routes():
        if not route.is_list:
            continue
        if route.scope is None and route.path != routes.METER_SUMMARIES:
            yield route, route.path, ""
            continue
        if route.path == routes.METER_SUMMARIES:
            yield from _summary_requests(account, route)
            continue
        owners = list(account.store.rows.get(route.scope.owner, {}))
        if ends is not None and len(owners) > 2 * ends:
            owners = owners[:ends] + owners[-ends:]
        for owner in owners:
            if route.scope.param is None:
                yield route, filled(route.path, owner), ""
            else:
                yield route, route.path, f"&{route.scope.param}={quote(owner)}"


def _summary_requests(account: Account, route: Route) -> Iterator[tuple[Route, str, str]]:
    """The last two hundred days of two customers, of every meter."""
    end = account.store.now // 86_400 * 86_400
    span = f"&start_time={end - 200 * 86_400}&end_time={end}&value_grouping_window=day"
    for meter in account.store.rows.get("billing.meter", {}):
        for customer in list(account.store.rows["customer"])[:2]:
            yield route, filled(route.path, meter), f"&customer={customer}{span}"


def object_requests(account: Account, per_route: int) -> Iterator[tuple[Route, str]]:
    """GETs by id of the newest objects of every route."""
    for route in routes.all_routes():
        if route.is_list:
            continue
        places = route.path.count("{")
        if places == 0:
            yield route, route.path
        for name in route.objects if places else ():
            rows = [
                r
                for r in account.store.rows.get(name, {}).values()
                if is_reachable(account, route, r)
            ]
            for row in rows[-per_route:]:
                owner = [_owner(route, row)] if places == 2 else []
                yield route, filled(route.path, *owner, row.content["id"])


def is_reachable(account: Account, route: Route, row: Row) -> bool:
    """Whether a route of single objects leads to this one."""
    if row.content["object"] == "event":
        return row.created >= account.store.now - EVENT_WINDOW_SECONDS
    if route.path.count("{") < 2:
        return True
    return account.store.get(route.scope.owner, _owner(route, row) or "") is not None


def filled(path: str, *identities: str) -> str:
    """A route's path with ids in it, encoded."""
    for identity in identities:
        start, stop = path.index("{"), path.index("}")
        path = path[:start] + quote(identity, safe="") + path[stop + 1 :]
    return path


def whole_list(ask: Asker, path: str, query: str, limit: int = 100) -> list[dict]:
    """All objects of a list, page by page."""
    found, cursor = [], ""
    while True:
        answer = ask(path, f"limit={limit}{query}{cursor}")
        assert answer.status == 200, (path, query, answer.content)
        found += answer.content["data"]
        if not answer.content["has_more"]:
            return found
        cursor = f"&starting_after={quote(found[-1]['id'])}"


def _owner(route: Route, row: Row) -> str | None:
    return row.parent if route.scope.path == "^" else row.content.get(route.scope.path)
