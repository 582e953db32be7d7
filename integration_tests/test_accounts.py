"""Modes, accounts, workers and odd servers: the same company, reached in other ways."""

import json

import pytest

from integration_tests.connector import MAIN_STREAMS, TEST_KEY
from integration_tests.world import a_world

NAMES = (*MAIN_STREAMS, "invoice_line_items", "prices", "payout_balance_transactions", "quotes")


def contents(run):
    """Every record with its stream, in no order."""
    return sorted(
        (name, json.dumps(record, sort_keys=True))
        for name, records in run.records.items()
        for record in records
    )


def ids(run, name):
    return sorted(record["id"] for record in run.records.get(name, []))


@pytest.mark.parametrize("workers", [1, 2])
def test_few_workers_give_the_same_records_as_many(company, monkeypatch, workers):
    expected = company.connector.read((), NAMES)
    monkeypatch.setitem(company.connector.config, "num_workers", workers)
    run = company.connector.read((), NAMES)
    run.assert_complete()
    assert contents(run) == contents(expected)
    assert run.states == expected.states


def test_one_worker_gives_the_same_changes_as_many(company, monkeypatch):
    moment = company.truth.now - 10 * 86_400
    states = [
        {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": name}, "stream_state": {"updated": moment}},
        }
        for name in NAMES
    ]
    expected = company.connector.read(states, NAMES)
    monkeypatch.setitem(company.connector.config, "num_workers", 1)
    run = company.connector.read(states, NAMES)
    run.assert_complete()
    assert contents(run) == contents(expected)
    assert len(run.records["invoices"]) > 0


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A company whose account is in live mode."""
    with a_world(tmp_path_factory.mktemp("live"), livemode=True, customers=20, months=3) as world:
        yield world


def test_a_live_account_is_read_with_a_live_key(live):
    live.connector.config["mode"] = "live"
    checked = live.connector.check()
    assert checked.connection["status"] == "SUCCEEDED"
    assert "live mode" in checked.connection["message"]
    run = live.connector.read((), MAIN_STREAMS)
    run.assert_complete()
    truth = live.truth.counts()
    assert {name: ids(run, name) for name in MAIN_STREAMS} == {
        name: truth[name]["ids"] for name in MAIN_STREAMS
    }
    assert {row["livemode"] for row in run.records["customers"]} == {True}


def test_a_key_of_the_other_mode_is_refused_before_anything_is_sent(live, monkeypatch):
    monkeypatch.setitem(live.connector.config, "mode", "test")
    run = live.connector.run("check", "--config", live.connector.file(live.connector.config))
    assert run.connection["status"] == "FAILED"
    assert "`mode` is `test`" in run.connection["message"]


def test_a_test_key_does_not_open_a_live_account(live, monkeypatch):
    monkeypatch.setitem(live.connector.config, "mode", "any")
    monkeypatch.setitem(live.connector.config, "client_secret", TEST_KEY)
    run = live.connector.check()
    assert run.connection["status"] == "FAILED"
    assert "refused the API key" in run.connection["message"]


def test_the_keys_own_account_id_changes_nothing(company, monkeypatch):
    expected = company.connector.read((), ["customers"])
    monkeypatch.setitem(company.connector.config, "account_id", company.account.account_id)
    run = company.connector.read((), ["customers"])
    run.assert_complete()
    assert contents(run) == contents(expected)


def test_payment_methods_are_asked_for_by_customer_where_their_list_is_empty(tmp_path):
    serving = {"payment_methods_per_customer": True}
    with a_world(tmp_path, serving=serving, customers=30, months=4) as world:
        run = world.connector.read((), ["payment_methods"])
        run.assert_complete()
        truth = world.truth.counts()["payment_methods"]
        assert len(truth["ids"]) > 10
        # Those of no customer can then be found nowhere.
        objects = world.truth.objects("payment_methods", truth["ids"])
        assert ids(run, "payment_methods") == sorted(
            key for key, row in objects.items() if row["customer"] is not None
        )
