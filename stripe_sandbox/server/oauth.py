"""OAuth as Stripe plays it: a click gives a code, a code gives tokens, and any of them may end.

As documented: Connect's access tokens stay, and so do its refresh tokens; of a Stripe App, an
access token stops after an hour and a refresh token is void once it has been used. A code is good
for five minutes and once: used again, the tokens that it gave are revoked. What an error of
`/v1/oauth/token` looks like is not documented: here it is RFC 6749's, as Connect has it. A reply
says nothing of how long the token lasts, as none of Stripe's examples does. How an access token is
refused after deauthorization is not documented: here as a revoked key, 401. Time is the account's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Endpoint

from stripe_sandbox.account import Account
from stripe_sandbox.refusals import Refusal
from stripe_sandbox.server.applications import SANDBOX_APPLICATIONS, Application
from stripe_sandbox.server.authorize import Authorization, failed, form_of
from stripe_sandbox.server.calls import Call, Proceed, Reply, json_reply
from stripe_sandbox.server.keys import Key, KeyRing

CODE_SECONDS = 300
TOKEN_SECONDS = 3600


@dataclass
class _Grant:
    """What one account has granted: a refresh token that has not been used is one."""

    account_id: str
    calls: int | None = None
    """An access token of it expires after so many calls to the API; None: never."""
    rolls: bool = True
    """Whether using a refresh token makes it void."""
    seconds: int | None = None
    """An access token of it expires after so many seconds; None: never."""
    client_id: str | None = None
    """None: any secret key renews it."""
    issued: list[str] = field(default_factory=list)
    """Access tokens; shared by all grants that came of one code."""


@dataclass
class _Code:
    grant: _Grant
    until: int
    is_used: bool = False


class OAuth:
    """The tokens of one served account, and of those connected to it."""

    def __init__(
        self,
        keys: KeyRing,
        account: Account,
        on_deauthorized: Callable[[str, str], None] = lambda client_id, account_id: None,
    ) -> None:
        """Knows the sandbox's own applications.

        Args:
            keys: get the access tokens.
            account: what is served.
            on_deauthorized: is given application and account when a connection has ended.
        """
        self._keys, self._account, self._on_deauthorized = keys, account, on_deauthorized
        self.applications = {one.client_id: one for one in SANDBOX_APPLICATIONS}
        self._codes: dict[str, _Code] = {}
        self._grants: dict[str, _Grant] = {}
        self._calls_left: dict[str, int] = {}
        self._expires_at: dict[str, int] = {}
        self._issued = 0

    def endpoints(self) -> list[Endpoint]:
        """Routes for the application: Stripe's, and some that prepare or hurry things."""
        return [
            Endpoint("/oauth/authorize", self.authorize, methods=["GET", "POST"]),
            Endpoint("/oauth/v2/authorize", self.authorize, methods=["GET", "POST"]),
            Endpoint("/v1/oauth/token", self.token, methods=["POST"]),
            Endpoint("/oauth/token", self.token, methods=["POST"]),
            Endpoint("/oauth/deauthorize", self.deauthorize, methods=["POST"]),
            Endpoint("/_sandbox/oauth", self.connect, methods=["POST"]),
            Endpoint("/_sandbox/applications", self.register, methods=["POST"]),
            Endpoint("/_sandbox/deauthorize", self.revoke, methods=["POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """Stripe's page, and what follows from a button on it."""
        asked = dict(request.query_params)
        authorization = Authorization(self.applications.get(asked.get("client_id", "")), asked)
        problem = authorization.problem()
        if problem is not None or authorization.application is None:
            return problem or failed("invalid_client", "No such application.")
        if request.method == "GET":
            return authorization.page(self._accounts())
        form = await form_of(request)
        if form.get("decision") != "allow":
            return authorization.denied()
        account_id = form.get("account") or self._account.account_id
        application = authorization.application
        is_app = application.kind == "app"
        grant = _Grant(
            account_id,
            rolls=is_app,
            seconds=TOKEN_SECONDS if is_app else None,
            client_id=application.client_id,
        )
        code = f"ac_{self._part()}"
        self._codes[code] = _Code(grant, self._account.store.now + CODE_SECONDS)
        return authorization.back(code=code, scope=application.scope)

    async def token(self, request: Request) -> Response:
        """Stripe's answer to an exchange of a code or of a refresh token."""
        form = await form_of(request)
        secret = form.get("client_secret") or _secret_of(request)
        try:
            self._keys.of_header(f"Bearer {secret}" if secret else None)
        except Refusal as refusal:
            if not any(one.secret == secret for one in self.applications.values()):
                livemode = self._keys.livemode
                return _sent(json_reply(refusal.body("req_oauth", livemode=livemode), 401))
        kind = form.get("grant_type")
        if not secret.startswith("sk_") or kind not in ("refresh_token", "authorization_code"):
            return failed("invalid_request", "A secret key exchanges codes and refresh tokens.")
        if kind == "authorization_code":
            return self._of_code(form.get("code", ""), secret)
        sent = form.get("refresh_token", "")
        grant = self._grants.get(sent)
        if grant is None or not self._is_of(grant, secret):
            return failed("invalid_grant", "This refresh token is void.")
        if grant.rolls:
            del self._grants[sent]
        return _sent(json_reply(self._tokens(grant)))

    async def deauthorize(self, request: Request) -> Response:
        """The application ends a connection."""
        form = await form_of(request)
        secret = form.get("client_secret") or _secret_of(request)
        application = self.applications.get(form.get("client_id", ""))
        if application is None or application.secret != secret:
            return failed("invalid_client", "No such application, or not its secret.", 401)
        account_id = form.get("stripe_user_id", "")
        if not self._end(application.client_id, account_id):
            return failed(
                "invalid_client",
                f"This application is not connected to stripe account {account_id}, or that "
                "account does not exist.",
                401,
            )
        return _sent(json_reply({"stripe_user_id": account_id}))

    async def connect(self, request: Request) -> Response:
        """A new connection's tokens without any page; `calls` and `rolls` as for a grant."""
        given = await request.json()
        grant = _Grant(
            given.get("account", self._account.account_id),
            given.get("calls"),
            given.get("rolls", True),
            given.get("seconds"),
            given.get("client_id"),
        )
        return _sent(json_reply(self._tokens(grant)))

    async def register(self, request: Request) -> Response:
        """Registers an application: `{"client_id", "secret", "redirect_uris", "kind"}`."""
        try:
            given: dict[str, Any] = await request.json()
            application = Application(
                str(given["client_id"]),
                str(given["secret"]),
                tuple(map(str, given["redirect_uris"])),
                "app" if given.get("kind") == "app" else "connect",
            )
        except (ValueError, KeyError, TypeError) as error:
            return _sent(json_reply({"error": f"Not an application: {error}"}, 400))
        self.applications[application.client_id] = application
        return _sent(json_reply({"client_id": application.client_id}))

    async def revoke(self, request: Request) -> Response:
        """The account ends a connection in its dashboard: `{"client_id", "account"}`."""
        given: dict[str, Any] = await request.json()
        account_id = given.get("account", self._account.account_id)
        return _sent(json_reply({"ended": self._end(given["client_id"], account_id)}))

    async def hook(self, call: Call, proceed: Proceed) -> Reply:
        """Lets access tokens expire, by the calls that were made with them or by the clock."""
        value = call.key.value
        if self._expires_at.get(value, self._account.store.now + 1) <= self._account.store.now:
            self._expire(value)
            self._keys.of_header(f"Bearer {value}")
        left = self._calls_left.get(value)
        if left is not None:
            self._calls_left[value] = left - 1
            if left <= 1:
                self._expire(value)
        return await proceed(call)

    def _of_code(self, value: str, secret: str) -> Response:
        code = self._codes.get(value)
        if code is None or not self._is_of(code.grant, secret):
            return failed("invalid_grant", f"Authorization code does not exist: {value}")
        if code.is_used:
            self._revoke_tokens(code.grant)
            return failed(
                "invalid_grant",
                "This authorization code has already been used. All tokens issued with this code "
                "have been revoked.",
            )
        if code.until <= self._account.store.now:
            return failed("invalid_grant", f"Authorization code expired: {value}")
        code.is_used = True
        return _sent(json_reply(self._tokens(code.grant)))

    def _tokens(self, grant: _Grant) -> dict[str, object]:
        mode = "live" if self._keys.livemode else "test"
        part = self._part()
        access, refresh = f"sk_{mode}_oauth{part}", f"rt_{part}"
        is_own = grant.account_id == self._account.account_id
        self._keys.add(Key(access, account_id=None if is_own else grant.account_id))
        grant.issued.append(access)
        self._grants[refresh] = grant
        if grant.calls is not None:
            self._calls_left[access] = grant.calls
        if grant.seconds is not None:
            self._expires_at[access] = self._account.store.now + grant.seconds
        return {
            "access_token": access,
            "livemode": self._keys.livemode,
            "refresh_token": refresh,
            "scope": "stripe_apps" if grant.rolls else "read_only",
            "stripe_user_id": grant.account_id,
            "token_type": "bearer",
        }

    def _end(self, client_id: str, account_id: str) -> bool:
        """Ends what an account has granted to an application; False if that is nothing."""
        grants = [
            grant
            for grant in (*self._grants.values(), *self._unused())
            if (grant.client_id, grant.account_id) == (client_id, account_id)
        ]
        for grant in grants:
            self._revoke_tokens(grant)
        if grants:
            self._on_deauthorized(client_id, account_id)
        return bool(grants)

    def _unused(self) -> list[_Grant]:
        return [code.grant for code in self._codes.values() if not code.is_used]

    def _revoke_tokens(self, grant: _Grant) -> None:
        for access in grant.issued:
            self._keys.add(replace(self._keys.described[access], is_revoked=True))
        self._grants = {token: one for token, one in self._grants.items() if one is not grant}
        self._codes = {
            value: code
            for value, code in self._codes.items()
            if code.grant is not grant or code.is_used
        }
        grant.issued.clear()

    def _expire(self, access: str) -> None:
        self._keys.add(replace(self._keys.described[access], is_expired=True))

    def _is_of(self, grant: _Grant, secret: str) -> bool:
        if grant.client_id is None:
            return True
        application = self.applications.get(grant.client_id)
        return application is not None and application.secret == secret

    def _accounts(self) -> Iterable[str]:
        own = self._account.account_id
        others = [name for name in self._account.store.rows.get("account", {}) if name != own]
        return [own, *others]

    def _part(self) -> str:
        self._issued += 1
        return hashlib.blake2b(str(self._issued).encode(), digest_size=12).hexdigest()


def _secret_of(request: Request) -> str:
    """The key of an Authorization header, as Bearer or as the user name of Basic."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return value.strip()


def _sent(reply: Reply) -> Response:
    return Response(reply.body, reply.status, {"Content-Type": "application/json"})
