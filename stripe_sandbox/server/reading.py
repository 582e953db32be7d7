"""A matched GET request in; the content of Stripe's reply out."""

from __future__ import annotations

from stripe_sandbox import expansion
from stripe_sandbox.account import Account
from stripe_sandbox.refusals import Refusal, bad_request, missing_object
from stripe_sandbox.render import deleted_form
from stripe_sandbox.server import filters, meter_usage, pages, query
from stripe_sandbox.server.keys import Key, lacks_permission
from stripe_sandbox.server.query import Parameters
from stripe_sandbox.server.routes import METER_SUMMARIES, PERMISSIONS, Route
from stripe_sandbox.shelf import newest_first, value_at
from stripe_sandbox.store import EVENT_WINDOW_SECONDS, Row, StripeObject

NO_CURSOR_WITH_IDS = ("starting_after", "ending_before")

SCOPES_OF_CLOCKS = frozenset(
    {"charge", "customer", "invoice", "payment_intent", "subscription", "test_clock"}
)
"""Filters under which a list shows objects of test clocks."""


class Reading:
    """Answers the routes from one account."""

    def __init__(self, account: Account, *, payment_methods_per_customer: bool = False) -> None:
        """Reads from the account as it is at each request.

        Args:
            account: what to serve.
            payment_methods_per_customer: leave the unfiltered list of payment methods empty, as
                old descriptions of it had it.
        """
        self._account = account
        self._payment_methods_per_customer = payment_methods_per_customer

    def answer(
        self, route: Route, identities: list[str], raw_query: str, raw_path: str, key: Key
    ) -> StripeObject:
        """The reply's content.

        Raises:
            Refusal: the request is not one that Stripe grants.
        """
        if not key.may(route.permission):
            raise lacks_permission(key, self._account.account_id, route.permission)
        parameters = query.parse(raw_query, route.parameters)
        paths = parameters.pop("expand", [])
        tree = expansion.tree_for(route.schemas, paths, in_list=route.is_list)
        if key.permissions is not None or key.denied:
            self._allow_expansion(route, paths, key)
        if not route.is_list:
            content = self._object(route, identities)
            if content.get("deleted") is True:
                return content
            return self._account.renderer.render_all([content], tree)[0]
        query.require(parameters, list(route.required))
        if route.path == METER_SUMMARIES:
            every = meter_usage.summaries(self._account.store, identities[0], parameters)
            objects, has_more = meter_usage.page(every, pages.Cursor.of(parameters))
        else:
            objects, has_more = self._page(route, identities, parameters)
        return {
            "object": "list",
            "data": self._account.renderer.render_all(objects, tree),
            "has_more": has_more,
            "url": raw_path,
        }

    def _allow_expansion(self, route: Route, paths: list[str], key: Key) -> None:
        for path in paths:
            for name in expansion.objects_of(route.schemas, path, in_list=route.is_list):
                permission = PERMISSIONS.get(name)
                if permission is not None and not key.may(permission):
                    raise lacks_permission(key, self._account.account_id, permission)

    def _object(self, route: Route, identities: list[str]) -> StripeObject:
        store = self._account.store
        if not identities:
            return store.rows["account"][self._account.account_id].content
        if route.scope is not None:
            self._owner(route.scope.owner, identities[0])
        identity = identities[-1]
        for name in route.objects:
            row = store.rows.get(name, {}).get(identity)
            if row is not None and self._is_readable(route, row, identities):
                return row.content
        gone = store.deleted.get("customer", {}).get(identity)
        if gone is not None and route.objects == ("customer",):
            return deleted_form(gone)
        raise missing_object(route.objects[0], identity)

    def _is_readable(self, route: Route, row: Row, identities: list[str]) -> bool:
        if route.scope is not None:
            owner = row.parent
            if route.scope.path != "^":
                owner = value_at(row.content, route.scope.path.split("."))
            return owner == identities[0]
        return row.content["object"] != "event" or row.created >= self._horizon

    @property
    def _horizon(self) -> int:
        return self._account.store.now - EVENT_WINDOW_SECONDS

    def _owner(self, name: str, identity: str, param: str = "id") -> None:
        if self._account.store.get(name, identity) is None:
            raise missing_object(name, identity, param=param)

    def _page(
        self, route: Route, identities: list[str], parameters: Parameters
    ) -> tuple[list[StripeObject], bool]:
        store = self._account.store
        name = route.objects[0]
        cursor = pages.Cursor.of(parameters)
        listing, parameters = self._listing(route, identities, parameters)
        selection = filters.select(name, parameters, store.of_parent)
        conditions = selection.conditions
        if selection.ids is not None:
            if cursor.starting_after or cursor.ending_before:
                raise bad_request("You cannot use ids with starting_after or ending_before.")
            wanted = frozenset(selection.ids)
            conditions.append(lambda content: content["id"] in wanted)
        is_scoped = route.scope is not None or not SCOPES_OF_CLOCKS.isdisjoint(parameters)
        if store.of_clock and name != "event" and not is_scoped:
            conditions.append(lambda content: (name, content["id"]) not in store.of_clock)
        whole_table = listing.rows is self._account.shelf.table(name).rows
        for number, (path, value) in enumerate(selection.equal):
            if number == 0 and whole_table:
                rows = self._account.shelf.table(name).by(path).get(value, [])
                listing = pages.Listing(rows, listing.names)
            else:
                conditions.append(filters.equals(path, value))
        lower, upper = pages.created_bounds(parameters)
        if name == "event":
            lower = max(self._horizon, lower if lower is not None else 0)
        bounds = (0, len(listing.rows))
        if listing.is_newest_first:
            bounds = pages.span(listing.rows, lower, upper)
        return pages.page(store, listing, bounds, conditions, cursor, name)

    def _listing(
        self, route: Route, identities: list[str], parameters: Parameters
    ) -> tuple[pages.Listing, Parameters]:
        """The rows to choose from, and the parameters that are still to be applied."""
        shelf, name = self._account.shelf, route.objects[0]
        if route.scope is not None:
            owner = identities[0] if identities else parameters[str(route.scope.param)]
            self._owner(route.scope.owner, owner, route.scope.param or "id")
            left = {key: v for key, v in parameters.items() if key != route.scope.param}
            names = route.objects
            rows = shelf.related(names, route.scope.path, owner)
            return pages.Listing(rows, names, is_newest_first=name != "line_item"), left
        if name == "balance_transaction" and "payout" in parameters:
            left = {key: v for key, v in parameters.items() if key != "payout"}
            return self._payout_listing(parameters["payout"]), left
        rows = shelf.table(name).rows
        if name == "account":
            rows = [row for row in rows if row.content["id"] != self._account.account_id]
        if (
            name == "payment_method"
            and self._payment_methods_per_customer
            and "customer" not in parameters
        ):
            rows = []
        if name == "tax_id" and "owner" not in parameters:
            parameters = {**parameters, "owner": {"type": "self"}}
        return pages.Listing(rows, (name,)), parameters

    def _payout_listing(self, payout: str) -> pages.Listing:
        store = self._account.store
        content = store.get("payout", payout)
        if content is None:
            raise missing_object("payout", payout, param="payout", status=400)
        if not content["automatic"]:
            raise Refusal(
                400,
                "Balance transaction history can only be filtered on automatic transfers, "
                "not manual.",
                param="payout",
            )
        table = store.rows.get("balance_transaction", {})
        identities = self._account.payout_transactions.get(payout, [])
        rows = newest_first(table[i] for i in identities if i in table)
        return pages.Listing(rows, ("balance_transaction",))
