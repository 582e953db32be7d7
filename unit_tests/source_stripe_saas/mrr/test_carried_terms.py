"""Terms of a discount that one sync knew are known to the next, though the coupon is gone (M15)."""

import pytest

from source_stripe_saas.mrr import Catalog, Context, Facts, Options, derive_subscription
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    coupon,
    created,
    discount,
    event,
    item,
    on,
    short,
    subscription,
    updated,
)

THREE_OFF = {
    "id": "C",
    "amount_off": 300,
    "currency": "eur",
    "currency_options": {"usd": {"amount_off": 350}, "gbp": {"amount_off": 250}},
    "duration": "forever",
}


def derived(upper, catalog, context=None, **facts):
    given = Facts("sub_1", on(upper), on("2025-12-01"), **facts)
    if context is not None:
        context = Context.from_json(context.compact().to_json())
    return derive_subscription(given, catalog, Options(), context)


def with_discount(quantity=1, found="di_1"):
    return subscription(item(quantity=quantity), discounts=[found] if found else [])


def first_sync(shown, coupons):
    raw = with_discount()
    return derived(
        "2026-02-01",
        Catalog(PRICES, coupons, {"di_1": shown}),
        events=[created({**raw, "discounts": [shown]})],
        subscription={**raw, "discounts": [shown]},
    )


# The coupon may be listed still when the discount is first read, or show on the discount alone.
LISTED = (discount(of="C"), {"C": THREE_OFF})
EXPANDED = ({**discount(), "source": {"coupon": THREE_OFF}}, {})


@pytest.mark.parametrize(("shown", "coupons"), [LISTED, EXPANDED], ids=["listed", "expanded"])
def test_a_discount_removed_after_its_coupon_was_deleted_gives_back_what_it_took(shown, coupons):
    rows, context = first_sync(shown, coupons)
    # 10.00 less 3.50 USD
    assert short(rows) == [("activated", "2026-01-01", 650)]
    bare = {"id": "di_1", "start": shown["start"], "source": {"coupon": "C"}}
    gone = [
        event("evt_8", "customer.discount.deleted", "2026-02-10", {**bare, "object": "discount"}),
        updated(with_discount(found=None), {"discounts": ["di_1"]}, "2026-02-10", key="evt_9"),
    ]
    rows, _ = derived("2026-03-01", Catalog(PRICES), context, events=gone)
    assert short(rows) == [("discount_removed", "2026-02-10", 1000)]
    assert [row["mrr_before"] for row in rows] == [650]
    assert [row["is_estimated"] for row in rows] == [False]


def test_more_seats_under_it_are_valued_with_its_terms():
    _, context = first_sync(*LISTED)
    change = updated(with_discount(3), {"items": with_discount()["items"]}, "2026-02-10")
    rows, _ = derived("2026-03-01", Catalog(PRICES), context, events=[change])
    # 30.00 less 3.50
    assert short(rows) == [("quantity_increased", "2026-02-10", 2650)]


def test_what_an_account_lists_now_is_better_than_what_is_remembered():
    _, context = first_sync(*LISTED)
    # Amounts in other currencies are all of a coupon that can be edited (M11).
    edited = {**THREE_OFF, "currency_options": {"usd": {"amount_off": 400}}}
    catalog = Catalog(PRICES, {"C": edited}, {"di_1": discount(of="C")})
    change = updated(with_discount(3), {"items": with_discount()["items"]}, "2026-02-10")
    rows, _ = derived("2026-03-01", catalog, context, events=[change])
    assert rows[-1]["mrr_after"] == 2600


def test_of_amounts_only_those_in_the_subscription_s_currency_are_remembered():
    _, context = first_sync(*LISTED)
    ((_, raw),) = context.compact().learned["discounts"].values()
    assert raw["source"]["coupon"]["currency_options"] == {"usd": {"amount_off": 350}}


def test_a_percentage_is_remembered_as_it_is():
    shown = {**discount(), "source": {"coupon": coupon("C", 20)}}
    _, context = first_sync(shown, {})
    change = updated(with_discount(2), {"items": with_discount()["items"]}, "2026-02-10")
    rows, _ = derived("2026-03-01", Catalog(PRICES), context, events=[change])
    assert short(rows) == [("quantity_increased", "2026-02-10", 1600)]
