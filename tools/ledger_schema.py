"""The columns of `subscription_events` (M36); their JSON Schema out. No object of Stripe's has them."""

from __future__ import annotations

from collections.abc import Mapping

from source_stripe_saas.mrr import COLUMNS
from tools.object_schema import Schema

_TEXT: Schema = {"type": "string"}
_MAYBE_TEXT: Schema = {"type": ["null", "string"]}
_MINOR: Schema = {"type": "integer"}

_ITEM: Mapping[str, Schema] = {
    "id": _TEXT,
    "price": _MAYBE_TEXT,
    "quantity": {"type": ["null", "integer"]},
    "mrr": _MINOR,
}

_PROPERTIES: Mapping[str, Schema] = {
    "event_id": _TEXT,
    "subscription_id": _TEXT,
    "customer_id": _MAYBE_TEXT,
    "event_type": _TEXT,
    "occurred_at": {"type": "string", "format": "date-time"},
    "sequence": {"type": "integer"},
    "currency": _TEXT,
    "currency_exponent": {"type": "integer"},
    "mrr_before": _MINOR,
    "mrr_after": _MINOR,
    "mrr_delta": _MINOR,
    "movement": _TEXT,
    "list_mrr_before": _MINOR,
    "list_mrr_after": _MINOR,
    "status_before": _MAYBE_TEXT,
    "status_after": _TEXT,
    "suspended_after": {"type": "boolean"},
    "items_after": {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": True,
            "properties": dict(_ITEM),
        },
    },
    "discount_id": _MAYBE_TEXT,
    "invoice_id": _MAYBE_TEXT,
    "stripe_event_id": _MAYBE_TEXT,
    "cancellation_reason": _MAYBE_TEXT,
    "cancellation_feedback": _MAYBE_TEXT,
    "source": _TEXT,
    "time_precision": _TEXT,
    "adjustment_reason": _MAYBE_TEXT,
    "semantics_version": {"type": "integer"},
    "options_fingerprint": _TEXT,
}


def ledger_properties() -> dict[str, Schema]:
    """The columns, in the order of the rows."""
    return {name: _PROPERTIES[name] for name in COLUMNS}
