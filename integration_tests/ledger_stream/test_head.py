"""Every sync holds every live subscription against its rows, whatever events say of it (M51).

What the sandbox's company does makes events; what is edited in its store makes none.
"""

from collections import Counter
from datetime import datetime, timezone

import pytest
import requests

from integration_tests.ledger_stream.connection import STREAM, Connection
from integration_tests.world import a_world
from source_stripe_saas.ledger.following import Following
from source_stripe_saas.ledger.scan import Scan
from stripe_sandbox.server.keys import Key

RESTRICTED = "rk_test_restricted"
SMALL = {"seed": 1, "customers": 60, "months": 8}


@pytest.fixture
def world(tmp_path):
    with a_world(tmp_path, **SMALL) as found:
        yield found


@pytest.fixture
def connection(world):
    """After a first sync, and another one that has caught up with all that had happened."""
    found = Connection(world)
    found.sync()
    world.advance(0.01)
    found.sync()
    found.rows.clear()
    return found


def items_of(store, subscription):
    return store.of_parent("subscription_item", subscription["id"])


def price_of(store, item):
    return store.get(
        "price", item["price"] if isinstance(item["price"], str) else item["price"]["id"]
    )


def plain_subscriptions(store, *, in_other_currency=False):
    """(subscription, item, what one seat costs a month) of those whose value is one product."""
    for subscription in store.contents("subscription"):
        items = items_of(store, subscription)
        customer = store.get("customer", subscription["customer"])
        if subscription["status"] != "active" or len(items) != 1 or subscription["discounts"]:
            continue
        if customer is None or customer.get("discount") or subscription["pause_collection"]:
            continue
        [item] = items
        price = price_of(store, item)
        if price is None or (price["currency"] != subscription["currency"]) != in_other_currency:
            continue
        amounts = price
        if in_other_currency:
            amounts = price["currency_options"][subscription["currency"]]
        if (
            price["billing_scheme"] == "per_unit"
            and price["recurring"]["usage_type"] == "licensed"
            and price["recurring"]["interval"] == "month"
            and price["recurring"]["interval_count"] == 1
            and price["transform_quantity"] is None
            and float(amounts["unit_amount_decimal"]) == amounts["unit_amount"] > 0
        ):
            yield subscription, item, amounts["unit_amount"]


def add_a_seat(store):
    """Silently; returns the subscription's id and what the seat costs a month, in minor units."""
    subscription, item, seat = next(plain_subscriptions(store))
    store.put({**item, "quantity": item["quantity"] + 1})
    return subscription["id"], seat


def warnings(run):
    return [log["message"] for log in run.logs if log["level"] not in ("INFO", "DEBUG")]


def routes(world):
    reply = requests.get(f"{world.url}/_sandbox/stats", timeout=10).json()
    return Counter(reply["routes"])


def test_a_silent_change_is_adjusted_once_and_named_once(world, connection):
    with world.account.lock:
        changed, seat = add_a_seat(world.account.store)
    run = connection.sync()
    [row] = connection.rows
    assert (row["subscription_id"], row["event_type"]) == (changed, "adjusted")
    assert (row["adjustment_reason"], row["mrr_delta"]) == ("head_mismatch", seat)
    assert row["movement"] == "expansion"
    [warning] = warnings(run)
    assert changed in warning
    assert ", 1 adjusted." in run.logs[-1]["message"]
    again = connection.sync()
    assert connection.rows == [row]
    assert warnings(again) == []


def test_a_seat_that_an_event_younger_than_the_bound_tells_of_is_left_to_the_next_sync(
    world, connection
):
    store = world.account.store
    with world.account.lock:
        changed, seat = add_a_seat(store)
        tell_of_the_seat(store, changed, store.now - 10)
    run = connection.sync()
    assert connection.rows == []
    assert warnings(run) == []
    world.advance(0.001)
    run = connection.sync()
    [row] = [row for row in connection.rows if row["subscription_id"] == changed]
    assert (row["event_type"], row["mrr_delta"]) == ("quantity_increased", seat)
    assert row["stripe_event_id"] == "evt_seat"
    assert warnings(run) == []


def tell_of_the_seat(store, changed, second):
    """An event as Stripe makes it when a quantity goes up by one."""
    subscription = store.get("subscription", changed)
    [item] = items_of(store, subscription)
    item = {**item, "price": price_of(store, item)}
    now = {"object": "list", "data": [item], "has_more": False}
    before = {"object": "list", "data": [{**item, "quantity": item["quantity"] - 1}]}
    store.put(
        {
            "id": "evt_seat",
            "object": "event",
            "api_version": "2026-05-27.dahlia",
            "created": second,
            "data": {
                "object": {**subscription, "items": now},
                "previous_attributes": {"items": {**before, "has_more": False}},
            },
            "livemode": store.livemode,
            "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None},
            "type": "customer.subscription.updated",
        }
    )


@pytest.mark.parametrize("names", [(STREAM,), ("subscriptions", "invoices", STREAM)])
def test_what_changes_while_a_sync_reads_is_left_to_the_next_one(
    world, connection, names, monkeypatch
):
    """The feed has been read by then; so the object is ahead of every event that is known."""
    changed = []
    listed = Following.fetches

    def fetches(sync):
        if not changed:
            changed.append("seen")
            with world.account.lock:
                identity, _ = changed_while_reading
                tell_of_the_seat(world.account.store, identity, world.account.store.now)
        return listed(sync)

    with world.account.lock:
        changed_while_reading = add_a_seat(world.account.store)
    monkeypatch.setattr(Following, "fetches", fetches)
    run = connection.sync(names)
    assert changed
    assert connection.rows == []
    assert warnings(run) == []
    world.advance(0.01)
    connection.sync(names)
    mine = [row for row in connection.rows if row["subscription_id"] == changed_while_reading[0]]
    assert [row["event_type"] for row in mine] == ["quantity_increased"]


def test_what_changes_during_a_first_sync_is_left_to_the_next_one(world, monkeypatch):
    """Its lists show a seat of which the events, read long before, say nothing."""
    connection = Connection(world)
    read_events = Scan.read_events

    def read_and_tell(scan):
        batches = read_events(scan)
        with world.account.lock:
            tell_of_the_seat(world.account.store, changed, world.account.store.now)
        return batches

    with world.account.lock:
        changed, seat = add_a_seat(world.account.store)
    monkeypatch.setattr(Scan, "read_events", read_and_tell)
    connection.sync()
    first = len(connection.rows)
    world.advance(0.01)
    run = connection.sync()
    later = [row for row in connection.rows[first:] if row["subscription_id"] == changed]
    assert [(row["event_type"], row["mrr_delta"]) for row in later] == [
        ("quantity_increased", seat)
    ]
    assert warnings(run) == []


def test_an_edited_amount_in_another_currency_counts_from_the_sync_that_sees_it(world, connection):
    store = world.account.store
    with world.account.lock:
        subscription, item, seat = next(plain_subscriptions(store, in_other_currency=True))
        price = price_of(store, item)
        edited = {"unit_amount": seat + 70, "unit_amount_decimal": str(seat + 70)}
        code = subscription["currency"]
        options = {code: {**price["currency_options"][code], **edited}}
        edited = {**price, "currency_options": {**price["currency_options"], **options}}
        store.put(edited, hidden=store.rows["price"][price["id"]].hidden)
    run = connection.sync()
    assert {row["adjustment_reason"] for row in connection.rows} == {"price_edit"}
    [row] = [row for row in connection.rows if row["subscription_id"] == subscription["id"]]
    assert row["mrr_before"] == seat * item["quantity"]
    assert row["mrr_after"] == (seat + 70) * item["quantity"]
    assert row["occurred_at"] == moment(connection.state["through"])
    assert len(warnings(run)) == len(connection.rows)
    connection.rows.clear()
    connection.sync()
    assert connection.rows == []


def moment(second):
    return datetime.fromtimestamp(second, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_where_nothing_has_changed_it_asks_for_the_list_and_the_catalog_and_no_more(
    world, connection
):
    world.post("stats/reset")
    connection.sync()
    assert connection.rows == []
    asked = routes(world)
    live = [
        one for one in world.account.store.contents("subscription") if one["status"] != "canceled"
    ]
    assert asked.pop("/v1/subscriptions") == -(-len(live) // 100)
    assert asked.pop("/v1/account") == asked.pop("/v1/events") == 1
    # Items beyond those that the list shows, and what tiers and coupons are worth.
    cut = sum(len(items_of(world.account.store, one)) > 10 for one in live)
    assert asked.pop("/v1/subscription_items", 0) == cut
    catalog = {
        route: count for route, count in asked.items() if "/prices" in route or "/coupons" in route
    }
    assert set(asked) == set(catalog)
    # Two alone of each, then pages of the list, of which prices have two: active and not.
    assert sum(catalog.values()) <= (2 + 2) + (2 + 1)


def test_the_subscriptions_stream_is_served_by_the_same_pages(world, connection):
    names = ("subscriptions", "subscription_items", STREAM)
    beside = world.connector.read((), names)
    states = [message["state"] for message in beside.of_type("STATE")]
    last = {state["stream"]["stream_descriptor"]["name"]: state for state in states}
    world.advance(3)
    world.post("stats/reset")
    run = world.connector.read(list(last.values()), names)
    run.assert_complete()
    asked = routes(world)
    changed = {record["id"] for record in run.records["subscriptions"]}
    store = world.account.store
    ended = {key for key in changed if store.get("subscription", key)["status"] == "canceled"}
    assert len(changed - ended) > 3
    assert asked["/v1/subscriptions/{subscription}"] <= len(ended) + 2
    assert asked["/v1/subscriptions"] <= 2
    for record in run.records["subscriptions"]:
        assert isinstance(record["customer"], str)
        assert record["status"] == store.get("subscription", record["id"])["status"]


def test_a_subscription_that_ended_without_an_event_is_adjusted_to_nothing(world, connection):
    store = world.account.store
    with world.account.lock:
        subscription, item, seat = next(plain_subscriptions(store))
        ended = {"status": "canceled", "ended_at": store.now - 600, "canceled_at": store.now - 600}
        store.put({**subscription, **ended})
    run = connection.sync()
    [row] = connection.rows
    assert (row["subscription_id"], row["event_type"]) == (subscription["id"], "adjusted")
    assert (row["mrr_delta"], row["mrr_after"]) == (-seat * item["quantity"], 0)
    assert len(warnings(run)) == 1
    again = connection.sync()
    assert connection.rows == [row]
    assert warnings(again) == []


def test_a_subscription_that_is_nowhere_any_more_is_told_of_once(world, connection):
    store = world.account.store
    with world.account.lock:
        subscription, _, _ = next(plain_subscriptions(store))
        store.remove("subscription", subscription["id"])
        store.deleted["subscription"].clear()
    run = connection.sync()
    assert connection.rows == []
    [warning] = warnings(run)
    assert "does not list 1 subscriptions any more" in warning
    assert warnings(connection.sync()) == []


def test_a_live_subscription_that_no_event_told_of_comes_with_its_whole_past(world, connection):
    store = world.account.store
    with world.account.lock:
        subscription, item, seat = next(plain_subscriptions(store))
        twin = {**subscription, "id": "sub_silent", "created": store.now - 90 * 86_400}
        store.put(twin)
        store.put({**item, "id": "si_silent", "subscription": "sub_silent"}, parent="sub_silent")
    run = connection.sync()
    assert {row["subscription_id"] for row in connection.rows} == {"sub_silent"}
    assert [row["event_type"] for row in connection.rows] == ["activated"]
    assert connection.rows[0]["mrr_after"] == seat * item["quantity"]
    assert warnings(run) == []
    connection.rows.clear()
    connection.sync()
    assert connection.rows == []


@pytest.mark.parametrize("denied", ["plan_read", "customer_read"])
def test_a_look_that_is_refused_is_the_ledgers_matter_alone(denied, tmp_path, monkeypatch):
    """The subscriptions' own stream needs neither tiers nor customers."""
    keys = (Key(RESTRICTED, denied=frozenset({denied})),)
    names = ("subscriptions", STREAM)
    with a_world(tmp_path, **SMALL, serving={"keys": keys}) as world:
        first = world.connector.read((), names)
        states = [message["state"] for message in first.of_type("STATE")]
        last = {state["stream"]["stream_descriptor"]["name"]: state for state in states}
        world.advance(3)
        expected = world.connector.read(list(last.values()), names)
        expected.assert_complete()
        monkeypatch.setitem(world.connector.config, "client_secret", RESTRICTED)
        run = world.connector.read(list(last.values()), names)
    assert run.statuses == {"subscriptions": "COMPLETE", STREAM: "INCOMPLETE"}
    [error] = run.errors
    assert f"`rak_{denied}`" in error["message"]
    assert by_id(run) == by_id(expected)
    assert len(by_id(run)) > 3
    assert run.states[STREAM] == first.states[STREAM]


def by_id(run):
    return {record["id"]: record for record in run.records["subscriptions"]}
