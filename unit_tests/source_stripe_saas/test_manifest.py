"""The manifest is a standard one: the CDK takes it as it is, and each fact stands in it once."""

import pytest
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from jsonschema.exceptions import ValidationError

from source_stripe_saas.api.transport import STRIPE_VERSION
from source_stripe_saas.config import resources
from source_stripe_saas.protocol.arguments import catalog_of
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


def test_a_part_of_it_names_the_streams_and_their_parents():
    part = resources.manifest_of(["quote_line_items", "invoices", "of_no_manifest"])
    assert [stream.name for stream in stock(part).streams(CONFIG)] == [
        "invoices",
        "quote_line_items",
    ]
    assert list(part["definitions"]["streams"]) == ["invoices", "quote_line_items"]
    lines = resources.manifest_of(["invoice_line_items"])
    assert list(lines["definitions"]["streams"]) == ["invoice_line_items", "invoices"]
    assert [stream.name for stream in stock(lines).streams(CONFIG)] == ["invoice_line_items"]


def test_a_part_without_streams_is_valid_all_the_same():
    (only,) = stock(resources.manifest_of(["subscription_events"])).streams(CONFIG)
    assert only.name == "customers"


def test_all_of_it_is_it():
    manifest = resources.manifest()
    names = [entry["name"] for entry in entries_of(manifest)]
    assert resources.manifest_of(names) == {
        **manifest,
        "definitions": {
            **manifest["definitions"],
            "streams": {
                name: entry
                for name, entry in manifest["definitions"]["streams"].items()
                if name != "subscription_events"
            },
        },
    }


def test_for_a_read_the_cdk_validates_one_stream():
    def stream(name):
        modes = ["full_refresh", "incremental"]
        return {"name": name, "json_schema": {}, "supported_sync_modes": modes}

    modes = {"sync_mode": "full_refresh", "destination_sync_mode": "append"}
    chosen = [{"stream": stream(name), **modes} for name in ("payouts", "invoices", "refunds")]
    catalog = catalog_of({"streams": chosen})
    source = SourceStripeSaas(catalog, CONFIG, None)
    assert [entry["name"] for entry in source.resolved_manifest["streams"]] == ["payouts"]
    assert len(SourceStripeSaas(None, CONFIG, None).resolved_manifest["streams"]) > 50
