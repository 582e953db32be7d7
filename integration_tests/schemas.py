"""Records -> what of them does not fit the stream's JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import orjson
from jsonschema import Draft7Validator

from source_stripe_saas.config import resources


@cache
def _validator(stream: str) -> Draft7Validator:
    return Draft7Validator(resources.schema(stream))


_known: set[tuple[str, bytes]] = set()
"""Contents that fitted once, since many tests read the same account."""


def assert_fit(records: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Fails at the first record that does not fit its stream's schema."""
    for stream, rows in records.items():
        for row in rows:
            content = (stream, orjson.dumps({**row, "updated": row.get("updated") and 0}))
            if content in _known:
                continue
            error = next(_validator(stream).iter_errors(row), None)
            assert error is None, f"{stream} {row.get('id')}: {error.json_path}: {error.message}"
            _known.add(content)
