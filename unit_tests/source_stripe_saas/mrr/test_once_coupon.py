"""Coupons that are good for one invoice: M21, and M31 where they end."""

from unit_tests.source_stripe_saas.mrr.builders import (
    ALL_DISCOUNTS,
    coupon,
    discount,
    invoice,
    item,
    line,
    on,
    rows_of,
    short,
    snapshot,
    subscription,
    with_discounts,
)


def once_life(options, first_uses=False, **more):
    used = {"discount_amounts": [{"discount": "di_1", "amount": 500}]}
    first = line("il_1", "2026-01-01", "2026-02-01", **(used if first_uses else {}))
    second = line("il_2", "2026-02-01", "2026-03-01", **({} if first_uses else used))
    return rows_of(
        snapshots=[snapshot("2026-01-01", subscription())],
        discounts=[discount()],
        coupons=[coupon(duration="once")],
        invoices=[
            invoice("in_1", "2026-01-01", first, reason="subscription_create"),
            invoice("in_2", "2026-02-01", second, paid="2026-02-01 01:00", **more),
        ],
        options=options,
        now="2026-03-15",
    )


def test_m21_a_once_coupon_holds_for_the_period_of_the_line_that_used_it():
    assert short(once_life(ALL_DISCOUNTS)) == [
        ("activated", "2026-01-01", 1000),
        ("first_payment", "2026-01-01", 1000),
        ("discount_applied", "2026-02-01", 500),
        ("renewed", "2026-02-01T01:00:00Z", 500),
        ("discount_expired", "2026-03-01", 1000),
    ]


def test_m21_a_once_coupon_used_at_birth_is_part_of_it():
    assert short(once_life(ALL_DISCOUNTS, first_uses=True)) == [
        ("activated", "2026-01-01", 500),
        ("first_payment", "2026-01-01", 500),
        ("discount_expired", "2026-02-01", 1000),
        ("renewed", "2026-02-01T01:00:00Z", 1000),
    ]


def test_m21_the_row_is_made_when_the_invoice_is_finalized_and_dated_by_the_period():
    late = {"finalized_at": on("2026-02-01 00:59")}
    rows = once_life({}, times=late)
    assert short(rows)[2] == ("discount_applied", "2026-02-01", 1000)


def test_m21_a_row_between_period_start_and_finalization_stays_ahead():
    used = {"discount_amounts": [{"discount": "di_1", "amount": 500}]}
    renewal = invoice(
        "in_2",
        "2026-02-01",
        line("il_2", "2026-02-01", "2026-03-01", **used),
        times={"finalized_at": on("2026-02-01 00:59")},
        paid="2026-02-01 01:00",
    )
    rows = rows_of(
        snapshots=[
            snapshot("2026-01-01", subscription()),
            snapshot("2026-02-01 00:30", subscription(item(quantity=2))),
        ],
        invoices=[renewal],
        discounts=[discount()],
        coupons=[coupon(duration="once")],
        options=ALL_DISCOUNTS,
        now="2026-02-10",
    )
    assert short(rows)[1:3] == [
        ("quantity_increased", "2026-02-01T00:30:00Z", 2000),
        ("discount_applied", "2026-02-01T00:30:00Z", 1000),
    ]


def test_m21_a_once_coupon_removed_unused_makes_no_row():
    rows = rows_of(
        snapshots=[
            snapshot("2026-01-01", subscription()),
            snapshot("2026-01-10", with_discounts("di_1")),
            snapshot("2026-01-20", subscription()),
        ],
        discounts=[discount()],
        coupons=[coupon(duration="once")],
        options=ALL_DISCOUNTS,
    )
    assert short(rows) == [("activated", "2026-01-01", 1000)]


def test_m21_a_once_coupon_ends_item_by_item():
    used = [{"discount": "di_1", "amount": 500}]
    lines = [
        line("il_1", "2026-01-01", "2026-02-01", discount_amounts=used),
        line("il_2", "2026-01-01", "2027-01-01", "y120", 1, 12000, "si_2", discount_amounts=used),
    ]
    rows = rows_of(
        snapshots=[snapshot("2026-01-01", subscription(item(), item("si_2", "y120")))],
        invoices=[invoice("in_1", "2026-01-01", *lines, reason="subscription_create")],
        discounts=[discount()],
        coupons=[coupon(duration="once")],
        options=ALL_DISCOUNTS,
        now="2027-02-01",
    )
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("first_payment", "2026-01-01", 1000),
        ("discount_expired", "2026-02-01", 1500),
        ("discount_expired", "2027-01-01", 2000),
    ]


def test_m21_a_once_coupon_of_the_customer_works_through_its_lines_too():
    used = [{"discount": "di_c", "amount": 500}]
    one = line("il_2", "2026-02-01", "2026-03-01", discount_amounts=used)
    with_it, without = ({"id": "cus_1", "discount": found} for found in ("di_c", None))
    rows = rows_of(
        snapshots=[
            snapshot("2026-01-01", subscription(customer=with_it)),
            snapshot("2026-02-01", subscription(customer=without)),
        ],
        invoices=[invoice("in_2", "2026-02-01", one)],
        discounts=[{**discount("di_c"), "customer": "cus_1"}],
        coupons=[coupon(duration="once")],
        options=ALL_DISCOUNTS,
        now="2026-03-20",
    )
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("discount_applied", "2026-02-01", 500),
        ("first_payment", "2026-02-01", 500),
        ("discount_expired", "2026-03-01", 1000),
    ]


def test_m31_a_once_coupon_does_not_outlive_its_subscription():
    used = line("il_1", "2026-01-01", "2026-02-01", discount_amounts=[
        {"discount": "di_1", "amount": 500}
    ])  # fmt: skip
    ended = subscription(status="canceled", ended_at=on("2026-01-20"))
    rows = rows_of(
        snapshots=[snapshot("2026-01-01", subscription()), snapshot("2026-01-20", ended)],
        invoices=[invoice("in_1", "2026-01-01", used, reason="subscription_create")],
        discounts=[discount()],
        coupons=[coupon(duration="once")],
        options=ALL_DISCOUNTS,
    )
    assert short(rows) == [
        ("activated", "2026-01-01", 500),
        ("first_payment", "2026-01-01", 500),
        ("canceled", "2026-01-20", 0),
    ]


def test_m21_a_once_coupon_of_an_invoice_finalized_after_its_period_has_both_rows():
    used = [{"discount": "di_1", "amount": 500}]
    week = line("il_2", "2026-02-01", "2026-02-08", discount_amounts=used)
    late = {"finalized_at": on("2026-02-10")}
    rows = rows_of(
        snapshots=[snapshot("2026-01-01", subscription())],
        invoices=[invoice("in_2", "2026-02-01", week, paid="2026-02-10", times=late)],
        discounts=[discount()],
        coupons=[coupon(duration="once")],
        options=ALL_DISCOUNTS,
        now="2026-02-20",
    )
    # Made on the 10th, dated by the week that the coupon was good for: 1000 - 1000 / 2 in it.
    assert short(rows) == [
        ("activated", "2026-01-01", 1000),
        ("discount_applied", "2026-02-01", 500),
        ("discount_expired", "2026-02-08", 1000),
        ("first_payment", "2026-02-10", 1000),
    ]
