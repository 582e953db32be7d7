"""The streams that the connector has and those that are wanted -> the catalog of a sync."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from source_stripe_saas.streams.plans import load_plans

WANTED = (
    "balance_transactions",
    "charges",
    "coupons",
    "credit_notes",
    "customers",
    "disputes",
    "invoice_items",
    "invoice_line_items",
    "invoice_payments",
    "invoices",
    "payment_methods",
    "payout_balance_transactions",
    "payouts",
    "prices",
    "products",
    "promotion_codes",
    "refunds",
    "subscription_events",
    "subscription_items",
    "subscription_schedule",
    "subscriptions",
)
"""What is synced if nothing else is asked for: what the models read, and `stripe-saas compare`."""

ALL = "all"


def chosen_names(available: Sequence[str], asked: Sequence[str]) -> list[str]:
    """The names of the streams to sync.

    Args:
        available: what the connector has.
        asked: names, or `all`; empty for the usual ones.

    Raises:
        ValueError: there is no such stream.
    """
    if ALL in asked:
        return list(available)
    if not asked:
        return [name for name in WANTED if name in available]
    unknown = [name for name in asked if name not in available]
    if unknown:
        raise ValueError(f"there is no stream {unknown[0]!r}; there are {', '.join(available)}")
    return list(dict.fromkeys(asked))


def forgetful_streams() -> set[str]:
    """Streams that Stripe forgets by age: what is not there any more must stay in a warehouse."""
    return {plan.name for plan in load_plans().values() if plan.keeps_days}


def is_incremental(configured: Mapping[str, Any]) -> bool:
    """True if the configured stream goes on from a state."""
    return bool(configured["sync_mode"] == "incremental")


def names_of(streams: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of discovered streams."""
    return [stream["name"] for stream in streams]
