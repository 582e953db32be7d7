"""Requests under /_sandbox that concern deliveries: endpoints, mishaps, and a clock that runs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Path

from stripe_sandbox.account import Account
from stripe_sandbox.company.ids import digest
from stripe_sandbox.deliveries import Endpoint, Mishaps, Outbox
from stripe_sandbox.deliveries.living import Living
from stripe_sandbox.deliveries.posting import post_due
from stripe_sandbox.server import routes
from stripe_sandbox.server.calls import json_reply
from stripe_sandbox.server.keys import Key
from stripe_sandbox.server.reading import Reading
from stripe_sandbox.store import StripeObject

_ALL = Key("sk_test_deliveries")


class Delivering:
    """The deliveries of one served account."""

    def __init__(self, account: Account, reading: Reading) -> None:
        """Has no endpoint yet."""
        self._account, self._reading = account, reading
        self.outbox = Outbox(account.store, account.account_id, self._shown)
        self._living: Living | None = None

    def endpoints(self) -> list[Path]:
        """Routes for the application."""
        return [
            Path("/_sandbox/endpoints", self.add, methods=["POST"]),
            Path("/_sandbox/mishaps", self.mishaps, methods=["POST"]),
            Path("/_sandbox/deliver", self.deliver, methods=["POST"]),
            Path("/_sandbox/live", self.live, methods=["POST"]),
        ]

    async def add(self, request: Request) -> Response:
        """Adds or changes an endpoint: `{"url", "secrets": [...], "types", "thin", "application"}`.

        To roll a secret, send the new one and the old one, and later the new one alone.
        """
        try:
            given: dict[str, Any] = await request.json()
            endpoint = Endpoint(
                str(given["url"]),
                tuple(map(str, given["secrets"])),
                tuple(map(str, given.get("types", ("*",)))),
                given.get("thin") is True,
                given.get("application"),
            )
        except (ValueError, KeyError, TypeError) as error:
            return _reply({"error": f"Not an endpoint: {error}"}, 400)
        with self._account.lock:
            self.outbox.add(endpoint)
        return _reply({"url": endpoint.url})

    async def mishaps(self, request: Request) -> Response:
        """What goes wrong from now on: `{"rates": {NAME: RATE}, "seed"}`."""
        try:
            self.outbox.mishaps = Mishaps(**await request.json())
        except (ValueError, TypeError) as error:
            return _reply({"error": str(error)}, 400)
        return _reply({"rates": dict(self.outbox.mishaps.rates)})

    async def deliver(self, request: Request) -> Response:
        """Sends what is due; says how often which status was the answer."""
        answers = await asyncio.to_thread(post_due, self.outbox, self._account.lock)
        return _reply({"answers": {str(status): n for status, n in sorted(answers.items())}})

    async def live(self, request: Request) -> Response:
        """Lets the clock run: `{"speed", "every_seconds"}`; a speed of 0 stops it."""
        try:
            given: dict[str, Any] = await request.json()
            speed = float(given["speed"])
            if self._living is not None:
                await asyncio.to_thread(self._living.stop)
                self._living = None
            if speed > 0:
                self.start(speed, float(given.get("every_seconds", 1)))
        except (ValueError, KeyError, TypeError) as error:
            return _reply({"error": f"Not a speed: {error}"}, 400)
        return _reply({"speed": speed})

    def start(self, speed: float, every_seconds: float = 1) -> None:
        """Lets the account live: so many of its seconds in one of the machine's."""
        self._living = Living(self._tick, speed=speed, every_seconds=every_seconds)
        self._living.start()

    def deauthorized(self, client_id: str, account_id: str) -> None:
        """Queues `account.application.deauthorized` for the endpoints of an application."""
        store = self._account.store
        kind = "account.application.deauthorized"
        event: StripeObject = {
            "id": digest("evt", kind, client_id, account_id, store.now),
            "object": "event",
            "account": account_id,
            "api_version": None,
            "created": store.now,
            "data": {"object": {"id": client_id, "object": "application", "name": "Sandbox"}},
            "livemode": store.livemode,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        with self._account.lock:
            everyone = self.outbox.endpoints
            self.outbox.endpoints = {
                url: replace(endpoint, types=("*",))
                for url, endpoint in everyone.items()
                if endpoint.application in (None, client_id)
            }
            try:
                self.outbox.send(event)
            finally:
                self.outbox.endpoints = everyone

    def _tick(self, seconds: int) -> None:
        self._account.advance(seconds)
        post_due(self.outbox, self._account.lock)

    def _shown(self, identity: str) -> StripeObject:
        path = f"/v1/events/{identity}"
        matched = routes.match(path)
        assert matched is not None
        route, identities = matched
        return self._reading.answer(route, identities, "", path, _ALL)


def _reply(content: object, status: int = 200) -> Response:
    made = json_reply(content, status)
    return Response(made.body, made.status, media_type="application/json")
