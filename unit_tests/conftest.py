"""What every unit test gets: a clean environment and no network but loopback."""

import socket
import sys

import pytest

# The package with the registry's schema does not support Python 3.13 yet.
collect_ignore = ["test_metadata.py"] if sys.version_info >= (3, 13) else []

_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in _PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a unit test reached for the network: {address}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture
def no_waiting(monkeypatch):
    """Lets requests go out and be tried again at once."""
    monkeypatch.setattr("source_stripe_saas.stripe.limits.RateLimits.wait", lambda self, name: None)
    monkeypatch.setattr("source_stripe_saas.stripe.client.pause_seconds", lambda *_: 0.0)
