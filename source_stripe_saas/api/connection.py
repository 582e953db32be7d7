"""urllib3's connections -> connections that write a request and read its reply in one go.

urllib3 does what is hard: it reaches the server, through a proxy or not, makes sure who it is, and
notices a connection that went stale. Its way of sending a request over that connection is general,
and threads that read page after page wait for each other over it; so that part is done here.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from source_stripe_saas.api.http1 import Reply, read_reply, request_of
from source_stripe_saas.api.watch import Waiting

_BUFFER_BYTES = 1 << 16


class Listener:
    """Knows who waits for the next reply, and tells them by which socket it will come.

    Only the reply's headers could tell otherwise, and a server that lets them trickle in would
    never be found out.
    """

    def __init__(self) -> None:
        self.waiting: Waiting | None = None

    def tell(self, connection: socket.socket | None) -> None:
        """Tells them."""
        if self.waiting is not None:
            self.waiting.connection = connection


class Answered:
    """A reply in the shape that urllib3's pools hand on."""

    version_string, length_remaining = "HTTP/1.1", 0
    """For the pools' debug log."""

    def __init__(self, reply: Reply) -> None:
        self.status, self.headers, self.data = reply.status, reply.headers, reply.decoded()


def connection_class(kind: type[Any], listener: Listener, silence_seconds: float) -> type[Any]:
    """A class of connections in place of a pool's own.

    Args:
        kind: the pool's. If it is not urllib3's, whoever put it there (a proxy of another kind, a
            recorder of replies) wants to send and read for itself, and does.
        listener: told of each socket before its reply is waited for.
        silence_seconds: how long a server may say nothing.
    """
    # Not by comparing classes: a recorder may stand under urllib3's own names.
    if kind.__module__ != "urllib3.connection":
        return _telling(kind, listener)
    return _direct(kind, listener, silence_seconds)


def _telling(kind: type[Any], listener: Listener) -> type[Any]:
    class Telling(kind):  # type: ignore[misc]
        def getresponse(self, *args: Any, **options: Any) -> Any:
            listener.tell(getattr(self, "sock", None))
            return super().getresponse(*args, **options)

    return Telling


def _direct(kind: type[Any], listener: Listener, silence_seconds: float) -> type[Any]:
    class Direct(kind):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            # Until here the pool's patience for connecting held.
            self.sock.settimeout(silence_seconds)

        def _new_conn(self) -> socket.socket:
            # A proxy may take its time over its own reply, before there is a way to the server.
            connection: socket.socket = super()._new_conn()
            listener.tell(connection)
            return connection

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
            listener.tell(self.sock)
            with self.sock.makefile("rb", _BUFFER_BYTES) as stream:
                reply = read_reply(stream)
            if reply.is_last:
                self.close()
            return Answered(reply)

    return Direct
