"""An account and a port in; a listening server out, in this thread or one of its own."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from stripe_sandbox.account import Account
from stripe_sandbox.server.app import Settings, build_app
from stripe_sandbox.server.sending import with_connection

HOST = "127.0.0.1"
BACKLOG = 2048


@contextmanager
def running_sandbox(account: Account, port: int = 0, **settings: Any) -> Iterator[str]:
    """Serves the account from a thread for as long as the context lasts.

    Args:
        account: what to serve; it may be advanced directly meanwhile.
        port: 0 takes a free one.
        **settings: the fields of `Settings`.

    Yields:
        The server's base URL.
    """
    listening = listen(port)
    server = _server(account, Settings(**settings))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="sandbox", daemon=True
    )
    thread.start()
    try:
        yield url_of(listening)
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(timeout=10)
        listening.close()


def serve(account: Account, port: int, settings: Settings, announce: Callable[[str], None]) -> None:
    """Serves the account in this thread until interrupted.

    Args:
        account: what to serve.
        port: 0 takes a free one.
        settings: how to serve it.
        announce: called with the base URL once the socket listens.
    """
    # What the account holds stays: looking through it for garbage would stop replies for seconds.
    gc.collect()
    gc.freeze()
    listening = listen(port)
    announce(url_of(listening))
    try:
        _server(account, settings).run(sockets=[listening])
    finally:
        listening.close()


def listen(port: int) -> socket.socket:
    """A listening socket: connections wait in it until the server accepts them."""
    # The protocol is named because asyncio turns off Nagle's algorithm only where it reads TCP;
    # with it every reply waits 40 ms for an acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError:
        listening.close()
        raise
    listening.listen(BACKLOG)
    listening.set_inheritable(True)
    return listening


def url_of(listening: socket.socket) -> str:
    """The base URL of a listening socket."""
    return f"http://{HOST}:{listening.getsockname()[1]}"


def _server(account: Account, settings: Settings) -> uvicorn.Server:
    gate = _Gate()
    gate.server = uvicorn.Server(
        uvicorn.Config(
            with_connection(build_app(account, settings), gate.close),
            log_level="warning",
            access_log=False,
            # The account's clock is sent as Date, not the machine's.
            date_header=False,
            server_header=False,
            lifespan="off",
            # Longer than any client of ours idles: a connection closed under it looks like a fault.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
    )
    return gate.server


class _Gate:
    """Closes the port of a running server for a while: connections are refused."""

    server: uvicorn.Server

    def __init__(self) -> None:
        self._is_closed = False
        self._opening: asyncio.Task[None] | None = None

    def close(self, seconds: float) -> None:
        """Closes the port and opens it again after some seconds; open connections stay."""
        if self._is_closed or not self.server.servers:
            return
        self._is_closed = True
        port = self.server.servers[0].sockets[0].getsockname()[1]
        for listening in self.server.servers:
            listening.close()
        self._opening = asyncio.get_running_loop().create_task(self._open(port, seconds))

    async def _open(self, port: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        config, server = self.server.config, self.server
        opened = await asyncio.get_running_loop().create_server(
            lambda: config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=server.server_state, app_state={}
            ),
            sock=listen(port),
            backlog=BACKLOG,
        )
        server.servers = [opened]
        self._is_closed = False
