"""Stripe's published samples -> templates that render one object of a collection as bytes.

A template is a finished object, pretty-printed as Stripe does it, with gaps for what differs from
object to object. Filling the gaps costs a few microseconds, so an account of a million objects
needs no more memory than their moments of creation.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

import orjson

from stripe_sandbox.stripe_spec import load_samples

VARIANTS = 8
"""Objects of a collection differ in more than their gaps: so many shapes take turns."""

SMALLEST_BYTES, LARGEST_BYTES = 1_000, 5_120
"""Of one object, as a list's reply holds it."""

_NUMBER, _CUSTOMER, _REVISION = "@@number@@", "@@customer@@", "@@revision@@"
_CREATED = 7777777771
_GAPS = re.compile(rb"@@number@@|@@customer@@|@@revision@@|7777777771")
_PLACES = {b"@@number@@": 0, b"7777777771": 1, b"@@customer@@": 2, b"@@revision@@": 3}

_RARE: dict[str, tuple[str, ...]] = {
    "subscription": (
        "pending_update",
        "transfer_data",
        "pause_collection",
        "pending_invoice_item_interval",
        "billing_schedules",
        "payment_settings.payment_method_options",
    ),
    "invoice": (
        "last_finalization_error",
        "shipping_cost",
        "from_invoice",
        "rendering",
        "customer_address",
        "parent.quote_details",
        "payment_settings.payment_method_options",
    ),
}
"""Fields that the samples fill in and that are null in all but a few real objects."""


@dataclass(frozen=True)
class Kind:
    """The objects of one collection."""

    path: str
    """Below /v1."""
    object: str
    """The sample's name."""
    prefix: str
    """Of the ids."""


KINDS = {
    kind.path: kind
    for kind in (
        Kind("customers", "customer", "cus_"),
        Kind("subscriptions", "subscription", "sub_"),
        Kind("invoices", "invoice", "in_"),
        Kind("charges", "charge", "ch_"),
        Kind("refunds", "refund", "re_"),
        Kind("payouts", "payout", "po_"),
        Kind("payment_intents", "payment_intent", "pi_"),
        Kind("balance_transactions", "balance_transaction", "txn_"),
        Kind("setup_intents", "setup_intent", "seti_"),
        Kind("products", "product", "prod_"),
        Kind("prices", "price", "price_"),
        Kind("payment_methods", "payment_method", "pm_"),
    )
}


@dataclass(frozen=True)
class Template:
    """One shape of one kind, at one depth of indentation."""

    pattern: bytes
    pick: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]

    def render(self, values: tuple[bytes, ...]) -> bytes:
        """The object with its gaps filled: (number, created, customer's number, revision)."""
        return self.pattern % self.pick(values)


@cache
def templates(path: str, layout: str) -> tuple[Template, ...]:
    """A collection's shapes.

    Args:
        path: the collection.
        layout: `listed` (indented as in a list), `alone` (pretty) or `compact`.
    """
    return tuple(_template(shape(KINDS[path], variant), layout) for variant in range(VARIANTS))


def shape(kind: Kind, variant: int) -> dict[str, Any]:
    """An object with marks where the gaps belong."""
    row: dict[str, Any] = copy.deepcopy(load_samples()[kind.object])
    identity: str = row.pop("id")
    for name in _RARE.get(kind.object, ()):
        outer, _, inner = name.rpartition(".")
        (row[outer] if outer else row)[inner] = None
    row = {"id": identity, "object": row.pop("object"), **row}
    row["created"] = _CREATED
    text = orjson.dumps(row).decode()
    text = text.replace(identity, kind.prefix + _NUMBER)
    text = re.sub(r'"(il|si)_\w+"', rf'"\1_{_NUMBER}"', text)
    row.update(orjson.loads(text))
    if isinstance(row.get("customer"), str):
        row["customer"] = "cus_" + _CUSTOMER
    if "metadata" in row:
        row["metadata"] = {"revision": _REVISION, "order": f"{variant:03d}-{_NUMBER}"}
    row["description"] = _DESCRIPTIONS[variant]
    while len(listed(row)) < SMALLEST_BYTES:
        extra = row.setdefault("metadata", {})
        extra[f"reference_{len(extra)}"] = f"warehouse/{variant}/{len(extra) * 7919:06d}"
    return row


_DESCRIPTIONS = (
    "Subscription update",
    "Café Zürich, “Pro” pour août",
    'He said "100%", then \\ and a tab\tand a new\nline',
    "Invoice for the second quarter",
    "One seat more",
    "日本語の説明 🎉",
    "Annual plan, paid in advance",
    "Refund after cancellation within 14 days",
)
"""One object in four is not plain ASCII, as names in real accounts are."""


def listed(row: dict[str, Any]) -> bytes:
    """An object as a list's reply holds it."""
    pretty = orjson.dumps(row, option=orjson.OPT_INDENT_2)
    return b"    " + pretty.replace(b"\n", b"\n    ")


def _template(row: dict[str, Any], layout: str) -> Template:
    if layout == "listed":
        text = listed(row)
    else:
        text = orjson.dumps(row, option=orjson.OPT_INDENT_2 if layout == "alone" else None)
    places = [_PLACES[gap] for gap in _GAPS.findall(text)]
    pattern = b"%b".join(part.replace(b"%", b"%%") for part in _GAPS.split(text))
    return Template(pattern, itemgetter(*places))


def account_object(created: int) -> bytes:
    """What `/v1/account` answers."""
    row = {**load_samples()["account"], "created": created}
    return orjson.dumps(row, option=orjson.OPT_INDENT_2)


def event_sample() -> dict[str, Any]:
    """An event, to be filled in."""
    return copy.deepcopy(load_samples()["event"])
