"""Which stream a request counts with."""

from source_stripe_saas.streams.plans import load_plans
from stripe_saas.demo.route_owners import owners, requests_by_stream, shares_requests

PLANS = load_plans()


def test_a_list_and_its_objects_count_with_the_stream():
    counted = requests_by_stream(PLANS, {"/v1/invoices": 3, "/v1/invoices/{invoice}": 2})
    assert counted == {"invoices": 5}


def test_the_rest_of_a_cut_list_counts_with_the_children():
    routes = {"/v1/invoices/{invoice}/lines": 2, "/v1/subscription_items": 4}
    assert requests_by_stream(PLANS, routes) == {"invoice_line_items": 2, "subscription_items": 4}


def test_children_asked_for_parent_by_parent_count_for_themselves():
    counted = requests_by_stream(PLANS, {"/v1/customers/{customer}/balance_transactions": 9})
    assert counted == {"customer_balance_transactions": 9}
    assert not shares_requests(PLANS["customer_balance_transactions"], PLANS)


def test_streams_that_share_a_route_are_marked():
    assert owners(PLANS)["/v1/balance_transactions"] == "balance_transactions"
    assert shares_requests(PLANS["payout_balance_transactions"], PLANS)
    assert shares_requests(PLANS["invoice_line_items"], PLANS)
    assert not shares_requests(PLANS["invoices"], PLANS)


def test_no_request_is_lost_from_the_sum():
    counted = requests_by_stream(PLANS, {"/v1/charges": 2, "/v1/unheard_of": 3})
    assert counted == {"charges": 2, "": 3}


def test_every_stream_has_a_route_or_shares_one():
    routed = set(owners(PLANS).values())
    assert [
        name for name in PLANS if name not in routed and not shares_requests(PLANS[name], PLANS)
    ] == []
