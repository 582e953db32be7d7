"""A source that was made ahead of its config, for the forks of a process that is warm."""

import logging

import pytest

from source_stripe_saas import source

CONFIG = {"client_secret": "sk_test_ready0000000001", "start_date": "2026-01-01T00:00:00Z"}


@pytest.fixture
def ready(monkeypatch):
    monkeypatch.setattr(source, "_READY", None)
    source.make_ready()


def test_it_discovers_by_the_config_that_it_is_given_later(ready):
    made = source.source_of(None, CONFIG, [])
    usual = source.SourceStripeSaas(None, CONFIG, [])
    log = logging.getLogger("test")
    assert made.settings == usual.settings
    assert made.discover(log, CONFIG) == usual.discover(log, CONFIG)
    several = {**CONFIG, "accounts": "all_connected"}
    catalog = source.source_of(None, several, []).discover(log, several)
    assert "account_id" in catalog.streams[0].json_schema["properties"]
