"""A path and its parameters -> Stripe's decoded reply, with retries and within the rate limits.

Only GET is ever sent; with OAuth, `Access.tokens` renews its token by a POST of its own. Broken
connections, 409, 424, 429 and 5xx are retried with exponential backoff; any other error becomes an
exception of `refusal.py`.
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
"""The retry budget of one request, the first attempt included."""

_FIRST_BACKOFF_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 30.0

_CONNECT_RETRIES = 8
_CONNECT_BACKOFF_SECONDS = 0.2
"""A refused connection costs Stripe nothing, so connecting is retried that often, at short
intervals, before it counts as an attempt. A server that restarts is mostly back by then."""

_LATENCY_WEIGHT = 0.1
"""Weight of the latest request in the moving average of the latency."""

Params = Sequence[tuple[str, str]]
"""Query parameters in order; a name may repeat."""

_log = logging.getLogger("airbyte.source_stripe_saas")


@dataclass(frozen=True)
class Reply:
    """A successful reply."""

    body: dict[str, Any]
    """The decoded reply; empty if `listed` holds it."""
    moment: int | None
    """Stripe's clock when it replied (the `Date` header), Unix seconds."""
    listed: ListContent | None = None
    """A list's objects and whether there are more, if only their heads were to be decoded."""


def backoff_seconds(attempt: int, jitter: float) -> float:
    """Exponential backoff: how long to wait after a failed attempt.

    Stripe never sends Retry-After. A second failure may still be chance, and doubling it would hold
    up a page for nothing, so doubling begins with the third.

    Args:
        attempt: number of the attempt that failed, from 1.
        jitter: between 0 and 1, by chance; half of the wait depends on it, so that clients that
            failed together do not come back together.
    """
    longest = min(_LONGEST_BACKOFF_SECONDS, _FIRST_BACKOFF_SECONDS * 2 ** max(0, attempt - 2))
    return float(longest * (0.5 + jitter / 2))


def is_worth_retrying(status: int, should_retry: str | None) -> bool:
    """Whether the same request may succeed later.

    Args:
        status: HTTP status, 300 and above: locks (409, 424), rate limits (429) and faults of
            Stripe's (5xx) pass.
        should_retry: the header `Stripe-Should-Retry`, which counts more than the status.
    """
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
        spare: list[Transport] | None = None,
    ) -> None:
        """A client of one account.

        Args:
            access: by which key, where, and how fast.
            attempts: the retry budget of a request.
            limits: of the key's mode by default; shared by clients whose requests count together.
            sleep: waits so many seconds.
            watch: ends requests that hang.
            spare: open connections of clients that have ended, and where `hand_on` puts them.
        """
        self.access = access
        self._spare = spare
        self._in_use: list[Transport] = []
        self._attempts = attempts
        self.limits = limits or limits_for(access)
        self._sleep = sleep
        self._transports = threading.local()
        self._watch = watch or Watch()
        self._lock = threading.Lock()
        self._account_header: dict[str, str] = {}
        self.latency_seconds = 0.0
        """Moving average of the time from the first attempt to the reply, backoff included."""
        self.bytes_received = 0
        self.requests_sent: dict[str, int] = {}
        """Endpoint -> number of requests, retries included."""

    def hand_on(self) -> None:
        """Leaves the open connections to the next client; no thread may use this one any more."""
        if self._spare is not None:
            self._spare += self._in_use
        self._in_use = []

    def act_on(self, account_id: str) -> None:
        """Sends every later request on behalf of another account (`acct_...`)."""
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
        """Sends a request until a reply comes or the retry budget is used up.

        Args:
            path: below /v1, such as `invoices/in_1/lines`.
            params: query parameters in order; a name may repeat.
            endpoint: what Stripe counts rate limits by, when `path` holds ids.
            head: the reply must be a list, of whose objects only the head is decoded.
            is_list: the reply must be a list; anything else is retried.

        Raises:
            Refusal: Stripe refused, and retrying would not help.
            Unreachable: no readable reply after all attempts.
        """
        endpoint = endpoint or path
        problem, status, request_id = "", None, None
        waited, is_renewed = 0.0, False
        for attempt in range(1, self._attempts + 1):
            advice = None
            token = self.access.tokens.current() if self.access.tokens is not None else None
            try:
                http, seconds = self._send(path, params, endpoint, token)
            except FAILURES as error:
                status, request_id = None, None
                problem = f"connection failed ({_kind_of(error)})"
            else:
                status, content = http.status, http.content
                request_id = http.headers.get("Request-Id")
                moment = _moment(http.headers.get("Date"))
                if status == 429:
                    reason = http.headers.get("Stripe-Rate-Limited-Reason")
                    self.limits.refused(endpoint, reason)
                if status < 300:
                    reply = _reply(content, moment, head, is_list)
                    if reply is not None:
                        self._note_latency(seconds + waited)
                        self.limits.answered(endpoint)
                        return reply
                    kind = "list" if head or is_list else "object"
                    problem = f"the reply is not a Stripe {kind}"
                else:
                    advice = http.headers.get("Stripe-Should-Retry")
                    body = _decoded(content)
                    refused = refusal(path, status, body, request_id, moment)
                    # Only a 404 that Stripe wrote, and that is whole, says that an object is gone.
                    is_doubtful = status == 404 and not is_error(body)
                    if status == 401 and token is not None and not is_renewed:
                        # It ran out on its way, or Stripe counts its time otherwise.
                        assert self.access.tokens is not None
                        self.access.tokens.renew(token)
                        is_renewed, problem = True, refused.message
                        continue
                    if not is_doubtful and not is_worth_retrying(status, advice):
                        raise refused
                    problem = f"status {status}: {refused.message}"
            if attempt < self._attempts:
                backoff = backoff_seconds(attempt, random.random())
                _log.debug("GET %s: %s; retry in %.1f s", path, problem, backoff)
                self._sleep(backoff)
                waited += backoff
        raise Unreachable(path, problem, self._attempts, status, request_id)

    def _send(
        self, path: str, params: Params, endpoint: str, token: str | None
    ) -> tuple[HttpReply, float]:
        """One attempt, as soon as the rate limits allow it; connecting is retried.

        Args:
            path: as for `get`.
            params: as for `get`.
            endpoint: as for `get`.
            token: an access token in the place of the key.

        Returns:
            The reply, and how many seconds it took once it was allowed.

        Raises:
            One of `FAILURES`: the connection broke, or could not be made.
        """
        connect_retries = 0
        headers = self._account_header
        if token is not None:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        while True:
            self.limits.wait(endpoint)
            began = time.monotonic()
            transport = self._transport()
            try:
                with self._watch.over(f"GET /v1/{path}", transport.abort):
                    http = transport.get(path, list(params), headers)
            except FAILURES as error:
                if was_sent(error):
                    self._count(endpoint)
                    raise
                self.limits.take_back(endpoint)
                if connect_retries == _CONNECT_RETRIES:
                    raise
            else:
                self._count(endpoint, len(http.content))
                return http, time.monotonic() - began
            connect_retries += 1
            self._sleep(_CONNECT_BACKOFF_SECONDS * (0.5 + random.random() / 2))

    def _count(self, endpoint: str, received: int = 0) -> None:
        with self._lock:
            self.requests_sent[endpoint] = self.requests_sent.get(endpoint, 0) + 1
            self.bytes_received += received

    def _note_latency(self, seconds: float) -> None:
        with self._lock:
            known = self.latency_seconds
            self.latency_seconds = known + (seconds - known) * _LATENCY_WEIGHT if known else seconds

    def _transport(self) -> Transport:
        """The calling thread's own."""
        transport: Transport | None = getattr(self._transports, "transport", None)
        if transport is None:
            transport = self._transports.transport = self._spare_transport()
        return transport

    def _spare_transport(self) -> Transport:
        if self._spare is None:
            return Transport(self.access)
        try:
            transport = self._spare.pop()
        except IndexError:
            transport = Transport(self.access)
        self._in_use.append(transport)
        return transport


def _kind_of(error: Exception) -> str:
    """The kind of failure, without the error's text, which may hold addresses and passwords."""
    broken = cause_of(error)
    if "CERTIFICATE_VERIFY_FAILED" in str(broken):
        return "the server's certificate is not trusted"
    return type(broken).__name__


def _reply(
    content: bytes, moment: int | None, head: HeadDecoder | None, is_list: bool
) -> Reply | None:
    """A body in the form that was asked for, None if it is not of Stripe's making."""
    if head is not None:
        listed = list_content(content, head)
        return Reply({}, moment, listed) if listed is not None and is_page(*listed) else None
    body = _decoded(content)
    if not isinstance(body, dict) or not body.keys() & {"id", "object"}:
        return None  # all of Stripe's objects have one of these
    if is_list and not is_page(body.get("data"), body.get("has_more")):
        return None
    return Reply(body, moment)


def _decoded(content: bytes) -> Any:
    """A body's JSON, or None if it is not JSON."""
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
