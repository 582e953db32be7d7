"""Two extracts of Stripe's specification -> what changed for our streams, and what MRR reads of it.

    python -m tools.spec_changes SPECIFICATION

The specification holds no permissions: what a key must be allowed to read is in Stripe's refusals
and in its reference of app permissions alone.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.plans import load_plans
from stripe_sandbox import stripe_spec as extracts
from tools.stripe_spec import extract

_PACKAGE = Path(__file__).parents[1] / "source_stripe_saas"
_RULES = ("mrr", "ledger")
"""The folders whose code reads fields of Stripe's objects to count MRR."""

_LEVELS = 4
"""Fields nested deeper are in no schema of ours either."""

Extract = Mapping[str, Any]


def spec_changes(old: Extract, new: Extract, plans: Sequence[StreamPlan]) -> list[str]:
    """What differs, one line each: streams in their order, then events, then lists.

    Args:
        old: the extract in use.
        new: that of another specification, with routes that are gone left out.
        plans: of all streams.
    """
    lines = [f"Stripe's API: {old['version']} -> {new['version']}"]
    for plan in plans:
        if not plan.derived:
            lines += _stream_changes(plan, old, new)
    lines += _event_changes(plans, old, new)
    lines += [f"{name}: can be listed now" for name in _added(old["listed"], new["listed"])]
    lines += [f"{name}: cannot be listed any more" for name in _added(new["listed"], old["listed"])]
    return lines


def _stream_changes(plan: StreamPlan, old: Extract, new: Extract) -> Iterator[str]:
    if plan.object not in new["schemas"]:
        yield f"{plan.name}: Stripe's object {plan.object} is gone"
        return
    before, after = (dict(_fields(each["schemas"], plan.object)) for each in (old, new))
    for field in sorted(before.keys() | after.keys()):
        if field not in after:
            yield f"{plan.name}: {field} is gone{_readers(field)}"
        elif field not in before:
            yield f"{plan.name}: {field} is new ({after[field]})"
        elif before[field] != after[field]:
            change = f"{before[field]} -> {after[field]}"
            yield f"{plan.name}: {field} changed its type, {change}{_readers(field)}"
    yield from _route_changes(plan, old, new)


def _route_changes(plan: StreamPlan, old: Extract, new: Extract) -> Iterator[str]:
    path = f"/v1/{plan.path}"
    if path not in old["paths"]:
        return
    if path not in new["paths"]:
        yield f"{plan.name}: GET {path} is gone"
        return
    before, after = (
        {entry["name"] for entry in each["paths"][path]["get"]["parameters"]} for each in (old, new)
    )
    for name in sorted(before - after):
        yield f"{plan.name}: GET {path} takes no parameter {name} any more"


def _event_changes(plans: Sequence[StreamPlan], old: Extract, new: Extract) -> Iterator[str]:
    gone = set(_added(new["events"], old["events"]))
    for plan in plans:
        for name in plan.feed_types:
            if name in gone:
                yield f"{plan.name}: the event {name} is gone"
    for name in _added(old["events"], new["events"]):
        yield f"the event {name} is new"


def _added(before: Sequence[str], after: Sequence[str]) -> list[str]:
    return sorted(set(after) - set(before))


def _fields(schemas: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Dotted paths of an object's fields, with the type of each."""
    yield from _inside(schemas, schemas[name], (), frozenset({name}))


def _inside(
    schemas: Mapping[str, Any], node: Mapping[str, Any], path: tuple[str, ...], seen: frozenset[str]
) -> Iterator[tuple[str, str]]:
    if path:
        yield ".".join(path), _type(node)
    if len(path) == _LEVELS:
        return
    for name, inner in node.get("properties", {}).items():
        yield from _inside(schemas, inner, (*path, name), seen)
    targets = [*node.get("anyOf", ()), *([node["items"]] if "items" in node else ())]
    for target in (*targets, node):
        reference = str(target.get("$ref", "")).rsplit("/", 1)[-1]
        if not reference:
            continue
        # An object that can be expanded is another stream's, and an id here.
        if reference in seen or "x-expansionResources" in node or reference not in schemas:
            continue
        for name, inner in schemas[reference].get("properties", {}).items():
            yield from _inside(schemas, inner, (*path, name), seen | {reference})


def _type(node: Mapping[str, Any]) -> str:
    if "anyOf" in node:
        return " or ".join(sorted({_type(option) for option in node["anyOf"]}))
    kind = str(node.get("type", "object"))
    if kind == "array":
        return f"list of {_type(node['items'])}"
    return f"{kind} ({node['format']})" if "format" in node else kind


def _readers(field: str) -> str:
    """A remark naming the files of the MRR rules that read a field of that name."""
    name = field.rsplit(".", 1)[-1]
    files = [path for path, texts in _texts_of_rules().items() if name in texts]
    return f"; MRR may read it: {', '.join(files)}" if files else ""


@cache
def _texts_of_rules() -> dict[str, frozenset[str]]:
    """Each file of the rules, with the texts in its code: every name of a field is one."""
    paths = [path for folder in _RULES for path in sorted((_PACKAGE / folder).glob("*.py"))]
    return {
        path.relative_to(_PACKAGE).as_posix(): frozenset(
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        for path in paths
    }


def main() -> None:
    """Prints the changes; writes nothing."""
    parser = argparse.ArgumentParser(description="Print what a newer specification changes.")
    parser.add_argument("specification", type=Path)
    arguments = parser.parse_args()
    new = extract(orjson.loads(arguments.specification.read_bytes()), is_partial=True)
    print(*spec_changes(extracts.load(), new, list(load_plans().values())), sep="\n")


if __name__ == "__main__":
    main()
