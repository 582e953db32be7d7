"""Stripe's published sample of a kind in; one that keeps to Stripe's specification out.

Samples and specification are published months apart, and some samples hold placeholders ("{}",
"action") where the specification wants more.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from stripe_sandbox import stripe_spec
from stripe_sandbox.expansion import reference

PLAUSIBLE_INTEGER = 100_000_000
"""Above this an integer that is not a time is a generated one, and is made smaller."""

Schema = dict[str, Any]


def mended(name: str) -> dict[str, Any]:
    """A fresh copy of the mended sample of one object name."""
    return copy.deepcopy(_mended(name))


@cache
def _mended(name: str) -> dict[str, Any]:
    schema = stripe_spec.load()["schemas"][name]
    content: dict[str, Any] = mend(copy.deepcopy(stripe_spec.load_samples()[name]), schema)
    return content


def resolved(schema: Schema) -> Schema:
    """The schema behind a `$ref`, nullability kept."""
    while "$ref" in schema:
        schema = stripe_spec.load()["schemas"][reference(schema)]
    return schema


def mend(value: Any, schema: Schema) -> Any:
    """The value, changed as little as makes it fit the schema."""
    schema = resolved(schema)
    if value is None:
        return None if schema.get("nullable") else _default(schema)
    if value == {} and schema.get("nullable"):
        return None
    if "anyOf" in schema:
        return mend(value, option_for(value, schema["anyOf"]))
    kind = schema.get("type")
    if kind == "object" and isinstance(value, dict):
        return _mend_object(value, schema)
    if kind == "array" and isinstance(value, list):
        return [mend(entry, schema["items"]) for entry in value]
    if not _has_type(value, kind) or value not in schema.get("enum", [value]):
        return _default(schema)
    if kind == "integer" and schema.get("format") != "unix-time" and value > PLAUSIBLE_INTEGER:
        return value % 997
    if kind == "string" and "dev.stripe.me" in value:
        return "https://files.example.com/" + value.rsplit("/", 1)[1][-24:]
    return value


def option_for(value: Any, options: list[Schema]) -> Schema:
    """The member of a union that the value is most likely meant to be."""
    candidates = [resolved(option) for option in options]
    for candidate in candidates:
        named = candidate.get("properties", {}).get("object", {}).get("enum")
        if isinstance(value, dict) and named and value.get("object") in named:
            return candidate
    for candidate in candidates:
        if _has_type(value, candidate.get("type")):
            return candidate
    return candidates[0]


def _mend_object(value: dict[str, Any], schema: Schema) -> dict[str, Any]:
    properties = schema.get("properties", {})
    out = {
        key: mend(entry, properties[key]) if key in properties else entry
        for key, entry in value.items()
    }
    for key in schema.get("required", ()):
        if key not in out:
            out[key] = _default(properties[key])
    return out


def _default(schema: Schema) -> Any:
    schema = resolved(schema)
    if schema.get("nullable"):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _default(schema["anyOf"][0])
    if schema.get("type") == "object":
        return _mend_object({}, schema)
    return {"array": [], "boolean": False, "integer": 0, "number": 0.0}.get(
        schema.get("type", "string"), ""
    )


def _has_type(value: Any, kind: str | None) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    expected: dict[str, type | tuple[type, ...]] = {
        "array": list,
        "integer": int,
        "number": (int, float),
        "object": dict,
        "string": str,
    }
    return kind in expected and isinstance(value, expected[kind])
