"""The columns of `subscription_events` (M36), which no object of Stripe's has, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping

from source_stripe_saas.mrr import COLUMNS
from tools.object_schema import Schema

_TEXT: Schema = {"type": ["null", "string"]}
_WHOLE: Schema = {"type": ["null", "integer"]}
_FLAG: Schema = {"type": ["null", "boolean"]}

_ITEMS: Schema = {
    "type": ["null", "array"],
    "items": {
        "type": ["null", "object"],
        "additionalProperties": True,
        "properties": {"id": _TEXT, "price": _TEXT, "quantity": _WHOLE, "mrr": _WHOLE},
    },
}

_NOT_TEXT: Mapping[str, Schema] = {
    **dict.fromkeys(("sequence", "currency_exponent"), _WHOLE),
    **dict.fromkeys(("mrr_before", "mrr_after", "mrr_delta"), _WHOLE),
    **dict.fromkeys(("list_mrr_before", "list_mrr_after"), _WHOLE),
    **dict.fromkeys(("suspended_after", "is_estimated"), _FLAG),
    "items_after": _ITEMS,
}


def ledger_properties() -> dict[str, Schema]:
    """The columns, in the order of the rows."""
    return {name: _NOT_TEXT.get(name, _TEXT) for name in COLUMNS}
