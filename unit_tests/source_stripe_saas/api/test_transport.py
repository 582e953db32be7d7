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
import requests
from urllib3.util.connection import create_connection

from source_stripe_saas.api import transport as transport_module
from source_stripe_saas.api.transport import FAILURES, Transport, shut_down
from unit_tests.builders import some_access

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
    return Transport(some_access(url=url))


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
        WHOLE,
        WHOLE.replace(b"200 OK", b"200 OK\r\nConnection: close"),
        b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
    ],
    ids=["closed without a word", "announced", "the body ends with it"],
)
def test_a_connection_that_has_ended_is_replaced(last):
    with a_server([last], [WHOLE]) as (url, heard):
        transport = a_transport(url)
        assert get(transport).content == BODY
        until_noticed(transport)
        assert get(transport).content == BODY
    assert [len(requests) for requests in heard] == [1, 1]


def the_connection(transport: Transport) -> Any:
    """The one that the transport keeps, None where it has been dropped."""
    [pool] = transport._adapter.poolmanager.pools._container.values()
    connection = pool.pool.get()
    pool.pool.put(connection)
    return connection


def until_noticed(transport: Transport) -> None:
    """Waits until the end of the transport's connection has arrived."""
    connection = the_connection(transport)
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
        adapter = weakref.ref(transport._adapter)
        del transport
        gc.collect()
        assert adapter() is None
    assert heard[0][1:] == [b""]


def test_a_long_request_is_sent_to_its_end():
    with a_server([WHOLE]) as (url, heard):
        get(a_transport(url), **{"X-Long": "x" * 5_000_000})
    assert len(heard[0][0]) > 5_000_000


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_is_said(monkeypatch):
    monkeypatch.setattr(transport_module, "READ_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = a_transport(f"http://127.0.0.1:{silent.getsockname()[1]}")
        asked = time.monotonic()
        with pytest.raises(requests.ReadTimeout):
            get(transport)
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
        assert the_connection(transport).sock.gettimeout() == 80.0
    assert patience == [10.0]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        WHOLE[:-1],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"hello",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1_000 + WHOLE,
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n1234",
    ],
    ids=["nothing", "cut", "cut chunk", "no HTTP", "not gzip", "many headers", "two lengths"],
)
def test_a_reply_that_breaks_is_a_failure_and_the_next_request_a_new_connection(reply):
    with a_server([reply], [WHOLE]) as (url, heard):
        transport = a_transport(url)
        with pytest.raises(FAILURES):
            get(transport)
        assert get(transport).content == BODY
    assert len(heard) == 2


def test_a_body_that_cannot_be_decoded_ends_its_connection():
    broken = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    with a_server([broken], [WHOLE], hangs_up=False) as (url, heard):
        transport = a_transport(url)
        with pytest.raises(FAILURES):
            get(transport)
        assert get(transport).content == BODY
        del transport
    assert heard[0][1:] == [b""]


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


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: "


def test_no_memory_is_taken_for_what_is_only_announced():
    with a_server([HEAD + b"99999999999999\r\n\r\n{"], [WHOLE]) as (url, _):
        transport = a_transport(url)
        with pytest.raises(FAILURES):
            get(transport)
        assert get(transport).content == BODY


def test_a_body_that_expands_without_bound_is_refused(monkeypatch):
    monkeypatch.setattr(transport_module, "_LONGEST_CONTENT_BYTES", 1_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
    longest, longer = (gzip.compress(bytes(1_000_000 + more)) for more in (0, 1))
    replies = [head % (len(packed), packed) for packed in (longest, longer)]
    with a_server([replies[0], replies[1]], [WHOLE]) as (url, heard):
        transport = a_transport(url)
        assert len(get(transport).content) == 1_000_000
        with pytest.raises(requests.ConnectionError, match="without bound"):
            get(transport)
        assert get(transport).content == BODY
    assert len(heard) == 2


@pytest.mark.parametrize("status", [b"101 Switching Protocols", b"103 Early Hints"])
def test_a_reply_is_never_taken_for_that_of_the_next_request(status):
    early = b"HTTP/1.1 " + status + b"\r\nLink: </x>\r\n\r\n" + WHOLE.replace(b"[]", b"12")
    with a_server([early], [WHOLE], hangs_up=False) as (url, _):
        transport = a_transport(url)
        with pytest.raises(FAILURES):
            get(transport)
        assert get(transport).content == BODY
        del transport


@pytest.mark.parametrize("value", ["acct_1\r\nX: y", "acct_1\nX: y"], ids=["crlf", "lf"])
def test_nothing_can_be_smuggled_into_a_request(value):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        transport = a_transport(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(ValueError, match="header"):
            get(transport, **{"Stripe-Account": value})


def test_a_request_can_be_aborted_by_another_thread():
    with a_server([HEAD + b"10\r\n\r\n{"], hangs_up=False) as (url, _):
        transport = a_transport(url)
        timer = threading.Timer(0.2, transport.abort)
        timer.start()
        asked = time.monotonic()
        with pytest.raises(FAILURES):
            get(transport)
    assert time.monotonic() - asked < 5


def test_aborting_without_a_request_under_way_does_no_harm():
    with a_server([WHOLE], [WHOLE]) as (url, _):
        transport = a_transport(url)
        transport.abort()
        assert get(transport).content == BODY
        transport.abort()
        assert get(transport).content == BODY


def test_a_connection_inside_another_is_shut_down_at_the_socket_they_share():
    """By a proxy that itself wants TLS, urllib3 speaks through an object of its own."""

    class Wrapper:
        def __init__(self, connection: socket.socket) -> None:
            self.socket = connection

    ours, theirs = socket.socketpair()
    with ours, theirs:
        shut_down(Wrapper(ours))
        assert ours.recv(1) == b""
