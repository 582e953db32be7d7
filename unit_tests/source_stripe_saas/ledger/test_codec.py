"""What a scan keeps of an invoice: all that rules read, and no more."""

import json

import pytest

from source_stripe_saas.ledger.codec import decoded, encoded, invoice_of
from source_stripe_saas.mrr import derive
from unit_tests.source_stripe_saas.mrr.worked import CASES, input_of

LINE = {
    "id": "il_1",
    "subscription": "sub_1",
    "subscription_item": "si_1",
    "invoice_item": "ii_1",
    "parent": {"type": "subscription_item_details"},
    "proration": True,
    "proration_details": {"credited_items": {"invoice": "in_0"}},
    "type": "subscription",
    "pricing": {"unit_amount_decimal": "0.5"},
    "price": {"id": "price_1"},
    "plan": {"id": "plan_1"},
    "period": {"start": 1, "end": 2},
    "discount_amounts": [{"amount": 5, "discount": "di_1"}],
    "discounts": ["di_1"],
    "quantity": 3,
    "amount": -700,
}
INVOICE = {
    "id": "in_1",
    "created": 1_700_000_000,
    "parent": {"subscription_details": {"subscription": "sub_1"}},
    "subscription": "sub_1",
    "latest_revision": "in_2",
    "billing_reason": "subscription_cycle",
    "status": "open",
    "paid": False,
    "closed": True,
    "forgiven": True,
    "total": 900,
    "attempt_count": 2,
    "collection_method": "send_invoice",
    "due_date": 1_700_086_400,
    "status_transitions": {"finalized_at": 1_700_000_001},
    "discounts": [{"id": "di_1"}],
    "total_discount_amounts": [{"amount": 5, "discount": {"id": "di_1"}}],
}


def kept(raw):
    """An invoice on its way to the disk and back."""
    return decoded(encoded(invoice_of(json.dumps(raw).encode())))


def test_every_field_that_a_rule_reads_is_kept_and_what_none_reads_is_not():
    lines = {"data": [LINE], "has_more": False, "url": "/v1/invoices/in_1/lines"}
    whole = {
        **INVOICE,
        "lines": {**lines, "data": [{**LINE, "description": "1 x Pro"}], "object": "list"},
        "customer_email": "jo@example.com",
    }
    assert kept(whole) == {**INVOICE, "lines": lines}


def test_a_field_that_is_absent_stays_absent():
    assert kept({"id": "in_1", "created": 5}) == {
        "id": "in_1",
        "created": 5,
        "lines": {"data": [], "has_more": False, "url": None},
    }


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_rules_give_the_same_rows_from_what_is_kept(case):
    whole = input_of(case)
    stripped = {**whole, "invoices": [kept(raw) for raw in whole.get("invoices", ())]}
    assert derive(stripped) == derive(whole)
