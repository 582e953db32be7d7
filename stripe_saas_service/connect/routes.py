"""The routes by which an account is connected with a click or a key, and removed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import select

from source_stripe_saas.api.access import Access
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.connection.account import describe_own
from source_stripe_saas.connection.key_link import key_link, permissions_of
from source_stripe_saas.streams.plans import load_plans
from stripe_saas_service.access.guard import CallerOf
from stripe_saas_service.connect import click, ending
from stripe_saas_service.connect.key_check import checked
from stripe_saas_service.connect.opening import CannotOpen, Opened, open_company
from stripe_saas_service.connect.stripe_oauth import (
    OAuthFailed,
    Tokens,
    app_of,
    authorize_url,
    deauthorize,
    tokens_for_code,
)
from stripe_saas_service.connect.tokens import APP_TOKEN_LASTS
from stripe_saas_service.problems import Problem, problem_responses
from stripe_saas_service.service import Service, ServiceOf
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Connection

router = APIRouter(tags=["connection"])

_NOT_CONNECTED = "The account was not connected"


class PastedKey(BaseModel):
    """A key, and the company that it is for."""

    key: SecretStr = Field(min_length=8, max_length=300, examples=["rk_test_…"])
    company_id: str | None = Field(
        None, max_length=40, pattern=r"^[a-z]+_[0-9a-f]+$", examples=[None]
    )
    """Of a company that is to be opened again."""
    streams: list[str] | None = Field(None, max_length=200, examples=[None])
    """Those that must be readable; the main ones if none are named."""


class KeyAnswer(BaseModel):
    """What a key opens."""

    is_connected: bool
    connection_id: str | None = Field(
        default=None, examples=["con_5b0c7a9c1e6f4d0f9d3e2b1a0c9f8e7d"]
    )
    account_id: str | None = Field(None, examples=["acct_1"])
    account_name: str | None = Field(None, examples=["Acme Inc."])
    mode: str | None = Field(None, examples=["test"])
    detail: str = Field(examples=["Connected to acct_1 (Acme), test mode: 83 of 83 streams …"])
    readable: list[str] = Field(default=[], examples=[["customers", "subscriptions"]])
    refused: dict[str, str] = Field(
        default={}, examples=[{"payouts": "The key lacks a permission."}]
    )
    """Stream -> why it cannot be read."""
    key_link: str = Field(
        default="", examples=["https://dashboard.stripe.com/apikeys/create?name=…"]
    )
    """Opens Stripe's form for a key that can read what is asked for."""


class Disconnected(BaseModel):
    """What is left to do."""

    detail: str = Field(examples=["Disconnected. What was read stays."])


@router.get("/api/integrations/stripe/start", status_code=303, responses=problem_responses(404))
def start(
    service: ServiceOf,
    caller: CallerOf,
    kind: Annotated[str, Query(pattern="^(connect|app)$")] = "connect",
    company_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Sends the browser to Stripe's page, with a `state` of this session."""
    app = app_of(service.settings, kind)
    if app is None:
        raise Problem(
            404,
            "No app is registered",
            f"Set STRIPE_SAAS_{kind.upper()}_CLIENT_ID and _SECRET, or connect with a key.",
        )
    state = click.begin(service.store, caller.session_hash, click.Click(kind, company_id))
    return RedirectResponse(authorize_url(service.settings, app, state), 303)


@router.get("/connect/stripe/callback", include_in_schema=False)
def callback(
    service: ServiceOf,
    caller: CallerOf,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=500)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Where Stripe sends the browser back to."""
    wanted = click.take(service.store, caller.session_hash, state)
    if wanted is None:
        raise Problem(
            400,
            _NOT_CONNECTED,
            "This way back is too old, was used before, or began in another session. Connect anew.",
        )
    app = app_of(service.settings, wanted.auth_kind)
    if error or not code or app is None:
        said = "You declined at Stripe." if error == "access_denied" else "Stripe sent no consent."
        raise Problem(400, _NOT_CONNECTED, f"{said} Nothing has changed. Connect anew to go on.")
    try:
        tokens = tokens_for_code(service.settings, app, code)
    except OAuthFailed as failure:
        raise Problem(502, _NOT_CONNECTED, f"{failure} Connect anew.") from None
    try:
        connection_id = open_company(
            service, _opened(service, wanted.auth_kind, tokens), wanted.company_id, caller.id
        )
    except CannotOpen as refusal:
        _give_back(service, wanted.auth_kind, tokens)
        raise Problem(409, _NOT_CONNECTED, str(refusal)) from None
    service.jobs.request_sync(connection_id, is_full=False, requested_by=caller.id)
    return RedirectResponse("/", 303)


@router.post("/api/integrations/stripe/key", responses=problem_responses(409))
def paste_key(service: ServiceOf, caller: CallerOf, pasted: PastedKey) -> KeyAnswer:
    """Checks a key on the spot, and connects its account if it can read what is needed."""
    key = pasted.key.get_secret_value().strip()
    plans = load_plans()
    if unknown := set(pasted.streams or ()) - plans.keys():
        raise Problem(422, "There is no such stream", f"{min(unknown)} is none of the streams.")
    found = checked(key, service.settings.api_url, pasted.streams)
    answer = KeyAnswer(
        is_connected=False,
        account_id=found.account_id,
        account_name=found.account_name,
        mode=found.mode,
        detail=found.text,
        readable=list(found.readable),
        refused=dict(found.refused),
        key_link=key_link(permissions_of(plans, pasted.streams or plans)),
    )
    if not found.is_good or found.mode is None:
        return answer
    opened = Opened(
        found.account_id, found.account_name, found.mode, "key", secrets={"api_key": key}
    )
    try:
        connection_id = open_company(service, opened, pasted.company_id, caller.id)
    except CannotOpen as refusal:
        raise Problem(409, _NOT_CONNECTED, str(refusal)) from None
    service.jobs.request_sync(connection_id, is_full=False, requested_by=caller.id)
    return answer.model_copy(update={"is_connected": True, "connection_id": connection_id})


@router.post("/api/integrations/stripe/disconnect", responses=problem_responses(404))
def disconnect(
    service: ServiceOf,
    caller: CallerOf,
    company_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Disconnected:
    """Revokes at Stripe, forgets the secrets, keeps the data.

    An application disconnects the company of its token; a person names one.
    """
    with service.store.reading() as session:
        connection_id = session.scalar(
            select(Connection.id).where(
                Connection.company_id == (caller.company_id or company_id),
                Connection.status != "removed",
            )
        )
    if connection_id is None:
        raise Problem(404, "No such company", "Name a company that is connected.")
    left = ending.remove(service, connection_id, caller.id)
    return Disconnected(detail=left or "Disconnected. What was read stays.")


def _opened(service: Service, kind: str, tokens: Tokens) -> Opened:
    secrets = {"access_token": tokens.access_token}
    if tokens.refresh_token:
        secrets["refresh_token"] = tokens.refresh_token
    try:
        access = Access(tokens.access_token, service.settings.api_url)
        name = describe_own(StripeClient(access, attempts=2)).name
    except StripeError:
        name = None  # the first sync says what is wrong
    until = now() + APP_TOKEN_LASTS if kind == "app" else None
    return Opened(tokens.account_id, name, tokens.mode, kind, secrets, until)


def _give_back(service: Service, kind: str, tokens: Tokens) -> None:
    """Ends a consent that is of no use, unless a connection of ours lives on it."""
    with service.store.reading() as session:
        used = session.scalar(
            select(Connection.id).where(
                Connection.account_id == tokens.account_id,
                Connection.auth_kind == kind,
                Connection.status.in_(("connected", "paused")),
            )
        )
    app = app_of(service.settings, kind)
    if used is None and app is not None:
        try:
            deauthorize(service.settings, app, tokens.account_id)
        except OAuthFailed:
            return  # nothing was kept of it
