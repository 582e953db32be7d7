"""Keys, permissions, routes by id, and what every reply carries."""

import base64

import pytest

from stripe_sandbox.server import routes
from unit_tests.stripe_sandbox.asking import KEY, NOW, OWN, RESTRICTED, Asker, an_account

CUSTOMER = {"id": "cus_1", "object": "customer", "created": NOW, "test_clock": None}


def an_asker():
    return Asker(an_account(CUSTOMER))


@pytest.mark.parametrize(
    "key", ["nonsense", "sk_test_", "sk_live_0123456789abcdef", "rk_live_0123456789abcdef"]
)
def test_a_key_that_does_not_open_the_account_is_refused_without_showing_it(key):
    answer = an_asker()("/v1/customers", key=key)
    assert answer.status == 401
    assert answer.error["type"] == "invalid_request_error"
    assert answer.error["message"].startswith("Invalid API Key provided: ")
    assert "0123456789" not in answer.error["message"]


def test_a_request_without_a_key_is_refused():
    assert an_asker()("/v1/customers", key=None).status == 401


def test_a_publishable_key_is_refused_as_such():
    answer = an_asker()("/v1/customers", key="pk_test_0123456789abcdef")
    assert (answer.status, answer.error["code"]) == (403, "secret_key_required")


def test_an_expired_key_is_refused_as_expired_and_a_revoked_one_as_invalid():
    ask = an_asker()
    ask.describe(RESTRICTED, is_expired=True)
    answer = ask("/v1/customers", key=RESTRICTED)
    assert (answer.status, answer.error["code"]) == (401, "api_key_expired")
    ask.describe(RESTRICTED, is_revoked=True)
    assert "code" not in ask("/v1/customers", key=RESTRICTED).error


def test_a_key_may_come_as_the_user_of_basic_authentication():
    sent = base64.b64encode(f"{KEY}:".encode()).decode()
    answer = an_asker()("/v1/customers", key=None, authorization=f"Basic {sent}")
    assert answer.status == 200


def test_a_restricted_key_reads_what_it_may_and_is_told_what_it_lacks():
    ask = an_asker()
    ask.describe(RESTRICTED, permissions=frozenset({"customer_read"}))
    assert ask("/v1/customers", key=RESTRICTED).status == 200
    answer = ask("/v1/invoices", key=RESTRICTED)
    assert answer.status == 403
    assert answer.error["code"] == "more_permissions_required"
    assert "'rak_invoice_read'" in answer.error["message"]
    assert f"'{OWN}'" in answer.error["message"]
    assert RESTRICTED not in answer.error["message"]


def test_a_denied_permission_is_the_only_one_lacking():
    ask = an_asker()
    ask.describe(RESTRICTED, denied=frozenset({"customer_read"}))
    assert ask("/v1/customers/cus_1", key=RESTRICTED).status == 403
    assert ask("/v1/invoices", key=RESTRICTED).status == 200


def test_expanding_another_resource_needs_its_permission_too():
    ask = an_asker()
    ask.describe(RESTRICTED, denied=frozenset({"balance_transaction_source_read"}))
    assert ask("/v1/charges", key=RESTRICTED).status == 200
    answer = ask("/v1/charges", "expand[]=data.balance_transaction", key=RESTRICTED)
    assert answer.status == 403
    assert "'rak_balance_transaction_source_read'" in answer.error["message"]


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/v1/accounts/{account}/external_accounts", "connected_account_read"),
        ("/v1/checkout/sessions/{session}/line_items", "checkout_session_read"),
        ("/v1/customers/{customer}/sources", "customer_read"),
        ("/v1/invoiceitems", "invoice_read"),
        ("/v1/plans", "plan_read"),
        ("/v1/prices", "plan_read"),
        ("/v1/quotes/{quote}/line_items", "quote_read"),
        ("/v1/refunds/{refund}", "charge_read"),
        ("/v1/setup_attempts", "setup_intent_read"),
        ("/v1/subscription_items", "subscription_read"),
        ("/v1/topups", "top_up_read"),
    ],
)
def test_each_route_asks_for_the_permission_of_its_resource(path, permission):
    assert {route.path: route.permission for route in routes.all_routes()}[path] == permission


def test_a_deleted_customer_is_still_answered_by_id_and_nothing_else_is():
    account = an_account(CUSTOMER, {"id": "co_1", "object": "coupon", "created": NOW})
    account.store.remove("customer", "cus_1")
    account.store.remove("coupon", "co_1")
    ask = Asker(account)
    answer = ask("/v1/customers/cus_1", "expand[]=sources")
    assert answer.status == 200
    assert answer.content == {"id": "cus_1", "object": "customer", "deleted": True}
    assert ask("/v1/customers").ids == []
    missing = ask("/v1/coupons/co_1")
    assert (missing.status, missing.error["code"]) == (404, "resource_missing")
    assert missing.error["message"] == "No such coupon: 'co_1'"


def test_ids_of_the_user_s_own_choosing_arrive_decoded():
    chosen = "25 % off/für immer"
    ask = Asker(an_account({"id": chosen, "object": "coupon", "created": NOW}))
    assert ask("/v1/coupons/25%20%25%20off%2Ff%C3%BCr%20immer").content["id"] == chosen
    assert ask("/v1/coupons", "starting_after=25+%25+off%2Ff%C3%BCr+immer").ids == []


def test_a_child_is_found_under_its_own_parent_only():
    account = an_account(CUSTOMER, {"id": "cus_2", "object": "customer", "created": NOW})
    account.store.put({"id": "card_1", "object": "card", "customer": "cus_1"}, parent="cus_1")
    ask = Asker(account)
    assert ask("/v1/customers/cus_1/sources/card_1").status == 200
    assert ask("/v1/customers/cus_2/sources/card_1").status == 404


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1", "/", "/v1/customers/cus_1/nothing"])
def test_an_unknown_path_is_404(path):
    answer = an_asker()(path)
    assert answer.status == 404
    assert answer.error["message"].startswith(f"Unrecognized request URL (GET: {path}).")


def test_anything_but_get_is_refused_and_counted():
    ask = an_asker()
    assert ask("/v1/customers", method="POST").status == 405
    assert ask.api.statistics.as_json()["methods"] == {"POST": 1}


def test_every_reply_carries_the_account_s_time_its_id_and_the_version_asked_for():
    ask = an_asker()
    first = ask("/v1/customers", stripe_version="2026-05-27.dahlia")
    assert first.headers["Date"] == "Mon, 15 Jun 2026 12:00:00 GMT"
    assert first.headers["Stripe-Version"] == "2026-05-27.dahlia"
    assert first.headers["Content-Type"] == "application/json"
    second = ask("/v1/customers/nobody")
    assert second.headers["Date"] == first.headers["Date"]
    assert second.headers["Request-Id"] != first.headers["Request-Id"]
    assert second.error["request_log_url"].endswith(second.headers["Request-Id"])
    assert "Stripe-Version" not in second.headers


def test_the_own_account_is_one_object_and_not_among_the_connected_ones():
    account = an_account({"id": "acct_other", "object": "account", "created": NOW})
    ask = Asker(account)
    assert ask("/v1/account").content["id"] == OWN
    assert ask("/v1/accounts").ids == ["acct_other"]


def test_the_stripe_account_header_leads_to_the_account_it_names():
    account = an_account(CUSTOMER, {"id": "acct_other", "object": "account", "created": NOW})
    ask = Asker(account)
    assert ask("/v1/customers", stripe_account=OWN).ids == ["cus_1"]
    assert ask("/v1/customers", stripe_account="acct_other").ids == []
    assert ask("/v1/account", stripe_account="acct_other").content["id"] == "acct_other"
    refused = ask("/v1/customers", stripe_account="acct_stranger")
    assert refused.status == 403
    assert "does not have access to account 'acct_stranger'" in refused.error["message"]


def test_a_restricted_key_without_connect_cannot_act_on_other_accounts():
    ask = Asker(an_account({"id": "acct_other", "object": "account", "created": NOW}))
    ask.describe(RESTRICTED, permissions=frozenset({"customer_read"}))
    refused = ask("/v1/customers", key=RESTRICTED, stripe_account="acct_other")
    assert refused.status == 403
    assert "does not have any Connect permissions" in refused.error["message"]


def test_requests_are_counted_by_route_and_errors_by_status():
    ask = an_asker()
    ask("/v1/customers")
    ask("/v1/customers/cus_1")
    ask("/v1/customers/cus_2")
    counted = ask.api.statistics.as_json()
    assert counted["requests"] == 3
    assert counted["routes"] == {"/v1/customers": 1, "/v1/customers/{customer}": 2}
    assert counted["statuses"] == {"200": 2, "404": 1}
    assert counted["errors"] == {"GET /v1/customers/{customer} 404": 1}
    ask.api.statistics.reset()
    assert ask.api.statistics.as_json()["requests"] == 0
