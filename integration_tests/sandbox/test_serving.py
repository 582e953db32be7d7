"""The sandbox over real sockets: what is on the wire, its control routes, its own process."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from stripe_sandbox.account import open_account
from stripe_sandbox.server import running_sandbox

KEY = {"Authorization": "Bearer sk_test_0123456789abcdef"}
NOW = 1_781_524_800
DAY = 86_400


@pytest.fixture
def url():
    with running_sandbox(open_account("samples")) as url:
        yield url


def test_a_reply_is_indented_json_of_a_known_length_uncompressed_with_the_account_s_date(url):
    reply = requests.get(f"{url}/v1/customers?limit=2", headers=KEY, timeout=5)
    assert reply.text.startswith('{\n  "object": "list",\n  "data": [\n    {')
    assert reply.headers["Content-Length"] == str(len(reply.content))
    assert reply.headers["Date"] == "Mon, 15 Jun 2026 12:00:00 GMT"
    assert {"Server", "Content-Encoding", "Transfer-Encoding"}.isdisjoint(reply.headers)
    assert reply.headers["Request-Id"].startswith("req_")


def test_a_key_may_come_by_basic_authentication(url):
    reply = requests.get(f"{url}/v1/account", auth=("sk_test_0123456789abcdef", ""), timeout=5)
    assert reply.status_code == 200


def test_an_encoded_slash_in_an_id_survives_the_way(url):
    reply = requests.get(
        f"{url}/v1/coupons/25%20%25%20off%2Ff%C3%BCr%20immer", headers=KEY, timeout=5
    )
    assert reply.json()["id"] == "25 % off/für immer"


def test_the_clock_is_moved_by_days_or_seconds_and_never_back(url):
    moved = requests.post(f"{url}/_sandbox/advance?days=7", timeout=5)
    assert moved.json() == {"now": NOW + 7 * DAY}
    moved = requests.post(f"{url}/_sandbox/advance?seconds=60", timeout=5)
    assert moved.json() == {"now": NOW + 7 * DAY + 60}
    for query in ("", "?days=-1", "?days=soon", "?days=nan", "?days=inf", "?seconds=0"):
        assert requests.post(f"{url}/_sandbox/advance{query}", timeout=5).status_code == 400
    reply = requests.get(f"{url}/v1/account", headers=KEY, timeout=5)
    assert reply.headers["Date"] == "Mon, 22 Jun 2026 12:01:00 GMT"


def test_counts_ledger_stats_and_health_are_told_without_a_key(url):
    requests.get(f"{url}/v1/charges", headers=KEY, timeout=5)
    counts = requests.get(f"{url}/_sandbox/counts", timeout=5).json()
    assert counts["now"] == NOW
    assert counts["streams"]["customers"]["count"] == 25
    assert requests.get(f"{url}/_sandbox/ledger", timeout=5).json() == []
    stats = requests.get(f"{url}/_sandbox/stats", timeout=5).json()
    assert stats["routes"] == {"/v1/charges": 1}
    assert requests.post(f"{url}/_sandbox/stats/reset", timeout=5).status_code == 200
    assert requests.get(f"{url}/_sandbox/stats", timeout=5).json()["requests"] == 0
    assert requests.get(f"{url}/_sandbox/health", timeout=5).json()["livemode"] is False


def test_keys_can_be_described_while_it_runs(url):
    described = {"key": "rk_test_0123456789", "denied": ["rak_invoice_read"]}
    assert requests.post(f"{url}/_sandbox/keys", json=described, timeout=5).status_code == 200
    key = {"Authorization": "Bearer rk_test_0123456789"}
    assert requests.get(f"{url}/v1/invoices", headers=key, timeout=5).status_code == 403
    described = {"key": "rk_test_0123456789", "expired": True}
    requests.post(f"{url}/_sandbox/keys", json=described, timeout=5)
    assert requests.get(f"{url}/v1/charges", headers=key, timeout=5).status_code == 401
    for wrong in ("[]", "{}", "nonsense", '{"key": "a", "permissions": "b"}'):
        answer = requests.post(f"{url}/_sandbox/keys", data=wrong, timeout=5)
        assert answer.status_code == 400, wrong


def test_calls_wait_side_by_side_when_there_is_latency():
    with running_sandbox(open_account("samples"), latency_seconds=0.3) as url:

        def ask(_):
            return requests.get(f"{url}/v1/customers", headers=KEY, timeout=5).status_code

        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(8))) == [200] * 8
        assert 0.3 <= time.monotonic() - started < 1.5


def test_a_rate_limit_refuses_what_is_above_it():
    with running_sandbox(open_account("samples"), endpoint_rate_limit=3) as url:
        replies = [requests.get(f"{url}/v1/charges", headers=KEY, timeout=5) for _ in range(6)]
    statuses = [reply.status_code for reply in replies]
    assert statuses[:3] == [200, 200, 200]
    assert 429 in statuses
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert refused.headers["Stripe-Rate-Limited-Reason"] == "endpoint-rate"


def test_two_sandboxes_run_side_by_side():
    accounts = [open_account("samples", seed=seed) for seed in (1, 2)]
    with running_sandbox(accounts[0]) as one, running_sandbox(accounts[1]) as two:
        first = requests.get(f"{one}/v1/charges", headers=KEY, timeout=5).json()
        second = requests.get(f"{two}/v1/charges", headers=KEY, timeout=5).json()
    assert first["data"][0]["id"] != second["data"][0]["id"]


COMMAND = [sys.executable, "-m", "stripe_sandbox.command", "--samples"]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_listens_and_ends_when_told_to(stop):
    process = subprocess.Popen(
        [*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        url, key = re.fullmatch(r"Stripe sandbox at (\S+)  key (\S+)\n", line).groups()
        headers = {"Authorization": f"Bearer {key}"}
        assert requests.get(f"{url}/v1/account", headers=headers, timeout=10).status_code == 200
    finally:
        process.send_signal(stop)
        out, err = process.communicate(timeout=20)
    assert (out, err) == ("", "")


def test_a_port_in_use_is_said_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, timeout=30
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"sandbox: cannot listen on port {port}: ")
    assert len(done.stderr.splitlines()) == 1


CONTENT = """
import hashlib, json
from stripe_sandbox.account import open_account
account = open_account("samples", seed=9)
account.advance(3 * 86400)
rows = [[name, [vars(row) for row in table.values()]] for name, table in account.store.rows.items()]
print(hashlib.sha256(json.dumps(rows).encode()).hexdigest())
"""


def test_the_same_seed_makes_the_same_account_in_every_process():
    digests = {
        subprocess.run(
            [sys.executable, "-c", CONTENT],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_connected_accounts_are_added_and_revoked_while_it_runs(url):
    changed = requests.post(f"{url}/_sandbox/connected", json={"add": 2}, timeout=5).json()
    one, other = changed["added"]

    def status(identity):
        headers = {**KEY, "Stripe-Account": identity}
        return requests.get(f"{url}/v1/customers", headers=headers, timeout=5).status_code

    assert status(one) == 200
    requests.post(f"{url}/_sandbox/connected", json={"revoke": {one: 0}}, timeout=5)
    assert (status(one), status(other)) == (403, 200)
    wrong = requests.post(f"{url}/_sandbox/connected", json={"add": "many"}, timeout=5)
    assert wrong.status_code == 400
