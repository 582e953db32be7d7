"""What `counts` calls true is what the lists show."""

import json
from collections import defaultdict

import pytest

from stripe_sandbox.account import open_account
from stripe_sandbox.server import routes
from stripe_sandbox.streams import STREAMS, counts
from unit_tests.stripe_sandbox.asking import Asker
from unit_tests.stripe_sandbox.crawling import list_requests, whole_list

ALL_STATES = {
    "/v1/prices": ("&active=true", "&active=false"),
    "/v1/subscriptions": ("&status=all",),
}
ALIASES = {
    "/v1/billing/meters/{id}/event_summaries",
    "/v1/charges/{charge}/refunds",
    "/v1/customers/{customer}/payment_methods",
    "/v1/customers/{customer}/subscriptions",
    "/v1/quotes/{quote}/computed_upfront_line_items",
    "/v1/tax_ids",
}
"""Lists that show again what others hold, belong to no stream, or sum up what nobody stored."""


def listed(account):
    """Object name (and kind of parent) -> ids that lists show, each once."""
    ask = Asker(account)
    found = defaultdict(list)
    for route, path, query in list_requests(account):
        if route.path in ALIASES:
            continue
        for state in ALL_STATES.get(route.path, ("",)):
            for content in whole_list(ask, path, query + state, limit=7):
                found[
                    route.path.split("/")[2]
                    if content["object"] in ("card", "bank_account", "item")
                    else "",
                    content["object"],
                ].append(content["id"])
    return found


@pytest.mark.parametrize("days", [0, 7])
@pytest.mark.parametrize(
    "options", [{"kind": "samples"}, {"kind": "company", "customers": 60, "months": 12}]
)
def test_lists_show_each_true_object_once_and_nothing_else(options, days):
    account = open_account(**options, seed=5)
    if days:
        account.advance(days * 86_400)
    shown = listed(account)
    true = counts(account)
    own = {"account", "payout_balance_transactions", "discounts"}  # these have no list
    parents = {
        "bank_accounts": "customers",
        "customer_cards": "customers",
        "external_account_bank_accounts": "accounts",
        "external_account_cards": "accounts",
        "checkout_sessions_line_items": "checkout",
        "payment_link_line_items": "payment_links",
        "quote_line_items": "quotes",
    }
    for stream in STREAMS:
        if stream.name in own:
            continue
        ids = shown[parents.get(stream.name, ""), stream.object]
        assert sorted(ids) == true[stream.name]["ids"], stream.name
        assert true[stream.name]["count"] == len(ids), stream.name
        # A small company may do without schedules; the samples hold everything.
        assert ids or options["kind"] == "company", stream.name


def test_pairs_of_payout_and_transaction_are_counted_as_the_lists_show_them():
    account = open_account("samples", seed=5)
    ask = Asker(account)
    pairs = [
        f"{payout['id']}/{transaction['id']}"
        for payout in whole_list(ask, "/v1/payouts", "")
        if payout["automatic"]
        for transaction in whole_list(ask, "/v1/balance_transactions", f"&payout={payout['id']}")
    ]
    true = counts(account)["payout_balance_transactions"]
    assert sorted(pairs) == true["ids"]
    assert len(pairs) > 20


def test_what_no_list_shows_is_said_to_be_unlistable_and_can_be_had_by_id():
    account = open_account("samples", seed=5)
    ask = Asker(account)
    true = counts(account)
    for stream, path in (("prices", "/v1/prices"), ("reviews", "/v1/reviews")):
        assert true[stream]["unlistable"]
        for identity in true[stream]["unlistable"]:
            assert ask(f"{path}/{identity}").status == 200


def test_what_was_deleted_is_told_and_gone():
    account = open_account("samples", seed=5)
    assert all(not entry["deleted"] for entry in counts(account).values())
    account.advance(7 * 86_400)
    true = counts(account)
    ask = Asker(account)
    for stream, path in (("coupons", "/v1/coupons"), ("invoices", "/v1/invoices")):
        (gone,) = true[stream]["deleted"]
        assert gone not in true[stream]["ids"]
        assert ask(f"{path}/{gone.replace(' ', '%20')}").status == 404
    (gone,) = true["customers"]["deleted"]
    assert ask(f"/v1/customers/{gone}").content["deleted"] is True


def test_every_served_object_belongs_to_a_stream():
    names = {stream.object for stream in STREAMS}
    for route in routes.all_routes():
        besides = {"billing.meter_event_summary", "source", "test_helpers.test_clock"}
        assert set(route.objects) - besides <= names


def test_the_counts_can_be_sent():
    assert json.loads(json.dumps(counts(open_account("samples"))))["account"]["count"] == 1
