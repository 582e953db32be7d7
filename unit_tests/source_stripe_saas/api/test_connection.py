"""Requests over real sockets: one connection for as long as it lasts, and a new one after that."""

import gc
import gzip
import socket
import threading
import time
import weakref
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import urllib3
from urllib3.connection import HTTPConnection
from urllib3.util.connection import create_connection

from source_stripe_saas.api.connection import Listener, connection_class
from source_stripe_saas.api.transport import FAILURES, Transport
from source_stripe_saas.api.watch import Waiting
from unit_tests.builders import some_settings

BODY = b'{"object": "list", "data": [], "has_more": false}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


def whole_request(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\r\n\r\n") and (part := connection.recv(65_536)):
        received += part
    return received


@contextmanager
def a_server(*connections: list[bytes], hangs_up: bool = True):
    """Takes connections one after the other; each answers its replies, then ends.

    If it does not hang up, it waits for the other side to do so, and adds `b""` to what it heard.
    """
    heard: list[list[bytes]] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve() -> None:
        for replies in connections:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            requests: list[bytes] = []
            heard.append(requests)
            with connection:
                connection.settimeout(10)
                for reply in replies:
                    requests.append(whole_request(connection))
                    connection.sendall(reply)
                if not hangs_up:
                    with suppress(TimeoutError):
                        requests.append(whole_request(connection))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
    finally:
        listener.close()
        thread.join(timeout=10)


def a_transport(url: str) -> Transport:
    return Transport(some_settings(api_url=url))


def get(transport: Transport, **headers: str) -> Any:
    return transport.get("charges", [("limit", "1"), ("created[gte]", "5")], headers)


def test_requests_go_over_one_connection_while_it_lasts():
    with a_server([WHOLE, WHOLE]) as (url, heard):
        transport = a_transport(url)
        assert [get(transport).content for _ in range(2)] == [BODY, BODY]
    assert [len(requests) for requests in heard] == [2]


def test_a_request_says_what_it_must():
    with a_server([WHOLE]) as (url, heard):
        get(a_transport(url), **{"Stripe-Account": "acct_1"})
    first, *lines = heard[0][0].decode().split("\r\n")
    assert first == "GET /v1/charges?limit=1&created%5Bgte%5D=5 HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines if line)
    assert headers["Host"] == url.removeprefix("http://")
    assert headers["Stripe-Account"] == "acct_1"
    assert headers["Connection"] == "keep-alive"
    assert "Content-Length" not in headers


def test_headers_of_one_request_are_not_those_of_the_next():
    with a_server([WHOLE, WHOLE]) as (url, heard):
        transport = a_transport(url)
        get(transport, **{"Stripe-Account": "acct_1"})
        get(transport)
    assert [b"acct_1" in request for request in heard[0]] == [True, False]


@pytest.mark.parametrize(
    "last",
    [
        WHOLE,  # closed without a word
        WHOLE.replace(b"200 OK", b"200 OK\r\nConnection: close"),
        b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
    ],
)
def test_a_connection_that_has_ended_is_replaced(last):
    with a_server([last], [WHOLE]) as (url, heard):
        transport = a_transport(url)
        assert get(transport).content == BODY
        until_noticed(transport)
        assert get(transport).content == BODY
    assert [len(requests) for requests in heard] == [1, 1]


def until_noticed(transport: Transport) -> None:
    """Waits until the end of the transport's connection has arrived."""
    pool = transport._server._connections.pool
    connection = pool.get()
    pool.put(connection)
    deadline = time.monotonic() + 10
    while connection is not None and connection.is_connected:
        assert time.monotonic() < deadline, "the connection is still open"
        time.sleep(0.001)


def test_a_connection_is_closed_after_what_the_server_says_is_its_last_reply():
    last = WHOLE.replace(b"200 OK", b"200 OK\r\nConnection: close")
    with a_server([last], [WHOLE], hangs_up=False) as (url, heard):
        transport = a_transport(url)
        assert [get(transport).content for _ in range(2)] == [BODY, BODY]
        del transport
    assert heard[0][1] == b""


def test_a_transport_that_is_no_longer_needed_leaves_no_connection_open():
    with a_server([WHOLE], hangs_up=False) as (url, heard):
        transport = a_transport(url)
        get(transport)
        server = weakref.ref(transport._server)
        del transport
        gc.collect()
        assert server() is None
    assert heard[0][1:] == [b""]


def test_a_long_request_is_sent_to_its_end():
    with a_server([WHOLE]) as (url, heard):
        get(a_transport(url), **{"X-Long": "x" * 5_000_000})
    assert len(heard[0][0]) > 5_000_000


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_is_said():
    listener = Listener()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pool = urllib3.HTTPConnectionPool("127.0.0.1", silent.getsockname()[1])
        pool.ConnectionCls = connection_class(pool.ConnectionCls, listener, 0.2)
        asked = time.monotonic()
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            pool.urlopen("GET", "/", headers={}, retries=urllib3.Retry(0, read=False), timeout=9)
    assert 0.2 <= time.monotonic() - asked < 5


def test_connecting_may_take_10_seconds_and_stripe_be_silent_for_80(monkeypatch):
    patience = []

    def connect(address, timeout, **options):
        patience.append(timeout)
        return create_connection(address, timeout, **options)

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with a_server([WHOLE]) as (url, _):
        transport = a_transport(url)
        get(transport)
        connection = transport._server._connections.pool.get()
        assert connection.sock.gettimeout() == 80.0
    assert patience == [10.0]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        WHOLE[:-1],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"hello",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_a_reply_that_breaks_is_a_failure_and_the_next_request_a_new_connection(reply):
    with a_server([reply], [WHOLE]) as (url, heard):
        transport = a_transport(url)
        with pytest.raises(FAILURES):
            get(transport)
        assert get(transport).content == BODY
    assert len(heard) == 2


def test_compressed_chunks_are_put_together():
    packed = gzip.compress(BODY)
    chunks = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (9, packed[:9], len(packed) - 9, packed[9:])
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    with a_server([head + chunks, WHOLE]) as (url, heard):
        transport = a_transport(url)
        assert [get(transport).content for _ in range(2)] == [BODY, BODY]
    assert len(heard) == 1


def test_a_body_of_many_packets_is_read_whole():
    body = b"0123456789" * 500_000
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with a_server([reply, reply]) as (url, heard):
        transport = a_transport(url)
        assert [get(transport).content == body for _ in range(2)] == [True, True]
    assert len(heard) == 1


def test_whoever_waits_is_told_the_connection_before_the_reply_is_there():
    waits = [Waiting("GET", 0.0), Waiting("GET", 0.0)]
    with a_server([WHOLE, WHOLE]) as (url, _):
        transport = a_transport(url)
        for waiting in waits:
            transport.get("charges", [], {}, waiting)
    assert [type(waiting.connection) for waiting in waits] == [socket.socket, socket.socket]


def test_connections_of_another_make_send_and_read_for_themselves():
    told: list[Any] = []
    listener = Listener()
    listener.waiting = Waiting("GET", 0.0)

    class Recorder(HTTPConnection):
        def getresponse(self):
            assert listener.waiting is not None
            told.append(listener.waiting.connection)
            return super().getresponse()

    with a_server([WHOLE]) as (url, _):
        pool = urllib3.connection_from_url(url)
        pool.ConnectionCls = connection_class(Recorder, listener, 5.0)
        reply = pool.urlopen("GET", "/v1/charges", redirect=False)
        assert reply.data == BODY
        assert isinstance(reply, urllib3.HTTPResponse)
    assert [type(connection) for connection in told] == [socket.socket]
