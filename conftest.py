"""What every test gets: a clean environment, no network but loopback, the CDK suite's plugin.

And its output is searched: whatever looks like an API key fails the test.
"""

import gc
import logging
import os
import re
import socket

import pytest

from integration_tests.manifest_once import prepare_manifest_once

# PyAirbyte looks at these when it is first loaded, whichever test that may be in.
os.environ |= {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}

# The CDK's standard suite (integration_tests/test_standard_suite.py) wants it loaded from here.
pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]

_PROXY_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)


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
            raise AssertionError(f"a test reached for the network: {address}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True, scope="session")
def _the_manifest_is_prepared_once():
    prepare_manifest_once()


@pytest.fixture(autouse=True)
def _garbage_is_collected():
    """Takes back what a read inside this process has set for the process that it expects to own."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Takes back what a test, or a library that it loads, has made of logging.

    A fixture would be too late: PyAirbyte cuts the logger `airbyte` off while a module's fixture
    loads it.
    """
    loggers = [logging.getLogger(), logging.getLogger("airbyte")]
    before = [(each.handlers[:], each.level, each.propagate) for each in loggers]
    raises = logging.raiseExceptions
    try:
        return (yield)
    finally:
        for each, (handlers, level, propagate) in zip(loggers, before, strict=True):
            each.handlers[:], each.propagate = handlers, propagate
            each.setLevel(level)
        logging.raiseExceptions = raises


_KEY = re.compile(r"\b(?:sk|rk)_(?:live|test|org)_[A-Za-z0-9]{12,}")
_SANDBOX_KEY = re.compile(r"sk_(?:live|test)_sandbox0+1")
"""The sandbox tells it to everybody; it opens nothing else."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fails a test that would pass although its output or its log shows a key."""
    report = yield
    # By the end of the teardown all of it has been captured.
    for title, text in report.sections if report.when == "teardown" and report.passed else ():
        shown = [key for key in _KEY.findall(text) if not _SANDBOX_KEY.fullmatch(key)]
        if shown:
            report.outcome = "failed"
            report.longrepr = f"{title} shows an API key: {shown[0][:8]}… ({len(shown)} times)"
            break
    return report
