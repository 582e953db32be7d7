"""What Stripe embeds, leaves out and expands."""

import copy
import gc
import weakref

import pytest

from stripe_sandbox.refusals import Refusal
from stripe_sandbox.render import render
from stripe_sandbox.store import Store

NOW = 1_781_524_800


def a_store() -> Store:
    store = Store(now=NOW)
    store.put({"id": "in_1", "object": "invoice", "created": NOW, "customer": "cus_1"})
    return store


def a_line(number, kind="subscription_item_details"):
    return {
        "id": f"il_{number}",
        "object": "line_item",
        "parent": {"type": kind},
        "discounts": ["di_1"],
    }


def test_a_list_that_is_always_embedded_holds_its_ten_newest_entries_and_says_there_are_more():
    store = a_store()
    for number in range(12):
        store.put(a_line(number), parent="in_1")
    lines = render(store, store.get("invoice", "in_1"))["lines"]
    assert [line["id"] for line in lines["data"]] == [f"il_{n}" for n in range(11, 1, -1)]
    assert lines["has_more"] is True
    assert lines["url"] == "/v1/invoices/in_1/lines"


def test_ten_entries_are_all_there_is():
    store = a_store()
    for number in range(10):
        store.put(a_line(number), parent="in_1")
    assert render(store, store.get("invoice", "in_1"))["lines"]["has_more"] is False


def test_pending_items_come_first_then_subscription_items_then_later_additions_oldest_first():
    store = a_store()
    store.put(a_line(1, "invoice_item_details"), parent="in_1")
    store.put(a_line(2, "invoice_item_details"), parent="in_1")
    store.put(a_line(3), parent="in_1")
    store.put(a_line(4), parent="in_1")
    store.now += 60
    store.put(a_line(5, "invoice_item_details"), parent="in_1")
    store.put(a_line(6, "invoice_item_details"), parent="in_1")
    lines = render(store, store.get("invoice", "in_1"))["lines"]["data"]
    assert [line["id"] for line in lines] == ["il_2", "il_1", "il_4", "il_3", "il_5", "il_6"]


def test_a_list_that_needs_expansion_is_absent_without_it():
    store = a_store()
    store.put({"id": "inpay_1", "object": "invoice_payment", "created": NOW, "invoice": "in_1"})
    invoice = store.get("invoice", "in_1")
    assert "payments" not in render(store, invoice)
    assert render(store, invoice, ["payments"])["payments"]["data"][0]["id"] == "inpay_1"


def test_external_accounts_are_embedded_only_for_a_controlling_platform():
    store = Store(now=NOW)
    account = {"id": "acct_1", "object": "account", "controller": {"is_controller": True}}
    other = {"id": "acct_2", "object": "account", "controller": {"type": "account"}}
    for content in (account, other):
        store.put(content)
    store.put({"id": "ba_1", "object": "bank_account"}, parent="acct_1")
    assert [e["id"] for e in render(store, account)["external_accounts"]["data"]] == ["ba_1"]
    assert "external_accounts" not in render(store, other)


def test_tiers_are_absent_rather_than_null_until_expanded():
    store = Store(now=NOW)
    price = {"id": "price_1", "object": "price", "product": "prod_1", "tiers": [{"up_to": None}]}
    store.put(price)
    assert "tiers" not in render(store, price)
    assert render(store, price, ["tiers"])["tiers"] == [{"up_to": None}]


def test_tiers_are_absent_from_a_price_inside_a_subscription_item_too():
    store = Store(now=NOW)
    store.put({"id": "price_1", "object": "price", "tiers": []})
    item = {"id": "si_1", "object": "subscription_item", "price": "price_1"}
    assert render(store, item)["price"] == {"id": "price_1", "object": "price"}
    assert render(store, item, ["price.tiers"])["price"]["tiers"] == []


def test_an_expanded_id_becomes_the_object_and_ids_inside_it_stay():
    store = Store(now=NOW)
    store.put({"id": "co_1", "object": "coupon", "applies_to": {"products": []}})
    store.put({"id": "di_1", "object": "discount", "source": {"type": "coupon", "coupon": "co_1"}})
    item = {"id": "ii_1", "object": "invoiceitem", "discounts": ["di_1"]}
    (discount,) = render(store, item, ["discounts"])["discounts"]
    assert discount["source"]["coupon"] == "co_1"
    (discount,) = render(store, item, ["discounts", "discounts.source.coupon"])["discounts"]
    assert discount["source"]["coupon"] == {"id": "co_1", "object": "coupon"}


def test_an_expanded_deleted_customer_is_a_stub():
    store = a_store()
    store.put({"id": "cus_1", "object": "customer", "name": "Gone"})
    store.remove("customer", "cus_1")
    invoice = render(store, store.get("invoice", "in_1"), ["customer"])
    assert invoice["customer"] == {"id": "cus_1", "object": "customer", "deleted": True}


def test_an_expanded_removed_discount_keeps_its_content():
    store = Store(now=NOW)
    store.put({"id": "di_1", "object": "discount", "source": {"type": "coupon"}})
    store.remove("discount", "di_1")
    item = {"id": "ii_1", "object": "invoiceitem", "discounts": ["di_1"]}
    (discount,) = render(store, item, ["discounts"])["discounts"]
    assert discount == {
        "id": "di_1",
        "object": "discount",
        "source": {"type": "coupon"},
        "deleted": True,
    }


def test_an_id_the_account_does_not_hold_stays_an_id():
    store = a_store()
    assert render(store, store.get("invoice", "in_1"), ["customer"])["customer"] == "cus_1"


def test_rendering_leaves_the_store_as_it_was():
    store = a_store()
    store.put({"id": "di_1", "object": "discount", "source": {"type": "coupon", "coupon": None}})
    store.put(a_line(1), parent="in_1")
    before = copy.deepcopy([store.rows, store.children])
    render(store, store.get("invoice", "in_1"), ["lines.data.discounts", "payments"])
    assert [store.rows, store.children] == before


def test_canceled_subscriptions_do_not_show_inside_their_customer():
    store = Store(now=NOW)
    customer = {"id": "cus_1", "object": "customer"}
    for number, status in enumerate(("active", "canceled", "past_due")):
        store.put(
            {
                "id": f"sub_{number}",
                "object": "subscription",
                "created": NOW + number,
                "customer": "cus_1",
                "status": status,
            }
        )
    shown = render(store, customer, ["subscriptions"])["subscriptions"]["data"]
    assert [entry["id"] for entry in shown] == ["sub_2", "sub_0"]


@pytest.mark.parametrize(
    "path",
    ["id", "billing_details", "nothing", "discounts.nothing", "customer.email", "data.discounts"],
)
def test_what_cannot_be_expanded_is_refused_by_name(path):
    store = a_store()
    with pytest.raises(Refusal) as refused:
        render(store, store.get("invoice", "in_1"), [path])
    assert refused.value.status == 400
    assert refused.value.message == f"This property cannot be expanded ({path})."


def test_four_levels_expand_and_five_do_not():
    store = Store(now=NOW)
    subscription = {"id": "sub_1", "object": "subscription"}
    render(store, subscription, ["items.data.price.product"])
    with pytest.raises(Refusal) as refused:
        render(store, subscription, ["items.data.price.product.default_price"])
    assert refused.value.code == "property_expansion_max_depth"


def test_a_store_that_nobody_uses_any_more_is_freed():
    store = Store(now=1_750_000_000)
    store.put({"object": "customer", "id": "cus_1", "created": 1_700_000_000})
    render(store, store.rows["customer"]["cus_1"].content)
    gone = weakref.ref(store)
    del store
    gc.collect()
    assert gone() is None
