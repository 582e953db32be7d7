"""A reply and the manner of sending it in; bytes on the connection, or its end, out."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from starlette.types import ASGIApp, Receive, Scope, Send

TRANSPORT = "sandbox.transport"
"""Where the scope keeps the connection."""
PORT = "sandbox.close_port"
"""Where the scope keeps what closes the port for some seconds."""

_BREATH_SECONDS = 0.02
"""What is written must leave before the connection is reset, or it may never have been."""


@dataclass(frozen=True)
class Manner:
    """How a reply is sent, where that is not simply all of it."""

    part: float | None = 1.0
    """How much of the body is sent; None: not even the status."""
    declares_part: bool = False
    """Content-Length is that of the part, not of the whole."""
    ends: Literal["kept", "closed", "reset"] = "kept"
    """What becomes of the connection."""
    pieces: int = 1
    seconds: float = 0.0
    """How long the pieces take, all together."""
    closes_port_seconds: float = 0.0
    """How long new connections are refused afterwards."""


def with_connection(app: ASGIApp, close_port: Callable[[float], None]) -> ASGIApp:
    """Passes the connection of each request to the application; outermost, right in uvicorn."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        scope[TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        scope[PORT] = close_port
        await app(scope, receive, send)

    return wrapped


async def send_as(
    manner: Manner,
    status: int,
    headers: dict[str, str],
    body: bytes,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Sends a reply in a manner; without a connection at hand, like any other."""
    part = body if manner.part is None else body[: max(1, round(len(body) * manner.part))]
    declared = len(part) if manner.declares_part else len(body)
    headers = {**headers, "Content-Length": str(declared)}
    transport = scope.get(TRANSPORT)
    if manner.ends == "kept" or transport is None:
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()],
            }
        )
        await _in_pieces(part[:declared], manner, send)
        return
    if manner.part is not None:
        transport.write(_head(status, headers) + part)
        await asyncio.sleep(_BREATH_SECONDS)
    if manner.closes_port_seconds:
        scope[PORT](manner.closes_port_seconds)
    _end(transport, manner.ends)
    # The server must have seen the connection end before this returns, or it answers with a 500.
    while (await receive())["type"] != "http.disconnect":
        pass


async def _in_pieces(body: bytes, manner: Manner, send: Send) -> None:
    size = max(1, -(-len(body) // manner.pieces))
    starts = range(0, len(body), size) or range(1)
    for start in starts:
        is_last = start + size >= len(body)
        piece = body[start : start + size]
        await send({"type": "http.response.body", "body": piece, "more_body": not is_last})
        if not is_last:
            await asyncio.sleep(manner.seconds / manner.pieces)


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _end(transport: Any, how: str) -> None:
    if how == "closed":
        transport.close()
        return
    connection = transport.get_extra_info("socket")
    # Closing with a linger of no seconds resets the connection instead of ending it.
    with suppress(OSError):  # the client may be gone already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
