"""An object of Stripe's specification in; its JSON Schema, as a warehouse wants it, out.

Every property is named down to four levels and may be null; nothing is closed, since Stripe adds
properties, values of enums and kinds of objects within one version of its API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

Schema = dict[str, Any]

MAX_LEVEL = 4
"""Properties nested deeper than this are left to `additionalProperties`."""

FIRST_PROPERTIES = ("id", "object", "created")
ANY_KEY = "*"
"""Stands in a path for the keys of a map, whose names are data."""


@dataclass(frozen=True)
class ObjectSchemas:
    """Turns objects of the specification into JSON Schemas."""

    definitions: Mapping[str, Any]
    """The specification's schemas by name."""
    expanded: frozenset[str] = field(default_factory=frozenset)
    """Dotted paths of the references that the connector has Stripe expand."""

    def properties(self, name: str) -> dict[str, Schema]:
        """The schemas of an object's own properties, in the order they are written in."""
        schema: Schema = self._schema(self.definitions[name], ())
        properties: dict[str, Schema] = schema["properties"]
        return properties

    def _schema(self, node: Mapping[str, Any], path: tuple[str, ...]) -> Schema:
        if "$ref" in node:
            return self._schema(self.definitions[node["$ref"].rsplit("/", 1)[1]], path)
        if "anyOf" in node:
            options = [self._schema(option, path) for option in self._options(node, path)]
            return reduce(merge, options)
        kind = node["type"]
        if kind == "object":
            return self._object_schema(node, path)
        if kind == "array":
            return {"type": ["null", "array"], "items": self._schema(node["items"], path)}
        schema: Schema = {"type": ["null", kind]}
        if node.get("format") == "decimal":
            schema["format"] = "decimal"
        return schema

    def _options(self, node: Mapping[str, Any], path: tuple[str, ...]) -> list[Mapping[str, Any]]:
        options: list[Mapping[str, Any]] = node["anyOf"]
        if "x-expansionResources" not in node or ".".join(path) in self.expanded:
            # An expanded reference may still come as an id: in an event, or in a deleted object.
            return options
        return [option for option in options if option.get("type") == "string"]

    def _object_schema(self, node: Mapping[str, Any], path: tuple[str, ...]) -> Schema:
        values = node.get("additionalProperties")
        schema: Schema = {"type": ["null", "object"], "additionalProperties": True}
        if isinstance(values, Mapping):
            schema["additionalProperties"] = self._schema(values, (*path, ANY_KEY))
        if len(path) < MAX_LEVEL and node.get("properties"):
            named = node["properties"]
            schema["properties"] = {
                name: self._schema(named[name], (*path, name)) for name in ordered(named)
            }
        return schema


def ordered(names: Iterable[str]) -> list[str]:
    """Names of properties: what identifies an object first, the rest by the alphabet."""
    rank = {name: place for place, name in enumerate(FIRST_PROPERTIES)}
    return sorted(names, key=lambda name: (rank.get(name, len(rank)), name))


def merge(one: Schema, other: Schema) -> Schema:
    """The schema of what may be either: all types, all properties."""
    types = {*one["type"], *other["type"]} - {"null"}
    merged: Schema = {"type": ["null", *sorted(types)]}
    if one.get("format") == other.get("format") and "format" in one:
        merged["format"] = one["format"]
    if "items" in one or "items" in other:
        merged["items"] = _merge_parts(one, other, "items")
    if "additionalProperties" in one or "additionalProperties" in other:
        merged["additionalProperties"] = _merge_values(one, other)
    if "properties" in one or "properties" in other:
        ours, theirs = one.get("properties", {}), other.get("properties", {})
        merged["properties"] = {
            name: _merge_parts(ours, theirs, name) for name in ordered({*ours, *theirs})
        }
    return merged


def _merge_parts(one: Mapping[str, Schema], other: Mapping[str, Schema], name: str) -> Schema:
    parts = [side[name] for side in (one, other) if name in side]
    return reduce(merge, parts)


def _merge_values(one: Schema, other: Schema) -> Schema | bool:
    values = [
        side["additionalProperties"] for side in (one, other) if "additionalProperties" in side
    ]
    if any(value is True for value in values):
        return True
    merged: Schema = reduce(merge, values)
    return merged
