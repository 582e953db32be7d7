"""Stripe's refusals: what went wrong in, status and error body out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Refusal(Exception):
    """A reply that is not 200."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    type: str = "invalid_request_error"
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, request_id: str, *, livemode: bool) -> dict[str, Any]:
        """The reply's body, with the links Stripe adds."""
        error: dict[str, Any] = {}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        error["message"] = self.message
        if self.param is not None:
            error["param"] = self.param
        if self.status not in (401, 429):
            mode = "" if livemode else "test/"
            error["request_log_url"] = f"https://dashboard.stripe.com/{mode}logs/{request_id}"
        error["type"] = self.type
        return {"error": error}


def bad_request(message: str, *, code: str | None = None, param: str | None = None) -> Refusal:
    """400: a parameter is wrong."""
    return Refusal(400, message, code, param)


def missing_object(noun: str, identity: str, *, param: str = "id", status: int = 404) -> Refusal:
    """No such object: 404 for the object a path names, 400 for one a parameter names."""
    message = f"No such {noun}: '{identity}'"
    return Refusal(status, message, "resource_missing", param)


def unknown_route(method: str, path: str) -> Refusal:
    """404: no endpoint has this path."""
    return Refusal(
        404,
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we "
        "can help at https://support.stripe.com/.",
    )
