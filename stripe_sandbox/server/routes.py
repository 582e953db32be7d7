"""Stripe's specification in; the table of GET routes the sandbox answers out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from stripe_sandbox import expansion, stripe_spec
from stripe_sandbox.render import object_name

METER_SUMMARIES = "/v1/billing/meters/{id}/event_summaries"
"""The one list whose objects nobody stored: they are worked out for each request."""

PERMISSIONS = {
    "account": "connected_account_read",
    "application_fee": "application_fee_read",
    "balance_transaction": "balance_transaction_source_read",
    "bank_account": "customer_read",
    "billing.alert": "billing_alert_read",
    "billing.credit_balance_transaction": "billing_credit_grant_read",
    "billing.credit_grant": "billing_credit_grant_read",
    "billing.meter": "billing_meter_read",
    "billing.meter_event_summary": "billing_meter_read",
    "card": "customer_read",
    "charge": "charge_read",
    "checkout.session": "checkout_session_read",
    "coupon": "coupon_read",
    "credit_note": "credit_note_read",
    "credit_note_line_item": "credit_note_read",
    "customer": "customer_read",
    "customer_balance_transaction": "customer_read",
    "customer_cash_balance_transaction": "customer_read",
    "dispute": "dispute_read",
    "entitlements.active_entitlement": "entitlement_read",
    "entitlements.feature": "entitlement_read",
    "event": "event_read",
    "exchange_rate": "exchange_rate_read",
    "fee_refund": "application_fee_read",
    "file": "file_read",
    "file_link": "file_read",
    "invoice": "invoice_read",
    "invoice_payment": "invoice_read",
    "invoiceitem": "invoice_read",
    "issuing.authorization": "issuing_authorization_read",
    "issuing.card": "issuing_card_read",
    "issuing.cardholder": "issuing_cardholder_read",
    "issuing.dispute": "issuing_dispute_read",
    "issuing.transaction": "issuing_transaction_read",
    "line_item": "invoice_read",
    "payment_intent": "payment_intent_read",
    "payment_link": "payment_links_read",
    "payment_method": "payment_method_read",
    "payout": "payout_read",
    "person": "connected_account_read",
    "plan": "plan_read",
    "price": "plan_read",
    "product": "product_read",
    "product_feature": "product_read",
    "promotion_code": "promotion_code_read",
    "quote": "quote_read",
    "radar.early_fraud_warning": "charge_read",
    "radar.value_list": "radar_value_list_read",
    "radar.value_list_item": "radar_value_list_read",
    "refund": "charge_read",
    "review": "review_read",
    "setup_attempt": "setup_intent_read",
    "setup_intent": "setup_intent_read",
    "shipping_rate": "shipping_rate_read",
    "source": "customer_read",
    "subscription": "subscription_read",
    "subscription_item": "subscription_read",
    "subscription_schedule": "subscription_read",
    "tax.registration": "tax_registration_read",
    "tax_id": "customer_read",
    "tax_rate": "tax_rate_read",
    "test_helpers.test_clock": "billing_clock_read",
    "topup": "top_up_read",
    "transfer": "transfer_read",
    "transfer_reversal": "transfer_read",
}
"""Object name -> the permission (without `rak_`) that reads it."""

ROUTE_PERMISSIONS = {
    "/v1/accounts/{}/external_accounts": "connected_account_read",
    "/v1/checkout/sessions/{}/line_items": "checkout_session_read",
    "/v1/payment_links/{}/line_items": "payment_links_read",
    "/v1/quotes/{}/computed_upfront_line_items": "quote_read",
    "/v1/quotes/{}/line_items": "quote_read",
}
"""Where the parent decides, not the object."""


@dataclass(frozen=True)
class Scope:
    """Whose children a list holds."""

    owner: str
    """Object name of the parent."""
    path: str
    """Dotted path in the child that holds the parent's id; `^` is the store's parent."""
    param: str | None = None
    """The query parameter that names the parent; None: the path does."""


SCOPES = {
    "/v1/accounts/{}/external_accounts": Scope("account", "^"),
    "/v1/accounts/{}/persons": Scope("account", "account"),
    "/v1/application_fees/{}/refunds": Scope("application_fee", "^"),
    "/v1/charges/{}/refunds": Scope("charge", "charge"),
    "/v1/checkout/sessions/{}/line_items": Scope("checkout.session", "^"),
    "/v1/credit_notes/{}/lines": Scope("credit_note", "^"),
    "/v1/customers/{}/balance_transactions": Scope("customer", "customer"),
    "/v1/customers/{}/cash_balance_transactions": Scope("customer", "customer"),
    "/v1/customers/{}/payment_methods": Scope("customer", "customer"),
    "/v1/customers/{}/sources": Scope("customer", "customer"),
    "/v1/customers/{}/subscriptions": Scope("customer", "customer"),
    "/v1/customers/{}/tax_ids": Scope("customer", "customer"),
    "/v1/entitlements/active_entitlements": Scope("customer", "^", param="customer"),
    "/v1/invoices/{}/lines": Scope("invoice", "^"),
    "/v1/payment_links/{}/line_items": Scope("payment_link", "^"),
    "/v1/products/{}/features": Scope("product", "^"),
    "/v1/quotes/{}/computed_upfront_line_items": Scope("quote", "^"),
    "/v1/quotes/{}/line_items": Scope("quote", "^"),
    "/v1/radar/value_list_items": Scope("radar.value_list", "value_list", param="value_list"),
    "/v1/setup_attempts": Scope("setup_intent", "setup_intent", param="setup_intent"),
    "/v1/subscription_items": Scope("subscription", "^", param="subscription"),
    "/v1/transfers/{}/reversals": Scope("transfer", "^"),
}
"""Path with its parameters blanked -> whose children it lists."""


@dataclass(frozen=True)
class Route:
    """One GET endpoint."""

    path: str
    """As the specification writes it."""
    objects: tuple[str, ...]
    """Object names that it returns."""
    schemas: tuple[str, ...]
    """Component names that a path of `expand[]` starts from."""
    is_list: bool
    permission: str
    parameters: dict[str, dict[str, Any]] = field(repr=False)
    """Query parameter name -> its specification."""
    required: tuple[str, ...]
    scope: Scope | None


@lru_cache(maxsize=1)
def all_routes() -> tuple[Route, ...]:
    """Every route served, in the specification's order."""
    paths = stripe_spec.load()["paths"]
    return tuple(_route(path, paths[path]["get"]) for path in paths)


@lru_cache(maxsize=1)
def _tree() -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for route in all_routes():
        branch = tree
        for segment in route.path.strip("/").split("/"):
            branch = branch.setdefault("{}" if segment.startswith("{") else segment, {})
        branch[""] = route
    return tree


def match(raw_path: str) -> tuple[Route, list[str]] | None:
    """The route of a path as sent, with the decoded ids in it; None if there is none.

    Segments are split before they are decoded, as ids may hold slashes.
    """
    branch = _tree()
    identities: list[str] = []
    for segment in raw_path.strip("/").split("/"):
        if segment in branch and segment not in ("", "{}"):
            branch = branch[segment]
        elif "{}" in branch and segment:
            identities.append(unquote(segment))
            branch = branch["{}"]
        else:
            return None
    route = branch.get("")
    return (route, identities) if route is not None else None


def _route(path: str, operation: dict[str, Any]) -> Route:
    reply = operation["schema"]
    is_list = "properties" in reply
    content = reply["properties"]["data"]["items"] if is_list else reply
    schemas = tuple(
        name
        for name, _ in expansion.targets(content, expanded=False)
        if name is not None and not name.startswith("deleted_")
    )
    objects = tuple(kind for name in schemas if (kind := object_name(name)) is not None)
    blanked = "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
    of_list = blanked if is_list else blanked.rsplit("/", 1)[0]
    scope = SCOPES.get(of_list)
    if not is_list and scope is not None and scope.param is not None:
        scope = None
    query = {entry["name"]: entry for entry in operation["parameters"] if entry["in"] == "query"}
    return Route(
        path=path,
        objects=objects,
        schemas=schemas,
        is_list=is_list,
        permission=ROUTE_PERMISSIONS.get(of_list) or PERMISSIONS[objects[-1]],
        parameters=query,
        required=tuple(name for name, entry in query.items() if entry.get("required")),
        scope=scope,
    )
