"""A path and its parameters -> the bytes that came back, over one thread's own connection.

A session's `get` spends more time on cookies, redirects and chunks than a page of a hundred objects
takes to slice. None of them matter here, so the request is prepared apart from the session, and
goes out by an adapter and by connections of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from source_stripe_saas.api.connection import Listener, connection_class
from source_stripe_saas.api.http1 import ENCODINGS
from source_stripe_saas.api.trust import proxies, verification
from source_stripe_saas.api.watch import Waiting
from source_stripe_saas.config.settings import Settings

STRIPE_VERSION = "2026-05-27.dahlia"
CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS = 10.0, 80.0

FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
"""What a broken connection may raise: the reply is read below requests."""

_TIMEOUT = urllib3.Timeout(connect=CONNECT_TIMEOUT_SECONDS, read=READ_TIMEOUT_SECONDS)
_NO_RETRIES = urllib3.Retry(0, read=False)


def was_sent(error: Exception) -> bool:
    """False if there was not even a connection: refused, unreachable, or no such host."""
    reason = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else error
    reason = getattr(reason, "reason", reason)
    return not isinstance(reason, urllib3.exceptions.NewConnectionError)


@dataclass(frozen=True)
class Answer:
    """Whatever came back, good or bad."""

    status: int
    headers: CaseInsensitiveDict[str]
    content: bytes


class OneServer(HTTPAdapter):
    """An adapter whose requests all go to one server.

    The plain one looks the server, its proxy and its certificates up for each request, and makes
    more of a reply than a status, headers and a body. What breaks stays an error of urllib3's.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._connections: Any = None
        self._is_by_proxy = False
        self.listener = Listener()
        """Apart from the adapter, which would otherwise hold its own pool, and keep it open."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Sends a request without a body, and reads the reply to its end.

        Args:
            request: the first one decides on the server.
            stream: never so.
            timeout: not looked at; it is the same for all.
            verify: whether, or by which certificates, the server must prove who it is.
            cert: the client's own.
            proxies: by scheme.

        Raises:
            urllib3.exceptions.HTTPError: the connection broke.
            OSError: `verify` names a file that is not there.
            ValueError: the request cannot be put into HTTP.
        """
        assert request.url is not None
        if self._connections is None:
            self._connect(request, verify, cert, proxies)
        reply = self._connections.urlopen(
            request.method,
            request.url if self._is_by_proxy else _path_of(request.url),
            headers=dict(request.headers),
            redirect=False,
            assert_same_host=False,
            retries=_NO_RETRIES,
            timeout=_TIMEOUT,
        )
        response = requests.Response()
        response.status_code, response.url, response.request = reply.status, request.url, request
        response.headers = CaseInsensitiveDict(reply.headers)
        # Where `content` keeps what it has read.
        response._content = reply.data
        return response

    def _connect(
        self, request: requests.PreparedRequest, verify: Any, cert: Any, proxies: Any
    ) -> None:
        """Finds the way to the server."""
        pool: Any = self.get_connection_with_tls_context(
            request, verify, proxies=proxies, cert=cert
        )
        self.cert_verify(pool, request.url, verify, cert)  # type: ignore[no-untyped-call]
        pool.ConnectionCls = connection_class(
            pool.ConnectionCls, self.listener, READ_TIMEOUT_SECONDS
        )
        self._connections = pool
        self._is_by_proxy = self.request_url(request, proxies) == request.url


def _path_of(url: str) -> str:
    """What stands in a URL after the host."""
    return url[url.index("/", url.index("//") + 2) :]


class Transport:
    """Sends GET requests, one at a time; for one thread."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"{settings.api_url}/v1/"
        self._session = requests.Session()
        # A .netrc entry would replace the Authorization header, so the environment is not
        # trusted; what else it may say is taken from it by name.
        self._session.trust_env = False
        self._proxies = proxies(settings)
        self._verify = verification()
        self._headers = {
            "Authorization": f"Bearer {settings.key}",
            "Stripe-Version": STRIPE_VERSION,
            "User-Agent": "source-stripe-saas",
            "Accept": "*/*",
            "Accept-Encoding": ENCODINGS,
            "Connection": "keep-alive",
            "Host": urlsplit(settings.api_url).netloc,
        }
        self._server = OneServer(pool_connections=2, pool_maxsize=2)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, self._server)
        # Preparing looks through a URL letter by letter; here it is well-formed to begin with.
        self._blank = requests.Request("GET", self._url, headers=self._headers).prepare()

    def get(
        self,
        path: str,
        params: list[tuple[str, str]],
        headers: dict[str, str],
        waiting: Waiting | None = None,
    ) -> Answer:
        """One request; redirects are not followed, since another host must never see the key.

        Args:
            path: below /v1, ids escaped.
            params: the query.
            headers: beside those of every request.
            waiting: told which connection the reply comes by.

        Raises:
            One of `FAILURES`: the connection broke.
        """
        url = f"{self._url}{path}" + (f"?{urlencode(params)}" if params else "")
        # Prepared without the session, which would merge cookies and settings of its own.
        request = self._blank.copy()
        request.url = url
        request.headers.update(headers)
        self._server.listener.waiting = waiting
        response = self._session.send(
            request,
            allow_redirects=False,
            verify=self._verify,
            proxies=self._proxies,
        )
        return Answer(response.status_code, response.headers, response.content)
