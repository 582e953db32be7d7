"""The sandbox's own table of streams: which objects of a store belong to each, under which key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stripe_sandbox.store import EVENT_WINDOW_SECONDS, StripeObject

if TYPE_CHECKING:
    from stripe_sandbox.account import Account

Test = Callable[[StripeObject], bool]


def _always(content: StripeObject) -> bool:
    return True


def _of_customer(content: StripeObject) -> bool:
    return content.get("customer") is not None


def _of_account(content: StripeObject) -> bool:
    return content.get("account") is not None


def _is_open(content: StripeObject) -> bool:
    return content["open"] is True


@dataclass(frozen=True)
class Stream:
    """One stream: the objects it holds and those it shows."""

    name: str
    object: str
    belongs: Test = _always
    """Whether an object of that name belongs to the stream."""
    is_listed: Test = _always
    """Whether some list shows it."""


STREAMS = (
    Stream("customers", "customer"),
    Stream("subscriptions", "subscription"),
    Stream("invoices", "invoice"),
    Stream("charges", "charge"),
    Stream("refunds", "refund"),
    Stream("payouts", "payout"),
    Stream("subscription_items", "subscription_item"),
    Stream("invoice_line_items", "line_item"),
    Stream("invoice_items", "invoiceitem"),
    Stream("invoice_payments", "invoice_payment"),
    Stream("credit_notes", "credit_note"),
    Stream("credit_note_line_items", "credit_note_line_item"),
    Stream("payment_intents", "payment_intent"),
    Stream("payment_methods", "payment_method"),
    Stream("products", "product"),
    Stream("prices", "price"),
    Stream("plans", "plan"),
    Stream("coupons", "coupon"),
    Stream("discounts", "discount"),
    Stream("promotion_codes", "promotion_code"),
    Stream("tax_rates", "tax_rate"),
    Stream("shipping_rates", "shipping_rate"),
    Stream("subscription_schedule", "subscription_schedule"),
    Stream("quotes", "quote"),
    Stream("balance_transactions", "balance_transaction"),
    Stream("disputes", "dispute"),
    Stream("customer_balance_transactions", "customer_balance_transaction"),
    Stream("bank_accounts", "bank_account", _of_customer),
    Stream("customer_cards", "card", _of_customer),
    Stream("tax_ids", "tax_id", _of_customer),
    Stream("setup_intents", "setup_intent"),
    Stream("setup_attempts", "setup_attempt"),
    Stream("checkout_sessions", "checkout.session"),
    Stream("checkout_sessions_line_items", "item"),
    Stream("quote_line_items", "item"),
    Stream("payment_links", "payment_link"),
    Stream("payment_link_line_items", "item"),
    Stream("billing_credit_grants", "billing.credit_grant"),
    Stream("billing_credit_balance_transactions", "billing.credit_balance_transaction"),
    Stream("billing_alerts", "billing.alert"),
    Stream("cash_balance_transactions", "customer_cash_balance_transaction"),
    Stream("tax_registrations", "tax.registration"),
    Stream("exchange_rates", "exchange_rate"),
    Stream("radar_value_lists", "radar.value_list"),
    Stream("radar_value_list_items", "radar.value_list_item"),
    Stream("persons", "person"),
    Stream("billing_meters", "billing.meter"),
    Stream("entitlement_features", "entitlements.feature"),
    Stream("active_entitlements", "entitlements.active_entitlement"),
    Stream("product_features", "product_feature"),
    Stream("reviews", "review", is_listed=_is_open),
    Stream("early_fraud_warnings", "radar.early_fraud_warning"),
    Stream("top_ups", "topup"),
    Stream("transfers", "transfer"),
    Stream("transfer_reversals", "transfer_reversal"),
    Stream("application_fees", "application_fee"),
    Stream("application_fees_refunds", "fee_refund"),
    Stream("account", "account"),
    Stream("accounts", "account"),
    Stream("external_account_bank_accounts", "bank_account", _of_account),
    Stream("external_account_cards", "card", _of_account),
    Stream("files", "file"),
    Stream("file_links", "file_link"),
    Stream("events", "event"),
    Stream("authorizations", "issuing.authorization"),
    Stream("cardholders", "issuing.cardholder"),
    Stream("cards", "issuing.card"),
    Stream("transactions", "issuing.transaction"),
    Stream("issuing_disputes", "issuing.dispute"),
)
"""All but two: the rows of `payout_balance_transactions` are pairs and are counted apart, and
`billing_meter_event_summaries` has rows only for customers that a config names."""


_ITEM_OWNERS = {
    "checkout_sessions_line_items": "checkout.session",
    "payment_link_line_items": "payment_link",
    "quote_line_items": "quote",
}
"""Three kinds of objects hold lines of the same kind."""


def counts(account: Account) -> dict[str, dict[str, Any]]:
    """Stream -> its true number of objects, their ids, and those that are gone or in no list.

    `count` and `ids` hold what exists and is listed somewhere; `unlistable` what exists but can
    only be had by id; `deleted` what existed once. Objects of test clocks are in none of them.
    """
    found = {stream.name: _count(account, stream) for stream in STREAMS}
    pairs = [
        f"{payout}/{transaction}"
        for payout, transactions in account.payout_transactions.items()
        for transaction in transactions
    ]
    found["payout_balance_transactions"] = _entry(pairs, [], [])
    # Worked out when asked for, about customers that a config names: by default none.
    found["billing_meter_event_summaries"] = _entry([], [], [])
    return found


def _count(account: Account, stream: Stream) -> dict[str, Any]:
    store = account.store
    listed: list[str] = []
    unlistable: list[str] = []
    for identity, row in store.rows.get(stream.object, {}).items():
        content = row.content
        is_of_clock = (stream.object, identity) in store.of_clock
        if is_of_clock or not _belongs(account, stream, content):
            continue
        is_listed = not row.hidden and stream.is_listed(content)
        (listed if is_listed else unlistable).append(identity)
    gone = store.deleted.get(stream.object, {}).items()
    deleted = [identity for identity, content in gone if stream.belongs(content)]
    return _entry(listed, deleted, unlistable)


def _belongs(account: Account, stream: Stream, content: StripeObject) -> bool:
    if stream.object == "account":
        is_own = content["id"] == account.account_id
        return bool(is_own) == (stream.name == "account")
    if stream.object == "event":
        return bool(content["created"] >= account.store.now - EVENT_WINDOW_SECONDS)
    if stream.object == "item":
        parent = account.store.rows["item"][content["id"]].parent
        return account.store.get(_ITEM_OWNERS[stream.name], parent or "") is not None
    return stream.belongs(content)


def _entry(ids: list[str], deleted: list[str], unlistable: list[str]) -> dict[str, Any]:
    return {
        "count": len(ids),
        "ids": sorted(ids),
        "deleted": sorted(deleted),
        "unlistable": sorted(unlistable),
    }


def stream_names() -> Iterator[str]:
    """Every stream the sandbox counts."""
    yield from (stream.name for stream in STREAMS)
    yield "payout_balance_transactions"
    yield "billing_meter_event_summaries"
