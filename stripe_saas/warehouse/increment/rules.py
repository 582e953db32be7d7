"""Model -> how a change of what it reads changes it; without a rule it is built whole.

A rule names the model's key: rows of one key follow from rows that belong to the same key alone,
and from what is read whole. In SQL `{delta}` are the rows of an input that came or went, `{keys}`
the model's keys that are worked out again (a column `k`), `{before}` and `{now}` the moments of the
last two syncs, and `{name}` is a model, `{raw_name}` the raw table of a stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Through:
    """An input that does not name the key itself."""

    keys: str
    """SQL: keys that changed rows of the input belong to."""
    only: str = ""
    """SQL: a condition for the input's rows that are needed; empty: all of them."""


@dataclass(frozen=True)
class ByKey:
    """A model whose rows fall into keys."""

    key: str
    """A column of the model. An input with a column of this name needs no word here."""
    inputs: Mapping[str, str | Through] = field(default_factory=dict)
    """Input -> its column that holds the key, or the way to it. After a change of an input that
    has neither the model is built whole."""
    due: str = ""
    """SQL: keys that change because time goes on; without it the model is built whole after each
    sync, if it reads the moment of the last one."""


RAW_KEYS: Mapping[str, str] = {
    "subscription_events": "event_id",
    "payout_balance_transactions": "payout",
}
"""Stream -> first column of its key, where that is not `id`."""


def _staged(key: str, stream: str) -> ByKey:
    return ByKey(key, {f"raw_{stream}": RAW_KEYS.get(stream, "id")})


def _of_price(key: str, relation: str) -> Through:
    return Through(
        f"select {key} from {{{relation}}} where price_id in (select price_id from {{delta}})"
    )


def _of_customer(key: str, relation: str) -> Through:
    return Through(
        f"select {key} from {{{relation}}} where customer_id in (select customer_id from {{delta}})"
    )


_CUSTOMERS = "customer_id in (select customer_id from {int_stripe__identities} where client_id in "
_SUBSCRIPTIONS = "select client_id from {int_stripe__subscriptions} where subscription_id in "

_STAGED: Mapping[str, ByKey] = {
    "stg_stripe__balance_transactions": _staged("balance_transaction_id", "balance_transactions"),
    "stg_stripe__charges": _staged("charge_id", "charges"),
    "stg_stripe__credit_notes": _staged("credit_note_id", "credit_notes"),
    "stg_stripe__customers": _staged("customer_id", "customers"),
    "stg_stripe__disputes": _staged("dispute_id", "disputes"),
    "stg_stripe__invoice_line_items": _staged("line_id", "invoice_line_items"),
    "stg_stripe__invoice_payments": _staged("invoice_payment_id", "invoice_payments"),
    "stg_stripe__invoices": _staged("invoice_id", "invoices"),
    "stg_stripe__payment_methods": _staged("payment_method_id", "payment_methods"),
    "stg_stripe__payout_balance_transactions": _staged("payout_id", "payout_balance_transactions"),
    "stg_stripe__payouts": _staged("payout_id", "payouts"),
    "stg_stripe__refunds": _staged("refund_id", "refunds"),
    # Which rules are the newest is asked for each subscription.
    "stg_stripe__subscription_events": ByKey(
        "subscription_id",
        {
            "raw_subscription_events": Through(
                "select subscription_id from {raw_subscription_events} "
                "where event_id in (select event_id from {delta}) "
                "union all select subscription_id from {stg_stripe__subscription_events} "
                "where event_id in (select event_id from {delta})",
                "subscription_id in (select k from {keys})",
            )
        },
    ),
    "stg_stripe__subscription_items": _staged("subscription_item_id", "subscription_items"),
    "stg_stripe__subscriptions": _staged("subscription_id", "subscriptions"),
}
"""Models of one raw table each. Several accounts have other keys there: they are built whole."""

_STEPS: Mapping[str, ByKey] = {
    "int_stripe__events": ByKey(
        "subscription_id",
        {
            "int_stripe__identities": _of_customer(
                "subscription_id", "stg_stripe__subscription_events"
            )
        },
        due="select subscription_id from {stg_stripe__subscription_events} "
        "where occurred_at > {before} and occurred_at <= {now}",
    ),
    "int_stripe__states": ByKey("subscription_id"),
    "int_stripe__state_items": ByKey(
        "event_id", {"int_stripe__plans": _of_price("event_id", "int_stripe__state_items")}
    ),
    "int_stripe__subscription_periods": ByKey(
        "period_id", {"int_stripe__states": "event_id", "int_stripe__state_items": "event_id"}
    ),
    "int_stripe__subscriptions": ByKey(
        "subscription_id",
        {
            "int_stripe__plans": _of_price("subscription_id", "stg_stripe__subscription_items"),
            "int_stripe__identities": _of_customer("subscription_id", "stg_stripe__subscriptions"),
        },
    ),
    "int_stripe__trials": ByKey(
        "subscription_id",
        {
            "stg_stripe__invoices": Through(
                "select subscription_id from {delta} where subscription_id is not null "
                "union all select subscription_id from {int_stripe__events} "
                "where invoice_id in (select invoice_id from {delta})",
                "subscription_id in (select k from {keys}) or invoice_id in (select invoice_id "
                "from {int_stripe__events} where subscription_id in (select k from {keys}))",
            )
        },
        due="select subscription_id from {stg_stripe__invoices} "
        "where paid_at > {before} and paid_at <= {now}",
    ),
    "int_stripe__client_moments": ByKey("client_id"),
    "int_stripe__client_day_phases": ByKey("client_id"),
    "int_stripe__client_month_phases": ByKey("client_id"),
    "int_stripe__client_day_movements": ByKey(
        "client_id",
        due="select client_id from {int_stripe__client_day_movements} where is_provisional",
    ),
    "int_stripe__client_month_movements": ByKey(
        "client_id",
        due="select client_id from {int_stripe__client_month_movements} where is_provisional",
    ),
    "int_stripe__client_month_losses": ByKey("client_id"),
    "int_stripe__client_months": ByKey("client_id"),
    "int_stripe__cohort_members": ByKey("client_id"),
    "int_stripe__charges": ByKey(
        "charge_id", {"int_stripe__identities": _of_customer("charge_id", "stg_stripe__charges")}
    ),
    "int_stripe__invoice_charges": ByKey(
        "charge_id",
        {
            "stg_stripe__invoice_payments": Through(
                "select charge_id from {delta} where charge_id is not null "
                "union all select charge_id from {stg_stripe__charges} "
                "where payment_intent_id in (select payment_intent_id from {delta})"
            )
        },
    ),
    "int_stripe__discounts": ByKey(
        "subscription_id",
        {
            "stg_stripe__customers": _of_customer("subscription_id", "stg_stripe__subscriptions"),
            "stg_stripe__invoices": Through(
                "select subscription_id from {delta} where subscription_id is not null",
                "subscription_id in (select k from {keys})",
            ),
        },
    ),
    "int_stripe__balance_movements": ByKey("balance_transaction_id"),
    "int_stripe__invoice_lines": ByKey(
        "invoice_id",
        {"stg_stripe__prices": _of_price("invoice_id", "stg_stripe__invoice_line_items")},
    ),
    "int_stripe__invoice_movements": ByKey(
        "invoice_id",
        {
            # Most charges of a shop pay no invoice.
            "int_stripe__invoice_charges": Through(
                "select invoice_id from {delta} where invoice_id is not null",
                "invoice_id in (select k from {keys})",
            )
        },
    ),
    "int_stripe__revenue_entries": ByKey("invoice_id"),
    "int_stripe__revenue_schedule": ByKey("invoice_id"),
}

_MARTS: Mapping[str, ByKey] = {
    "subscription_events": ByKey("subscription_id"),
    "subscription_periods": ByKey("subscription_id", {}),
    "plan_changes": ByKey("subscription_id"),
    "customer_mrr_movements": ByKey("client_id"),
    "deferred_revenue_lines": ByKey("invoice_id"),
    "balance_ledger": ByKey("balance_transaction_id"),
    "invoice_details": ByKey(
        "invoice_id",
        {"int_stripe__identities": _of_customer("invoice_id", "stg_stripe__invoices")},
        due="select invoice_id from {stg_stripe__invoices} "
        "where coalesce(due_at, finalized_at, created_at) >= {before} "
        "and coalesce(due_at, finalized_at, created_at) < {now}",
    ),
    "invoice_line_details": ByKey(
        "invoice_id",
        {
            "int_stripe__identities": _of_customer("invoice_id", "stg_stripe__invoices"),
            "int_stripe__plans": _of_price("invoice_id", "int_stripe__invoice_lines"),
        },
    ),
    "renewal_calendar": ByKey(
        "subscription_id",
        {"int_stripe__plans": _of_price("subscription_id", "int_stripe__subscriptions")},
        due="select subscription_id from {int_stripe__subscriptions} "
        "where renews_at >= {before} and renews_at < {now}",
    ),
    "user_subscription_state": ByKey(
        "client_id",
        {
            "stg_stripe__subscription_items": Through(
                _SUBSCRIPTIONS + "(select subscription_id from {delta})",
                "subscription_id in (select subscription_id from {int_stripe__subscriptions} "
                "where client_id in (select k from {keys}))",
            )
        },
    ),
    "customers": ByKey(
        "client_id",
        {
            "stg_stripe__customers": Through(
                "select client_id from {int_stripe__identities} "
                "where customer_id in (select customer_id from {delta})",
                _CUSTOMERS + "(select k from {keys}))",
            ),
            "int_stripe__failing_invoices": Through(
                _SUBSCRIPTIONS + "(select subscription_id from {delta})"
            ),
            "stg_stripe__disputes": Through(
                "select identities.client_id from {stg_stripe__charges} as charges "
                "inner join {int_stripe__identities} as identities "
                "on charges.customer_id = identities.customer_id "
                "where charges.charge_id in (select charge_id from {delta})"
            ),
            "stg_stripe__charges": Through(
                "select identities.client_id from {delta} as charges "
                "inner join {stg_stripe__disputes} as disputes "
                "on charges.charge_id = disputes.charge_id "
                "inner join {int_stripe__identities} as identities "
                "on charges.customer_id = identities.customer_id",
                "charge_id in (select charge_id from {stg_stripe__disputes})",
            ),
        },
    ),
}
"""What several accounts show has the keys that Stripe knows: those are built whole."""


def rules_for(*, by_account: bool, one_moment: bool) -> dict[str, ByKey]:
    """The rules that hold for a choice of the models' variables.

    Args:
        by_account: several accounts are told apart.
        one_moment: a switch counts as one moment, found among all subscriptions of a client.
    """
    rules = dict(_STEPS) if by_account else {**_STAGED, **_STEPS, **_MARTS}
    if one_moment:
        del rules["int_stripe__events"]
    return rules
