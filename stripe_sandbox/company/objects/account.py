"""The company's own account and its balance, as Stripe sends them."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_sandbox.company.objects.common import EMPTY
from stripe_sandbox.company.options import ACCOUNT_ID
from stripe_sandbox.store import StripeObject


def account(created: int) -> StripeObject:
    """The account itself."""
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": "5734",
            "minority_owned_business_designation": None,
            "name": "Acme Cloud",
            "product_description": None,
            "support_address": None,
            "support_email": "support@example.com",
            "support_phone": None,
            "support_url": None,
            "url": "https://acme-cloud.example.com",
        },
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": created,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@example.com",
        "metadata": EMPTY,
        "payouts_enabled": True,
        "settings": {
            "branding": {
                "icon": None,
                "logo": None,
                "primary_color": None,
                "secondary_color": None,
            },
            "card_payments": {
                "decline_on": {"avs_failure": True, "cvc_failure": True},
                "statement_descriptor_prefix": None,
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "dashboard": {"display_name": "Acme Cloud", "timezone": "Etc/UTC"},
            "payments": {
                "statement_descriptor": "ACME CLOUD",
                "statement_descriptor_kana": None,
                "statement_descriptor_kanji": None,
            },
            "payouts": {
                "debit_negative_balances": True,
                "schedule": {"delay_days": 2, "interval": "daily"},
                "statement_descriptor": None,
            },
        },
        "type": "standard",
    }


def balance(available: Mapping[str, int], pending: Mapping[str, int]) -> StripeObject:
    """What the account holds, by currency; Stripe gives it no id, the store needs one."""
    return {
        "id": "balance",
        "object": "balance",
        "available": [_amount(currency, available[currency]) for currency in sorted(available)],
        "livemode": False,
        "pending": [_amount(currency, pending[currency]) for currency in sorted(pending)],
    }


def _amount(currency: str, amount: int) -> StripeObject:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}
