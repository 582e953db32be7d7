"""An error that Stripe replies with -> an exception of its kind.

StripeError
├── Unreachable         no reply, or none that can be read, after all attempts
├── UnexpectedContent   a reply of Stripe's that holds something else than the API describes
├── EventsForgotten     events are older than Stripe keeps them
└── Refusal             a reply with an error in it
    ├── KeyRefused      401
    │   └── GrantEnded  the refresh token of a connection by OAuth is void
    ├── PermissionRefused  403
    ├── NotFound        404, or 400 about an object that a filter names
    └── CursorGone      the object that a page was to start after is gone
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_PERMISSION = re.compile(r"'?(rak_[a-z0-9_]+)'?")
_ACCOUNT = re.compile(r"(acct_[A-Za-z0-9]+)")
_KEY = re.compile(r"\b(?:sk|rk|pk)_[A-Za-z0-9_*]+")


_LONGEST = 1_000
"""Characters of a message; Stripe's are shorter, those of a proxy may have any length."""


@dataclass(eq=False)
class StripeError(Exception):
    """A request that failed for good; the base of all of them."""

    path: str
    """The requested path below /v1, without the query."""
    message: str
    """What Stripe, or the network, said; free of keys."""

    def __str__(self) -> str:
        return f"GET {self.path}: {self.message}"


@dataclass(eq=False)
class Unreachable(StripeError):
    """No readable reply came within the retry budget."""

    attempts: int = 1
    status: int | None = None
    request_id: str | None = None

    def __str__(self) -> str:
        last = f" -> {self.status}, request {self.request_id}" if self.status else ""
        return f"GET {self.path}{last}, {self.attempts} attempts: {self.message}"


@dataclass(eq=False)
class UnexpectedContent(StripeError):
    """Stripe's reply holds something else than its API describes; a retry would get the same.

    The message is this connector's own.
    """

    identity: str = ""
    """The id of the object that it is about, or of the one that holds it, if it is a single one."""


@dataclass(eq=False)
class EventsForgotten(StripeError):
    """Events that were to be read are older than Stripe keeps them."""

    goes_on: bool = False
    """True if everything else of the stream can still be read."""


@dataclass(eq=False)
class Refusal(StripeError):
    """Stripe replied with an error that retrying would not end."""

    status: int = 400
    code: str | None = None
    param: str | None = None
    request_id: str | None = None
    moment: int | None = None
    """Stripe's clock when it replied, Unix seconds."""
    is_stripes: bool = True
    """False if the reply does not hold an error as Stripe writes it."""

    def __str__(self) -> str:
        return f"GET {self.path} -> {self.status}, request {self.request_id}: {self.message}"

    @property
    def account_id(self) -> str | None:
        """The account that Stripe's message names (`acct_...`): the key's own."""
        found = _ACCOUNT.search(self.message)
        return found.group(1) if found else None


class KeyRefused(Refusal):
    """401: the key is wrong, revoked or expired."""

    @property
    def is_expired(self) -> bool:
        """True if the key was valid once."""
        return self.code == "api_key_expired"


class GrantEnded(KeyRefused):
    """Stripe gives no more access tokens for the refresh token: revoked, expired or used before."""

    def __str__(self) -> str:
        return f"POST {self.path} -> {self.status}: {self.message}"


class PermissionRefused(Refusal):
    """403: the key may not read this."""

    @property
    def permission(self) -> str | None:
        """The restricted-key permission that Stripe asks for, such as `rak_charge_read`."""
        found = _PERMISSION.search(self.message)
        return found.group(1) if found else None


class NotFound(Refusal):
    """404: no such object or route; or a filter names an object that is not there."""


class CursorGone(Refusal):
    """The cursor of a page (`starting_after`) names an object that is gone, or left the filter."""


def is_error(body: Any) -> bool:
    """True for a decoded reply of the shape that Stripe gives its errors."""
    return isinstance(body, dict) and isinstance(body.get("error"), dict)


def refusal(
    path: str,
    status: int,
    body: Any,
    request_id: str | None = None,
    moment: int | None = None,
) -> Refusal:
    """Stripe's error body -> the exception to raise.

    Args:
        path: the route, for the message.
        status: HTTP status, 300 and above.
        body: the decoded reply, of whatever shape.
        request_id: Stripe's `Request-Id` header.
        moment: Stripe's clock when it replied, Unix seconds.
    """
    error = body["error"] if is_error(body) else {}
    # Stripe masks keys in its messages; a proxy in between may not.
    said = " ".join(str(error.get("message") or f"HTTP status {status}").split())
    message = _KEY.sub("[key]", said if len(said) <= _LONGEST else f"{said[:_LONGEST]} …")
    code, param = error.get("code"), error.get("param")
    kind: type[Refusal] = Refusal
    if status == 401:
        kind = KeyRefused
    elif status == 403:
        kind = PermissionRefused
    elif param in ("starting_after", "ending_before") and status in (400, 404):
        # The status for a cursor that is gone is not documented; both have been reported.
        kind = CursorGone
    elif status == 404 or (status == 400 and code == "resource_missing"):
        # 404 for a missing object in the path, 400 for one that a filter names.
        kind = NotFound
    return kind(path, message, status, code, param, request_id, moment, is_error(body))
