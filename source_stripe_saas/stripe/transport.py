"""A path and its parameters -> the bytes that came back, over one thread's own connection.

A session's `get` spends more time on cookies, redirects and chunks than a page of a hundred objects
takes to slice. None of them matter here, so the request is prepared apart from the session, and its
body is read from below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from source_stripe_saas.settings import Settings
from source_stripe_saas.stripe.trust import proxies, verification
from source_stripe_saas.stripe.watch import Waiting

STRIPE_VERSION = "2026-05-27.dahlia"
CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS = 10.0, 80.0

FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
"""What a broken connection may raise: the body is read below requests."""

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
        self.waiting: Waiting | None = None
        """Told which connection the next request goes out by."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Sends a request without a body; whoever reads the reply reads it from `raw`.

        Args:
            request: the first one decides on the server.
            stream: always so.
            timeout: seconds to connect and seconds of silence.
            verify: whether, or by which certificates, the server must prove who it is.
            cert: the client's own.
            proxies: by scheme.

        Raises:
            urllib3.exceptions.HTTPError: the connection broke.
            OSError: `verify` names a file that is not there.
        """
        if self._connections is None:
            self._connections = self.get_connection_with_tls_context(
                request, verify, proxies=proxies, cert=cert
            )
            self.cert_verify(self._connections, request.url, verify, cert)  # type: ignore[no-untyped-call]
            self._connections.ConnectionCls = self._telling(self._connections.ConnectionCls)
            whole = self.request_url(request, proxies)
            self._is_by_proxy = whole == request.url
        assert request.url is not None
        connect_seconds, read_seconds = timeout
        reply = self._connections.urlopen(
            request.method,
            request.url if self._is_by_proxy else _path_of(request.url),
            headers=request.headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=_NO_RETRIES,
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
        )
        response = requests.Response()
        response.status_code, response.raw, response.request = reply.status, reply, request
        response.url = request.url
        response.headers = CaseInsensitiveDict(reply.headers)
        return response

    def _telling(self, kind: type[Any]) -> type[Any]:
        """The class of connections, made to tell of itself before it waits for a reply.

        Only the reply's headers could tell which connection they came by, and a server that lets
        them trickle in would never be found out.
        """
        adapter = self

        class Telling(kind):  # type: ignore[misc]
            def getresponse(self, *args: Any, **options: Any) -> Any:
                if adapter.waiting is not None:
                    adapter.waiting.connection = getattr(self, "sock", None)
                return super().getresponse(*args, **options)

        return Telling


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
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
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
        self._server.waiting = waiting
        response = self._session.send(
            request,
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            verify=self._verify,
            proxies=self._proxies,
        )
        try:
            content = response.raw.read(decode_content=True)
        finally:
            response.raw.release_conn()
        return Answer(response.status_code, response.headers, content)
