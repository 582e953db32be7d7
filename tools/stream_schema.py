"""A stream's plan and Stripe's specification in; the stream's JSON Schema out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from source_stripe_saas.streams.plan import StreamPlan
from tools.descriptions import Descriptions
from tools.ledger_schema import ledger_properties
from tools.object_schema import ObjectSchemas, Schema, ordered

DRAFT = "http://json-schema.org/draft-07/schema#"


def stream_schema(
    plan: StreamPlan, definitions: Mapping[str, Any], descriptions: Descriptions
) -> Schema:
    """The JSON Schema (draft-07) of a stream's records.

    Args:
        plan: the stream.
        definitions: the schemas of Stripe's specification by name.
        descriptions: the texts for it.
    """
    if plan.derived:
        properties = ledger_properties()
    else:
        objects = ObjectSchemas(definitions, frozenset(_with_parents(expanded_paths(plan))))
        properties = {**connector_fields(plan), **objects.properties(plan.object)}
    for key in plan.primary_key:
        properties[key] = {"type": _type_in_key(properties.get(key, {}))}
    return {
        "$schema": DRAFT,
        "title": plan.name,
        "description": descriptions.of_stream(plan.name),
        "type": "object",
        "additionalProperties": True,
        "required": list(plan.primary_key),
        "properties": {
            name: _described(properties[name], descriptions.of_property(plan.name, name))
            for name in ordered(properties)
        },
    }


def _type_in_key(field: Schema) -> str:
    """A field's type where it is never null; an id that may be expanded is text in a record."""
    known = field.get("type", "string")
    types = [known] if isinstance(known, str) else [each for each in known if each != "null"]
    return "integer" if types == ["integer"] else "string"


def connector_fields(plan: StreamPlan) -> dict[str, Schema]:
    """Properties that the connector writes into records; Stripe's own take precedence."""
    added = [name for name, _ in plan.adds] + ([plan.asks_for] if plan.asks_for else [])
    fields: dict[str, Schema] = {name: {"type": ["null", "string"]} for name in added}
    if plan.adds_updated:
        fields["updated"] = {"type": ["null", "integer"]}
    if plan.adds_is_deleted:
        fields["is_deleted"] = {"type": ["null", "boolean"]}
    return fields


def expanded_paths(plan: StreamPlan) -> list[str]:
    """Dotted paths in a record of what the connector has Stripe expand.

    A child's manifest entry expands within the parent, `items.data.discounts`; within the child
    that is `discounts`.
    """
    if plan.embedded is None:
        return list(plan.expand)
    inside = f"{plan.embedded}.data."
    return [path.removeprefix(inside) for path in plan.expand if path.startswith(inside)]


def _with_parents(paths: Iterable[str]) -> Iterator[str]:
    """The paths, and those on the way to them: Stripe expands these, too."""
    for path in paths:
        parts = path.split(".")
        yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _described(schema: Schema, text: str | None) -> Schema:
    return schema if text is None else {"description": text, **schema}
