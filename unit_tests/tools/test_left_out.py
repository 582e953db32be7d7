"""Every object that Stripe can list is in a stream, or left out for a reason that is written."""

from stripe_sandbox.stripe_spec import load
from tools.left_out import LEFT_OUT
from unit_tests.builders import PLANS

READ = {plan.object for plan in PLANS.values()}
LISTED = set(load()["listed"])


def test_every_object_that_stripe_can_list_is_read_or_left_out_for_a_reason():
    assert LISTED - READ - LEFT_OUT.keys() == set()
    assert len(LISTED) > 100


def test_nothing_is_left_out_that_is_read_or_that_stripe_does_not_list():
    assert LEFT_OUT.keys() & READ == set()
    assert LEFT_OUT.keys() - LISTED == set()
