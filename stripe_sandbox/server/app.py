"""An account and settings in; the Starlette application that serves it out."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from stripe_sandbox.account import Account
from stripe_sandbox.faults import FaultOptions
from stripe_sandbox.server.api import Api
from stripe_sandbox.server.calls import Hook
from stripe_sandbox.server.control import Control
from stripe_sandbox.server.delivering import Delivering
from stripe_sandbox.server.keys import Key, KeyRing
from stripe_sandbox.server.limits import latency, rate_limit
from stripe_sandbox.server.oauth import OAuth
from stripe_sandbox.server.reading import Reading
from stripe_sandbox.server.sending import send_as


@dataclass(frozen=True)
class Settings:
    """How the account is served."""

    keys: tuple[Key, ...] = ()
    latency_seconds: float = 0.0
    rate_limit: float | None = None
    """Calls a second, all together."""
    endpoint_rate_limit: float | None = None
    """Calls a second to one endpoint."""
    payment_methods_per_customer: bool = False
    faults: FaultOptions = field(default_factory=FaultOptions)
    """What goes wrong; can be changed while the server runs."""
    shapes: tuple[str, ...] = ()
    """Names of shapes that the account is given before it is served; see `shapes`."""
    speed: float = 0.0
    """Seconds of the account's time that pass by themselves in one of the machine's; 0: none."""
    hooks: tuple[Hook, ...] = field(default=())
    """Stand innermost, after latency, limits and faults."""


def build_app(account: Account, settings: Settings | None = None) -> Starlette:
    """The application; `state.api` and `state.faults` are for tests that look inside."""
    # Both are made of calls and replies, and so stand above this package's other modules.
    from stripe_sandbox.faults.faults import Faults
    from stripe_sandbox.shapes import put
    from stripe_sandbox.shapes.wire import Wire

    settings = settings or Settings()
    keys = KeyRing(account.store.livemode)
    for key in settings.keys:
        keys.add(key)
    reading = Reading(account, payment_methods_per_customer=settings.payment_methods_per_customer)
    api = Api(account, keys, reading)
    if settings.latency_seconds:
        api.hooks.append(latency(settings.latency_seconds))
    if settings.rate_limit or settings.endpoint_rate_limit:
        api.hooks.append(rate_limit(settings.rate_limit, settings.endpoint_rate_limit))
    faults = Faults(account, keys, settings.faults)
    api.hooks.append(faults.hook)
    wire = Wire()
    for name in settings.shapes:
        put(name, account, wire)
    api.hooks.append(wire.hook)
    api.hooks.extend(settings.hooks)
    delivering = Delivering(account, reading)
    oauth = OAuth(keys, account, delivering.deauthorized)
    api.hooks.append(oauth.hook)
    if settings.speed:
        delivering.start(settings.speed)
    endpoints = [
        *Control(api, faults, wire).endpoints(),
        *oauth.endpoints(),
        *delivering.endpoints(),
    ]
    app = Starlette(routes=[*endpoints, Mount("/", _ApiEndpoint(api))])
    app.state.api = api
    app.state.faults = faults
    app.state.oauth = oauth
    app.state.delivering = delivering
    return app


class _ApiEndpoint:
    """Everything that is not a control route, as bare ASGI: ids keep their encoded slashes."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        reply = await self._api.answer(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            headers,
        )
        await send_as(reply.manner, reply.status, reply.headers, reply.body, scope, receive, send)
