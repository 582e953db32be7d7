"""Requests over real sockets: one connection for as long as it lasts, and a new one after that."""

import gzip
import socket
import threading
import time
from contextlib import contextmanager
from typing import Any

import pytest
import urllib3
from urllib3.connection import HTTPConnection

from source_stripe_saas.stripe.connection import connection_class
from source_stripe_saas.stripe.transport import FAILURES, Transport
from source_stripe_saas.stripe.watch import Waiting
from unit_tests.builders import some_settings

BODY = b'{"object": "list", "data": [], "has_more": false}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


@contextmanager
def a_server(*connections: list[bytes]):
    """Takes connections one after the other; each answers its replies, then ends."""
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
                for reply in replies:
                    requests.append(connection.recv(65_536))
                    connection.sendall(reply)

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
        WHOLE + b"more than it said",
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
    while connection is not None and connection.is_connected and time.monotonic() < deadline:
        time.sleep(0.001)


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
    with a_server([WHOLE]) as (url, _):
        waiting = Waiting("GET", 0.0)
        a_transport(url).get("charges", [], {}, waiting)
    assert isinstance(waiting.connection, socket.socket)


def test_connections_of_another_make_send_and_read_for_themselves():
    class Recorder(HTTPConnection):
        pass

    told: list[Any] = []
    with a_server([WHOLE]) as (url, _):
        pool = urllib3.connection_from_url(url)
        pool.ConnectionCls = connection_class(Recorder, told.append, 5.0)
        reply = pool.urlopen("GET", "/v1/charges", redirect=False)
        assert reply.data == BODY
        assert isinstance(reply, urllib3.HTTPResponse)
    assert len(told) == 1
