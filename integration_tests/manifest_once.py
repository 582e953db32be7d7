"""The manifest, resolved and validated by the CDK once in a process, not in every run of it.

That takes the CDK 0.4 CPU seconds, ten times as long as reading a small account, and what comes out
is the same each time.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from functools import cache, wraps
from typing import Any

from airbyte_cdk.sources.declarative import concurrent_declarative_source as cdk

_Source = cdk.ConcurrentDeclarativeSource


def prepare_manifest_once() -> None:
    """Replaces three steps of the CDK's sources, for as long as this process lives.

    Another manifest, or another schema, is resolved and validated for itself.
    """
    resolve, validate = _Source._pre_process_manifest, cdk.validate_manifest
    resolved: dict[bytes, bytes] = {}
    valid: set[bytes] = set()

    @wraps(resolve)
    def resolve_once(self: Any, manifest: dict[str, Any]) -> dict[str, Any]:
        key = pickle.dumps(manifest)
        if key not in resolved:
            resolved[key] = pickle.dumps(resolve(self, manifest))
        found: dict[str, Any] = pickle.loads(resolved[key])  # the CDK changes what it is given
        return found

    @wraps(validate)
    def validate_once(manifest: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
        key = pickle.dumps((manifest, schema))
        if key not in valid:
            validate(manifest, schema)
            valid.add(key)

    cdk.get_declarative_component_schema = cache(cdk.get_declarative_component_schema)
    cdk.validate_manifest = validate_once
    _Source._pre_process_manifest = resolve_once  # type: ignore[method-assign]
