"""Stripe's token endpoints: a refresh token in; a new access token and refresh token out.

As Stripe documents it for Apps: an access token stops after an hour, and a refresh token is void
once it has been used. Connect's access tokens stay, and so do its refresh tokens. What an error of
`/v1/oauth/token` looks like is not documented: here it is RFC 6749's, as Connect has it. A reply
says nothing of how long the token lasts, as none of Stripe's examples does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Endpoint

from stripe_sandbox.refusals import Refusal
from stripe_sandbox.server.calls import Call, Proceed, Reply, json_reply
from stripe_sandbox.server.keys import Key, KeyRing


@dataclass
class _Grant:
    """A refresh token that has not been used."""

    number: int
    calls: int | None
    """An access token of it expires after so many calls to the API; None: never."""
    rolls: bool
    """Whether using it makes it void."""


class OAuth:
    """The tokens of one served account."""

    def __init__(self, keys: KeyRing, account_id: str) -> None:
        self._keys, self._account_id = keys, account_id
        self._grants: dict[str, _Grant] = {}
        self._calls_left: dict[str, int] = {}
        self._issued = 0

    def endpoints(self) -> list[Endpoint]:
        """Routes for the application: Stripe's two, and one that makes a connection."""
        return [
            Endpoint("/v1/oauth/token", self.token, methods=["POST"]),
            Endpoint("/oauth/token", self.token, methods=["POST"]),
            Endpoint("/_sandbox/oauth", self.connect, methods=["POST"]),
        ]

    async def connect(self, request: Request) -> Response:
        """A new connection's tokens; `calls` and `rolls` as for a grant."""
        given = await request.json()
        grant = _Grant(0, given.get("calls"), given.get("rolls", True))
        return _sent(json_reply(self._tokens(grant)))

    async def token(self, request: Request) -> Response:
        """Stripe's answer to an exchange of a refresh token."""
        try:
            key = self._keys.of_header(request.headers.get("authorization"))
        except Refusal as refusal:
            return _sent(json_reply(refusal.body("req_oauth", livemode=self._keys.livemode), 401))
        form = dict(parse_qsl((await request.body()).decode()))
        if not key.value.startswith("sk_") or form.get("grant_type") != "refresh_token":
            return _sent(_failed("invalid_request", "Only a secret key refreshes tokens here."))
        grant = self._grants.get(form.get("refresh_token", ""))
        if grant is None:
            return _sent(_failed("invalid_grant", "This refresh token is void."))
        if grant.rolls:
            del self._grants[form["refresh_token"]]
        return _sent(json_reply(self._tokens(replace(grant, number=grant.number + 1))))

    async def hook(self, call: Call, proceed: Proceed) -> Reply:
        """Counts what is asked with each access token, and lets it expire."""
        left = self._calls_left.get(call.key.value)
        if left is not None:
            self._calls_left[call.key.value] = left - 1
            if left <= 1:
                self._keys.add(replace(call.key, is_expired=True))
        return await proceed(call)

    def _tokens(self, grant: _Grant) -> dict[str, object]:
        self._issued += 1
        mode = "live" if self._keys.livemode else "test"
        part = hashlib.blake2b(str(self._issued).encode(), digest_size=12).hexdigest()
        access, refresh = f"sk_{mode}_oauth{part}", f"rt_{part}"
        self._keys.add(Key(access))
        self._grants[refresh] = grant
        if grant.calls is not None:
            self._calls_left[access] = grant.calls
        return {
            "access_token": access,
            "livemode": self._keys.livemode,
            "refresh_token": refresh,
            "scope": "stripe_apps" if grant.rolls else "read_only",
            "stripe_user_id": self._account_id,
            "token_type": "bearer",
        }


def _failed(error: str, description: str) -> Reply:
    return json_reply({"error": error, "error_description": description}, 400)


def _sent(reply: Reply) -> Response:
    return Response(reply.body, reply.status, {"Content-Type": "application/json"})
