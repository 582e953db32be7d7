"""Months billed ahead: a line a month, no invoice until they are over, changes in between."""

import pytest

from stripe_sandbox.company import Company, CompanyOptions
from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.changes import INVOICE, NONE
from stripe_sandbox.company.habits import PREBILLING
from stripe_sandbox.company.prebilling import Prebilling
from unit_tests.stripe_sandbox.company.bench import DAY, JANUARY_2025, Bench, shown

FEBRUARY, MARCH, APRIL, MAY = (add_months(JANUARY_2025, months) for months in (1, 2, 3, 4))
FORTNIGHT = JANUARY_2025 + 14 * DAY


def prepaid(*choices, months=3):
    bench = Bench(PREBILLING)
    sub = bench.subscribe(*choices, is_flexible=True, months_at_once=months)
    return bench, sub


def spans(bench, invoice):
    """Quantity, amount and period of each line, by period, credits first."""
    return sorted(
        ((line["period"]["start"], line["period"]["end"], *shown(line)))
        for line in bench.lines(invoice)
    )


def test_the_first_invoice_has_a_line_for_every_month_billed():
    bench, sub = prepaid(("pro.month", 2))
    (invoice,) = bench.invoices(sub)
    assert spans(bench, invoice) == [
        (JANUARY_2025, FEBRUARY, 2, 3000),
        (FEBRUARY, MARCH, 2, 3000),
        (MARCH, APRIL, 2, 3000),
    ]
    assert invoice["total"] == 9000
    assert bench.mrr_at(sub, JANUARY_2025) == 3000  # a month, not all that was paid
    (schedule,) = bench.world.get("subscription", sub.id)["billing_schedules"]
    assert schedule["bill_until"]["computed_timestamp"] == APRIL
    assert schedule["bill_until"]["duration"] == {"interval": "month", "interval_count": 3}
    item = bench.world.get("subscription_item", sub.items[0].id)
    assert (item["current_period_end"], item["billed_until"]) == (FEBRUARY, APRIL)


def test_renewals_make_no_invoice_until_what_was_billed_is_over():
    bench, sub = prepaid(("pro.month", 2))
    bench.run_until(MARCH + DAY)
    assert len(bench.invoices(sub)) == 1
    item = bench.world.get("subscription_item", sub.items[0].id)
    assert (item["current_period_start"], item["billed_until"]) == (MARCH, APRIL)
    bench.run_until(APRIL + DAY)
    cycle = bench.invoices(sub)[1]
    assert cycle["billing_reason"] == "subscription_cycle"
    assert spans(bench, cycle) == [(APRIL, MAY, 2, 3000)]
    content = bench.world.get("subscription", sub.id)
    assert content["billing_schedules"] == []
    assert "billed_until" not in bench.world.get("subscription_item", sub.items[0].id)
    assert [e.event_type for e in bench.ledger(sub)] == ["activated", "first_payment", "renewed"]


def test_a_change_settles_every_month_that_was_billed():
    bench, sub = prepaid(("pro.month", 2))
    sub.settles_ahead = True
    bench.world.store.now = FORTNIGHT
    bench.parts.changes.set_quantity(sub, sub.items[0], 5, INVOICE)
    # 17 of 31 days of 2 and of 5 times 15.00: 1645.2 and 4112.9
    assert spans(bench, bench.invoices(sub)[1]) == [
        (FORTNIGHT, FEBRUARY, 2, -1645),
        (FORTNIGHT, FEBRUARY, 5, 4113),
        (FEBRUARY, MARCH, 2, -3000),
        (FEBRUARY, MARCH, 5, 7500),
        (MARCH, APRIL, 2, -3000),
        (MARCH, APRIL, 5, 7500),
    ]
    assert all(
        line["parent"]["subscription_item_details"]["proration"]
        for line in bench.lines(bench.invoices(sub)[1])
    )


def test_or_the_running_month_alone():
    bench, sub = prepaid(("pro.month", 2))
    sub.settles_ahead = False
    bench.world.store.now = FORTNIGHT
    bench.parts.changes.set_quantity(sub, sub.items[0], 5, INVOICE)
    assert spans(bench, bench.invoices(sub)[1]) == [
        (FORTNIGHT, FEBRUARY, 2, -1645),
        (FORTNIGHT, FEBRUARY, 5, 4113),
    ]


@pytest.mark.parametrize("settles_ahead", [True, False], ids=["all months", "this month"])
def test_the_books_have_the_change_when_it_happened_and_keep_it(settles_ahead):
    bench, sub = prepaid(("pro.month", 2))
    sub.settles_ahead = settles_ahead
    bench.world.store.now = FORTNIGHT
    bench.parts.changes.set_quantity(sub, sub.items[0], 5, INVOICE)
    bench.run_until(APRIL + DAY)
    values = [bench.mrr_at(sub, at) for at in (FORTNIGHT - 1, FORTNIGHT, FEBRUARY, MARCH, APRIL)]
    assert values == [3000, 7500, 7500, 7500, 7500]
    assert not any(entry.untraceable for entry in bench.ledger(sub))


def test_what_is_added_is_billed_month_by_month_beside_what_is_paid():
    bench, sub = prepaid(("pro.month", 2))
    bench.world.store.now = FORTNIGHT
    bench.parts.changes.add_item(sub, bench.price("support.month"), 1, INVOICE)
    bench.run_until(APRIL + DAY)
    cycles = bench.invoices(sub)[2:]
    assert [spans(bench, one) for one in cycles] == [
        [(FEBRUARY, MARCH, 1, 5000)],
        [(MARCH, APRIL, 1, 5000)],
        [(APRIL, MAY, 1, 5000), (APRIL, MAY, 2, 3000)],
    ]
    assert bench.mrr_at(sub, MARCH) == 8000


def test_prorations_that_wait_are_billed_at_the_next_renewal_alone():
    bench, sub = prepaid(("pro.month", 2))
    sub.settles_ahead = False
    bench.world.store.now = FORTNIGHT
    bench.parts.changes.set_quantity(sub, sub.items[0], 5, "create_prorations")
    bench.run_until(FEBRUARY + DAY)
    cycle = bench.invoices(sub)[1]
    assert cycle["billing_reason"] == "subscription_cycle"
    assert spans(bench, cycle) == [
        (FORTNIGHT, FEBRUARY, 2, -1645),
        (FORTNIGHT, FEBRUARY, 5, 4113),
    ]


def test_a_running_subscription_is_billed_ahead_on_an_invoice_of_its_own():
    bench, sub = prepaid(("pro.month", 2), months=1)
    bench.world.store.now = FORTNIGHT
    Prebilling(bench.world, bench.parts.changes).bill_now(sub, 2)
    update = bench.invoices(sub)[1]
    assert update["billing_reason"] == "subscription_update"
    assert spans(bench, update) == [(FEBRUARY, MARCH, 2, 3000), (MARCH, APRIL, 2, 3000)]
    bench.run_until(MARCH + DAY)
    assert len(bench.invoices(sub)) == 2
    assert bench.mrr_at(sub, MARCH) == 3000


def test_or_from_a_renewal_on():
    bench, sub = prepaid(("pro.month", 2), ("api.month", None), months=1)
    Prebilling(bench.world, bench.parts.changes).bill_at_renewal(sub, 2)
    bench.run_until(MARCH + DAY)
    cycle, usage = bench.invoices(sub)[1:]
    plan = [line for line in bench.lines(cycle) if line["quantity"] == 2]
    assert [line["period"]["start"] for line in plan] == [FEBRUARY, MARCH]
    (line,) = bench.lines(usage)  # usage is never billed ahead
    assert line["period"] == {"start": FEBRUARY, "end": MARCH}
    assert line["pricing"]["price_details"]["price"] == bench.price("api.month").id


@pytest.mark.slow
def test_only_flexible_subscriptions_pay_ahead_and_never_with_an_amount_off():
    options = CompanyOptions(seed=2, customers=400, months=14, habits=frozenset({PREBILLING}))
    company = Company(options)
    company.build()
    ahead = 0
    for content in company.store.contents("subscription"):
        if content["billing_schedules"]:
            ahead += 1
            assert content["billing_mode"]["type"] == "flexible"
            for identity in content["discounts"]:
                discount = company.store.get("discount", identity)
                coupon = company.store.get("coupon", discount["source"]["coupon"])
                assert (coupon["duration"], coupon["amount_off"]) == ("forever", None)
    assert ahead > 3
    for invoice in company.store.contents("invoice"):
        lines = company.store.of_parent("line_item", invoice["id"])
        assert lines or invoice["billing_reason"] != "subscription_cycle"
        assert invoice["subtotal"] == sum(line["amount"] for line in lines)


def test_an_item_gone_without_proration_shows_when_its_paid_months_are_over():
    from stripe_sandbox.company.swaps import Swaps

    bench, sub = prepaid(("pro.month", 2), ("support.month", 1))
    bench.world.store.now = FORTNIGHT
    Swaps(bench.world, bench.parts.changes).detach(sub, sub.items[1], NONE)
    (change,) = [e for e in bench.ledger(sub) if e.event_type == "downgraded"]
    assert (change.untraceable, change.visible_until) == (True, APRIL)
