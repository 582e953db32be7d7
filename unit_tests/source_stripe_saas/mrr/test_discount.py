"""Which discounts count, and how much each takes: M15 to M20."""

from fractions import Fraction

import pytest

from unit_tests.source_stripe_saas.mrr.builders import (
    coupon,
    created,
    discount,
    event,
    invoice,
    item,
    on,
    price,
    rows_of,
    short,
    snapshot,
    subscription,
    updated,
    value,
    with_discounts,
)


def test_m15_an_object_in_the_payload_wins_over_the_catalog():
    inside = discount("di_1", of=coupon("X", 10))
    assert value(with_discounts(inside), discounts=[discount()], coupons=[coupon()]) == 900


def test_m15_a_discount_event_tells_what_a_bare_id_is():
    told = discount("di_1", of=coupon("X", 25), subscription="sub_1")
    raw = with_discounts("di_1")
    events = [
        created(subscription()),
        event("evt_9", "customer.discount.created", "2026-02-01", told),
        updated(raw, {"discounts": []}, "2026-02-01"),
    ]
    assert short(rows_of(events=events))[-1] == ("discount_applied", "2026-02-01", 750)


def test_m15_a_reused_coupon_id_is_not_the_coupon_of_an_older_discount():
    fresh = coupon(created=on("2026-05-01"))
    assert value(with_discounts("di_1"), discounts=[discount()], coupons=[fresh]) == 1000
    old = coupon(created=on("2025-05-01"))
    assert value(with_discounts("di_1"), discounts=[discount()], coupons=[old]) == 500


def test_m15_invoices_tell_what_a_bare_id_is_before_it_is_estimated():
    told = invoice("in_1", "2026-01-01", reason="subscription_create")
    told["discounts"] = [discount("di_1", of=coupon("X", 40))]
    rows = rows_of(snapshots=[snapshot("2026-01-01", with_discounts("di_1"))], invoices=[told])
    assert rows[0]["mrr_after"] == 600


def test_m16_own_discounts_replace_the_customers_and_once_ones_do_not():
    raw = with_discounts("di_1", customer={"id": "cus_1", "discount": "di_c"})
    known = [discount("di_1"), discount("di_c", of="F10")]
    coupons = [coupon(), coupon("F10", 10)]
    assert value(raw, discounts=known, coupons=coupons) == 500
    coupons[0]["duration"] = "once"
    assert value(raw, discounts=known, coupons=coupons) == 900


def test_m16_the_old_single_discount_beside_the_list_counts_once():
    raw = with_discounts("di_1", discount=discount("di_1"))
    assert value(raw, discounts=[discount()], coupons=[coupon()]) == 500
    alone = subscription(discount=discount("di_1", of=coupon()))
    assert value(alone) == 500


def test_m16_a_discount_of_one_invoice_is_no_discount_of_the_subscription():
    known = discount(invoice="in_1")
    assert value(with_discounts("di_1"), discounts=[known], coupons=[coupon()]) == 1000


def test_m17_a_coupon_for_some_products_leaves_other_items_alone():
    limited = coupon(applies_to={"products": ["prod_p20"]})
    raw = with_discounts("di_1", items=(item(), item("si_2", "p20")))
    assert value(raw, discounts=[discount()], coupons=[limited]) == 1000 + 1000


def test_m18_item_discounts_come_first_each_on_what_the_last_one_left():
    amount = {"id": "A", "amount_off": 100, "currency": "usd", "duration": "forever"}
    known = [discount(), discount("di_2", of="A"), discount("di_i", of="F10")]
    coupons = [coupon(), amount, coupon("F10", 10)]
    given = {"discounts": known, "coupons": coupons}
    one = item(discounts=["di_i"])
    # 1000 x 9/10 = 900, x 1/2 = 450, - 100 = 350; the other way round (900 - 100) / 2 = 400.
    assert value(with_discounts("di_1", "di_2", items=[one]), **given) == 350
    assert value(with_discounts("di_2", "di_1", items=[one]), **given) == 400


def test_m18_an_uncounted_discount_is_as_if_absent():
    known = [discount(), discount("di_2", of="R")]
    coupons = [coupon(), coupon("R", 50, "repeating")]
    raw = with_discounts("di_2", "di_1")
    assert value(raw, discounts=known, coupons=coupons) == 500
    everything = {"options": {"discounts": "recurring"}}
    assert value(raw, discounts=known, coupons=coupons, **everything) == 250


def amount_off(minor, **more):
    return {"id": "A", "amount_off": minor, "currency": "usd", "duration": "forever", **more}


@pytest.mark.parametrize(
    ("minor", "expected"),
    [
        (500, Fraction(500) + 1000),  # off the monthly item: the yearly is not on every invoice
        (5000, Fraction(1000)),  # never more than there is
    ],
)
def test_m19_an_amount_is_off_every_invoice_of_the_shortest_interval(minor, expected):
    raw = with_discounts("di_1", items=(item(), item("si_2", "y120")))
    assert value(raw, discounts=[discount(of="A")], coupons=[amount_off(minor)]) == expected


def test_m19_an_amount_off_a_yearly_price_is_a_twelfth_a_month():
    raw = with_discounts("di_1", items=(item(of="y120"),))
    known = {"discounts": [discount(of="A")], "coupons": [amount_off(500)]}
    assert value(raw, **known) == 1000 - Fraction(500, 12)


def test_m19_an_item_worth_nothing_is_not_the_shortest_interval():
    # Off the monthly item: the weekly one is free, so no amount can come off it.
    items = (item(), item("si_2", "free_week"))
    known = {"discounts": [discount(of="A")], "coupons": [amount_off(500)]}
    prices = {"p10": price(), "free_week": price("free_week", "0", interval="week")}
    assert value(with_discounts("di_1", items=items), prices=prices, **known) == 1000 - 500


def test_m19_an_amount_in_another_currency_needs_an_option_for_it():
    raw = with_discounts("di_1", currency="eur")
    prices = {"p10": price(currency="eur")}
    known = {"discounts": [discount(of="A")], "prices": prices}
    assert value(raw, coupons=[amount_off(100)], **known) == 1000
    with_eur = amount_off(100, currency_options={"eur": {"amount_off": 90}})
    assert value(raw, coupons=[with_eur], **known) == 910


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("none", 1000), ("forever", 500), ("recurring", 250), ("all", 250)],
)
def test_m20_durations_that_count_in_each_mode(mode, expected):
    raw = with_discounts("di_1", "di_2")
    known = [discount(), discount("di_2", of="R", end="2026-06-01")]
    coupons = [coupon(), coupon("R", 50, "repeating")]
    rows = rows_of(
        snapshots=[snapshot("2026-01-01", raw)],
        discounts=known,
        coupons=coupons,
        options={"discounts": mode},
        now="2026-05-01",
    )
    assert rows[-1]["mrr_after"] == expected


def test_m20_a_discount_counts_from_its_row_even_if_it_starts_seconds_later():
    later = discount(start="2026-01-01")
    later["start"] += 5
    assert value(with_discounts("di_1"), discounts=[later], coupons=[coupon()]) == 500


def test_m16_the_list_may_only_name_what_the_old_single_field_spells_out():
    spelled = discount("di_1", of=coupon())
    both = subscription(discount=spelled, discounts=["di_1"])
    assert value(both) == 500
    events = [
        created(subscription(discount=None, discounts=[])),
        updated(both, {"discount": None, "discounts": []}, "2026-02-01"),
    ]
    assert short(rows_of(events=events))[1] == ("discount_applied", "2026-02-01", 500)


def test_m15_an_expanded_coupon_may_lack_what_only_the_catalog_has():
    inside = discount("di_1", of={**coupon(), "created": on("2025-01-01")})
    raw = with_discounts(inside, items=(item(), item("si_2", "p20")))
    limited = coupon(applies_to={"products": ["prod_p20"]})
    # The same coupon: 1000 + 2000 / 2. A younger one of its id says nothing of it: 3000 / 2.
    assert value(raw, coupons=[{**limited, "created": on("2025-01-01")}]) == 2000
    assert value(raw, coupons=[{**limited, "created": on("2026-05-01")}]) == 1500


@pytest.mark.parametrize("left", [None, {"id": "F50", "deleted": True}])
def test_m15_a_deleted_coupon_has_the_terms_that_another_place_tells(left):
    told = {**discount("di_1", of=coupon("F50", 40)), "subscription": "sub_1"}
    events = [
        created(with_discounts(discount("di_1", of=left or "F50"))),
        event("evt_9", "customer.discount.created", "2026-01-01", told),
    ]
    known = [] if left is None else [left]
    assert short(rows_of(events=events, coupons=known)) == [("activated", "2026-01-01", 600)]


def test_m16_item_discounts_do_not_stand_in_place_of_the_customers():
    raw = subscription(
        item(discounts=["di_i"]), customer={"id": "cus_1", "discount": discount("di_c")}
    )
    known = {"discounts": [discount("di_i", of="F10")], "coupons": [coupon(), coupon("F10", 10)]}
    assert value(raw, **known) == 1000 * Fraction(9, 10) / 2


def test_m16_an_own_discount_that_is_not_counted_still_replaces_the_customers():
    raw = with_discounts("di_r", customer={"id": "cus_1", "discount": "di_c"})
    known = [discount("di_r", of="R", end="2026-06-01"), discount("di_c")]
    rows = rows_of(
        snapshots=[snapshot("2026-01-01", raw)],
        discounts=known,
        coupons=[coupon(), coupon("R", 20, "repeating")],
    )
    # In the default mode neither counts until the own one ends; then the customer's is in force.
    assert [(row["event_type"], row["discount_id"], row["mrr_after"]) for row in rows] == [
        ("activated", None, 1000),
        ("discount_expired", "di_r", 1000),
        ("discount_applied", "di_c", 500),
    ]


def test_m18_no_discount_takes_more_than_there_is():
    assert value(with_discounts("di_1"), discounts=[discount()], coupons=[coupon("F50", 150)]) == 0


def test_m18_a_discount_put_in_front_counts_from_the_front():
    known = [discount(), discount("di_2", of="A")]
    shots = [
        snapshot("2026-01-01", with_discounts("di_2")),
        snapshot("2026-02-01", with_discounts("di_1", "di_2")),
    ]
    rows = rows_of(snapshots=shots, discounts=known, coupons=[coupon(), amount_off(100)])
    # 1000 - 100 = 900, then 1000 / 2 - 100 = 400
    assert [row["mrr_after"] for row in rows] == [900, 400]


def test_m19_the_shortest_interval_is_that_of_eligible_items():
    limited = amount_off(300, applies_to={"products": ["prod_y120"]})
    raw = with_discounts("di_1", items=(item(), item("si_2", "y120")))
    # The monthly item is not eligible: 1000 + 12000 / 12 - 300 / 12
    assert value(raw, discounts=[discount(of="A")], coupons=[limited]) == 1975


def test_m19_an_amount_is_shared_in_proportion_to_what_earlier_discounts_left():
    items = (item("si_1", "p30", discounts=["di_i"]), item("si_2"))
    rows = rows_of(
        snapshots=[snapshot("2026-01-01", with_discounts("di_1", items=items))],
        discounts=[discount(of="A"), discount("di_i", of="F10")],
        coupons=[amount_off(370), coupon("F10", 10)],
    )
    # 2700 and 1000 are left, and 370 is a tenth of both together.
    assert [one["mrr"] for one in rows[0]["items_after"]] == [2430, 900]


def test_m20_a_months_free_coupon_has_no_effect_unless_repeating_ones_count():
    given = {
        "snapshots": [snapshot("2026-01-01", with_discounts("di_1"))],
        "discounts": [discount(of="R", end="2026-04-01")],
        "coupons": [coupon("R", 100, "repeating")],
    }
    plain = rows_of(**given)
    counted = rows_of(**given, options={"discounts": "recurring"})
    assert short(plain) == [
        ("activated", "2026-01-01", 1000),
        ("discount_expired", "2026-04-01", 1000),
    ]
    assert [(row["mrr_after"], row["movement"]) for row in counted] == [(0, "none"), (1000, "new")]
