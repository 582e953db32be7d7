"""The shipped extracts hold structure, none of Stripe's texts, and are what the tool writes."""

import re
from pathlib import Path

import orjson
import pytest

from stripe_sandbox import stripe_spec
from tools.stripe_spec import STRUCTURAL_KEYS, extract, extract_samples, write_compressed

UPSTREAM = Path(__file__).parents[3] / "shared" / "stripe"


def a_specification():
    thing = {
        "title": "Thing",
        "description": "A thing.",
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "description": "Its id."},
            "description": {"type": "string", "description": "A field of this name.", "title": "D"},
            "part": {"anyOf": [{"$ref": "#/components/schemas/part"}], "nullable": True},
        },
    }
    operation = {
        "summary": "List all.",
        "parameters": [{"name": "limit", "in": "query", "description": "How many.", "schema": {}}],
        "responses": {
            "200": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/thing"}}}
            }
        },
    }
    events = {"items": {"enum": ["*", "thing.made"]}}
    form = {"schema": {"properties": {"enabled_events": events}}}
    body = {"content": {"application/x-www-form-urlencoded": form}}
    names = ("discount", "error", "part", "unreached")
    return {
        "info": {"version": "1"},
        "paths": _Everywhere({"get": operation, "post": {"requestBody": body}}),
        "components": {"schemas": {"thing": thing, **{name: {"type": "object"} for name in names}}},
    }


class _Everywhere(dict):
    """The same operation at every path."""

    def __init__(self, operation):
        self._operation = operation

    def __getitem__(self, path):
        return self._operation


def test_texts_stay_behind_and_fields_that_are_named_like_texts_stay():
    extracted = extract(a_specification())
    assert extracted["schemas"]["thing"] == {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string"},
            "description": {"type": "string"},
            "part": {"anyOf": [{"$ref": "#/components/schemas/part"}], "nullable": True},
        },
    }
    operation = extracted["paths"]["/v1/customers"]["get"]
    assert operation["parameters"] == [{"name": "limit", "in": "query", "schema": {}}]
    assert operation["schema"] == {"$ref": "#/components/schemas/thing"}


def test_only_schemas_that_a_route_leads_to_are_kept():
    assert set(extract(a_specification())["schemas"]) == {"thing", "part", "discount", "error"}


def test_types_of_events_are_kept_without_the_word_for_all_of_them():
    assert extract(a_specification())["events"] == ["thing.made"]


def test_the_shipped_extract_has_no_key_but_structural_ones():
    seen = set()

    def walk(node, inside_properties=False):
        if isinstance(node, list):
            for entry in node:
                walk(entry)
        elif isinstance(node, dict):
            for key, value in node.items():
                if not inside_properties:
                    seen.add(key)
                walk(value, key == "properties" and not inside_properties)

    for schema in stripe_spec.load()["schemas"].values():
        walk(schema)
    assert seen <= STRUCTURAL_KEYS | {"properties"}


def test_the_shipped_extract_holds_no_sentence():
    texts = re.findall(r'"([^"]{60,})"', orjson.dumps(stripe_spec.load()).decode())
    assert [text for text in texts if " " in text] == []


def test_the_same_content_is_compressed_to_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_compressed({"b": 1, "a": [2]}, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason="Stripe's own files are not at hand")
def test_the_shipped_extracts_are_what_the_tool_makes_of_stripe_s_files():
    spec = orjson.loads((UPSTREAM / "openapi.spec3.json").read_bytes())
    assert extract(spec) == stripe_spec.load()
    fixtures = orjson.loads((UPSTREAM / "fixtures3.json").read_bytes())
    assert extract_samples(fixtures) == stripe_spec.load_samples()
