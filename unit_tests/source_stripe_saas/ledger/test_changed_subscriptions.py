"""What was told and seen of subscriptions between two syncs, each fetched no more than once."""

from decimal import Decimal

import pytest

from source_stripe_saas.ledger.changed_subscriptions import ChangedSubscriptions
from source_stripe_saas.ledger.memory import unpacked
from source_stripe_saas.ledger.store import key_of
from unit_tests.fake_stripe import FakeStripe
from unit_tests.source_stripe_saas.ledger.account import (
    STREAM,
    Account,
    first_invoice,
    renewal,
    told,
)
from unit_tests.source_stripe_saas.mrr.builders import event, item, on, subscription, updated

pytestmark = pytest.mark.usefixtures("no_waiting")


def test_what_another_stream_has_fetched_is_not_asked_for():
    changed, client = (
        ChangedSubscriptions(),
        FakeStripe({"invoices": [{"id": "in_2", "object": "invoice"}]}),
    )
    changed.observe("invoices", "in_1", {"id": "in_1", "tax_percent": 12.1})
    changed.observe("invoices", "in_0", None)
    seen = changed.object(client, "invoices", "in_1", ())
    assert (seen["id"], seen["tax_percent"]) == ("in_1", Decimal("12.1"))
    assert changed.object(client, "invoices", "in_0", ()) is None
    assert client.requests == []
    assert changed.object(client, "invoices", "in_2", ())["id"] == "in_2"


def test_a_listed_subscription_is_shown_as_streams_know_it():
    changed = ChangedSubscriptions()
    changed.keep("sub_1", b'{"id":"sub_1","customer":{"id":"cus_1","name":"Jo"}}')
    changed.observe("subscriptions", "sub_1", {"id": "sub_1", "customer": "cus_1"})
    assert changed.held("subscriptions", "sub_1") == {"id": "sub_1", "customer": "cus_1"}
    held = changed.object(FakeStripe({}), "subscriptions", "sub_1", ())
    assert held["customer"] == {"id": "cus_1", "name": "Jo"}
    assert changed.held("subscriptions", "sub_2") is None
    assert changed.held("invoices", "sub_1") is None


def test_events_are_told_apart_by_whom_they_are_about():
    changed = ChangedSubscriptions()
    for told_of in (
        event("evt_4", "customer.subscription.trial_will_end", "2026-01-04", subscription()),
        event("evt_3", "customer.discount.created", "2026-01-03", {"id": "di", "customer": "c"}),
        event("evt_2", "invoice.paid", "2026-01-02", first_invoice()),
        event("evt_1", "charge.succeeded", "2026-01-01", {"id": "ch_1", "object": "charge"}),
    ):
        told_of["data"]["object"].setdefault("object", "subscription")
        changed.note(told_of)
    assert {key: [e["id"] for e in events] for key, events in changed.events.items()} == {
        "sub_1": ["evt_2"]
    }
    assert [e["id"] for e in changed.customer_events["c"]] == ["evt_3"]


def test_an_event_of_a_forgotten_subscription_brings_its_whole_past_and_writes_only_what_is_new():
    """It ended over 92 days ago; its last invoice is paid now."""
    account = Account()
    ended = subscription(status="canceled", ended_at=on("2026-02-10"), canceled_at=on("2026-02-10"))
    account.lists["subscriptions"] = [ended]
    # The fake filters by the field itself.
    of_it = {"subscription": "sub_1"}
    account.lists["invoices"] = [renewal(status="open", **of_it), {**first_invoice(), **of_it}]
    account.sync("2026-03-15")
    account.sync("2026-04-10")
    account.sync("2026-05-05")
    assert remembered(account) == {key_of("sub_1"): on("2026-02-10")}
    account.sync("2026-05-30")
    assert remembered(account) == {}
    paid = renewal(paid="2026-06-10", **of_it)
    account.lists["invoices"][0] = paid
    account.lists["events"].append(event("evt_p", "invoice.paid", "2026-06-10", paid))
    rows = account.sync("2026-06-12")
    assert told(rows) == [("renewed", "2026-06-10", 0, 0)]
    assert account.stripe.asked()["invoices"] == 1
    ids = [row["event_id"] for row in account.rows]
    assert len(ids) == len(set(ids))


def remembered(account):
    """Key -> when it ended, of all that the state holds."""
    held = unpacked(account.state["ledgers"], account.state["through"])
    return {key: memory.ended_at for key, memory in held.items()}


def test_a_subscription_that_moved_costs_its_named_invoices_and_no_request_of_its_own():
    account = Account()
    account.sync("2026-01-20")
    paid = renewal()
    account.lists["invoices"].insert(0, paid)
    account.lists["events"].append(event("evt_p", "invoice.paid", "2026-02-01", paid))
    before, after = subscription(), subscription(item(quantity=3))
    account.lists["subscriptions"] = [after]
    change = updated(after, {"items": before["items"]}, "2026-02-02")
    account.lists["events"].insert(0, change)
    rows = account.sync("2026-02-03")
    assert told(rows) == [
        ("renewed", "2026-02-01", 1000, 1000),
        ("quantity_increased", "2026-02-02", 1000, 3000),
    ]
    asked = account.stripe.asked()
    assert asked["invoices/in_2"] == asked["subscriptions"] == 1
    assert asked["invoices"] == asked["subscriptions/sub_1"] == 0
    assert account.output.statuses(STREAM)[-1] == "COMPLETE"
