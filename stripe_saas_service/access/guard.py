"""Every request passes here before its route: who comes, may they, and was it their own wish."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from stripe_saas_service.access.caller import Caller, caller_of
from stripe_saas_service.access.policy import POLICY, Rule, allows
from stripe_saas_service.problems import Problem
from stripe_saas_service.service import Service, ServiceOf

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def guard(request: Request, service: ServiceOf) -> None:
    """Lets in who may, and leaves in the request who it is.

    Raises:
        Problem: 401 for strangers, 403 for others who may not, 403 for what another page sent,
            422 for what no store takes.
        HTTPException: 404 for a path that no store takes.
    """
    rule = POLICY.get(route_name(request), Rule())
    await _refuse_nul(request)
    refuse_other_origins(request, service)
    caller = await run_in_threadpool(caller_of, request, service.store, service.settings)
    request.state.caller = caller
    if not allows(rule, caller.role, caller.scopes):
        if caller.is_stranger:
            raise Problem(
                401,
                "Nobody is logged in",
                "Log in, or send the header `Authorization: Bearer` with a token.",
            )
        raise Problem(403, "Not allowed", f"This takes {_who(rule)}.")
    if caller.csrf_token and request.method not in _SAFE and not rule.is_open:
        await _refuse_foreign_forms(request, caller)


def caller(request: Request) -> Caller:
    """The dependency of a route that asks who came; `guard` has run before it."""
    found: Caller = request.state.caller
    return found


CallerOf = Annotated[Caller, Depends(caller)]


def route_name(request: Request) -> str:
    """The key of a request's route in the table of who may what."""
    path = getattr(request.scope.get("route"), "path_format", request.url.path)
    return f"{request.method} {path}"


def refuse_other_origins(request: Request, service: Service) -> None:
    """Refuses what a page of another site makes a browser send.

    Raises:
        Problem: 403.
    """
    if request.method in _SAFE or "authorization" in request.headers:
        return
    origin = request.headers.get("origin")
    own = origin is None or _place(origin) in (_place(service.settings.url), _own_place(request))
    if not own or request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise Problem(
            403, "Sent by another site", "Open the page of this service and send it again."
        )


async def _refuse_nul(request: Request) -> None:
    """Postgres has no text with a NUL. Bodies in JSON are checked by their models."""
    if any("\0" in str(value) for value in request.path_params.values()):
        raise HTTPException(404)
    sent: list[object] = [*request.query_params.values()]
    # A route that has its body read for it; a delivery's is its own to read.
    has_form = getattr(request.scope.get("route"), "body_field", None) is not None
    if has_form and "form" in request.headers.get("content-type", ""):
        sent += (await request.form()).values()
    if any("\0" in value for value in sent if isinstance(value, str)):
        raise Problem(422, "The request cannot be read", "Leave out the character NUL.")


async def _refuse_foreign_forms(request: Request, caller: Caller) -> None:
    sent = request.headers.get("x-csrf-token")
    if sent is None and "form" in request.headers.get("content-type", ""):
        value = (await request.form()).get("csrf_token")
        sent = value if isinstance(value, str) else None
    if not hmac.compare_digest((sent or "").encode(), caller.csrf_token.encode()):
        raise Problem(
            403,
            "The form is not from this session",
            "Load the page again and send it once more. Scripts send the header X-CSRF-Token.",
        )


def _place(url: str) -> tuple[str, str] | None:
    """None for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc.lower()


def _own_place(request: Request) -> tuple[str, str]:
    """As the browser called us; only names that `app.py` lets in come this far."""
    return request.url.scheme, request.headers.get("host", "").lower()


def _who(rule: Rule) -> str:
    ways = []
    if rule.roles:
        ways.append(f"the role {' or '.join(sorted(role.value for role in rule.roles))}")
    if rule.scopes:
        ways.append(f"a token with the scope {' or '.join(sorted(s.value for s in rule.scopes))}")
    return ", or ".join(ways) or "a route that is open to somebody"
