"""How a first invoice is paid decides how a subscription begins."""

import pytest

from unit_tests.stripe_sandbox.company.bench import Bench


@pytest.mark.parametrize(
    ("credit", "status", "attempts"),
    # A month of the plan is 15.00.
    [(1499, "incomplete", 1), (1500, "active", 0)],
    ids=["one cent short", "enough"],
)
def test_what_the_customers_balance_pays_waits_for_no_card(credit, status, attempts):
    bench = Bench()
    who = bench.customer()
    bench.parts.people.move_balance(who, -credit, "adjustment")
    sub = bench.parts.births.begin(who, [(bench.price("pro.month"), 1)], outcome="never")
    (invoice,) = bench.invoices(sub)
    assert invoice["total"] == 1500
    assert (sub.status, invoice["attempt_count"]) == (status, attempts)
