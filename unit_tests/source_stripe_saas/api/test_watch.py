"""Requests that take long are told of, and those that would take for ever end."""

import logging
import socket
import threading
import time

import pytest

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.limits import RateLimits
from source_stripe_saas.api.refusal import Unreachable
from source_stripe_saas.api.watch import Watch
from unit_tests.builders import some_settings


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def a_watch(clock):
    # It looks when it is told to: its own thread would, in an hour.
    return Watch(
        tells_after_seconds=30,
        ends_after_seconds=300,
        looks_every_seconds=3600,
        clock=clock,
    )


def test_a_request_that_takes_long_is_named_every_half_minute(clock, caplog):
    caplog.set_level(logging.WARNING)
    watch = a_watch(clock)
    with watch.over("GET /v1/invoices"):
        for clock.now in (129, 131, 150, 162):
            watch.look()
    assert [record.getMessage() for record in caplog.records] == [
        "Waiting for Stripe: GET /v1/invoices has taken 31 s",
        "Waiting for Stripe: GET /v1/invoices has taken 62 s",
    ]


def test_a_request_that_has_ended_is_not_named(clock, caplog):
    watch = a_watch(clock)
    with watch.over("GET /v1/invoices"):
        pass
    clock.now += 1_000
    watch.look()
    assert caplog.records == []


def test_a_reply_that_would_take_for_ever_is_broken_off(clock):
    ours, theirs = socket.socketpair()
    watch = a_watch(clock)
    with ours, theirs, watch.over("GET /v1/invoices") as waiting:
        waiting.connection = ours
        clock.now += 299
        watch.look()
        ours.setblocking(False)
        with pytest.raises(BlockingIOError):
            ours.recv(1)
        clock.now += 1
        watch.look()
        assert ours.recv(1) == b""


def test_a_connection_inside_another_is_broken_off_at_the_socket_they_share(clock):
    """By a proxy that itself wants TLS, urllib3 speaks through an object of its own."""

    class Wrapper:
        def __init__(self, connection):
            self.socket = connection

    ours, theirs = socket.socketpair()
    watch = a_watch(clock)
    with ours, theirs, watch.over("GET /v1/invoices") as waiting:
        waiting.connection = Wrapper(ours)
        clock.now += 301
        watch.look()
        assert ours.recv(1) == b""


HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n"


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nX: ", HEADERS + b"\r\n["])
def test_a_server_that_sends_a_byte_now_and_then_cannot_hold_a_request_for_ever(begin):
    """Whether nothing, the headers or the body trickles in: no single packet is late."""
    stop = threading.Event()

    def trickle(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(begin)
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"1" if begin else b"")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=trickle, args=(listener,), daemon=True).start()
        client = StripeClient(
            some_settings(api_url=f"http://127.0.0.1:{listener.getsockname()[1]}"),
            attempts=1,
            limits=RateLimits(1e6, 1e6),
            watch=Watch(tells_after_seconds=0.2, ends_after_seconds=0.5, looks_every_seconds=0.1),
        )
        asked = time.monotonic()
        with pytest.raises(Unreachable):
            client.get("things")
        stop.set()
    assert time.monotonic() - asked < 20
