"""The key goes to the server of the config and to nobody else, whatever the environment says."""

import base64
import io
import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from integration_tests.servers import a_server, certificates
from source_stripe_saas.__main__ import run
from source_stripe_saas.api.access import Access
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.limits import RateLimits
from source_stripe_saas.api.refusal import Refusal, Unreachable
from source_stripe_saas.api.transport import shut_down
from source_stripe_saas.api.trust import TrustError, remarks
from source_stripe_saas.api.watch import Watch

KEY = "sk_test_wayToStripe00000000001"


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("trust") / "good")


def access_to(url):
    return Access(KEY, url)


def ask(url, *, attempts=2, watch=None):
    client = StripeClient(
        access_to(url),
        attempts=attempts,
        limits=RateLimits(1e6, 1e6),
        sleep=lambda seconds: None,
        watch=watch,
    )
    return client.get("things", [("limit", "1")]).body["data"]


def test_the_key_is_in_one_header_and_in_no_address():
    with a_server() as server:
        assert ask(f"http://127.0.0.1:{server.port}") == [{"id": "th_1"}]
    [sent] = server.headers
    assert sent["Authorization"] == f"Bearer {KEY}"
    assert [name for name, value in sent.items() if KEY in value] == ["Authorization"]
    assert server.lines == ["GET /v1/things?limit=1 HTTP/1.1"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_is_not_followed_not_even_to_the_same_host(status, host):
    with a_server() as other:
        there = {"Location": f"http://{host}:{other.port}/v1/things"}
        with a_server(status=status, sends=there) as server, pytest.raises(Refusal):
            ask(f"http://127.0.0.1:{server.port}")
    assert len(server.lines) == 1
    assert other.lines == []


def test_netrc_cannot_replace_the_key(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\ndefault login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with a_server() as server:
        ask(f"http://127.0.0.1:{server.port}")
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_key_is_sent(tls, monkeypatch):
    # What switches checking off elsewhere has no effect here.
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    monkeypatch.setenv("SSL_CERT_FILE", str(tls / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    with a_server(tls=tls) as server, pytest.raises(Unreachable) as raised:
        ask(f"https://localhost:{server.port}")
    assert "the server's certificate is not trusted" in str(raised.value)
    assert server.headers == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_of_ones_own_can_be_named_and_is_told(tls, monkeypatch, variable):
    monkeypatch.setenv(variable, str(tls / "ca.pem"))
    with a_server(tls=tls) as server:
        url = f"https://localhost:{server.port}"
        assert ask(url) == [{"id": "th_1"}]
        assert any(variable in remark for remark in remarks(access_to(url)))
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_a_certificate_of_another_server_is_refused(tmp_path, monkeypatch):
    other = certificates(tmp_path / "other", "api.stripe.com")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other / "ca.pem"))
    with a_server(tls=other) as server, pytest.raises(Unreachable):
        ask(f"https://localhost:{server.port}")
    assert server.headers == []


@pytest.mark.parametrize("path", ["0", "false", "/no/such/file.pem"])
@pytest.mark.parametrize("command", ["check", "discover"])
def test_a_bundle_that_is_not_there_is_an_error_and_switches_nothing_off(
    tmp_path, monkeypatch, path, command
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", path)
    with pytest.raises(TrustError):
        ask("https://api.stripe.com")
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"client_secret": KEY}))
    out = io.StringIO()
    assert run([command, "--config", str(config)], out) == 1
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    text = messages[-1]["trace"]["error"]["message"]
    assert text == f"`REQUESTS_CA_BUNDLE` in the environment names no file or folder: {path!r}."


def test_a_proxy_carries_the_request_and_never_sees_the_key(tls, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls / "ca.pem"))
    with a_server(tls=tls) as server, a_server() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:mine@127.0.0.1:{proxy.port}")
        url = f"https://localhost:{server.port}"
        assert ask(url) == [{"id": "th_1"}]
        [told] = [remark for remark in remarks(access_to(url)) if "proxy" in remark]
    assert proxy.lines == [f"CONNECT localhost:{server.port} HTTP/1.0"] or proxy.lines == [
        f"CONNECT localhost:{server.port} HTTP/1.1"
    ]
    assert base64.b64encode(b"me:mine").decode() in proxy.text
    assert KEY not in proxy.text
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert "mine" not in told
    assert "127.0.0.1" in told


def test_a_proxys_user_does_not_take_the_place_of_the_key(monkeypatch):
    with a_server() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:mine@127.0.0.1:{proxy.port}")
        # The proxy answers itself; the host that was asked for does not even exist.
        assert ask("http://stripe.invalid") == [{"id": "th_1"}]
    assert proxy.lines == ["GET http://stripe.invalid/v1/things?limit=1 HTTP/1.1"]
    [sent] = proxy.headers
    assert sent["Authorization"] == f"Bearer {KEY}"
    assert sent["Host"] == "stripe.invalid"


def test_a_proxy_that_trickles_its_own_reply_is_not_waited_for_for_ever(tls, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls / "ca.pem"))
    watch = Watch(warn_after_seconds=0.2, abort_after_seconds=0.5, interval_seconds=0.1)
    with a_trickle(b"HTTP/1.1 200 OK\r\nX: ") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        asked = time.monotonic()
        with pytest.raises(Unreachable):
            ask("https://localhost:9", watch=watch, attempts=1)
    assert time.monotonic() - asked < 20


@contextmanager
def a_trickle(begin):
    """A port that answers with this, and then a byte now and then."""
    stop = threading.Event()

    def trickle(listener):
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(begin)
            while not stop.wait(0.05):
                connection.sendall(b"1")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=trickle, args=(listener,), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()


def test_a_tls_connection_that_is_broken_off_gives_nothing_encrypted_for_a_body(tls):
    here, there = socket.socketpair()
    asks, answers = (
        ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)
    )
    asks.load_verify_locations(tls / "ca.pem")
    answers.load_cert_chain(tls / "server.pem", tls / "server.key")

    def answer():
        with answers.wrap_socket(there, server_side=True) as server, suppress(OSError):
            for _ in range(8):
                server.sendall(b"x" * 10_000)

    thread = threading.Thread(target=answer)
    thread.start()
    with asks.wrap_socket(here, server_hostname="localhost") as client:
        received = client.recv(10)
        thread.join(timeout=10)  # all of it is on this side by now, most of it still encrypted
        shut_down(client)
        with suppress(OSError):
            while part := client.recv(65_536):
                received += part
    assert set(received) == set(b"x")


@pytest.mark.parametrize("status", [302, 407, 500])
def test_a_proxy_that_refuses_to_connect_does_not_get_the_key_either(tls, monkeypatch, status):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls / "ca.pem"))
    with a_server(status=status) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises((Unreachable, Refusal)):
            ask("https://localhost:9")
    assert KEY not in proxy.text


def test_another_server_than_stripes_is_said_in_the_log(tmp_path):
    config = tmp_path / "config.json"
    with a_server() as server:
        url = f"http://127.0.0.1:{server.port}"
        config.write_text(json.dumps({"client_secret": KEY, "api_url": url}))
        out = io.StringIO()
        run(["check", "--config", str(config)], out)
    lines = out.getvalue().splitlines()
    assert any(url in line and "`api_url`" in line for line in lines)


def test_stripe_itself_is_nothing_to_remark_on():
    assert list(remarks(Access(KEY))) == []


def test_an_unencrypted_way_is_remarked_on():
    assert len(list(remarks(access_to("http://10.1.2.3:80")))) == 2
    assert len(list(remarks(access_to("http://127.0.0.1:80")))) == 1
