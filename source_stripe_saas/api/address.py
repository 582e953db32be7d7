"""Ids -> the paths that they lead to. Nothing else puts an id into an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_NAMESPACES = frozenset({"billing", "checkout", "entitlements", "issuing", "radar", "test_helpers"})
"""First words of collections that have two."""


class NoAddress(LookupError):
    """A field that a path needs holds no id: null, empty, or something else."""


def fill_path(template: str, row: Mapping[str, Any]) -> str:
    """`customers/{id}/sources` and a customer -> `customers/cus_1/sources`, ids escaped.

    Args:
        template: fields of the object in braces.
        row: the object; a field may hold the id or, expanded, the object.

    Raises:
        NoAddress: a field that the template names holds no id.
    """

    class _Escaped(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return quote(id_of(row.get(name), name), safe="")

    return template.format_map(_Escaped())


def object_path(collection: str, identity: Any) -> str:
    """`coupons` and an id -> the path of that coupon.

    Raises:
        NoAddress: it is not an id.
    """
    return f"{collection}/{quote(id_of(identity, 'id'), safe='')}"


def id_of(value: Any, name: str) -> str:
    """The id that a field holds, as it is or inside the object.

    Raises:
        NoAddress: there is none.
    """
    identity = value.get("id") if isinstance(value, Mapping) else value
    if not isinstance(identity, str) or not identity:
        raise NoAddress(f"`{name}` holds no id")
    return identity


def endpoint_of(path: str) -> str:
    """The path with its ids blanked out: what Stripe counts limits by."""
    parts = path.split("/")
    # Every path is a collection, then an id, then perhaps children, then perhaps one of their ids.
    first_id = 2 if parts[0] in _NAMESPACES else 1
    parts[first_id::2] = ["*"] * len(parts[first_id::2])
    return "/".join(parts)
