"""Requests under /_sandbox: they move the clock, describe keys, return truths and statistics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Endpoint

from stripe_sandbox.account import SECONDS_PER_DAY
from stripe_sandbox.faults import FaultOptions
from stripe_sandbox.server.books import mrr_books
from stripe_sandbox.server.calls import json_reply
from stripe_sandbox.server.keys import Key
from stripe_sandbox.streams import counts

if TYPE_CHECKING:
    from stripe_sandbox.faults.faults import Faults
    from stripe_sandbox.server.api import Api
    from stripe_sandbox.shapes.wire import Wire


class Control:
    """The control routes of one served account; they need no key."""

    def __init__(self, api: Api, faults: Faults, wire: Wire) -> None:
        """Controls what `api` serves, what goes wrong with it, and what it looks like."""
        self._api, self._faults, self._wire = api, faults, wire

    def endpoints(self) -> list[Endpoint]:
        """Routes for the application."""
        return [
            Endpoint("/_sandbox/health", self.health, methods=["GET"]),
            Endpoint("/_sandbox/advance", self.advance, methods=["POST"]),
            Endpoint("/_sandbox/counts", self.counts, methods=["GET"]),
            Endpoint("/_sandbox/ledger", self.ledger, methods=["GET"]),
            Endpoint("/_sandbox/movements", self.movements, methods=["GET"]),
            Endpoint("/_sandbox/stats", self.stats, methods=["GET"]),
            Endpoint("/_sandbox/stats/reset", self.reset, methods=["POST"]),
            Endpoint("/_sandbox/keys", self.keys, methods=["POST"]),
            Endpoint("/_sandbox/connected", self.connected, methods=["POST"]),
            Endpoint("/_sandbox/faults", self.faults, methods=["POST"]),
            Endpoint("/_sandbox/shapes", self.shapes, methods=["POST"]),
        ]

    async def health(self, request: Request) -> Response:
        """Says that the server listens, and for which account."""
        account = self._api.account
        return _reply(
            {
                "account": account.account_id,
                "livemode": account.store.livemode,
                "now": account.store.now,
            }
        )

    async def advance(self, request: Request) -> Response:
        """Moves the clock on by `days` or `seconds`."""
        parameters = request.query_params
        try:
            seconds = int(parameters.get("seconds", 0))
            seconds += round(float(parameters.get("days", 0)) * SECONDS_PER_DAY)
            if seconds <= 0:
                raise ValueError("days or seconds must be above 0")
            self._api.account.advance(seconds)
        except (ValueError, OverflowError) as error:
            return _reply({"error": str(error)}, 400)
        return _reply({"now": self._api.account.store.now})

    async def counts(self, request: Request) -> Response:
        """Tells the true objects of every stream."""
        account = self._api.account
        with account.lock:
            return _reply({"now": account.store.now, "streams": counts(account)})

    async def ledger(self, request: Request) -> Response:
        """Tells the true MRR changes."""
        with self._api.account.lock:
            return _reply(self._api.account.ledger())

    async def movements(self, request: Request) -> Response:
        """Tells the true movements of every customer, and what they make of each month."""
        account = self._api.account
        with account.lock:
            return _reply(mrr_books(account))

    async def stats(self, request: Request) -> Response:
        """Tells what was asked of the API, and how often which fault was injected."""
        faults = dict(sorted(self._faults.dice.injected.items()))
        return _reply({**self._api.statistics.as_json(), "faults": faults})

    async def reset(self, request: Request) -> Response:
        """Starts the statistics anew."""
        self._api.statistics.reset()
        self._faults.dice.injected.clear()
        return _reply({})

    async def keys(self, request: Request) -> Response:
        """Describes a key: `{"key", "permissions" | "denied", "expired", "revoked"}`."""
        try:
            sent = json.loads(await request.body())
            self._api.keys.add(key_of(sent))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _reply({"error": f"Not a description of a key: {error}"}, 400)
        return _reply({"key": sent["key"]})

    async def connected(self, request: Request) -> Response:
        """Changes connected accounts: `{"add": 3, "refuse": [ID], "revoke": {ID: REQUESTS}}`.

        An account that is to revoke its access does so after so many more requests for it.
        """
        account = self._api.account
        try:
            sent = json.loads(await request.body() or b"{}")
            with account.lock:
                added = account.connections.connect(int(sent.get("add", 0)))
                account.connections.is_refusing.update(sent.get("refuse", []))
                account.connections.requests_left.update(sent.get("revoke", {}))
        except (ValueError, TypeError, AttributeError) as error:
            return _reply({"error": f"Not a change of connected accounts: {error}"}, 400)
        return _reply({"added": added})

    async def faults(self, request: Request) -> Response:
        """Throws the fault switches: `{"rates": {NAME: RATE}, "seed", "slow_seconds", …}`.

        Rates that are left out are off; keys get back what they lost.
        """
        try:
            options = FaultOptions(**json.loads(await request.body() or b"{}"))
            self._faults.restore_keys()
            self._faults.switch(options)
        except (ValueError, TypeError, AttributeError) as error:
            return _reply({"error": f"Not a setting of faults: {error}"}, 400)
        return _reply({"rates": dict(options.rates), "seed": options.seed})

    async def shapes(self, request: Request) -> Response:
        """Puts shapes into the account: `{"names": [NAME, …]}`, or `{}` to have objects as stored.

        Objects that a shape has added stay.
        """
        from stripe_sandbox.shapes import put

        try:
            names = json.loads(await request.body() or b"{}").get("names", [])
            self._wire.rewrites.clear()
            self._wire.refused.clear()
            for name in names:
                put(name, self._api.account, self._wire)
        except (ValueError, TypeError, AttributeError) as error:
            return _reply({"error": f"Not a list of shapes: {error}"}, 400)
        return _reply({"names": names})


def key_of(described: dict[str, object]) -> Key:
    """A key from its description in JSON."""
    permissions = described.get("permissions")
    return Key(
        value=str(described["key"]),
        permissions=None if permissions is None else _names(permissions),
        denied=_names(described.get("denied", [])),
        is_expired=described.get("expired") is True,
        is_revoked=described.get("revoked") is True,
    )


def _names(value: object) -> frozenset[str]:
    if not isinstance(value, list):
        raise TypeError("permissions and denied are lists of names")
    return frozenset(str(name).removeprefix("rak_") for name in value)


def _reply(content: object, status: int = 200) -> Response:
    made = json_reply(content, status)
    return Response(made.body, made.status, media_type="application/json")
