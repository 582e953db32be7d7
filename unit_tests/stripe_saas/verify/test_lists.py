"""What Stripe's lists hold, read for a comparison; and what that is thought to cost."""

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.limits import RateLimits
from source_stripe_saas.streams.plans import load_plans
from stripe_saas.verify.cost import Cost
from stripe_saas.verify.families import families, list_pages, read_list, streams_compared
from unit_tests.builders import some_access
from unit_tests.stripe_server import failure, serving

PLANS = load_plans()


def a_client():
    return StripeClient(some_access(), limits=RateLimits(1e6, 1e6), sleep=lambda seconds: None)


def test_streams_of_one_list_are_read_together_the_parent_first():
    chosen = [PLANS[name] for name in ("invoice_line_items", "charges", "invoices", "quotes")]
    assert [[plan.name for plan in family.plans] for family in families(chosen)] == [
        ["invoices", "invoice_line_items"],
        ["charges"],
        ["quotes"],
    ]


def test_a_stream_that_asks_parent_by_parent_reads_for_itself():
    chosen = [PLANS["payouts"], PLANS["payout_balance_transactions"]]
    assert [family.label for family in families(chosen)] == [
        "payouts",
        "payout_balance_transactions",
    ]


def test_a_list_that_is_refused_is_asked_for_parent_by_parent_as_in_a_sync():
    with serving() as stripe:
        stripe.lists["customers"] = [
            {"id": "cus_1", "object": "customer", "created": 5},
        ]
        stripe.answers["payment_methods"] = failure(400, "Not for this account")
        stripe.lists["customers/cus_1/payment_methods"] = [
            {"id": "pm_1", "object": "payment_method", "created": 6, "customer": "cus_1"},
        ]
        [family] = families([PLANS["payment_methods"]])
        listed = read_list(family, a_client(), None, PLANS)
    assert list(listed.records["payment_methods"]) == [("pm_1",)]
    assert listed.moments["payment_methods"] == {("pm_1",): 6}


def test_what_is_worked_out_here_has_no_list_of_stripes():
    chosen = [PLANS["charges"], PLANS["subscription_events"]]
    assert list(streams_compared(chosen)) == [PLANS["charges"]]


def test_an_empty_list_takes_a_request_and_a_full_page_no_second_one():
    assert [list_pages(count) for count in (0, 1, 100, 101)] == [1, 1, 1, 2]


def test_the_slowest_limit_sets_the_time():
    cost = Cost()
    cost.add("invoices", 500)
    cost.add("charges", 20)
    limits = RateLimits(100, 25)
    assert cost.total == 520
    assert cost.seconds(limits) == 20.0
    for number in range(40):
        cost.add(f"list {number}", 100)
    assert cost.seconds(limits) == 45.2
    assert cost.text(limits).startswith("This takes about 4,520 requests, at least 45 s at 100")


def test_what_a_fallback_would_add_is_said_only_where_there_is_one():
    cost, limits = Cost(), RateLimits(100.0, 25.0)
    cost.add("payment_methods", 4)
    assert "whole account" not in cost.text(limits)
    cost.fallbacks["payment_methods"] = 5_050
    assert cost.text(limits).endswith(
        "If Stripe does not list payment_methods for the whole account, they are asked for "
        "customer by customer: about 5,050 more, 3 minutes."
    )
