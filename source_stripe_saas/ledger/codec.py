"""Objects as Stripe sends them -> what the rules read of them, as compact JSON.

A whole account's invoices go to disk and back, and MRR needs a small part of an invoice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from source_stripe_saas.mrr.catalog import ODD_FIELD

Raw = msgspec.Raw | msgspec.UnsetType
_UNSET = msgspec.UNSET

# Decimals keep their text: 12.1 percent is 121/1000, not a binary neighbour.
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder()


_SUBSCRIPTION = re.compile(rb'"subscription":\s*"([^"\\]+)"')

UNREADABLE = (
    msgspec.DecodeError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ZeroDivisionError,
)
"""What reading a value of the wrong kind raises."""


class Unreadable(Exception):
    """An object is not what Stripe's API says it is; the text names it and says why."""

    @classmethod
    def of(cls, identity: str, error: Exception) -> Unreadable:
        """What was wrong with the object of an id, or with one of those that belong to it."""
        return cls(f"{identity}: {reason_of(error)}")


def reason_of(error: Exception) -> str:
    """Why an object cannot be read, in words of our own, not in Python's."""
    if isinstance(error, Unreadable):
        return str(error).partition(": ")[2]  # behind the id
    if isinstance(error, KeyError):
        return f"lacks {error}"
    if isinstance(error, AttributeError | TypeError | IndexError):
        return ODD_FIELD
    return str(error)


class _Line(msgspec.Struct):
    """What is kept of an invoice's line; absent fields stay absent."""

    id: Raw = _UNSET
    subscription: Raw = _UNSET
    subscription_item: Raw = _UNSET
    invoice_item: Raw = _UNSET
    parent: Raw = _UNSET
    proration: Raw = _UNSET
    proration_details: Raw = _UNSET
    type: Raw = _UNSET
    pricing: Raw = _UNSET
    price: Raw = _UNSET
    plan: Raw = _UNSET
    period: Raw = _UNSET
    discount_amounts: Raw = _UNSET
    discounts: Raw = _UNSET
    quantity: Raw = _UNSET
    amount: Raw = _UNSET


class _Lines(msgspec.Struct):
    data: list[_Line] = []
    has_more: bool = False
    url: str | None = None


class Invoice(msgspec.Struct):
    """What is kept of an invoice; absent fields stay absent."""

    id: str
    created: int = 0
    date: int | msgspec.UnsetType = _UNSET
    """The name of `created` before 2019."""
    lines: _Lines = msgspec.field(default_factory=_Lines)
    parent: Raw = _UNSET
    subscription: Raw = _UNSET
    latest_revision: Raw = _UNSET
    from_invoice: Raw = _UNSET
    billing_reason: Raw = _UNSET
    status: Raw = _UNSET
    paid: Raw = _UNSET
    closed: Raw = _UNSET
    forgiven: Raw = _UNSET
    total: Raw = _UNSET
    attempt_count: Raw = _UNSET
    collection_method: Raw = _UNSET
    due_date: Raw = _UNSET
    status_transitions: Raw = _UNSET
    discounts: Raw = _UNSET
    total_discount_amounts: Raw = _UNSET


_INVOICES = msgspec.json.Decoder(Invoice)


def decoded(body: bytes | memoryview) -> Any:
    """JSON as the rules want it: numbers with a point as `Decimal`.

    Raises:
        ValueError: it is none.
    """
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        # Half a surrogate pair, which JSON allows; no rule reads the texts that people write.
        return _with_whole_texts(json.loads(bytes(body), parse_float=Decimal))


def encoded(value: Any) -> bytes:
    """Compact JSON."""
    try:
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, OverflowError):
        # The same, and whole numbers beyond 64 bits.
        return json.dumps(_with_whole_texts(value), default=float).encode()


def _with_whole_texts(value: Any) -> Any:
    """A copy in which halves of surrogate pairs are replaced by question marks."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_with_whole_texts(name): _with_whole_texts(v) for name, v in value.items()}
    return [_with_whole_texts(entry) for entry in value] if isinstance(value, list) else value


def invoice_of(raw: bytes | memoryview) -> Invoice:
    """The part of an invoice that rules read.

    Raises:
        ValueError: it is not shaped like one, or does not say when it was created.
    """
    found = _INVOICES.decode(raw)
    if not found.created and isinstance(found.date, int):
        found.created, found.date = found.date, _UNSET
    if not found.created:
        raise ValueError("lacks `created`")
    return found


def with_created(raw: dict[str, Any]) -> dict[str, Any]:
    """A subscription; those of 2015 have their `created` as `start`."""
    if not isinstance(raw.get("created"), int) and isinstance(raw.get("start"), int):
        raw["created"] = raw["start"]
    return raw


def subscriptions_named(raw: bytes | memoryview) -> set[str]:
    """Every subscription that an invoice or one of its lines names (M38a).

    Stripe's lines name theirs, also on an invoice of the customer that names none.
    """
    found = {name.decode() for name in _SUBSCRIPTION.findall(raw)}
    own = subscription_named(raw)
    return found | ({own} if own is not None else set())


def subscription_named(raw: bytes | memoryview) -> str | None:
    """The subscription that an invoice or invoice item belongs to, by either shape (M28)."""
    owner = _OWNERS.decode(raw)
    details = owner.parent.subscription_details if owner.parent else None
    named = details.subscription if details else None
    found = named or owner.subscription
    if isinstance(found, Mapping):
        found = found.get("id")
    return found if isinstance(found, str) else None


class _Details(msgspec.Struct):
    subscription: Any = None


class _Parent(msgspec.Struct):
    subscription_details: _Details | None = None


class _Owner(msgspec.Struct):
    parent: _Parent | None = None
    subscription: Any = None


_OWNERS = msgspec.json.Decoder(_Owner)
