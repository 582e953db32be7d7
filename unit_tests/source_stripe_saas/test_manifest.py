"""The manifest is a standard one: the CDK takes it as it is, and each fact stands in it once."""

import pytest
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from jsonschema.exceptions import ValidationError

from source_stripe_saas.api.transport import STRIPE_VERSION
from source_stripe_saas.config import resources
from source_stripe_saas.source import SourceStripeSaas
from source_stripe_saas.streams.manifest_entries import entries_of
from source_stripe_saas.streams.plans import load_plans

CONFIG = {"client_secret": "rk_test_manifest00000001"}


def stock(manifest):
    return ConcurrentDeclarativeSource(None, CONFIG, None, source_config=manifest)


def test_the_cdk_validates_the_manifest_and_builds_a_stream_of_each_entry():
    names = [stream.name for stream in stock(resources.manifest()).streams(CONFIG)]
    assert names == [name for name, plan in load_plans().items() if not plan.derived]


def test_the_connector_itself_leaves_the_validation_to_the_cdk():
    assert SourceStripeSaas._validate_source is ConcurrentDeclarativeSource._validate_source


def test_a_manifest_with_a_mistake_is_refused():
    manifest = resources.manifest()
    manifest["definitions"]["list_retriever"]["paginator"]["pagination_strategy"]["type"] = 7
    with pytest.raises(ValidationError):
        stock(manifest)


def test_check_names_streams_that_exist():
    assert set(resources.manifest()["check"]["stream_names"]) <= set(load_plans())


def test_path_key_parent_and_filters_are_read_from_the_components():
    entries = {entry["name"]: entry for entry in entries_of(resources.manifest())}
    assert entries["subscription_events"]["primary_key"] == ["event_id"]
    assert entries["charges"]["retriever"]["path"] == "charges"
    items = entries["subscription_items"]["retriever"]
    assert (items["parent"], items["embedded"]) == ("subscriptions", "items")
    assert items["adds"] == {"subscription": "id"}
    assert entries["prices"]["retriever"]["variants"] == [{"active": "true"}, {"active": "false"}]
    assert entries["account"]["retriever"]["single"] is True
    assert entries["quotes"]["retriever"]["created_filter"] is False
    assert "created_filter" not in entries["files"]["retriever"]


def test_the_manifest_and_the_engine_ask_for_the_same_version_of_the_api():
    headers = resources.manifest()["definitions"]["requester"]["request_headers"]
    assert headers["Stripe-Version"] == STRIPE_VERSION
