"""An account of the sandbox in; the records that a first sync would bring, by stream, out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integration_tests.ledger_check.shown import Shown
from integration_tests.ledger_check.syncing import Syncs
from stripe_sandbox.account import Account
from stripe_sandbox.streams import STREAMS

MODELED_STREAMS = (
    "subscriptions",
    "subscription_items",
    "subscription_schedule",
    "customers",
    "prices",
    "products",
    "invoices",
    "invoice_line_items",
    "invoice_payments",
    "credit_notes",
    "charges",
    "refunds",
    "disputes",
    "balance_transactions",
    "payouts",
    "payout_balance_transactions",
    "coupons",
    "promotion_codes",
    "payment_methods",
)
"""Streams that the models read, beside `subscription_events`."""
_OBJECTS = {stream.name: stream for stream in STREAMS}


def records_of(account: Account, syncs: Syncs | None = None) -> dict[str, list[dict[str, Any]]]:
    """Records by stream.

    Args:
        account: a company, at whatever moment.
        syncs: rows of earlier syncs, which are brought up to date; else everything is derived.
    """
    shown = Shown(account)
    syncs = syncs or Syncs()
    if syncs.rows:
        syncs.later(shown)
    else:
        syncs.first(shown)
    records = {name: list(_records(shown, name)) for name in MODELED_STREAMS}
    records["subscription_events"] = [row for key in syncs.rows for row in syncs.rows[key]]
    return records


def _records(shown: Shown, name: str) -> Iterator[dict[str, Any]]:
    store = shown.store
    if name == "payout_balance_transactions":
        for payout, transactions in shown.account.payout_transactions.items():
            for identity in transactions:
                content = store.get("balance_transaction", identity)
                assert content is not None
                yield {**content, "payout": payout}
        return
    stream = _OBJECTS[name]
    rows = store.rows.get(stream.object, {}).values()
    for record in shown.rendered(row.content for row in rows if stream.belongs(row.content)):
        if name == "credit_notes" and record["lines"]["has_more"]:
            # The connector reads these lists to their end.
            lines = store.of_parent("credit_note_line_item", record["id"])
            record["lines"] = {**record["lines"], "data": lines, "has_more": False}
        yield record
    for content in store.deleted.get(stream.object, {}).values():
        if stream.belongs(content):
            yield {**content, "is_deleted": True}
