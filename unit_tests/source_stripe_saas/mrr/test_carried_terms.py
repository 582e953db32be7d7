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
    line,
    on,
    short,
    subscription,
    updated,
)
from unit_tests.source_stripe_saas.mrr.histories import MONTHS, month

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


def after_estimate(*later, upper="2026-03-20", split_at=None, shown=None):
    """Rows after a first sync that saw 3.00 off 20.00, of a coupon that is deleted."""
    raw = with_discount(2)
    cut = [{"discount": "di_1", "amount": 300}]
    first = month(
        0, line("il_0", MONTHS[0], MONTHS[1], quantity=2, amount=2000, discount_amounts=cut)
    )
    rows, context = derived("2026-01-20", Catalog(PRICES), subscription=raw, invoices=[first])
    # 2000 x (1 - 15 %), as 3.00 are 15 % of 20.00
    assert [row["mrr_after"] for row in rows] == [1700, 1700]
    found = []
    for bound in [*([split_at] if split_at else []), upper]:
        told = [one for one in later if one["created"] <= on(bound)]
        invoices = [one["data"]["object"] for one in told if one["type"] == "invoice.paid"]
        since, context = derived(
            bound,
            Catalog(PRICES),
            context,
            subscription=shown or with_discount(5),
            events=told,
            invoices=invoices,
        )
        found += since
    return found, context


def renewed(number, quantity, taken):
    amount, cut = 1000 * quantity, [{"discount": "di_1", "amount": taken}]
    start, end = MONTHS[number], MONTHS[number + 1]
    bill = line(f"il_{number}", start, end, "p10", quantity, amount, discount_amounts=cut)
    paid = month(number, bill, total=amount - taken, paid=f"{start} 01:00")
    return event(f"evt_{number}", "invoice.paid", f"{start} 01:00", paid)


MORE_SEATS = updated(with_discount(5), {"items": with_discount(2)["items"]}, "2026-01-25")


@pytest.mark.parametrize("split_at", [None, "2026-01-30", "2026-02-10"], ids=["one", "two", "late"])
def test_m42a_a_later_invoice_that_shows_the_same_amount_corrects_the_share(split_at):
    rows, context = after_estimate(
        MORE_SEATS, renewed(1, 5, 300), renewed(2, 5, 300), split_at=split_at
    )
    assert short(rows) == [
        ("quantity_increased", "2026-01-25", 4250),  # 5000 x (1 - 15 %)
        ("adjusted", "2026-02-01", 4700),  # 5000 - 300
        ("renewed", "2026-02-01T01:00:00Z", 4700),
        ("renewed", "2026-03-01T01:00:00Z", 4700),
    ]
    assert [row["adjustment_reason"] for row in rows] == [None, "better_estimate", None, None]
    assert [row["billing_check"] for row in rows] == [None, None, "agrees", "agrees"]
    ((_, raw),) = context.learned["discounts"].values()
    assert raw["source"]["coupon"]["amount_off"] == 300


def test_m42a_a_later_invoice_that_shows_the_share_leaves_it():
    rows, _ = after_estimate(MORE_SEATS, renewed(1, 5, 750))
    assert short(rows)[1:] == [("renewed", "2026-02-01T01:00:00Z", 4250)]


def test_m42a_a_later_invoice_of_less_than_the_amount_shows_it_by_all_that_is_taken():
    cut = [{"discount": "di_1", "amount": 1200}]
    bill = line("il_0", MONTHS[0], MONTHS[1], quantity=2, amount=2000, discount_amounts=cut)
    first = month(0, bill, total=800)
    _, context = derived(
        "2026-01-20", Catalog(PRICES), subscription=with_discount(2), invoices=[first]
    )
    fewer = updated(with_discount(1), {"items": with_discount(2)["items"]}, "2026-01-25")
    paid = renewed(1, 1, 1000)
    given = {"subscription": with_discount(1), "events": [fewer, paid]}
    given["invoices"] = [paid["data"]["object"]]
    rows, context = derived("2026-02-20", Catalog(PRICES), context, **given)
    assert short(rows)[:2] == [
        ("quantity_decreased", "2026-01-25", 400),  # 1000 x (1 - 1200 / 2000)
        ("adjusted", "2026-02-01", 0),  # 1000 - 12.00, of which there are only 10.00
    ]
    assert rows[1]["adjustment_reason"] == "better_estimate"
    ((_, raw),) = context.learned["discounts"].values()
    assert raw["source"]["coupon"]["amount_off"] == 1200


def test_m42a_a_later_invoice_corrects_a_share_that_is_off_by_a_rounding():
    # 3.00 of 20.00 is 15 %; 7.51 of 50.00 is 15.02 %, and 15 % of that would be 7.50.
    rows, context = after_estimate(MORE_SEATS, renewed(1, 5, 751), renewed(2, 5, 751))
    assert short(rows)[:2] == [
        ("quantity_increased", "2026-01-25", 4250),  # 5000 x (1 - 15 %)
        ("adjusted", "2026-02-01", 4249),  # 5000 - 751
    ]
    assert [row["adjustment_reason"] for row in rows] == [None, "better_estimate", None, None]
    assert [row["billing_check"] for row in rows[2:]] == ["agrees", "agrees"]
    ((_, raw),) = context.learned["discounts"].values()
    assert raw["source"]["coupon"]["percent_off"] == "751/50"


def ten_seats(taken):
    more = updated(with_discount(10), {"items": with_discount(2)["items"]}, "2026-01-25")
    return after_estimate(more, renewed(1, 10, taken), shown=with_discount(10))


def test_m42a_a_later_invoice_of_much_more_shows_the_share_that_both_round_to():
    # 3.00 of 20.00 is 14.975 % to 15.025 %; 15.02 of 100.00 is 15.015 % to 15.025 %: 15.02 %.
    rows, context = ten_seats(1502)
    assert short(rows) == [
        ("quantity_increased", "2026-01-25", 8500),  # 10000 x (1 - 15 %)
        ("adjusted", "2026-02-01", 8498),  # 10000 x (1 - 15.02 %)
        ("renewed", "2026-02-01T01:00:00Z", 8498),
    ]
    assert [row["adjustment_reason"] for row in rows] == [None, "better_estimate", None]
    ((_, raw),) = context.learned["discounts"].values()
    assert raw["source"]["coupon"]["percent_off"] == "751/50"


def test_m42a_a_share_that_the_estimates_own_invoice_does_not_round_to_leaves_it():
    # 15.04 of 100.00 is 15.035 % at least, of which 20.00 would have been 3.01.
    rows, _ = ten_seats(1504)
    assert [(row["mrr_after"], row["billing_check"]) for row in rows[1:]] == [(8500, "differs")]


def test_m42a_a_later_invoice_that_shows_neither_leaves_the_estimate_and_is_found():
    rows, _ = after_estimate(MORE_SEATS, renewed(1, 5, 500))
    [row] = rows[1:]
    assert (row["mrr_after"], row["billing_check"]) == (4250, "differs")


def test_m42a_a_later_invoice_that_shows_it_on_another_product_extends_it():
    raw = subscription(item(of="p20", quantity=2), discounts=["di_1"])
    change = updated(raw, {"items": with_discount(2)["items"]}, "2026-01-25")
    cut = [{"discount": "di_1", "amount": 600}]
    bill = line("il_1", MONTHS[1], MONTHS[2], "p20", 2, 4000, discount_amounts=cut)
    told = event("evt_1", "invoice.paid", MONTHS[1], month(1, bill, total=3400))
    rows, _ = after_estimate(change, told, shown=raw)
    assert short(rows) == [
        ("upgraded", "2026-01-25", 4000),  # the product of p20 had not been seen with it
        ("adjusted", "2026-02-01", 3400),  # 4000 x (1 - 15 %)
        ("renewed", "2026-02-01", 3400),
    ]


@pytest.mark.parametrize("split_at", [None, "2026-01-30"], ids=["one", "two"])
def test_m42a_a_discount_of_which_a_later_invoice_is_the_first_to_tell_counts_from_then_on(
    split_at,
):
    raw = with_discount(2)
    rows, context = derived("2026-01-20", Catalog(PRICES), subscription=raw)
    assert [(row["mrr_after"], row["is_estimated"]) for row in rows] == [(2000, True)]
    found = []
    for bound in [*([split_at] if split_at else []), "2026-03-20"]:
        told = [one for one in (MORE_SEATS, renewed(1, 5, 750)) if one["created"] <= on(bound)]
        invoices = [one["data"]["object"] for one in told if one["type"] == "invoice.paid"]
        given = {"subscription": with_discount(5), "events": told, "invoices": invoices}
        rows, context = derived(bound, Catalog(PRICES), context, **given)
        found += rows
    assert short(found) == [
        ("quantity_increased", "2026-01-25", 5000),
        ("adjusted", "2026-02-01", 4250),  # 5000 - 750
        ("first_payment", "2026-02-01T01:00:00Z", 4250),
    ]
    assert found[1]["adjustment_reason"] == "better_estimate"


EUROS = {"id": "E", "amount_off": 1800, "currency": "eur", "duration": "forever"}


@pytest.mark.parametrize(
    ("coupons", "before"),
    [({}, 0), ({"E": EUROS}, 3000)],  # 100 % of 5000; 20.00 of a coupon known to take an amount
    ids=["deleted", "in another currency"],
)
def test_m42a_what_took_all_there_was_is_an_amount_once_there_is_more(coupons, before):
    cut = [{"discount": "di_1", "amount": 2000}]
    bill = line("il_0", MONTHS[0], MONTHS[1], quantity=2, amount=2000, discount_amounts=cut)
    raw, paid = with_discount(2), month(0, bill, total=0)
    catalog = Catalog(PRICES, coupons, {"di_1": discount(of="E")} if coupons else {})
    rows, context = derived("2026-01-20", catalog, subscription=raw, invoices=[paid])
    assert rows[0]["mrr_after"] == 0  # 2000 of 2000 may be all, whatever is billed
    told = [MORE_SEATS, renewed(1, 5, 2400)]
    given = {"subscription": with_discount(5), "events": told}
    given["invoices"] = [told[1]["data"]["object"]]
    rows, _ = derived("2026-02-20", catalog, context, **given)
    assert short(rows) == [
        ("quantity_increased", "2026-01-25", before),
        ("adjusted", "2026-02-01", 2600),  # 5000 - 2400
        ("first_payment", "2026-02-01T01:00:00Z", 2600),
    ]


def test_what_only_the_list_showed_of_a_coupon_is_remembered_when_an_object_shows_the_rest():
    listed = {**THREE_OFF, "applies_to": {"products": ["prod_p10"]}}
    _, context = first_sync(discount(of="C"), {"C": listed})
    shown = {name: listed[name] for name in ("id", "amount_off", "currency", "duration")}
    held = {**discount(), "source": {"coupon": shown}}
    raw = {**subscription(item(), item("si_2", "p20")), "discounts": [held]}
    before = {"items": with_discount()["items"]}
    change = updated(raw, before, "2026-02-10")
    rows, _ = derived("2026-03-01", Catalog(PRICES), context, subscription=raw, events=[change])
    # 10.00 less 3.50 USD, and 20.00 of a product that it is not on
    assert short(rows) == [("upgraded", "2026-02-10", 2650)]
