"""Objects that are ahead of the events read before them are explained by a second look (M51)."""

import pytest

from source_stripe_saas.ledger.changed_subscriptions import ChangedSubscriptions
from source_stripe_saas.ledger.following import Following, add_late_events
from source_stripe_saas.ledger.scan import Scan
from source_stripe_saas.ledger.store import SubscriptionObjects
from unit_tests.source_stripe_saas.ledger.account import Account, told
from unit_tests.source_stripe_saas.mrr.builders import (
    created,
    event,
    item,
    subscription,
    updated,
)

pytestmark = pytest.mark.usefixtures("no_waiting")

BEFORE, AFTER = subscription(), subscription(item(quantity=3))


def a_change(at):
    return updated(AFTER, {"items": BEFORE["items"]}, at, key="evt_late")


def test_a_change_while_a_sync_reads_is_left_to_the_next_one(monkeypatch):
    account = Account()
    account.sync("2026-01-20")
    fetches = Following.fetches

    def changed_meanwhile(sync):
        # The list has shown the object by now; the feed was read before.
        account.lists["events"].insert(0, a_change("2026-01-21 00:00:05"))
        return fetches(sync)

    account.lists["subscriptions"] = [AFTER]
    with monkeypatch.context() as patched:
        patched.setattr(Following, "fetches", changed_meanwhile)
        assert account.sync("2026-01-21") == []
    assert told(account.sync("2026-01-22")) == [("quantity_increased", "2026-01-21", 1000, 3000)]


def test_a_change_while_a_scan_reads_is_left_to_the_next_sync(monkeypatch):
    account = Account(subscriptions=[AFTER], events=[created(BEFORE)])
    read_events = Scan.read_events

    def changed_meanwhile(scan):
        batches = read_events(scan)
        account.lists["events"].insert(0, a_change("2026-01-20 00:00:05"))
        return batches

    with monkeypatch.context() as patched:
        patched.setattr(Scan, "read_events", changed_meanwhile)
        rows = account.sync("2026-01-20")
    assert told(rows)[-1] == ("first_payment", "2026-01-01", 1000, 1000)
    assert told(account.sync("2026-01-21")) == [("quantity_increased", "2026-01-20", 1000, 3000)]


def test_late_events_take_their_place_among_the_others_newest_first_and_once():
    objects = SubscriptionObjects("sub_1", subscription())
    objects.events = [
        event("evt_3", "invoice.paid", "2026-01-03", {}),
        event("evt_1", "invoice.paid", "2026-01-01", {}),
    ]
    late = ChangedSubscriptions()
    late.events["sub_1"] = [
        event("evt_3", "invoice.paid", "2026-01-03", {}),
        event("evt_2", "invoice.paid", "2026-01-02", {}),
    ]
    late.customer_events["cus_1"] = [
        event("evt_4", "customer.discount.created", "2026-01-04", {}),
    ]
    late.events["sub_2"] = [event("evt_5", "invoice.paid", "2026-01-05", {})]
    add_late_events(objects, late)
    assert [one["id"] for one in objects.events] == ["evt_4", "evt_3", "evt_2", "evt_1"]


def test_late_events_of_no_customer_are_not_those_of_another():
    objects = SubscriptionObjects("sub_1")
    late = ChangedSubscriptions()
    late.customer_events["cus_1"] = [event("evt_4", "customer.discount.created", "2026-01-04", {})]
    add_late_events(objects, late)
    assert objects.events == []
