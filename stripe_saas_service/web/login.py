"""Log in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from stripe_saas_service.access import sessions
from stripe_saas_service.access.caller import cookie_name
from stripe_saas_service.access.guard import CallerOf
from stripe_saas_service.rendering import page
from stripe_saas_service.service import ServiceOf

router = APIRouter(include_in_schema=False)


@router.get("/login")
def login_page() -> Response:
    """The form."""
    return page("login.html", problem="", email="")


@router.post("/login")
def login(
    request: Request,
    service: ServiceOf,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Opens a session, or shows the form again."""
    address = request.client.host if request.client else ""
    try:
        cookie = sessions.log_in(service, email, password, address)
    except sessions.LoginRefused as refusal:
        return page("login.html", status=refusal.status, problem=str(refusal), email=email)
    return with_session(service, cookie)


@router.post("/logout")
def logout(service: ServiceOf, caller: CallerOf) -> Response:
    """Ends the session."""
    sessions.log_out(service, caller)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(cookie_name(service.settings), secure=service.settings.is_https)
    return response


def with_session(service: ServiceOf, cookie: str) -> Response:
    """To the first page, with the cookie of a session."""
    response = RedirectResponse("/", 303)
    response.set_cookie(
        cookie_name(service.settings),
        cookie,
        max_age=int(sessions.LASTS.total_seconds()),
        httponly=True,
        # Not "strict": who comes back from Stripe's page is still logged in.
        samesite="lax",
        secure=service.settings.is_https,
    )
    return response
