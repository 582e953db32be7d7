"""A path and its parameters -> Stripe's decoded answer, however often it has to be asked.

Only GET is ever sent. Rate limits are kept, broken connections, 409, 429 and 5xx are tried again,
everything else that is not an answer becomes an exception of `refusal.py`.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from source_stripe_saas.api.access import Access
from source_stripe_saas.api.limits import RateLimits, limits_for
from source_stripe_saas.api.raw_object import HeadDecoder, ListContent, is_page, list_content, loads
from source_stripe_saas.api.refusal import Unreachable, is_error, refusal
from source_stripe_saas.api.transport import FAILURES, HttpReply, Transport, cause_of, was_sent
from source_stripe_saas.api.watch import Watch

ATTEMPTS = 9
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_KNOCKS = 8
_KNOCK_PAUSE_SECONDS = 0.2
"""A refused connection has cost Stripe nothing, so it is soon tried again, that often, before it
counts as an attempt. A server that restarts is mostly back by then."""

_WEIGHT = 0.1
"""Of the latest request in the average of how long one takes."""

Params = Sequence[tuple[str, str]]

_log = logging.getLogger("airbyte.source_stripe_saas")


@dataclass(frozen=True)
class Reply:
    """A good answer."""

    body: dict[str, Any]
    """The decoded answer; empty if slices were asked for."""
    moment: int | None
    """Stripe's clock when it answered (the `Date` header), Unix seconds."""
    listed: ListContent | None = None
    """A list's objects and whether there are more, if slices were asked for."""


def pause_seconds(attempt: int, jitter: float) -> float:
    """How long to wait before attempt number `attempt` + 1; `jitter` is between 0 and 1.

    Stripe never sends Retry-After, so the pause doubles each time, half of it left to chance so
    that clients that failed together do not come back together. A second failure may still be
    chance, and whoever waits for this page waits alone, so doubling begins with the third.
    """
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** max(0, attempt - 2))
    return float(longest * (0.5 + jitter / 2))


def is_worth_retrying(status: int, should_retry: str | None) -> bool:
    """Stripe's own advice if it gave one, else: locks, limits and its own faults pass."""
    if should_retry in ("true", "false"):
        return should_retry == "true"
    return status in (409, 424, 429) or status >= 500


class StripeClient:
    """Reads from one account with one key; safe to use from many threads."""

    def __init__(
        self,
        access: Access,
        *,
        attempts: int = ATTEMPTS,
        limits: RateLimits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        watch: Watch | None = None,
    ) -> None:
        self.access = access
        self._attempts = attempts
        self.limits = limits or limits_for(access)
        self._sleep = sleep
        self._transports = threading.local()
        self._watch = watch or Watch()
        self._lock = threading.Lock()
        self._account_header: dict[str, str] = {}
        self.latency_seconds = 0.0
        """How long an answer took lately, with the pauses after failures."""
        self.bytes_received = 0
        self.requests_sent: dict[str, int] = {}
        """Endpoint -> number of requests, retries included."""

    def act_on(self, account_id: str) -> None:
        """Sends every further request on behalf of another account."""
        name = "Stripe-Context" if self.access.is_organization_key else "Stripe-Account"
        self._account_header = {name: account_id}

    def get(
        self,
        path: str,
        params: Params = (),
        *,
        endpoint: str | None = None,
        head: HeadDecoder | None = None,
        is_list: bool = False,
    ) -> Reply:
        """Asks until there is an answer.

        Args:
            path: below /v1, such as `invoices/in_1/lines`.
            params: query parameters in order; a name may repeat.
            endpoint: what Stripe counts limits by, when `path` holds ids.
            head: the answer is a list, of whose objects just this much is decoded.
            is_list: the answer is a list; what says something else is asked for again.

        Raises:
            Refusal: Stripe said no, and will again.
            Unreachable: no readable answer after all attempts.
        """
        endpoint = endpoint or path
        problem, status, request_id = "", None, None
        paused = 0.0
        for attempt in range(1, self._attempts + 1):
            advice = None
            try:
                answer, seconds = self._answer(path, params, endpoint)
            except FAILURES as error:
                status, request_id = None, None
                problem = f"connection failed ({_kind_of(error)})"
            else:
                status, content = answer.status, answer.content
                request_id = answer.headers.get("Request-Id")
                moment = _moment(answer.headers.get("Date"))
                if status == 429:
                    reason = answer.headers.get("Stripe-Rate-Limited-Reason")
                    self.limits.refused(endpoint, reason)
                if status < 300:
                    reply = _reply(content, moment, head, is_list)
                    if reply is not None:
                        self._note(seconds + paused)
                        self.limits.answered(endpoint)
                        return reply
                    kind = "list" if head or is_list else "object"
                    problem = f"the reply is no {kind} of Stripe's"
                else:
                    advice = answer.headers.get("Stripe-Should-Retry")
                    body = _decoded(content)
                    no = refusal(path, status, body, request_id, moment)
                    # Only a 404 that Stripe wrote, and that is whole, says that an object is gone.
                    is_doubtful = status == 404 and not is_error(body)
                    if not is_doubtful and not is_worth_retrying(status, advice):
                        raise no
                    problem = f"status {status}: {no.message}"
            if attempt < self._attempts:
                pause = pause_seconds(attempt, random.random())
                _log.debug("GET %s: %s; again in %.1f s", path, problem, pause)
                self._sleep(pause)
                paused += pause
        raise Unreachable(path, problem, self._attempts, status, request_id)

    def _answer(self, path: str, params: Params, endpoint: str) -> tuple[HttpReply, float]:
        """One request, as soon as the limits allow it; a refused connection is tried again.

        Returns:
            The answer, and how many seconds it took once it was allowed.

        Raises:
            One of `FAILURES`: the connection broke, or was refused again and again.
        """
        knocks = 0
        while True:
            self.limits.wait(endpoint)
            began = time.monotonic()
            transport = self._transport()
            try:
                with self._watch.over(f"GET /v1/{path}", transport.abort):
                    answer = transport.get(path, list(params), self._account_header)
            except FAILURES as error:
                if was_sent(error):
                    self._count(endpoint)
                    raise
                self.limits.take_back(endpoint)
                if knocks == _KNOCKS:
                    raise
            else:
                self._count(endpoint, len(answer.content))
                return answer, time.monotonic() - began
            knocks += 1
            self._sleep(_KNOCK_PAUSE_SECONDS * (0.5 + random.random() / 2))

    def _count(self, endpoint: str, received: int = 0) -> None:
        with self._lock:
            self.requests_sent[endpoint] = self.requests_sent.get(endpoint, 0) + 1
            self.bytes_received += received

    def _note(self, seconds: float) -> None:
        with self._lock:
            known = self.latency_seconds
            self.latency_seconds = known + (seconds - known) * _WEIGHT if known else seconds

    def _transport(self) -> Transport:
        """This thread's own connection."""
        transport: Transport | None = getattr(self._transports, "transport", None)
        if transport is None:
            transport = self._transports.transport = Transport(self.access)
        return transport


def _kind_of(error: Exception) -> str:
    """What broke, without the text of the error, which may hold addresses and passwords."""
    broken = cause_of(error)
    if "CERTIFICATE_VERIFY_FAILED" in str(broken):
        return "the server's certificate is not trusted"
    return type(broken).__name__


def _reply(
    content: bytes, moment: int | None, head: HeadDecoder | None, is_list: bool
) -> Reply | None:
    """A body as the caller wants it, None if it is something else."""
    if head is not None:
        listed = list_content(content, head)
        return Reply({}, moment, listed) if listed is not None and is_page(*listed) else None
    body = _decoded(content)
    if not isinstance(body, dict) or not body.keys() & {"id", "object"}:
        return None  # whatever is Stripe's has one of these
    if is_list and not is_page(body.get("data"), body.get("has_more")):
        return None
    return Reply(body, moment)


def _decoded(content: bytes) -> Any:
    """A body's JSON, or None if it is none."""
    try:
        return loads(content)
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=16)
def _moment(date: str | None) -> int | None:
    """An HTTP date -> Unix seconds, None if there is none."""
    try:
        return int(parsedate_to_datetime(date).timestamp()) if date else None
    except (TypeError, ValueError):
        return None
