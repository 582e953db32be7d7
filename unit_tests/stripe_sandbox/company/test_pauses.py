"""What the books say of changes in a pause."""

import pytest

from stripe_sandbox.company.changes import INVOICE
from stripe_sandbox.company.endings import Endings
from unit_tests.stripe_sandbox.company.bench import DAY, JANUARY_2025, Bench


@pytest.mark.parametrize(
    ("behavior", "is_hidden"), [("void", True), ("keep_as_draft", False)], ids=str
)
def test_a_change_paid_in_a_pause_looks_like_its_end_until_the_next_renewal(behavior, is_hidden):
    bench = Bench()
    sub = bench.subscribe(("pro.month", 1))
    bench.run_until(JANUARY_2025 + 5 * DAY)
    parts = bench.parts
    endings = Endings(bench.world, parts.people, parts.changes.subs, parts.lifecycle)
    endings.pause(sub, behavior, JANUARY_2025 + 20 * DAY)
    bench.run_until(JANUARY_2025 + 10 * DAY)
    parts.changes.set_quantity(sub, sub.items[0], 2, INVOICE)
    bench.run_until(JANUARY_2025 + 40 * DAY)
    (change,) = [one for one in bench.ledger(sub) if one.event_type == "quantity_increased"]
    assert change.untraceable is is_hidden
    if is_hidden:
        assert change.visible_from == JANUARY_2025 + 10 * DAY
        renewal = bench.invoices(sub)[-1]
        assert renewal["billing_reason"] == "subscription_cycle"
        assert change.visible_until == renewal["created"]
