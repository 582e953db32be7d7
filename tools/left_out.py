"""What Stripe can list and no stream reads, with the reason; a table of docs/streams.md."""

from __future__ import annotations

from collections.abc import Iterable

_OF_STRIPE = "the same for every account: Stripe's own catalogue, not the company's data"
_SETTINGS = "a setting, not something that happened"
_IN_STREAM = "read as a part of the stream beside it: {}"
_OTHER_PRODUCT = "a product of Stripe beside billing: {}"
_SECRET = "holds secrets or data of identity documents, which a warehouse should not"

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        _OF_STRIPE,
        (
            "climate.product",
            "climate.supplier",
            "country_spec",
            "issuing.physical_bundle",
            "reporting.report_type",
            "tax_code",
        ),
    ),
    (
        _SETTINGS,
        (
            "apple_pay_domain",
            "billing_portal.configuration",
            "capability",
            "invoice_rendering_template",
            "issuing.personalization_design",
            "payment_method_configuration",
            "payment_method_domain",
            "terminal.configuration",
            "terminal.location",
            "terminal.reader",
            "webhook_endpoint",
        ),
    ),
    (
        _SECRET,
        (
            "apps.secret",
            "financial_connections.account",
            "financial_connections.account_owner",
            "financial_connections.transaction",
            "forwarding.request",
            "identity.verification_report",
            "identity.verification_session",
            "issuing.token",
        ),
    ),
    (_OTHER_PRODUCT.format("Climate"), ("climate.order",)),
    (
        _OTHER_PRODUCT.format("Treasury"),
        (
            "treasury.credit_reversal",
            "treasury.debit_reversal",
            "treasury.financial_account",
            "treasury.inbound_transfer",
            "treasury.outbound_payment",
            "treasury.outbound_transfer",
            "treasury.received_credit",
            "treasury.received_debit",
            "treasury.transaction",
            "treasury.transaction_entry",
        ),
    ),
    (
        _OTHER_PRODUCT.format("Tax by API; what invoices were taxed is on their lines"),
        ("tax.calculation_line_item", "tax.transaction_line_item"),
    ),
    (_IN_STREAM.format("`payment_intents`"), ("payment_intent_amount_details_line_item",)),
    (
        "listed by its payment record alone, which no list shows",
        ("payment_attempt_record",),
    ),
    (
        "made by POST, and the connector only reads; what they report is in `balance_transactions`",
        ("reporting.report_run", "scheduled_query_run"),
    ),
    ("a way of paying that Stripe has replaced", ("source", "source_transaction")),
    ("time in test mode, not data", ("test_helpers.test_clock",)),
)

LEFT_OUT: dict[str, str] = {name: reason for reason, names in _GROUPS for name in names}
"""Stripe's name of an object -> why no stream holds it."""


def left_out_table() -> str:
    """The reasons, as a table in Markdown, one row a reason."""
    rows: list[tuple[str, str]] = [("Objects", "Why"), ("---", "---")]
    rows += [(_codes(names), reason) for reason, names in _GROUPS]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
