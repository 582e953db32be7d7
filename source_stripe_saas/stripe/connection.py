"""urllib3's connections -> connections that write a request and read its reply in one go.

urllib3 does what is hard: it reaches the server, through a proxy or not, makes sure who it is, and
notices a connection that went stale. Its way of a request over that connection is general, and
takes longer than the rest of a page's way through this connector; so that part is done here.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

import urllib3.connection

from source_stripe_saas.stripe.http1 import Reply, read_reply, request_of

_BUFFER_BYTES = 1 << 16

_KINDS = (urllib3.connection.HTTPConnection, urllib3.connection.HTTPSConnection)

Tell = Callable[[socket.socket | None], None]
"""Told which socket a reply is about to come by."""


class Answered:
    """A reply in the shape that urllib3's pools hand on."""

    version_string, length_remaining = "HTTP/1.1", 0

    def __init__(self, reply: Reply) -> None:
        self.status, self.headers, self.data = reply.status, reply.headers, reply.decoded()


def connection_class(kind: type[Any], tell: Tell, silence_seconds: float) -> type[Any]:
    """A class of connections in place of a pool's own.

    Args:
        kind: the pool's. If it is not urllib3's, whoever put it there (a proxy of another kind, a
            recorder of replies) wants to send and read for itself, and does.
        tell: told of a socket before its reply is waited for: only the reply's headers could tell
            which connection they came by, and a server that lets them trickle in would never be
            found out.
        silence_seconds: how long a server may say nothing.
    """
    if kind not in _KINDS:
        return _telling(kind, tell)
    return _direct(kind, tell, silence_seconds)


def _telling(kind: type[Any], tell: Tell) -> type[Any]:
    class Telling(kind):  # type: ignore[misc]
        def getresponse(self, *args: Any, **options: Any) -> Any:
            tell(getattr(self, "sock", None))
            return super().getresponse(*args, **options)

    return Telling


def _direct(kind: type[Any], tell: Tell, silence_seconds: float) -> type[Any]:
    class Direct(kind):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            # Until here the pool's patience for connecting held.
            self.sock.settimeout(silence_seconds)

        def request(
            self,
            method: str,
            url: str,
            body: None = None,
            headers: Mapping[str, str] | None = None,
            **options: Any,
        ) -> None:
            assert method == "GET"
            assert body is None
            if self.sock is None:
                self.connect()
            self.sock.sendall(request_of(url, headers or {}))

        def getresponse(self) -> Any:
            tell(self.sock)
            with self.sock.makefile("rb", _BUFFER_BYTES) as stream:
                reply = read_reply(stream)
            if reply.is_last:
                self.close()
            return Answered(reply)

    return Direct
