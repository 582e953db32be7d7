"""The low-code manifest -> what it says of each stream, as `plan.py` takes it.

The manifest's components are the CDK's; each fact stands in them, or in the parameters that they
take it from, once. Here it is read from there, without the CDK, which takes seconds to load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_REFERENCE = "$ref"
_PARAMETERS = "$parameters"


def entries_of(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each stream's `name`, `primary_key` and `retriever`, in the manifest's order.

    Raises:
        KeyError: a reference leads nowhere, or a stream lacks a part.
    """
    for name, stream in manifest["definitions"]["streams"].items():
        yield _entry(name, _resolved(stream, manifest))


def _entry(name: str, stream: Mapping[str, Any]) -> dict[str, Any]:
    """One stream, whose references are resolved."""
    # A StateDelegatingStream says by its first stream how the whole list is read.
    lister = stream.get("full_refresh_stream", stream)
    retriever = lister["retriever"]
    facts: dict[str, Any] = dict(stream[_PARAMETERS])
    router = retriever.get("partition_router", {})
    if "asks_for" in facts:
        [router, _named] = router
    if router.get("type") == "SubstreamPartitionRouter":
        [parent] = router["parent_stream_configs"]
        facts["parent"] = parent["stream"][_PARAMETERS]["name"]
        if pointer := parent.get("lazy_read_pointer"):
            [facts["embedded"]] = pointer
        if "asks_for" not in facts:
            facts["adds"] = dict.fromkeys(_added_fields(lister), "id")
    elif "carried_by" in facts:
        pass  # the partitions are other streams' lists
    elif router.get("type") == "ListPartitionRouter":
        field = router["request_option"]["field_name"]
        facts["variants"] = [{field: value} for value in router["values"]]
    elif "paginator" not in retriever:
        facts["single"] = True
    elif "start_time_option" not in lister.get("incremental_sync", {}):
        facts["created_filter"] = False
    return {"name": name, "primary_key": lister["primary_key"], "retriever": facts}


def _added_fields(stream: Mapping[str, Any]) -> Iterator[str]:
    """The fields in which a child names its parent."""
    for transformation in stream.get("transformations", ()):
        for field in transformation["fields"]:
            yield field["path"][0]


def _resolved(node: Any, manifest: Mapping[str, Any]) -> Any:
    """The node with each `$ref` replaced by what it points to; what stands beside it wins."""
    if isinstance(node, list):
        return [_resolved(entry, manifest) for entry in node]
    if not isinstance(node, dict):
        return node
    own = {key: _resolved(value, manifest) for key, value in node.items() if key != _REFERENCE}
    if _REFERENCE not in node:
        return own
    target: Any = manifest
    for part in node[_REFERENCE].removeprefix("#/").split("/"):
        target = target[part]
    return {**_resolved(target, manifest), **own}
