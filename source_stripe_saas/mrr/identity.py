"""What a row is about in, its event_id out: the same fact always has the same id."""

import hashlib
from collections.abc import Mapping

from source_stripe_saas.mrr.movement import DISCOUNT_ROWS

SEMANTICS_VERSION = "v2"
"""Of the rules that make the rows (M36); a state of other rules is derived anew."""

_ID_VERSION = "v1"
# The same facts keep their ids under changed rules, so that their rows take the old ones' place.


def event_id(subscription_id: str, event_type: str, key: str) -> str:
    """The first 32 hex digits of the SHA-256 of version, subscription, type and key (M35)."""
    text = f"{_ID_VERSION}|{subscription_id}|{event_type}|{key}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def numbered(name: str, counted: dict[str, int]) -> str:
    """`type|key`, with its number from the second time on in one subscription (M35).

    Args:
        name: the row's type and key.
        counted: how often each came, which is counted on.
    """
    counted[name] = counted.get(name, 0) + 1
    return f"{name}#{counted[name]}" if counted[name] > 1 else name


def repeatable(key_counts: Mapping[str, int], discounts: set[str], last_at: int) -> dict[str, int]:
    """The keys that can come again: discounts still named, failed invoices, the last second."""
    kept = {}
    for name, count in key_counts.items():
        event_type, _, key = name.partition("|")
        if event_type in DISCOUNT_ROWS:
            if key in discounts:
                kept[name] = count
        elif event_type == "payment_failed" or (key.isdigit() and int(key) >= last_at):
            kept[name] = count
    return kept
