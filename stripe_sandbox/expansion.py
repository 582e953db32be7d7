"""`expand[]` paths in; a checked tree of the fields to expand out, or Stripe's refusal.

What can be expanded stands in Stripe's specification: `x-expandableFields` names the fields a path
may pass through, `x-expansionResources` the ids it may end on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from stripe_sandbox import stripe_spec
from stripe_sandbox.embedded import BY_ID_ONLY, INCLUDABLE, LISTS
from stripe_sandbox.refusals import bad_request

MAX_DEPTH = 4

Schema = dict[str, Any]
Tree = dict[str, "Tree"]
NamedSchema = tuple[str | None, Schema]
"""A component's name (None inside one) and its schema."""


def tree_for(schema_names: tuple[str, ...], paths: Iterable[str], *, in_list: bool) -> Tree:
    """Checks the paths against the objects of a reply and nests them.

    Args:
        schema_names: schemas of the objects that the reply may hold.
        paths: `expand[]` as sent.
        in_list: whether the reply is a list, so that paths begin with `data`.

    Raises:
        Refusal: a path is too deep, or names what cannot be expanded.
    """
    tree: Tree = {}
    for path in paths:
        branch = tree
        for segment in _checked(schema_names, path, in_list):
            branch = branch.setdefault(segment, {})
    return tree


@lru_cache(maxsize=4096)
def _checked(schema_names: tuple[str, ...], path: str, in_list: bool) -> tuple[str, ...]:
    segments = tuple(path.split("."))
    if len(segments) > MAX_DEPTH:
        raise bad_request(
            f"You cannot expand more than 4 levels of a property. Property: {path}",
            code="property_expansion_max_depth",
            param="expand",
        )
    if not in_list:
        if not _expandable(schema_names, segments, in_list):
            raise bad_request(f"This property cannot be expanded ({path}).", param="expand")
        return segments
    if segments[0] == "data" and (
        len(segments) == 1 or _expandable(schema_names, segments[1:], in_list)
    ):
        return segments[1:]
    hint = ""
    if segments[0] != "data" and _expandable(schema_names, segments, in_list):
        hint = f" You may want to try expanding 'data.{path}' instead."
    raise bad_request(f"This property cannot be expanded ({path}).{hint}", param="expand")


def _expandable(schema_names: tuple[str, ...], segments: tuple[str, ...], in_list: bool) -> bool:
    """Whether the path ends on something that expansion changes."""
    level: list[NamedSchema] = [named for name in schema_names for named in component(name)]
    ends = False
    for depth, segment in enumerate(segments):
        found: list[NamedSchema] = []
        ends = False
        for name, schema in level:
            if segment not in schema.get("x-expandableFields", ()):
                continue
            if in_list and depth == 0 and (name, segment) in BY_ID_ONLY:
                continue
            content = schema["properties"][segment]
            ends = ends or _changes(name, segment, content)
            found.extend(targets(content, expanded=True))
        # Scalars (a card's number) have no further schema, yet a path may end on them.
        if not found and not ends:
            return False
        level = found
    return ends


@lru_cache(maxsize=4096)
def objects_of(schema_names: tuple[str, ...], path: str, *, in_list: bool) -> frozenset[str]:
    """Object names that a checked path adds to the reply.

    An id that may lead to many kinds (a balance transaction's source) adds none: Stripe cannot
    ask for every permission at once.
    """
    found: set[str] = set()
    level: list[NamedSchema] = [named for name in schema_names for named in component(name)]
    for segment in path.split(".")[1:] if in_list else path.split("."):
        below: list[NamedSchema] = []
        for _, schema in level:
            content = schema.get("properties", {}).get(segment)
            if content is None:
                continue
            parts = list(targets(content, expanded=True))
            below.extend(parts)
            if _changes(None, segment, content):
                live = {name for name, _ in parts if name and not name.startswith("deleted_")}
                found |= live if len(live) <= 2 else set()
        level = below
    return frozenset(found)


def _changes(name: str | None, segment: str, content: Schema) -> bool:
    inner = content.get("items", content)
    return (
        "x-expansionResources" in inner
        or (name, segment) in LISTS
        or (name, segment) in INCLUDABLE
        or segment == "data"
    )


def targets(content: Schema, *, expanded: bool) -> Iterator[NamedSchema]:
    """Object schemas that a property's value may have.

    Args:
        content: the property's schema.
        expanded: follow what an id expands to; otherwise only what is always inline.
    """
    content = content.get("items", content)
    resources = content.get("x-expansionResources")
    if resources is not None:
        if expanded:
            for option in resources["oneOf"]:
                yield from component(reference(option))
        return
    if "$ref" in content:
        yield from component(reference(content))
    elif "anyOf" in content:
        for option in content["anyOf"]:
            yield from targets(option, expanded=expanded)
    elif "properties" in content:
        yield None, content


def component(name: str) -> Iterator[NamedSchema]:
    """A component's object schemas: itself, or its members when it is a union."""
    schema = stripe_spec.load()["schemas"][name]
    if "anyOf" in schema:
        for option in schema["anyOf"]:
            yield from component(reference(option))
    else:
        yield name, schema


def reference(schema: Schema) -> str:
    """Name of the component a `$ref` points to."""
    name: str = schema["$ref"].rsplit("/", 1)[1]
    return name
