"""Pieces of the specification -> the JSON Schema of each."""

from tools.object_schema import ObjectSchemas, merge

STRING = {"type": ["null", "string"]}
INTEGER = {"type": ["null", "integer"]}


def reference(name):
    return {"$ref": f"#/components/schemas/{name}"}


def schema_of(node, definitions=None, expanded=()):
    thing = {"type": "object", "properties": {"field": node}}
    schemas = ObjectSchemas({**(definitions or {}), "thing": thing}, frozenset(expanded))
    return schemas.properties("thing")["field"]


def test_seconds_and_minor_units_are_integers():
    assert schema_of({"type": "integer", "format": "unix-time"}) == INTEGER


def test_decimals_are_strings_that_say_so():
    assert schema_of({"type": "string", "format": "decimal"}) == {**STRING, "format": "decimal"}


def test_floats_are_numbers():
    assert schema_of({"type": "number"}) == {"type": ["null", "number"]}


def test_values_of_an_enum_are_left_open():
    assert schema_of({"type": "string", "enum": ["a", "b"], "maxLength": 5000}) == STRING


def test_metadata_is_an_object_of_strings():
    metadata = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 500}}
    assert schema_of(metadata) == {"type": ["null", "object"], "additionalProperties": STRING}


def test_embedded_list_keeps_its_envelope():
    envelope = {
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": {"type": "string"}},
            "has_more": {"type": "boolean"},
            "object": {"type": "string", "enum": ["list"]},
            "url": {"type": "string"},
        },
    }
    assert schema_of(envelope) == {
        "type": ["null", "object"],
        "additionalProperties": True,
        "properties": {
            "object": STRING,
            "data": {"type": ["null", "array"], "items": STRING},
            "has_more": {"type": ["null", "boolean"]},
            "url": STRING,
        },
    }


def test_reference_to_an_object_is_its_id_until_expanded():
    node = {
        "anyOf": [{"type": "string"}, reference("coupon")],
        "x-expansionResources": {"oneOf": [reference("coupon")]},
    }
    coupon = {"type": "object", "properties": {"percent_off": {"type": "number"}}}
    assert schema_of(node, {"coupon": coupon}) == STRING
    assert schema_of(node, {"coupon": coupon}, ["field"]) == {
        "type": ["null", "object", "string"],
        "additionalProperties": True,
        "properties": {"percent_off": {"type": ["null", "number"]}},
    }


def test_union_of_objects_has_the_properties_of_all():
    definitions = {
        "card": {"type": "object", "properties": {"brand": {"type": "string"}}},
        "bank": {"type": "object", "properties": {"routing": {"type": "string"}}},
    }
    assert schema_of({"anyOf": [reference("card"), reference("bank")]}, definitions) == {
        "type": ["null", "object"],
        "additionalProperties": True,
        "properties": {"brand": STRING, "routing": STRING},
    }


def test_same_property_of_two_types_may_be_either():
    assert merge(STRING, INTEGER) == {"type": ["null", "integer", "string"]}


def test_objects_that_hold_themselves_end_at_the_fourth_level():
    chain = {"type": "object", "properties": {"next": reference("chain")}}
    plain = {"type": ["null", "object"], "additionalProperties": True}
    node = ObjectSchemas({"chain": chain}).properties("chain")["next"]
    depth = 1
    while "properties" in node:
        node = node["properties"]["next"]
        depth += 1
    assert (depth, node) == (4, plain)
