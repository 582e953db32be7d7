"""Coupons for one invoice: when they are used, and that the books keep the value of that time."""

from stripe_sandbox.company.aftermath import Aftermath
from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.changes import NONE
from unit_tests.stripe_sandbox.company.bench import DAY, JANUARY_2025, Bench

FEBRUARY = add_months(JANUARY_2025, 1)
TEN_DAYS = JANUARY_2025 + 10 * DAY


def test_a_coupon_used_on_a_waiting_amount_too_moves_no_value_of_the_past():
    bench = Bench()
    parts = bench.parts
    extras = Aftermath(parts.world, parts.people, parts.billing, parts.money, parts.catalogue)
    sub = bench.subscribe(("pro.month", 1))
    bench.world.store.now = TEN_DAYS
    extras.add_loose_item(sub.customer, 1400)
    parts.discounts.give_discount(sub, parts.catalogue.coupons["WELCOME50"])
    bench.world.store.now = TEN_DAYS + DAY
    parts.changes.set_quantity(sub, sub.items[0], 2, NONE)
    bench.run_until(FEBRUARY + 2 * DAY)
    cycle = bench.invoices(sub)[-1]
    taken = {
        line["amount"]: sum(one["amount"] for one in line["discount_amounts"])
        for line in bench.lines(cycle)
    }
    # half of 14.00 and of 2 x 15.00
    assert taken == {1400: 700, 3000: 1500}
    assert bench.mrr_at(sub, TEN_DAYS) == 1500
    assert bench.mrr_at(sub, TEN_DAYS + DAY) == 3000
    bench.run_until(add_months(JANUARY_2025, 2) + DAY)
    used = [(e.event_type, e.at) for e in bench.ledger(sub) if "discount" in e.event_type]
    assert used == [
        ("discount_applied", FEBRUARY),
        ("discount_expired", add_months(JANUARY_2025, 2)),
    ]
