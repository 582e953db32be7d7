"""A fake Stripe, over HTTP as `requests` speaks it: any thread's request is answered in-process."""

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests_mock

from source_stripe_saas.api.refusal import Refusal
from unit_tests.builders import NOW, PLANS
from unit_tests.fake_stripe import FakeStripe

ACCOUNT = {
    "id": "acct_1",
    "object": "account",
    "created": NOW - 10**8,
    "business_profile": {"name": "Example Ltd"},
}

Answer = tuple[int, Any]
"""(status, JSON body)."""


def denied(permission: str = "rak_charge_read", account: str = "acct_1") -> Answer:
    """Stripe's words for a restricted key that lacks a permission."""
    message = (
        "The provided key 'rk_test_1' does not have the required permissions for this endpoint on "
        f"account '{account}'. Having the '{permission}' permission would allow this request to "
        "continue."
    )
    return 403, {"error": {"type": "invalid_request_error", "message": message}}


def failure(status: int, message: str, **error: Any) -> Answer:
    """Any other no."""
    return status, {"error": {"type": "invalid_request_error", "message": message, **error}}


@dataclass
class StripeServer:
    """Lists for every stream, empty unless filled; answers of one's own by path."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, Answer | Callable[[Any], Answer]] = field(default_factory=dict)
    """Path below /v1 -> what it answers; a callable is given the request."""
    now: int = NOW
    sent: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        for plan in PLANS.values():
            source = plan.parent or plan
            if not source.single:
                self.lists.setdefault(source.path, [])
        self.answers.setdefault("account", (200, ACCOUNT))
        self._fake = FakeStripe(self.lists, self.now)
        self._numbers = count(1)

    def asked(self) -> Counter[str]:
        """Path below /v1 -> number of requests."""
        return Counter(urlsplit(request.url).path.removeprefix("/v1/") for request in self.sent)

    def headers(self, name: str) -> set[str | None]:
        """All values of a header that were sent; None where it was left out."""
        return {request.headers.get(name) for request in self.sent}

    def answer(self, request: Any, context: Any) -> Any:
        """For `requests_mock`."""
        self.sent.append(request)
        context.headers["Request-Id"] = f"req_{next(self._numbers)}"
        moment = datetime.fromtimestamp(self.now, timezone.utc)
        context.headers["Date"] = format_datetime(moment, usegmt=True)
        url = urlsplit(request.url)
        path = url.path.removeprefix("/v1/")
        own = self.answers.get(path)
        if callable(own):
            own = own(request)
        if own is not None:
            context.status_code, body = own
            return body
        try:
            return self._fake.get(path, parse_qsl(url.query)).body
        except Refusal as refused:
            context.status_code = refused.status
            return {"error": {"message": refused.message, "param": refused.param}}


@contextmanager
def serving(**fields: Any):
    """Answers every GET to Stripe's address; anything else fails the test."""
    server = StripeServer(**fields)
    with requests_mock.Mocker() as mocker:
        mocker.get(requests_mock.ANY, json=server.answer)
        yield server
