"""Prorations billed by hand stand on a manual invoice, and the books know when they arose."""

import pytest

from stripe_sandbox.company import Company, CompanyOptions
from stripe_sandbox.company.changes import BY_HAND
from stripe_sandbox.company.habits import HAND_BILLING
from unit_tests.stripe_sandbox.company.bench import DAY, JANUARY_2025, Bench

TEN_DAYS = JANUARY_2025 + 10 * DAY


def upgraded(*, names_subscription: bool, names_item: bool, has_fee: bool = False):
    """3 seats of 14.40 a year become 5 after ten days; the bill is made a day later."""
    bench = Bench(HAND_BILLING)
    sub = bench.subscribe(("pro.year", 3))
    bench.world.store.now = TEN_DAYS
    bench.parts.changes.set_quantity(sub, sub.items[0], 5, "create_prorations")
    bench.world.store.now = TEN_DAYS + DAY
    bench.parts.changes.hand.bill(sub, names_subscription, names_item, has_fee)
    bench.run_until(TEN_DAYS + 2 * DAY)
    return bench, sub, bench.invoices(sub)[1]


@pytest.mark.parametrize("names_subscription", [True, False], ids=["subscription's", "customer's"])
@pytest.mark.parametrize("names_item", [True, False], ids=["item named", "invoice item named"])
def test_the_lines_are_the_prorations_of_the_item(names_subscription, names_item):
    bench, sub, invoice = upgraded(names_subscription=names_subscription, names_item=names_item)
    assert (invoice["billing_reason"], invoice["status"]) == ("manual", "paid")
    named = (invoice["parent"] or {}).get("subscription_details", {}).get("subscription")
    assert named == (sub.id if names_subscription else None)
    debit, credit = bench.lines(invoice)
    # 355 of 365 days of 3 and of 5 times 144.00: 42016.4 and 70027.4
    assert (credit["quantity"], credit["amount"]) == (3, -42_016)
    assert (debit["quantity"], debit["amount"]) == (5, 70_027)
    assert invoice["total"] == 28_011
    for line in (debit, credit):
        assert line["period"] == {"start": TEN_DAYS, "end": sub.items[0].end}
        assert line["subscription"] == sub.id
        kind = "subscription_item_details" if names_item else "invoice_item_details"
        assert line["parent"]["type"] == kind
        details = line["parent"][kind]
        assert (details["proration"], details["subscription"]) == (True, sub.id)
        item = bench.world.get("invoiceitem", details["invoice_item"])
        assert item["parent"]["subscription_details"]["subscription_item"] == sub.items[0].id
        assert item["invoice"] == invoice["id"]


def test_the_books_have_the_upgrade_when_it_happened_and_it_can_be_traced():
    bench, sub, _ = upgraded(names_subscription=False, names_item=False)
    (entry,) = [e for e in bench.ledger(sub) if e.event_type == "quantity_increased"]
    # 3 and 5 times 144.00 a year
    assert (entry.at, entry.mrr_before, entry.mrr_after) == (TEN_DAYS, 3600, 6000)
    assert not entry.untraceable


def test_until_the_invoice_is_final_only_events_tell_of_the_upgrade():
    bench = Bench(HAND_BILLING)
    sub = bench.subscribe(("pro.year", 3))
    bench.world.store.now = TEN_DAYS
    bench.parts.changes.set_quantity(sub, sub.items[0], 5, BY_HAND)
    (entry,) = [e for e in bench.ledger(sub) if e.event_type == "quantity_increased"]
    assert (entry.untraceable, entry.visible_from, entry.visible_until) == (True, TEN_DAYS, None)
    assert entry.note == "its prorations are not on any invoice yet"
    bench.run_until(TEN_DAYS + 4 * DAY)  # at most three days later it is billed
    (entry,) = [e for e in bench.ledger(sub) if e.event_type == "quantity_increased"]
    assert not entry.untraceable
    assert [one["billing_reason"] for one in bench.invoices(sub)] == [
        "subscription_create",
        "manual",
    ]


def test_a_fee_billed_once_stands_on_it_and_names_nothing():
    bench, _, invoice = upgraded(names_subscription=True, names_item=True, has_fee=True)
    fee = bench.lines(invoice)[0]
    assert (fee["amount"], fee["subscription"], fee["pricing"]) == (2500, None, None)
    assert fee["parent"]["invoice_item_details"]["proration"] is False
    assert invoice["total"] == 28_011 + 2500


def test_what_a_renewal_has_billed_is_not_billed_by_hand():
    bench = Bench(HAND_BILLING)
    sub = bench.subscribe(("pro.month", 3))
    bench.world.store.now = sub.items[0].end - DAY
    bench.parts.changes.set_quantity(sub, sub.items[0], 5, "create_prorations")
    bench.run_until(sub.items[0].end + DAY)
    bench.parts.changes.hand.bill(sub, True, True, False)
    reasons = [one["billing_reason"] for one in bench.invoices(sub)]
    assert reasons == ["subscription_create", "subscription_cycle"]


@pytest.mark.slow
def test_a_company_bills_by_hand_in_every_form():
    company = Company(
        CompanyOptions(seed=2, customers=300, months=14, habits=frozenset({HAND_BILLING}))
    )
    company.build()
    forms, mixed = set(), 0
    for invoice in company.store.contents("invoice"):
        lines = company.store.of_parent("line_item", invoice["id"])
        named = [line for line in lines if line["subscription"]]
        assert invoice["subtotal"] == sum(line["amount"] for line in lines)
        if invoice["billing_reason"] == "manual" and named:
            forms.add((invoice["parent"] is None, named[0]["parent"]["type"]))
            mixed += len(named) < len(lines)
    assert len(forms) == 4
    assert mixed > 3
