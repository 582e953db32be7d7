"""`read --runtime cdk`: the components of the CDK instead of the engine, with the same config."""

import pytest

from integration_tests.connector import Connector
from integration_tests.stock_runtime.reading import last_states, read_by_stock
from integration_tests.world import a_world

NAMES = ["customers", "subscriptions", "subscription_items", "coupons"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("runtime"), seed=6) as world:
        yield world


def read_by_cdk(connector, names, states=()):
    return connector.run(*connector.read_arguments(states, names), "--runtime", "cdk")


def test_the_option_reads_what_the_manifest_alone_reads(world):
    by_option = read_by_cdk(world.connector, NAMES)
    by_option.assert_complete()
    alone = read_by_stock(world.connector, world.connector.catalog(NAMES))
    for name in NAMES:
        ours = {record["id"]: record for record in by_option.records[name]}
        assert ours == {record["id"]: record for record in alone.records[name]}
        assert ours


def test_its_states_are_the_cdk_s_own(world):
    first = read_by_cdk(world.connector, ["customers"])
    again = read_by_cdk(world.connector, ["customers"], last_states(first))
    again.assert_complete()
    assert len(again.records.get("customers", [])) < len(first.records["customers"])


def test_a_start_date_may_have_any_form_that_the_config_allows(world, tmp_path):
    connector = Connector(tmp_path, world.url, start_date="2999-01-01")
    assert read_by_cdk(connector, ["charges"]).records == {}


def test_a_stream_that_the_engine_derives_is_refused_by_name(world):
    run = read_by_cdk(world.connector, ["subscription_events"])
    assert run.code == 1
    [error] = run.errors
    assert "`catalog.streams[0].stream.name` is 'subscription_events'" in error["message"]


def test_a_refused_key_ends_the_read_with_the_manifest_s_words(world, tmp_path):
    key = "sk_test_revoked00000000000001"
    world.post("keys", {"key": key, "revoked": True})
    run = read_by_cdk(Connector(tmp_path, world.url, client_secret=key), ["coupons"])
    assert run.code == 1
    assert run.statuses == {"coupons": "INCOMPLETE"}
    assert "Stripe does not accept the API key" in str(run.errors)
