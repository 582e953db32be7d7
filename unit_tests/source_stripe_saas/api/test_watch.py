"""A slow request is logged, and one past its deadline is aborted."""

import logging
import socket
import threading
import time

import pytest

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.limits import RateLimits
from source_stripe_saas.api.refusal import Unreachable
from source_stripe_saas.api.watch import Watch
from unit_tests.builders import some_access


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def never():
    raise AssertionError("aborted")


def a_watch(clock):
    # Checked by the test: its own thread would, in an hour.
    return Watch(
        warn_after_seconds=30,
        abort_after_seconds=300,
        interval_seconds=3600,
        clock=clock,
    )


def test_a_request_that_takes_long_is_named_every_half_minute(clock, caplog):
    caplog.set_level(logging.WARNING)
    watch = a_watch(clock)
    with watch.over("GET /v1/invoices", never):
        for clock.now in (129, 131, 150, 162):
            watch.check()
    assert [record.getMessage() for record in caplog.records] == [
        "Waiting for Stripe: GET /v1/invoices has taken 31 s",
        "Waiting for Stripe: GET /v1/invoices has taken 62 s",
    ]


def test_a_request_that_has_ended_is_not_named(clock, caplog):
    watch = a_watch(clock)
    with watch.over("GET /v1/invoices", never):
        pass
    clock.now += 1_000
    watch.check()
    assert caplog.records == []


def test_a_request_past_its_deadline_is_aborted_until_it_ends(clock):
    aborts = []
    watch = a_watch(clock)
    with watch.over("GET /v1/invoices", lambda: aborts.append(clock.now)):
        for clock.now in (399, 400, 401):
            watch.check()
    clock.now = 402
    watch.check()
    assert aborts == [400, 401]


def test_a_request_may_take_five_minutes_and_is_named_after_half_a_minute(clock, caplog):
    caplog.set_level(logging.WARNING)
    aborts = []
    watch = Watch(interval_seconds=3600, clock=clock)
    with watch.over("GET /v1/invoices", lambda: aborts.append(clock.now)):
        for clock.now in (129.9, 130, 399.9):
            watch.check()
        assert (aborts, len(caplog.records)) == ([], 2)
        clock.now = 400
        watch.check()
    assert aborts == [400]


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
            some_access(url=f"http://127.0.0.1:{listener.getsockname()[1]}"),
            attempts=1,
            limits=RateLimits(1e6, 1e6),
            watch=Watch(warn_after_seconds=0.2, abort_after_seconds=0.5, interval_seconds=0.1),
        )
        asked = time.monotonic()
        with pytest.raises(Unreachable):
            client.get("things")
        stop.set()
    assert time.monotonic() - asked < 20


def test_a_watch_that_went_idle_checks_again_at_the_next_request():
    checks = threading.Semaphore(0)

    class CountedWatch(Watch):
        def check(self):
            checks.release()

    watch = CountedWatch(interval_seconds=0.01)
    others = set(threading.enumerate())
    with watch.over("GET /v1/invoices", never):
        assert checks.acquire(timeout=20)
        [thread] = [
            one for one in threading.enumerate() if one not in others and one.name == "watch"
        ]
    thread.join(timeout=20)
    assert not thread.is_alive(), "there is nothing left to check"
    while checks.acquire(blocking=False):
        pass
    with watch.over("GET /v1/charges", never):
        assert checks.acquire(timeout=20)
