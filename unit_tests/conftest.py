"""What unit tests share; a clean environment and no network come from the root."""

import sys

import pytest

# The package with the registry's schema does not support Python 3.13 yet.
collect_ignore = ["test_metadata.py"] if sys.version_info >= (3, 13) else []


@pytest.fixture
def no_waiting(monkeypatch):
    """Lets requests go out and be tried again at once."""
    monkeypatch.setattr("source_stripe_saas.api.limits.RateLimits.wait", lambda self, name: None)
    monkeypatch.setattr("source_stripe_saas.api.client.backoff_seconds", lambda *_: 0.0)
