"""Which lists Stripe embeds in which schema, and which fields it leaves out unless expanded."""

from __future__ import annotations

from dataclasses import dataclass

EMBEDDED_LIMIT = 10
"""Stripe embeds the first ten entries, whatever `limit` was asked for."""


@dataclass(frozen=True)
class EmbeddedList:
    """One list inside an object: whose rows, found how, readable in full where."""

    objects: tuple[str, ...]
    """Object names of the entries."""
    path: str
    """Dotted path in the entry that holds the owner's id; `^` is the store's parent."""
    url: str
    """Where the whole list is; `{id}` is the owner's id."""
    always: bool = False
    """False: present only when expanded."""
    only_if: str | None = None
    """Dotted path in the owner that must be true for the list to be there at all."""
    without_statuses: tuple[str, ...] = ()
    """Entries of these statuses are not shown."""


SOURCES = ("card", "bank_account", "source")

LISTS: dict[tuple[str, str], EmbeddedList] = {
    ("account", "external_accounts"): EmbeddedList(
        ("bank_account", "card"),
        "^",
        "/v1/accounts/{id}/external_accounts",
        always=True,
        only_if="controller.is_controller",
    ),
    ("application_fee", "refunds"): EmbeddedList(
        ("fee_refund",), "^", "/v1/application_fees/{id}/refunds", always=True
    ),
    ("charge", "refunds"): EmbeddedList(("refund",), "charge", "/v1/charges/{id}/refunds"),
    ("checkout.session", "line_items"): EmbeddedList(
        ("item",), "^", "/v1/checkout/sessions/{id}/line_items"
    ),
    ("credit_note", "lines"): EmbeddedList(
        ("credit_note_line_item",), "^", "/v1/credit_notes/{id}/lines", always=True
    ),
    ("customer", "sources"): EmbeddedList(SOURCES, "customer", "/v1/customers/{id}/sources"),
    ("customer", "subscriptions"): EmbeddedList(
        ("subscription",),
        "customer",
        "/v1/customers/{id}/subscriptions",
        without_statuses=("canceled",),
    ),
    ("customer", "tax_ids"): EmbeddedList(("tax_id",), "customer", "/v1/customers/{id}/tax_ids"),
    ("file", "links"): EmbeddedList(("file_link",), "^", "/v1/file_links?file={id}", always=True),
    ("invoice", "lines"): EmbeddedList(("line_item",), "^", "/v1/invoices/{id}/lines", always=True),
    ("invoice", "payments"): EmbeddedList(
        ("invoice_payment",), "invoice", "/v1/invoice_payments?invoice={id}"
    ),
    ("payment_link", "line_items"): EmbeddedList(
        ("item",), "^", "/v1/payment_links/{id}/line_items"
    ),
    ("quote", "line_items"): EmbeddedList(("item",), "^", "/v1/quotes/{id}/line_items"),
    ("quotes_resource_upfront", "line_items"): EmbeddedList(
        ("item",), "^", "/v1/quotes/{id}/computed_upfront_line_items"
    ),
    ("radar.value_list", "list_items"): EmbeddedList(
        ("radar.value_list_item",),
        "value_list",
        "/v1/radar/value_list_items?value_list={id}",
        always=True,
    ),
    ("subscription", "items"): EmbeddedList(
        ("subscription_item",),
        "^",
        "/v1/subscription_items?subscription={id}",
        always=True,
    ),
    ("transfer", "reversals"): EmbeddedList(
        ("transfer_reversal",), "^", "/v1/transfers/{id}/reversals", always=True
    ),
}

INCLUDABLE: frozenset[tuple[str, str]] = frozenset(
    {
        ("coupon", "applies_to"),
        ("coupon", "currency_options"),
        ("customer", "cash_balance"),
        ("customer", "tax"),
        ("invoice", "confirmation_secret"),
        ("item", "discounts"),
        ("item", "taxes"),
        ("issuing.card", "cvc"),
        ("issuing.card", "number"),
        ("payment_flows_amount_details", "line_items"),
        ("payment_pages_checkout_session_total_details", "breakdown"),
        ("plan", "tiers"),
        ("price", "currency_options"),
        ("price", "tiers"),
        ("promotion_codes_resource_restrictions", "currency_options"),
        ("quotes_resource_total_details", "breakdown"),
        ("shipping_rate_fixed_amount", "currency_options"),
    }
)
"""(schema, property) that Stripe leaves out, rather than sending null, unless expanded."""

BY_ID_ONLY = frozenset({("issuing.card", "cvc"), ("issuing.card", "number")})
"""Includable fields that Stripe refuses to expand in a list."""
