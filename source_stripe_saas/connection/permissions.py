"""A permission of a restricted key -> the row of Stripe's key page that grants it.

Stripe does not publish the labels of that page, and changes them now and then, so the permission's
own name is given beside the label.
"""

from __future__ import annotations

PREFIX = "rak_"

LABELS = {
    "application_fee_read": "Application Fees",
    "balance_transaction_source_read": "Balance Transaction Sources",
    "billing_alert_read": "Billing Alerts",
    "billing_credit_grant_read": "Credit Grants",
    "billing_meter_read": "Billing Meters",
    "charge_read": "Charges and Refunds",
    "checkout_session_read": "Checkout Sessions",
    "connected_account_read": "Accounts",
    "coupon_read": "Coupons",
    "credit_note_read": "Credit Notes",
    "customer_read": "Customers",
    "dispute_read": "Disputes",
    "entitlement_read": "Entitlements",
    "event_read": "Events",
    "exchange_rate_read": "Exchange Rates",
    "file_read": "Files",
    "invoice_item_read": "Invoice Items",
    "invoice_read": "Invoices",
    "issuing_authorization_read": "Issuing Authorizations",
    "issuing_card_read": "Issuing Cards",
    "issuing_cardholder_read": "Issuing Cardholders",
    "issuing_dispute_read": "Issuing Disputes",
    "issuing_transaction_read": "Issuing Transactions",
    "payment_intent_read": "Payment Intents",
    "payment_links_read": "Payment Links",
    "payment_method_read": "Payment Methods",
    "payout_read": "Payouts",
    "plan_read": "Prices",
    "product_read": "Products",
    "promotion_code_read": "Promotion Codes",
    "quote_read": "Quotes",
    "radar_value_list_read": "Radar Value Lists",
    "review_read": "Reviews",
    "setup_intent_read": "Setup Intents",
    "shipping_rate_read": "Shipping Rates",
    "subscription_read": "Subscriptions",
    "tax_rate_read": "Tax Rates",
    "tax_registration_read": "Tax Registrations",
    "top_up_read": "Top-ups",
    "transfer_read": "Transfers",
}


ALSO_NAMED = {"invoice_items": ("invoice_item_read",)}
"""Stream -> permissions that Stripe's refusals have named in place of the documented one."""


def label(permission: str) -> str:
    """The label on the key page.

    Args:
        permission: a read permission, with or without Stripe's prefix; one that is not in the
            table, as Stripe's refusals may name, gets a label made of its name.
    """
    name = permission.removeprefix(PREFIX)
    return LABELS.get(name) or name.removesuffix("_read").replace("_", " ").title()


def box_to_tick(permission: str) -> str:
    """`charge_read` -> `Charges and Refunds: Read (rak_charge_read)`, for a person."""
    name = permission.removeprefix(PREFIX)
    return f"{label(name)}: Read (`{PREFIX}{name}`)"
