"""The manifest in; a `StreamPlan` for every stream out, in the manifest's order.

The CDK resolves the manifest's references when the connector runs. The generators need just this
one kind of them, and not the seconds that loading the CDK takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from source_stripe_saas.config import resources
from source_stripe_saas.streams.plan import StreamPlan, plans_of

REFERENCE = "$ref"


def load_plans() -> dict[str, StreamPlan]:
    """Plans of all streams of the manifest, by stream name."""
    manifest = resources.manifest()
    return plans_of(_resolved(entry, manifest) for entry in manifest["streams"])


def _resolved(node: Any, manifest: Mapping[str, Any]) -> Any:
    """The node with each `$ref` replaced by what it points to; what stands beside it wins."""
    if isinstance(node, list):
        return [_resolved(entry, manifest) for entry in node]
    if not isinstance(node, dict):
        return node
    own = {key: _resolved(value, manifest) for key, value in node.items() if key != REFERENCE}
    if REFERENCE not in node:
        return own
    target: Any = manifest
    for part in node[REFERENCE].removeprefix("#/").split("/"):
        target = target[part]
    return {**_resolved(target, manifest), **own}
