"""What passes through the server: a call, its reply, and the hooks in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import orjson

from stripe_sandbox.refusals import Refusal
from stripe_sandbox.server.keys import Key
from stripe_sandbox.server.routes import Route
from stripe_sandbox.server.sending import Manner


@dataclass
class Call:
    """One request to the API, its key already accepted."""

    number: int
    request_id: str
    method: str
    raw_path: str
    raw_query: str
    headers: dict[str, str]
    """Lower-case names."""
    route: Route
    identities: list[str]
    key: Key


@dataclass
class Reply:
    """What is sent back."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    manner: Manner = field(default_factory=Manner)


Proceed = Callable[[Call], Awaitable[Reply]]
Hook = Callable[[Call, Proceed], Awaitable[Reply]]
"""Stands between a call and its reply: may wait, answer instead, or change the reply."""


def chain(hooks: list[Hook], last: Proceed) -> Proceed:
    """The hooks around the last step, the first of them outermost."""

    def wrapped(hook: Hook, inner: Proceed) -> Proceed:
        async def proceed(call: Call) -> Reply:
            return await hook(call, inner)

        return proceed

    for hook in reversed(hooks):
        last = wrapped(hook, last)
    return last


def json_reply(content: object, status: int = 200, **headers: str) -> Reply:
    """Pretty-printed JSON, as Stripe sends it."""
    return Reply(status, orjson.dumps(content, option=orjson.OPT_INDENT_2), dict(headers))


def refused(refusal: Refusal, request_id: str, *, livemode: bool) -> Reply:
    """The reply of a refusal."""
    body = refusal.body(request_id, livemode=livemode)
    reply = json_reply(body, refusal.status)
    reply.headers.update(refusal.headers)
    return reply
