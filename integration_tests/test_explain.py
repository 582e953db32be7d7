"""`stripe-saas explain` against a served account: the ledger it prints is the company's own."""

import json

import pytest

from integration_tests.ledger_stream.connection import Connection
from integration_tests.world import a_world
from source_stripe_saas.mrr import COLUMNS
from stripe_saas.cli import run
from stripe_sandbox.company.ledger import half_up

KEY = "sk_test_integration0000000001"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("explain"), customers=40, months=8) as made:
        yield made


def asked(world, tmp_path, *arguments, **config):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"client_secret": KEY, "api_url": world.url, **config}))
    return run(["explain", *arguments, "--config", str(path)])


def subscriptions(world, count):
    """Those with the most to tell."""
    told = {}
    for entry in world.account.company.ledger():
        told.setdefault(entry.subscription_id, []).append(entry)
    return sorted(told.items(), key=lambda one: -len(one[1]))[:count]


def test_the_story_ends_where_the_companys_own_ledger_does(world, tmp_path, capsys):
    for key, entries in subscriptions(world, 5):
        assert asked(world, tmp_path, key) == 0
        text = capsys.readouterr().out
        exponent = {"jpy": 0, "kwd": 3}.get(entries[-1].currency, 2)
        minor = half_up(entries[-1].mrr_after)
        amount = f"{minor // 10**exponent}"
        if exponent:
            amount += f".{minor % 10**exponent:0{exponent}}"
        assert f": {amount} {entries[-1].currency.upper()}, the sum of" in text
        assert "adjusted" not in text


def test_what_was_read_can_be_saved_and_told_again_without_stripe(world, tmp_path, capsys):
    ((key, _),) = subscriptions(world, 1)
    saved = tmp_path / "question.json"
    assert asked(world, tmp_path, key, "--save", str(saved)) == 0
    told = capsys.readouterr().out
    assert run(["explain", key, "--input", str(saved)]) == 0
    assert capsys.readouterr().out == told
    assert run(["derive", "--input", str(saved)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert f"the sum of {len(rows)} rows" in told
    # The file may be passed on: nothing in it says who the customer is.
    who = world.account.store.rows["customer"][rows[0]["customer_id"]].content
    assert who["email"] not in saved.read_text()


def test_it_makes_the_rows_that_the_ledger_writes(tmp_path, capsys):
    habits = frozenset({"hand_billing", "deleted_coupons", "tiers", "prebilling", "swaps"})
    with a_world(tmp_path, customers=60, months=8, habits=habits) as world:
        connection = Connection(world)
        connection.sync()
        written = connection.by_subscription()
        for key, _ in subscriptions(world, 20):
            saved = tmp_path / "saved.json"
            assert asked(world, tmp_path, key, "--save", str(saved)) == 0
            capsys.readouterr()
            assert run(["derive", "--input", str(saved)]) == 0
            made = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            assert [{name: row[name] for name in COLUMNS} for row in made] == [
                {name: row[name] for name in COLUMNS} for row in written[key]
            ], key


def test_events_can_be_left_out(world, tmp_path, capsys):
    ((key, entries),) = subscriptions(world, 1)
    assert asked(world, tmp_path, key, "--without-events") == 0
    text = capsys.readouterr().out
    assert "from Stripe's events" not in text
    assert f"{key} of customer {entries[0].customer_id}" in text


def test_an_unknown_subscription_and_a_refused_key_are_one_line(world, tmp_path, capsys):
    assert asked(world, tmp_path, "sub_unknown") == 1
    assert "sub_unknown: the account has no such subscription" in capsys.readouterr().err
    assert asked(world, tmp_path, "cus_1/../x") == 1
    assert "looks like sub_" in capsys.readouterr().err
    world.post("keys", {"key": "sk_test_revoked00000000000001", "revoked": True})
    assert asked(world, tmp_path, "sub_1", client_secret="sk_test_revoked00000000000001") == 1
    assert "Stripe refused the API key" in capsys.readouterr().err
    ((key, _),) = subscriptions(world, 1)
    world.post("keys", {"key": "rk_test_blind000000000000001", "denied": ["rak_event_read"]})
    assert asked(world, tmp_path, key, client_secret="rk_test_blind000000000000001") == 1
    assert "tick Events: Read (`rak_event_read`)" in capsys.readouterr().err
    assert asked(world, tmp_path, "sub_1", start_date="soon") == 1
    assert "start_date" in capsys.readouterr().err
