"""A connection by OAuth against the sandbox's token endpoint, through both runtimes."""

import copy

import pytest
import requests

from integration_tests.connector import Connector
from integration_tests.stock_runtime.reading import read_by_stock
from integration_tests.world import a_world

APP_SECRET = "sk_test_appsecret0000000001"
NAMES = ["customers", "subscriptions", "invoices", "charges"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("oauth"), seed=8) as world:
        yield world


def connected(world, folder, kind="stripe_app", keep=("refresh_token",), **given):
    """A connector with a new connection's tokens, those named in `keep`."""
    reply = requests.post(f"{world.url}/_sandbox/oauth", json=given, timeout=10)
    tokens = {name: reply.json()[name] for name in keep}
    credentials = {"auth_type": kind, "client_secret": APP_SECRET, **tokens}
    connector = Connector(folder, world.url, credentials=credentials)
    del connector.config["client_secret"]
    return connector


def configs(run):
    """The configs of CONTROL messages, in order, and where each stands among the messages."""
    return [
        (place, message["control"]["connectorConfig"]["config"])
        for place, message in enumerate(run.messages)
        if message["type"] == "CONTROL"
    ]


def secrets_of(config):
    names = ("client_secret", "access_token", "refresh_token")
    return {config["credentials"][name] for name in names if name in config["credentials"]}


def assert_no_secret_but_in_controls(run, *given):
    secrets = set().union(*map(secrets_of, given), *(secrets_of(each) for _, each in configs(run)))
    others = [message for message in run.messages if message["type"] != "CONTROL"]
    text = f"{others} {run.logs} {run.stderr}"
    assert [secret for secret in secrets if secret in text] == []


def test_a_read_renews_at_its_start_and_the_next_goes_on_with_what_came_back(world, tmp_path):
    connector = connected(world, tmp_path)
    given = copy.deepcopy(connector.config)
    first = connector.read(names=NAMES)
    first.assert_complete()
    [(place, config)] = configs(first)
    assert "RECORD" not in {message["type"] for message in first.messages[:place]}
    assert config["credentials"]["refresh_token"] != given["credentials"]["refresh_token"]
    assert_no_secret_but_in_controls(first, given)
    connector.config = config
    second = connector.read(names=NAMES)
    second.assert_complete()
    assert configs(second) == []  # an hour has not passed
    assert {name: len(rows) for name, rows in second.records.items()} == {
        name: len(rows) for name, rows in first.records.items()
    }


def test_a_read_that_outlasts_its_tokens_renews_them_on_its_way(world, tmp_path):
    connector = connected(world, tmp_path, calls=3)
    # One after the other: else requests beside it may use up a new token before its first use.
    connector.config["num_workers"] = 1
    run = connector.read(names=NAMES)
    run.assert_complete()
    counts = world.truth.counts()
    for name in NAMES:
        assert sorted(record["id"] for record in run.records[name]) == counts[name]["ids"]
    rolled = [config["credentials"]["refresh_token"] for _, config in configs(run)]
    assert len(rolled) == len(set(rolled)) > 2
    assert_no_secret_but_in_controls(run, connector.config)
    # The last one that was printed is the one that counts.
    connector.config = configs(run)[-1][1]
    connector.read(names=["payouts"]).assert_complete()


@pytest.mark.parametrize("command", ["check", "read"])
def test_a_void_refresh_token_asks_to_connect_anew(world, tmp_path, command):
    connector = connected(world, tmp_path)
    stale = copy.deepcopy(connector.config)
    connector.read(names=["customers"]).assert_complete()
    connector.config = stale
    if command == "check":
        run = connector.check()
        assert run.connection["status"] == "FAILED"
        said = run.connection["message"]
    else:
        run = connector.read(names=["customers"])
        [error] = run.errors
        assert (run.code, error["failure_type"]) == (1, "config_error")
        said = error["message"]
    assert said.endswith("Connect to Stripe anew.")
    assert "\n" not in said
    assert configs(run) == []
    assert_no_secret_but_in_controls(run, stale)


def test_a_connection_of_connect_is_read_with_its_access_token(world, tmp_path):
    keep = ("access_token", "refresh_token")
    connector = connected(world, tmp_path, "stripe_connect", keep, rolls=False)
    run = connector.read(names=NAMES)
    run.assert_complete()
    assert configs(run) == []
    assert_no_secret_but_in_controls(run, connector.config)


def test_the_manifest_alone_renews_tokens_too(world, tmp_path):
    connector = connected(world, tmp_path)
    run = read_by_stock(connector, Connector(tmp_path, world.url).catalog(NAMES))
    run.assert_complete()
    assert len(configs(run)) == 1
    counts = world.truth.counts()
    assert {record["id"] for record in run.records["customers"]} == set(counts["customers"]["ids"])


def test_the_manifest_alone_reads_a_connection_of_connect(world, tmp_path):
    keep = ("access_token", "refresh_token")
    connector = connected(world, tmp_path, "stripe_connect", keep, rolls=False)
    catalog = Connector(tmp_path, world.url).catalog(["customers"])
    read_by_stock(connector, catalog).assert_complete()


def test_the_option_renews_tokens_by_the_cdk_s_components(world, tmp_path):
    connector = connected(world, tmp_path)
    catalog = Connector(tmp_path, world.url).catalog(["customers"])
    run = connector.run(
        "read",
        *("--config", connector.file(connector.config), "--catalog", connector.file(catalog)),
        *("--runtime", "cdk"),
    )
    run.assert_complete()
    assert len(configs(run)) == 1
