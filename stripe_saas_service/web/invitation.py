"""A link, used once, by which somebody makes an account: the first person too."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from stripe_saas_service.access import people, sessions
from stripe_saas_service.rendering import page
from stripe_saas_service.service import ServiceOf
from stripe_saas_service.web.login import with_session

router = APIRouter(include_in_schema=False)


@router.get("/invitation/{token}")
def invitation_page(service: ServiceOf, token: str) -> Response:
    """The form; it does not use the link up, as programs that preview links come first."""
    people.check_invitation(service.store, token)
    return page("invitation.html", problem="", email="", name="")


@router.post("/invitation/{token}")
def accept(
    service: ServiceOf,
    token: str,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=1000)],
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Makes the account and logs in, or shows the form again."""
    try:
        person = people.accept_invitation(service, token, email, name, password)
    except people.PersonRefused as refusal:
        return page("invitation.html", status=422, problem=str(refusal), email=email, name=name)
    return with_session(service, sessions.begin(service, person))
