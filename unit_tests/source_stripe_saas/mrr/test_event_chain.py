"""From events to states: payloads of any age and what they say of before, M28 and M29."""

import pytest

from source_stripe_saas.mrr.catalog import Book, Catalog
from source_stripe_saas.mrr.event_chain import prior_object
from source_stripe_saas.mrr.state import state_from
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    coupon,
    created,
    event,
    invoice,
    item,
    on,
    rows_of,
    short,
    snapshot,
    subscription,
    updated,
)

PLAN = {"id": "gold", "amount": 2000, "currency": "usd", "interval": "month"}


def read(raw):
    book = Book(Catalog(PRICES))
    return state_from(raw, book), book


def test_m28_the_oldest_payload_has_only_a_plan_and_a_quantity():
    raw = subscription()
    del raw["items"], raw["currency"]
    state, book = read({**raw, "plan": PLAN, "quantity": 3})
    assert [(one.price, one.quantity) for one in state.items] == [("gold", 3)]
    assert state.currency == "usd"
    assert book.price("gold").amount(3, "usd") == 6000


def test_m28_top_level_plan_and_quantity_are_ignored_beside_items():
    state, _ = read({**subscription(item(quantity=2)), "plan": PLAN, "quantity": 9})
    assert [(one.price, one.quantity) for one in state.items] == [("p10", 2)]


def test_m28_items_may_name_a_plan_instead_of_a_price():
    state, book = read(subscription({"id": "si_1", "plan": PLAN, "quantity": 1}))
    assert state.items[0].price == "gold"
    assert not book.price("gold").is_metered


def test_m28_tiers_named_their_amount_otherwise_and_packages_were_usage():
    old = {
        **PLAN,
        "billing_scheme": "tiered",
        "tiers_mode": "volume",
        "tiers": [{"up_to": "inf", "amount": 7}],
    }
    _, book = read(subscription({"id": "si_1", "plan": old}))
    assert book.price("gold").amount(10, "usd") == 70
    packed = {**PLAN, "id": "box", "transform_usage": {"divide_by": 10, "round": "up"}}
    _, book = read(subscription({"id": "si_1", "plan": packed}))
    assert book.price("box").amount(11, "usd") == 4000


def test_m28_start_and_customer_are_found_in_either_shape():
    state, _ = read(subscription(start=on("2025-12-01"), customer={"id": "cus_9"}))
    assert (state.start_date, state.customer) == (on("2025-12-01"), "cus_9")


def test_m28_an_item_without_a_name_is_the_only_item_of_the_next_payload():
    bare = subscription()
    bare.pop("items")
    old = {**bare, "plan": PRICES["p10"], "quantity": 1}
    rows = rows_of(
        snapshots=[
            snapshot("2026-01-01", old),
            snapshot("2026-02-01", subscription(item("si_7", quantity=2))),
        ]
    )
    assert short(rows)[1] == ("quantity_increased", "2026-02-01", 2000)


def test_m28_things_outside_the_vector_make_no_row():
    rows = rows_of(
        snapshots=[
            snapshot("2026-01-01", subscription()),
            snapshot(
                "2026-02-01",
                subscription(
                    metadata={"a": "b"},
                    schedule="sub_sched_1",
                    pending_update={"subscription_items": []},
                    current_period_end=on("2026-03-01"),
                ),
            ),
        ]
    )
    assert len(rows) == 1


def test_m28_invoices_before_statuses_and_reasons_are_read_by_what_they_have():
    first = invoice("in_1", "2026-01-01", total=1000, reason="subscription", status=None, paid="")
    first.update(paid=True, status_transitions=None)
    lost = invoice("in_2", "2026-02-01", total=1000, reason="subscription", status=None)
    lost.update(paid=False, forgiven=True, status_transitions=None)
    last = {**first, "id": "in_3", "created": on("2026-03-01")}
    rows = rows_of(snapshots=[snapshot("2026-01-01", subscription())], invoices=[last, lost, first])
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("first_payment", "2026-01-01", 1000),
        ("renewed", "2026-03-01", 1000),
    ]
    assert [row["invoice_id"] for row in rows] == [None, "in_1", "in_3"]


def test_m29_hashes_merge_key_by_key_and_lists_replace():
    after = {
        "id": "sub_1",
        "pause_collection": {"behavior": "void", "resumes_at": 5},
        "items": {"object": "list", "data": [{"id": "a"}, {"id": "b"}]},
        "discounts": ["x", "y"],
    }
    before = prior_object(
        updated(
            after,
            {
                "pause_collection": {"resumes_at": None},
                "items": {"data": [{"id": "a"}]},
                "discounts": ["x"],
            },
            "2026-01-01",
        )
    )
    assert before["pause_collection"] == {"behavior": "void", "resumes_at": None}
    assert before["items"]["data"] == [{"id": "a"}]
    assert before["discounts"] == ["x"]


def test_m29_old_accounts_list_only_the_elements_that_changed():
    after = {"items": {"data": [{"id": "a", "quantity": 2}, {"id": "b", "quantity": 1}]}}
    change = {"items": {"data": [{"id": "a", "quantity": 1}]}}
    old = updated(after, change, "2026-01-01", api_version="2017-04-06")
    new = updated(after, change, "2026-01-01", api_version="2017-05-25")
    assert [one["quantity"] for one in prior_object(old)["items"]["data"]] == [1, 1]
    assert [one["id"] for one in prior_object(new)["items"]["data"]] == ["a"]


def test_m29_a_list_of_old_accounts_keeps_what_it_says_beside_its_elements():
    after = {"items": {"data": [{"id": "a", "quantity": 2}], "has_more": False}}
    change = {"items": {"data": [{"id": "a", "quantity": 1}], "has_more": True}}
    before = prior_object(updated(after, change, "2026-01-01", api_version="2017-04-06"))
    assert before["items"] == {"data": [{"id": "a", "quantity": 1}], "has_more": True}


def test_m29_a_changed_top_level_plan_alone_is_the_only_items():
    after = {**subscription(item(quantity=3)), "plan": {"id": "silver"}}
    before = prior_object(updated(after, {"plan": {"id": "gold"}}, "2026-01-01"))
    [entry] = before["items"]["data"]
    assert (entry["plan"]["id"], entry["quantity"]) == ("gold", 3)
    assert "price" not in entry


def test_m29_old_accounts_name_no_item_that_the_change_added():
    held, added = item("si_1"), item("si_2", created=on("2026-01-01"))
    change = {"items": {"data": []}}
    told = updated(subscription(held, added), change, "2026-01-01", api_version="2017-04-06")
    assert [one["id"] for one in prior_object(told)["items"]["data"]] == ["si_1"]


def test_m29_a_changed_top_level_quantity_is_the_only_items():
    after = {**subscription(item(quantity=3)), "quantity": 3}
    before = prior_object(updated(after, {"quantity": 1}, "2026-01-01"))
    assert before["items"]["data"][0]["quantity"] == 1


@pytest.mark.parametrize("kind", ["created", "deleted", "paused", "resumed"])
def test_m29_other_events_say_nothing_about_the_state_before(kind):
    told = event("evt_1", f"customer.subscription.{kind}", "2026-01-01", subscription())
    assert prior_object(told) is None


def test_m29_a_missed_event_shows_as_a_bounded_row_before():
    rows = rows_of(
        events=[
            created(subscription()),
            # nothing told of the change from 1 to 4
            updated(
                subscription(item(quantity=5)),
                {"items": {"data": [item(quantity=4)]}},
                "2026-02-01",
            ),
        ]
    )
    assert short(rows)[1:] == [
        ("quantity_increased", "2026-02-01", 4000),
        ("quantity_increased", "2026-02-01", 5000),
    ]
    assert [row["time_precision"] for row in rows] == ["exact", "bounded", "exact"]
    assert [row["stripe_event_id"] for row in rows][1:] == [None, "evt_2"]
    assert rows[1]["event_id"] != rows[2]["event_id"]


def test_m28_a_plan_that_old_payloads_swap_is_swapped_on_the_only_item():
    silver = {**PLAN, "id": "silver", "amount": 900}

    def old(plan, quantity):
        entry = {"id": "si_1", "plan": plan, "quantity": quantity}
        listed = {"object": "list", "data": [entry]}
        return {**subscription(), "plan": plan, "quantity": quantity, "items": listed}

    before = {"plan": {"id": "gold", "amount": 2000}, "quantity": 1}
    events = [created(old(PLAN, 1)), updated(old(silver, 3), before, "2026-02-01")]
    rows = rows_of(prices={}, events=events)
    assert short(rows) == [("activated", "2026-01-01", 2000), ("upgraded", "2026-02-01", 2700)]
    assert rows[1]["time_precision"] == "exact"


def test_m28_m29_the_single_discount_of_old_payloads_may_be_swapped_for_another():
    def old(key, percent, start):
        mine = {"id": key, "coupon": coupon(f"F{percent}", percent), "start": on(start)}
        return {**subscription(), "discount": {**mine, "end": None, "subscription": "sub_1"}}

    before = {"discount": {"id": "di_a", "coupon": coupon("F10", 10), "start": on("2026-01-01")}}
    events = [
        created(old("di_a", 10, "2026-01-01")),
        updated(old("di_b", 50, "2026-02-01"), before, "2026-02-01"),
    ]
    assert [(row["event_type"], row["discount_id"]) for row in rows_of(events=events)] == [
        ("activated", None),
        ("discount_removed", "di_a"),
        ("discount_applied", "di_b"),
    ]


def test_m28_a_price_that_is_only_named_leaves_room_for_one_that_is_spelled_out():
    bare = subscription({"id": "si_1", "plan": {"id": "gold"}, "quantity": 1})
    full = subscription({"id": "si_1", "plan": PLAN, "quantity": 2})
    before = {"items": {"data": [{"id": "si_1", "plan": {"id": "gold"}, "quantity": 1}]}}
    rows = rows_of(prices={}, events=[created(bare), updated(full, before, "2026-02-01")])
    assert [row["mrr_after"] for row in rows] == [2000, 4000]


def test_m29_an_update_that_tells_nothing_of_the_state_before_is_compared_with_the_last_one():
    told = updated(subscription(item(quantity=2)), None, "2026-02-01")
    assert "previous_attributes" not in told["data"]
    rows = rows_of(events=[created(subscription()), told])
    assert short(rows)[1:] == [("quantity_increased", "2026-02-01", 2000)]
    assert rows[1]["stripe_event_id"] == "evt_2"
