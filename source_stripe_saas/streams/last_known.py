"""An object from an event of any API version -> what of it still means the same today.

A deleted object can be read no more; an event holds its last content, in the shape of the version
that the event was born with. Nested parts have moved between versions and are left out then; plain
values under a name that today's schema has kept their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from source_stripe_saas.api.raw_object import StripeObject
from source_stripe_saas.api.transport import STRIPE_VERSION

_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def _fits(value: Any, types: list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in types
    return any(isinstance(value, _JSON_TYPES[name]) for name in types if name in _JSON_TYPES)


def last_known(
    payload: StripeObject, api_version: str | None, schema: Mapping[str, Any]
) -> StripeObject:
    """The fields of a deleted object that still mean the same.

    Args:
        payload: the object as an event carried it.
        api_version: the event's version; None for very old events.
        schema: JSON Schema of the stream.
    """
    if api_version == STRIPE_VERSION:
        return dict(payload)
    kept: StripeObject = {}
    for name, value in payload.items():
        types = schema["properties"].get(name, {}).get("type", [])
        if name == "metadata" or _fits(value, [types] if isinstance(types, str) else types):
            kept[name] = value
    return kept
