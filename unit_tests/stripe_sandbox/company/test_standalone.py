"""Customers billed again and again without a subscription: regular, paid, and no MRR."""

from itertools import pairwise

import pytest

from stripe_sandbox.company import Company, CompanyOptions
from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.habits import STANDALONE

DAY = 86_400


@pytest.fixture(scope="module")
def company():
    options = CompanyOptions(seed=2, customers=250, months=16, habits=frozenset({STANDALONE}))
    company = Company(options)
    company.build()
    return company


def test_every_invoice_is_paid_and_names_no_subscription(company):
    assert len(company.standalone_revenue) > 30
    for earned in company.standalone_revenue:
        invoice = company.store.get("invoice", earned.invoice_id)
        (line,) = company.store.of_parent("line_item", invoice["id"])
        assert (invoice["billing_reason"], invoice["status"]) == ("manual", "paid")
        assert (invoice["parent"], line["subscription"], line["pricing"]) == (None, None, None)
        assert line["amount"] == invoice["subtotal"] == earned.amount_minor
        assert line["period"] == {"start": earned.start, "end": earned.end}
        assert invoice["status_transitions"]["paid_at"] == earned.paid_at


def test_the_times_paid_for_follow_each_other_and_invoices_come_within_two_days(company):
    by_customer = {}
    for earned in company.standalone_revenue:
        by_customer.setdefault(earned.customer_id, []).append(earned)
    assert max(map(len, by_customer.values())) > 5
    assert {earned.months for earned in company.standalone_revenue} >= {1, 3}
    for all_of_one in by_customer.values():
        for one, next_one in pairwise(all_of_one):
            assert next_one.start == one.end == add_months(one.start, one.months)
        for one in all_of_one:
            assert one.end < one.paid_at < one.end + 3 * DAY


def test_the_ledger_has_nothing_of_it(company):
    without = {earned.customer_id for earned in company.standalone_revenue}
    without -= {content["customer"] for content in company.store.contents("subscription")}
    assert len(without) > 3
    assert without.isdisjoint(entry.customer_id for entry in company.ledger())
