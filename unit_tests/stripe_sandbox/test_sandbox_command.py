"""The sandbox's command line."""

import argparse

import pytest

from stripe_sandbox import server
from stripe_sandbox.command import add_arguments, run


def started(monkeypatch, *words):
    """What the command would serve, without serving it."""
    seen = {}

    def serve(account, port, settings, announce):
        seen.update(account=account, port=port, settings=settings)
        announce("http://127.0.0.1:1")

    monkeypatch.setattr(server, "serve", serve)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    code = run(parser.parse_args(["--samples", *words]))
    return code, seen


def test_the_line_it_prints_names_the_url_and_a_key(monkeypatch, capsys):
    code, seen = started(monkeypatch, "--port", "0")
    assert code == 0
    assert seen["port"] == 0
    assert capsys.readouterr().out == (
        "Stripe sandbox at http://127.0.0.1:1  key sk_test_sandbox0000000001\n"
    )


def test_a_live_account_is_opened_by_a_live_key(monkeypatch, capsys):
    _, seen = started(monkeypatch, "--livemode")
    assert seen["account"].store.livemode is True
    assert "sk_live_" in capsys.readouterr().out


def test_settings_reach_the_server_in_its_units(monkeypatch):
    words = ("--latency", "250", "--rate-limit", "100", "--endpoint-rate-limit", "25")
    _, seen = started(monkeypatch, *words, "--payment-methods-per-customer")
    settings = seen["settings"]
    assert settings.latency_seconds == 0.25
    assert settings.rate_limit == 100
    assert settings.endpoint_rate_limit == 25
    assert settings.payment_methods_per_customer is True


def test_keys_are_described_by_what_they_may_or_may_not_read(monkeypatch):
    words = ("--key", "rk_test_a=charge_read,rak_event_read", "--deny", "rk_test_b=invoice_read")
    _, seen = started(monkeypatch, *words)
    first, second = seen["settings"].keys
    assert [first.may(p) for p in ("charge_read", "event_read", "invoice_read")] == [
        True,
        True,
        False,
    ]
    assert [second.may(p) for p in ("charge_read", "invoice_read")] == [True, False]


@pytest.mark.parametrize("words", [("--key", "rk_test_a"), ("--deny", "=invoice_read")])
def test_a_key_without_permissions_is_refused_in_one_line(monkeypatch, capsys, words):
    code, seen = started(monkeypatch, *words)
    assert (code, seen) == (1, {})
    assert len(capsys.readouterr().err.splitlines()) == 1
