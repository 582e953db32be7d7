"""Stripe's page "connect your account": a click on it leads back with a code, or with a refusal.

The page here has two buttons and a list of accounts; Stripe's own asks for a login before. What it
shows for a wrong address or an unknown application is not documented: here it is the error of the
token endpoint as JSON, and nobody is sent anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from stripe_sandbox.server.applications import Application
from stripe_sandbox.server.calls import json_reply

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Connect (sandbox)</title>
<h1>Connect your account to {client_id}</h1>
<form method="post">
<label>Account <select name="account">{accounts}</select></label>
<button name="decision" value="allow">Connect</button>
<button name="decision" value="deny">Cancel</button>
</form></html>
"""

_DENIED = {"error": "access_denied", "error_description": "The user denied your request"}


class Authorization:
    """The page of one application and request."""

    def __init__(self, application: Application | None, asked: Mapping[str, str]) -> None:
        self.application, self._asked = application, asked
        uris = application.redirect_uris if application else ()
        self.redirect_uri = asked.get("redirect_uri") or next(iter(uris), "")

    def problem(self) -> Response | None:
        """What is shown in place of the page; None if the request is in order."""
        if self.application is None:
            return failed("invalid_client", "No such application.")
        if self.redirect_uri not in self.application.redirect_uris:
            return failed(
                "invalid_redirect_uri",
                f"Invalid redirect URI '{self.redirect_uri}'. Ensure this uri exactly matches one "
                "of the uris specified in your application settings",
            )
        if self.application.kind == "connect":
            if self._asked.get("response_type") != "code":
                return failed("unsupported_response_type", "response_type must be code")
            if self._asked.get("scope", "read_only") not in ("read_only", "read_write"):
                return failed("invalid_scope", "scope is read_only or read_write")
        return None

    def page(self, accounts: Iterable[str]) -> Response:
        """The page with its two buttons."""
        assert self.application is not None
        options = "".join(f"<option>{escape(account)}</option>" for account in accounts)
        client_id = escape(self.application.client_id)
        return HTMLResponse(_PAGE.format(client_id=client_id, accounts=options))

    def back(self, **said: str) -> Response:
        """Leads back to the application with what became of it, and with its `state`."""
        parts = urlsplit(self.redirect_uri)
        state = {"state": self._asked["state"]} if "state" in self._asked else {}
        given = urlencode([*parse_qsl(parts.query), *said.items(), *state.items()])
        return RedirectResponse(urlunsplit(parts._replace(query=given)), 303)

    def denied(self) -> Response:
        """Leads back without a code."""
        return self.back(**_DENIED)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form in a request's body."""
    return dict(parse_qsl((await request.body()).decode()))


def failed(error: str, description: str, status: int = 400) -> Response:
    """An error in the form of RFC 6749."""
    reply = json_reply({"error": error, "error_description": description}, status)
    return Response(reply.body, reply.status, {"Content-Type": "application/json"})
