"""Every kind of object that the company makes fits Stripe's specification."""

import pytest

from stripe_sandbox.company import Company, CompanyOptions
from stripe_sandbox.render import render
from unit_tests.stripe_sandbox.contract import EXPANSIONS, breaches

ROUTES = {
    "account": "/v1/account",
    "bank_account": "/v1/customers/{customer}/sources",
    "balance_transaction": "/v1/balance_transactions",
    "card": "/v1/customers/{customer}/sources",
    "charge": "/v1/charges",
    "checkout.session": "/v1/checkout/sessions",
    "coupon": "/v1/coupons",
    "credit_note": "/v1/credit_notes",
    "credit_note_line_item": "/v1/credit_notes/{credit_note}/lines",
    "customer": "/v1/customers",
    "customer_balance_transaction": "/v1/customers/{customer}/balance_transactions",
    "dispute": "/v1/disputes",
    "event": "/v1/events",
    "invoice": "/v1/invoices",
    "invoice_payment": "/v1/invoice_payments",
    "invoiceitem": "/v1/invoiceitems",
    "item": "/v1/checkout/sessions/{session}/line_items",
    "line_item": "/v1/invoices/{invoice}/lines",
    "payment_intent": "/v1/payment_intents",
    "payment_method": "/v1/payment_methods",
    "payout": "/v1/payouts",
    "plan": "/v1/plans",
    "price": "/v1/prices",
    "product": "/v1/products",
    "promotion_code": "/v1/promotion_codes",
    "refund": "/v1/refunds",
    "setup_attempt": "/v1/setup_attempts",
    "setup_intent": "/v1/setup_intents",
    "subscription": "/v1/subscriptions",
    "subscription_item": "/v1/subscription_items",
    "subscription_schedule": "/v1/subscription_schedules",
    "tax_id": "/v1/customers/{customer}/tax_ids",
    "tax_rate": "/v1/tax_rates",
}
PER_VARIANT = 4
"""How many objects of one kind and status are checked."""


@pytest.fixture(scope="module")
def company() -> Company:
    company = Company(CompanyOptions(seed=3, customers=150, months=14))
    company.build()
    return company


def sample(company: Company, name: str) -> list[dict]:
    """Some objects of each status and type."""
    taken: dict[tuple, list[dict]] = {}
    for content in company.store.contents(name):
        key = (content.get("status"), content.get("type") if name != "event" else None)
        group = taken.setdefault(key, [])
        if len(group) < PER_VARIANT:
            group.append(content)
    return [content for group in taken.values() for content in group]


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_objects_fit_the_specification(company, name):
    objects = sample(company, name)
    assert objects, f"the company has no {name}"
    route = ROUTES[name]
    if name == "account":
        assert breaches(route, render(company.store, objects[0])) == []
        return
    for expand in ([], EXPANSIONS.get(route, [])):
        data = [render(company.store, content, expand) for content in objects]
        reply = {"object": "list", "data": data, "has_more": False, "url": route.split("{")[0]}
        assert breaches(route, reply) == []


def test_the_balance_fits_the_specification_once_its_inner_id_is_gone(company):
    (balance,) = company.store.contents("balance")
    assert balance["id"] == "balance"
    assert {entry["currency"] for entry in balance["available"]} >= {"usd", "jpy", "kwd"}


def test_every_kind_of_object_in_the_store_is_checked(company):
    assert set(company.store.rows) - set(ROUTES) == {"balance", "discount"}
