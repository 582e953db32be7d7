"""An account made from Stripe's published samples."""

import json

import pytest

from stripe_sandbox.account import open_account
from stripe_sandbox.samples.maker import QUIET_SECONDS
from stripe_sandbox.samples.mend import mend, mended
from stripe_sandbox.store import EVENT_WINDOW_SECONDS
from stripe_sandbox.streams import counts
from unit_tests.stripe_sandbox.asking import Asker

WEEK = 7 * 86_400


def contents(account):
    return json.dumps([[n, list(t.values())] for n, t in account.store.rows.items()], default=vars)


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others():
    assert contents(open_account("samples", seed=1)) == contents(open_account("samples", seed=1))
    assert contents(open_account("samples", seed=1)) != contents(open_account("samples", seed=2))


def test_the_same_moves_make_the_same_bytes():
    first, second = open_account("samples"), open_account("samples")
    for account in (first, second):
        account.advance(WEEK)
        account.advance(3_600)
    assert contents(first) == contents(second)


def test_every_stream_has_a_dozen_objects_or_half_of_it():
    for name, entry in counts(open_account("samples")).items():
        least = {"account": 1, "billing_meter_event_summaries": 0}.get(name, 6)
        assert entry["count"] >= least, name


def test_lists_that_are_embedded_overflow_somewhere():
    ask = Asker(open_account("samples"))
    for path, field in (
        ("/v1/accounts", "external_accounts"),
        ("/v1/application_fees", "refunds"),
        ("/v1/credit_notes", "lines"),
        ("/v1/files", "links"),
        ("/v1/invoices", "lines"),
        ("/v1/subscriptions", "items"),
        ("/v1/transfers", "reversals"),
    ):
        query = "limit=100&status=all" if path == "/v1/subscriptions" else "limit=100"
        objects = ask(path, query).content["data"]
        lists = [content[field] for content in objects if field in content]
        assert any(entries["has_more"] for entries in lists), path
        assert any(not entries["has_more"] for entries in lists), path


def test_everything_happened_before_now_and_nothing_in_the_last_two_minutes():
    account = open_account("samples")
    for days in (0, 7):
        account.advance(days * 86_400)
        for name, table in account.store.rows.items():
            latest = max(row.created for row in table.values())
            assert latest <= account.store.now - QUIET_SECONDS, name


def test_what_an_event_shows_is_how_the_object_is_now_unless_something_silent_followed():
    account = open_account("samples")
    start = account.store.now
    account.advance(WEEK)
    ask = Asker(account)
    latest = {}
    for event in account.store.contents("event"):
        if event["created"] > start:
            shown = event["data"]["object"]
            latest[shown["object"], shown.get("id")] = event
    compared = 0
    for (name, identity), event in latest.items():
        if event["type"].endswith(".deleted") and name != "subscription":
            assert account.store.get(name, identity) is None
            continue
        path = PATHS.get(name)
        if path is None:
            continue
        assert ask(f"{path}/{identity}").content == event["data"]["object"], event["type"]
        compared += 1
    assert compared > 30


PATHS = {
    "charge": "/v1/charges",
    "credit_note": "/v1/credit_notes",
    "customer": "/v1/customers",
    "invoice": "/v1/invoices",
    "invoiceitem": "/v1/invoiceitems",
    "issuing.authorization": "/v1/issuing/authorizations",
    "payment_intent": "/v1/payment_intents",
    "payment_method": "/v1/payment_methods",
    "payout": "/v1/payouts",
    "price": "/v1/prices",
    "product": "/v1/products",
    "quote": "/v1/quotes",
    "refund": "/v1/refunds",
    "review": "/v1/reviews",
    "setup_intent": "/v1/setup_intents",
    "subscription": "/v1/subscriptions",
    "topup": "/v1/topups",
    "transfer": "/v1/transfers",
}


def test_an_update_event_tells_what_the_changed_fields_were():
    account = open_account("samples")
    start = account.store.now
    account.advance(WEEK)
    updates = [
        event
        for event in account.store.contents("event")
        if event["created"] > start
        and event["type"].endswith(".updated")
        and event["data"]["object"]["object"] != "entitlements.active_entitlement_summary"
    ]
    told = [event for event in updates if event["type"] != "charge.refund.updated"]
    assert len(told) > 15
    for event in told:
        previous = event["data"]["previous_attributes"]
        assert previous, event["type"]
        shown = event["data"]["object"]
        assert any(shown.get(key) != value for key, value in previous.items()), event["type"]


def test_events_lie_within_the_thirty_days_before_the_clock_when_they_are_made():
    account = open_account("samples")
    created = [event["created"] for event in account.store.contents("event")]
    assert min(created) >= account.store.now - EVENT_WINDOW_SECONDS
    assert len(created) > 100


def test_the_clock_does_not_run_back():
    with pytest.raises(ValueError, match="-1 seconds"):
        open_account("samples").advance(-1)


def test_a_live_account_is_live_throughout():
    account = open_account("samples", livemode=True)
    assert '"livemode": false' not in contents(account).lower()


def test_a_sample_that_lacks_what_the_specification_requires_gets_it():
    assert mended("invoice")["amount_paid_off_stripe"] == 0


@pytest.mark.parametrize(
    ("value", "schema", "becomes"),
    [
        ({}, {"type": "object", "nullable": True, "required": ["a"]}, None),
        ("odd", {"type": "string", "enum": ["even"]}, "even"),
        ("text", {"type": "integer"}, 0),
        (True, {"type": "integer"}, 0),
        ({"a": 1}, {"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 1}),
        (None, {"type": "array", "items": {"type": "string"}}, []),
        (1_555_417_355, {"type": "integer"}, 1_555_417_355 % 997),
        (1_555_417_355, {"type": "integer", "format": "unix-time"}, 1_555_417_355),
    ],
)
def test_mending_changes_only_what_does_not_fit(value, schema, becomes):
    assert mend(value, schema) == becomes


def test_an_update_of_a_subscriptions_item_tells_all_items_as_they_were():
    account = open_account("samples", seed=8)
    account.advance(WEEK)
    states = {"after": {}, "before": {}}
    for event in account.store.contents("event"):
        previous = event["data"].get("previous_attributes", {})
        if event["type"] == "customer.subscription.updated" and "items" in previous:
            states["before"][event["id"]] = previous["items"]["data"]
            states["after"][event["id"]] = event["data"]["object"]["items"]["data"]
    assert len(states["before"]) >= 2
    for identity, before in states["before"].items():
        after = states["after"][identity]
        unchanged = [item for item in before if item in after]
        assert len(before) == len(after) == len(unchanged) + 1
