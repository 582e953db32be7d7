"""A path and its parameters -> the bytes that came back, over one thread's own connection.

HTTP is the work of requests and urllib3. Beside that: no redirects, no `.netrc`, Stripe's headers,
timeouts, and a way to abort a request from another thread.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from source_stripe_saas.api.access import Access
from source_stripe_saas.api.trust import proxies, verification

STRIPE_VERSION = "2026-05-27.dahlia"
CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS = 10.0, 80.0

FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
"""What a broken connection may raise: a body is read by urllib3, with its own errors."""

_LONGEST_BODY_BYTES = 1 << 30
"""`http.client` allocates as many bytes as a server announces, before any has come."""

_LONGEST_CONTENT_BYTES = 1 << 28
"""Compressed content may expand a thousandfold; the largest pages of Stripe's have a few MB."""


def cause_of(error: Exception) -> Exception:
    """The error of urllib3's, or the system's, inside one of requests'."""
    while True:
        inner = getattr(error, "reason", None)
        if isinstance(error, requests.RequestException) and error.args:
            inner = error.args[0]
        if not isinstance(inner, Exception):
            return error
        error = inner


def was_sent(error: Exception) -> bool:
    """False if there was not even a connection: refused, unreachable, or no such host."""
    return not isinstance(cause_of(error), urllib3.exceptions.NewConnectionError)


@dataclass(frozen=True)
class HttpReply:
    """Whatever came back, good or bad."""

    status: int
    headers: CaseInsensitiveDict[str]
    content: bytes


class _InUse:
    """The connection that was used last, or is being made."""

    connection: Any = None


class NotingAdapter(HTTPAdapter):
    """An adapter whose connections note themselves in `in_use` when they are used."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # An object apart from the adapter, which would otherwise be part of a cycle with its pools.
        self.in_use = _InUse()

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """The pool of connections that a request goes out by."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        kind = pool.ConnectionCls
        if not hasattr(kind, "in_use"):
            # A recorder of replies, or a SOCKS proxy, brings a class of its own: it is kept.
            pool.ConnectionCls = type(kind.__name__, (_Noting, kind), {"in_use": self.in_use})
        return pool


class _Noting:
    """Mixed into a class of urllib3's connections."""

    in_use: _InUse

    def connect(self) -> None:
        # Ahead of the connection: a proxy may take its time over its own reply.
        self.in_use.connection = self
        super().connect()  # type: ignore[misc]

    def getresponse(self, *args: Any, **options: Any) -> Any:
        self.in_use.connection = self
        return super().getresponse(*args, **options)  # type: ignore[misc]


def shut_down(connection: Any) -> None:
    """Ends a connection, so that a read from it that is under way ends at once.

    Args:
        connection: a socket, with TLS or without, or urllib3's TLS inside the TLS of a proxy.
    """
    own = getattr(connection, "socket", connection)
    with suppress(OSError, TypeError):
        # A TLS socket's own `shutdown` gives up its keys first, and its reader would go on to
        # take what is still to come, encrypted, for the body.
        socket.socket.shutdown(own, socket.SHUT_RDWR)


class Transport:
    """Sends GET requests, one at a time; for one thread, but for `abort`."""

    def __init__(self, access: Access) -> None:
        self._url = f"{access.url}/v1/"
        self._session = requests.Session()
        # A .netrc entry would replace the Authorization header. What else the environment says,
        # proxies and certificates, is taken from it by name.
        self._session.trust_env = False
        self._proxies = proxies(access.url)
        self._verify = verification()
        headers = {
            "Authorization": f"Bearer {access.key}",
            "Stripe-Version": STRIPE_VERSION,
            "User-Agent": "source-stripe-saas",
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
        }
        self._adapter = NotingAdapter(pool_connections=1, pool_maxsize=1)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, self._adapter)
        # Preparing looks through a URL letter by letter; here it is well-formed to begin with.
        self._blank = requests.Request("GET", self._url, headers=headers).prepare()

    def get(self, path: str, params: list[tuple[str, str]], headers: dict[str, str]) -> HttpReply:
        """One request; redirects are not followed, since another host must never see the key.

        Args:
            path: below /v1, ids escaped.
            params: the query.
            headers: beside those of every request.

        Raises:
            One of `FAILURES`: the connection broke.
        """
        # Prepared without the session, which would merge cookies and settings of its own.
        request = self._blank.copy()
        request.url = f"{self._url}{path}" + (f"?{urlencode(params)}" if params else "")
        request.headers.update(headers)
        try:
            return self._received(request)
        except FAILURES:
            # What was read whole and cannot be decoded leaves a connection that looks sound.
            self._adapter.close()
            raise

    def _received(self, request: requests.PreparedRequest) -> HttpReply:
        with self._session.send(
            request,
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            verify=self._verify,
            proxies=self._proxies,
        ) as response:
            _check(response)
            # In one piece; `response.content` takes it in pieces of 10 KB.
            content = response.raw.read(_LONGEST_CONTENT_BYTES + 1, decode_content=True)
            if len(content) > _LONGEST_CONTENT_BYTES:
                raise requests.ConnectionError("a body that expands without bound")
            return HttpReply(response.status_code, response.headers, content)

    def abort(self) -> None:
        """Makes the request under way fail; called by another thread."""
        shut_down(getattr(self._adapter.in_use.connection, "sock", None))


def _check(response: requests.Response) -> None:
    """Refuses replies whose body must not be read.

    Raises:
        requests.ConnectionError: closing the reply closes its connection as well.
    """
    if response.status_code < 200:
        # `http.client` takes an "early hint" for the reply, and the reply for that of the next
        # request.
        raise requests.ConnectionError(f"status {response.status_code} ahead of the reply")
    announced_bytes = getattr(response.raw, "length_remaining", None) or 0
    if announced_bytes > _LONGEST_BODY_BYTES:
        raise requests.ConnectionError(f"a body of {announced_bytes} bytes")
