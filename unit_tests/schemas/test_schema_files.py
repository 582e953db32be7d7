"""schemas/: one file a stream, as the generator writes them, open and nullable but for keys."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import orjson
import pytest

from source_stripe_saas.streams.plans import load_plans
from stripe_sandbox.stripe_spec import load, load_samples
from tools import descriptions
from tools.generate_schemas import SCHEMAS, all_schemas, rendered
from tools.object_schema import MAX_LEVEL
from tools.stream_schema import connector_fields

PLANS = load_plans()
GENERATED = all_schemas(load()["schemas"])
TEXTS = descriptions.load()
MAIN_STREAMS = (
    "customers",
    "subscriptions",
    "subscription_items",
    "invoices",
    "charges",
    "refunds",
    "payouts",
)


def nodes(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every schema below one, with the names of the properties that lead to it."""
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from nodes(part, (*path, name))
    if "items" in schema:
        yield from nodes(schema["items"], path)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from nodes(schema["additionalProperties"], (*path, "*"))


def unexpanded(node: Any, schema: Any) -> Any:
    """A sample with its references as ids.

    The published ones hold an object, whole or `{"id", "object"}`, where Stripe sends the bare id
    unless asked.
    """
    if isinstance(node, list):
        return [unexpanded(entry, schema.get("items", {})) for entry in node]
    if not isinstance(node, dict):
        return node
    if {"id", "object"} <= set(node) and "string" in schema.get("type", ()):
        return node["id"]
    known = schema.get("properties", {})
    return {name: unexpanded(value, known.get(name, {})) for name, value in node.items()}


def test_every_stream_has_its_file_and_there_is_no_other():
    assert {path.name for path in SCHEMAS.iterdir()} == {f"{name}.json" for name in PLANS}


@pytest.mark.parametrize("stream", PLANS)
def test_file_is_what_the_generator_writes(stream):
    assert (SCHEMAS / f"{stream}.json").read_text(encoding="utf-8") == rendered(GENERATED[stream])


@pytest.mark.parametrize("stream", PLANS)
def test_rendering_changes_nothing_but_white_space(stream):
    assert json.loads(rendered(GENERATED[stream])) == GENERATED[stream]


def test_whole_catalog_stays_under_two_megabytes():
    assert len(orjson.dumps(GENERATED)) < 2_000_000


@pytest.mark.parametrize("stream", PLANS)
def test_schema_is_valid_draft_7(stream):
    assert GENERATED[stream]["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(GENERATED[stream])


@pytest.mark.parametrize("stream", PLANS)
def test_primary_key_is_never_null_and_all_else_may_be(stream):
    schema = GENERATED[stream]
    key = PLANS[stream].primary_key
    assert tuple(schema["required"]) == key
    firm = [path for path, node in nodes(schema) if path and "null" not in node["type"]]
    assert sorted(firm) == sorted((name,) for name in key)


@pytest.mark.parametrize("stream", PLANS)
def test_nothing_is_closed(stream):
    for path, node in nodes(GENERATED[stream]):
        assert not {"enum", "const", "pattern", "maxLength", "anyOf", "oneOf"} & set(node), path
        if "object" in node["type"]:
            assert node["additionalProperties"], path


@pytest.mark.parametrize("stream", PLANS)
def test_properties_are_named_down_to_four_levels(stream):
    assert max(len(path) for path, node in nodes(GENERATED[stream]) if "*" not in path) <= MAX_LEVEL


def test_invoice_lines_show_their_fourth_level_and_not_the_fifth():
    lines = GENERATED["invoices"]["properties"]["lines"]["properties"]
    line = lines["data"]["items"]["properties"]
    assert line["pricing"]["properties"]["price_details"] == {
        "type": ["null", "object"],
        "additionalProperties": True,
    }


# Stripe publishes no sample of what it sums up when it is asked.
@pytest.mark.parametrize(
    "stream", [name for name, plan in PLANS.items() if not plan.derived and not plan.asks_for]
)
def test_published_sample_fits(stream):
    plan = PLANS[stream]
    sample = unexpanded(load_samples()[plan.object], GENERATED[stream])
    record = {**sample, **{name: sample.get(name, "any_1") for name, _ in plan.adds}}
    jsonschema.Draft7Validator(GENERATED[stream]).validate(record)


def test_record_without_its_key_does_not_fit():
    validator = jsonschema.Draft7Validator(GENERATED["customers"])
    assert not validator.is_valid({"id": None})
    assert not validator.is_valid({"email": "a@example.com"})


@pytest.mark.parametrize("stream", MAIN_STREAMS)
def test_every_property_of_a_main_stream_is_described(stream):
    properties = GENERATED[stream]["properties"]
    assert [name for name, schema in properties.items() if "description" not in schema] == []


@pytest.mark.parametrize("stream", PLANS)
def test_every_property_that_the_connector_adds_is_described(stream):
    properties = GENERATED[stream]["properties"]
    added = connector_fields(PLANS[stream])
    assert [name for name in added if "description" not in properties[name]] == []


def test_every_stream_is_described():
    assert set(TEXTS.streams) == set(PLANS)


def test_no_description_is_about_a_property_that_does_not_exist():
    described = {(stream, name) for stream, texts in TEXTS.properties.items() for name in texts}
    existing = {(name, key) for name, schema in GENERATED.items() for key in schema["properties"]}
    assert described - existing == set()
    assert set(TEXTS.shared) - {name for _, name in existing} == set()


def test_no_description_repeats_the_one_that_several_streams_share():
    repeated = [
        (stream, name)
        for stream, texts in TEXTS.properties.items()
        for name, text in texts.items()
        if TEXTS.shared.get(name) == text
    ]
    assert repeated == []
