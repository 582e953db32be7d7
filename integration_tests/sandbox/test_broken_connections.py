"""Faults that only a socket shows: what a client of the sandbox meets."""

import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

from stripe_sandbox.account import open_account
from stripe_sandbox.faults import FaultOptions
from stripe_sandbox.server import running_sandbox

HEADERS = {"Authorization": "Bearer sk_test_0123456789abcdef"}


@pytest.fixture(scope="module")
def account():
    return open_account("samples")


def serving(account, kind, **options):
    return running_sandbox(account, faults=FaultOptions({kind: 1.0}, **options))


def ask(url, path="/v1/customers"):
    return requests.get(url + path, headers=HEADERS, timeout=5)


def faults_of(url):
    return requests.get(url + "/_sandbox/stats", timeout=5).json()["faults"]


@pytest.mark.parametrize("kind", ["reset", "refused"])
def test_a_connection_is_reset_before_the_reply(account, kind):
    with serving(account, kind) as url:
        with pytest.raises(requests.ConnectionError, match="reset"):
            ask(url)
        time.sleep(0.4)
        assert faults_of(url) == {kind: 1}


def test_new_connections_are_refused_for_a_moment_and_then_taken_again(account):
    with serving(account, "refused", refused_seconds=0.6) as url:
        with pytest.raises(requests.ConnectionError):
            ask(url)
        address = (urlsplit(url).hostname, urlsplit(url).port)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=1)
        time.sleep(1.0)
        socket.create_connection(address, timeout=1).close()


@pytest.mark.parametrize(
    ("kind", "said"), [("reset_in_body", "reset"), ("cut_short", "IncompleteRead")]
)
def test_a_body_ends_in_its_middle(account, kind, said):
    with serving(account, kind) as url, pytest.raises(requests.RequestException, match=said):
        ask(url)


def test_a_body_cut_as_declared_looks_whole_and_is_no_json(account):
    with serving(account, "cut_as_declared") as url:
        reply = ask(url)
        assert int(reply.headers["Content-Length"]) == len(reply.content)
        with pytest.raises(requests.JSONDecodeError):
            reply.json()


def test_a_slow_body_arrives_whole(account):
    with serving(account, "slow_body", slow_seconds=0.5) as url:
        began = time.monotonic()
        assert ask(url).json()["object"] == "list"
        assert 0.4 < time.monotonic() - began < 3


def test_only_the_slow_endpoint_is_slow(account):
    options = {"slow_seconds": 0.5, "slow_path": "/v1/charges"}
    with serving(account, "slow_endpoint", **options) as url:
        began = time.monotonic()
        ask(url)
        quick = time.monotonic() - began
        ask(url, "/v1/charges")
        assert time.monotonic() - began - quick > 0.45
        assert faults_of(url) == {"slow_endpoint": 1}


def test_switches_are_thrown_while_the_server_runs(account):
    with running_sandbox(account) as url:
        assert ask(url).status_code == 200
        thrown = requests.post(url + "/_sandbox/faults", json={"rates": {"key_revoked": 1}})
        assert thrown.json()["rates"] == {"key_revoked": 1}
        assert ask(url).status_code == 401
        assert faults_of(url) == {"key_revoked": 1}
        requests.post(url + "/_sandbox/faults", json={})
        assert ask(url).status_code == 200


@pytest.mark.parametrize(
    "sent", [b'{"rates": {"rest": 1}}', b"[]", b"{", b'{"rates": {"reset": "x"}}']
)
def test_a_setting_that_is_none_is_refused(account, sent):
    with running_sandbox(account) as url:
        refused = requests.post(url + "/_sandbox/faults", data=sent)
        assert refused.status_code == 400
        assert "Not a setting of faults" in refused.json()["error"]
