"""Around every request: its host and size; around every answer: headers that guard browsers."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY_BYTES = 1024 * 1024

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_BY_TLS = {"strict-transport-security": "max-age=31536000"}


class _TooLarge(Exception):
    """More of a body came than is read."""


class Envelope:
    """Refuses foreign hosts and large bodies, and adds the headers of every answer."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], is_https: bool) -> None:
        """Wraps an application.

        Args:
            app: what is inside.
            hosts: the names by which it may be called, lower case. Other names may have been made
                to lead here by a page that wants to read what its own address does not hold.
            is_https: whether browsers come by TLS.
        """
        self.app, self._hosts = app, hosts
        self._headers = _HEADERS | (_BY_TLS if is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        received = 0

        async def sending(message: Message) -> None:
            if received > LARGEST_BODY_BYTES:
                # What the application makes of a body that broke off is not the reason.
                return
            await adorned(message)

        async def adorned(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                # Pages hold what only this person may see; a route may say otherwise.
                headers.setdefault("cache-control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        if _name(headers.get("host", "")) not in self._hosts and scope["path"] != "/health":
            await _refusal(
                421, "Unknown host", "Call the service by the address that it was started with."
            )(scope, receive, adorned)
            return
        too_large = _refusal(
            413, "The body is too large", f"At most {LARGEST_BODY_BYTES} bytes are read."
        )
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY_BYTES:
            await too_large(scope, receive, adorned)
            return

        async def receiving() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY_BYTES:
                raise _TooLarge
            return message

        with suppress(_TooLarge):
            await self.app(scope, receiving, sending)
        if received > LARGEST_BODY_BYTES:
            await too_large(scope, receive, adorned)


def _refusal(status: int, title: str, detail: str) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


def _name(host: str) -> str:
    """Without the port; of an address of IPv6 without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
