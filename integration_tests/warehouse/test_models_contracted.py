"""MRR that is already decided (M66, M67): subscriptions by hand, each with one thing to come.

As of 15 June 2026, in dollars, each worked out beside it in cents a month.
"""

from __future__ import annotations

import pytest

from integration_tests.warehouse.handmade import Handmade, life, seconds

pytestmark = pytest.mark.slow

NOW = "2026-06-15 12:00"
FOREVER = {"duration": "forever", "valid": True}


def subscription(key, status="active", **more):
    """A subscription as it is now."""
    return {
        "id": f"sub_{key}",
        "customer": f"cus_{key}",
        "status": status,
        "currency": "usd",
        "created": seconds("2026-01-01"),
        **more,
    }


def item(key, price, quantity=1, until="2026-07-01"):
    """The item of a subscription."""
    return {
        "id": f"si_{key}",
        "subscription": f"sub_{key}",
        "quantity": quantity,
        "price": {"id": price, "product": "prod_1"},
        "current_period_end": seconds(until),
    }


def price(key, amount=None, interval="month", **more):
    """A price in dollars."""
    return {
        "id": key,
        "currency": "usd",
        "product": "prod_1",
        "unit_amount": amount,
        "unit_amount_decimal": None if amount is None else str(amount),
        "recurring": {"interval": interval, "interval_count": 1, "usage_type": "licensed"},
        **more,
    }


def trial(key, **more):
    """A trial that ends on 20 June."""
    return subscription(key, "trialing", trial_end=seconds("2026-06-20"), **more)


def discount(coupon, end=None):
    """A discount of a coupon."""
    return {"id": f"di_{coupon}", "source": {"type": "coupon", "coupon": coupon}, "end": end}


def schedule(key, *phases, **more):
    """A schedule: the first moment and items of each phase to come."""
    now = {"start_date": seconds("2026-06-01"), "end_date": seconds(phases[0][0]), "items": []}
    return {
        "id": f"sched_{key}",
        "subscription": f"sub_{key}",
        "status": "active",
        "end_behavior": "release",
        "phases": [
            now,
            *(
                {
                    "start_date": seconds(start),
                    "end_date": seconds(end),
                    "items": [{"price": price, "quantity": quantity} for price, quantity in items],
                }
                for start, end, items in phases
            ),
        ],
        **more,
    }


def lived(key, mrr, of_list=None, kind="activated"):
    """A subscription's one row."""
    rows = life(f"sub_{key}", f"cus_{key}", ("2026-01-01", kind, mrr))
    for row in rows:
        row["list_mrr_after"] = mrr if of_list is None else of_list
    return rows


TIERS = [
    {"up_to": 5, "unit_amount_decimal": "1000", "flat_amount_decimal": "500"},
    {"up_to": None, "unit_amount_decimal": "800", "flat_amount_decimal": "100"},
]
RECORDS = {
    "subscriptions": [
        subscription("stays"),
        subscription("ends", cancel_at=seconds("2026-07-10")),
        subscription("period", cancel_at_period_end=True),
        trial("converts"),
        trial("percent", discounts=[discount("co_percent")]),
        trial("amount", discounts=[discount("co_amount")]),
        trial("other_product", discounts=[discount("co_other")]),
        trial("no_card", trial_settings={"end_behavior": {"missing_payment_method": "cancel"}}),
        trial("card", trial_settings={"end_behavior": {"missing_payment_method": "cancel"}},
              default_payment_method="pm_1"),
        trial("trial_ends", cancel_at=seconds("2026-06-20")),
        subscription("paused", pause_collection={
            "behavior": "void", "resumes_at": seconds("2026-08-01")}),
        subscription("paused_for_good", pause_collection={"behavior": "void"}),
        subscription("grows"),
        subscription("tiers"),
        subscription("volume"),
        subscription("packages"),
        subscription("pounds", currency="gbp"),
        subscription("discounted", discounts=[discount("co_percent")]),
        subscription("unknown"),
        subscription("stops"),
        subscription("coupon", discounts=[discount("co_months", seconds("2026-09-01"))]),
        subscription("year"),
        # An end of half an hour ago, which Stripe has not made yet.
        subscription("past", cancel_at=seconds("2026-06-15 11:30")),
        subscription("unpaid", "unpaid", cancel_at=seconds("2026-07-20")),
        trial("source", default_source="card_1",
              trial_settings={"end_behavior": {"missing_payment_method": "cancel"}}),
        subscription("over", "canceled", cancel_at=seconds("2026-07-10")),
    ],
    "subscription_items": [
        *(item(key, "price_30") for key in (
            "stays", "ends", "period", "converts", "percent", "other_product", "no_card", "card",
            "trial_ends", "paused", "paused_for_good", "grows", "tiers", "volume", "packages",
            "pounds", "discounted", "unknown", "stops", "coupon", "past", "unpaid", "source")),
        item("amount", "price_year", until="2026-06-20"),
        item("year", "price_year", until="2027-03-01"),
    ],
    "prices": [
        price("price_30", 3000),
        price("price_40", 4000, currency_options={"gbp": {"unit_amount_decimal": "3300"}}),
        # A year of 100.50: 10050/12 = 837.5 a month.
        price("price_year", 10050, "year"),
        price("price_tiers", tiers=TIERS, tiers_mode="graduated", billing_scheme="tiered"),
        price("price_volume", tiers=TIERS, tiers_mode="volume", billing_scheme="tiered"),
        price("price_packages", 2000, transform_quantity={"divide_by": 10, "round": "up"}),
    ],
    "coupons": [
        {"id": "co_percent", "percent_off": 12.5, **FOREVER},
        {"id": "co_amount", "amount_off": 500, "currency": "usd", **FOREVER},
        {"id": "co_other", "percent_off": 50, "applies_to": {"products": ["prod_2"]}, **FOREVER},
        {"id": "co_months", "percent_off": 50, "duration": "repeating", "duration_in_months": 6},
    ],
    "subscription_schedule": [
        schedule("grows", ("2026-07-01", "2026-08-01", [("price_40", 1)]),
                 ("2026-08-01", "2026-09-01", [("price_40", 2), ("price_year", 1)])),
        schedule("tiers", ("2026-07-01", "2026-08-01", [("price_tiers", 7)])),
        schedule("volume", ("2026-07-01", "2026-08-01", [("price_volume", 7)])),
        schedule("packages", ("2026-07-01", "2026-08-01", [("price_packages", 21)])),
        schedule("pounds", ("2026-07-01", "2026-08-01", [("price_40", 1)])),
        schedule("discounted", ("2026-07-01", "2026-08-01", [("price_year", 1)])),
        schedule("unknown", ("2026-07-01", "2026-08-01", [("price_gone", 1)])),
        schedule("stops", ("2026-07-01", "2026-08-01", [("price_40", 1)]), end_behavior="cancel"),
    ],
    "customers": [{"id": "cus_no_card"}, {"id": "cus_source"}],
    "subscription_events": [
        *(row for key in ("stays", "ends", "period", "grows", "tiers", "volume", "packages",
                          "unknown", "stops", "past", "unpaid") for row in lived(key, 3000)),
        *life("sub_pounds", "cus_pounds", ("2026-01-01", "activated", 3000), currency="gbp"),
        *(row for key in ("converts", "percent", "other_product", "no_card", "card", "trial_ends",
                      "source")
          for row in lived(key, 0, 3000, "trial_started")),
        *lived("amount", 0, 838, "trial_started"),
        *(row for key in ("paused", "paused_for_good") for row in life(
            f"sub_{key}", f"cus_{key}", ("2026-01-01", "activated", 3000),
            ("2026-06-01", "paused", 0))),
        *lived("discounted", 2625, 3000),
        # The connector counts repeating coupons too.
        *lived("coupon", 1500, 3000),
        *lived("year", 838),
        *life("sub_over", "cus_over", ("2026-01-01", "activated", 3000),
              ("2026-06-10", "canceled", 0)),
        # An end that was scheduled and taken back, and one that stands.
        *life("sub_thinks", "cus_thinks", ("2026-01-01", "activated", 700),
              ("2026-06-02", "cancellation_scheduled", 700),
              ("2026-06-04", "cancellation_revoked", 700),
              ("2026-06-06", "cancellation_scheduled", 700)),
        *life("sub_euro", "cus_euro", ("2026-04-01", "activated", 1000),
              ("2026-05-10", "cancellation_scheduled", 1000), ("2026-05-12", "upgraded", 1500),
              currency="eur"),
        *life("sub_euro_trial", "cus_euro", ("2026-04-20", "trial_started", 0), currency="eur"),
    ],
}  # fmt: skip
for row in RECORDS["subscription_events"]:
    bought = "price_year" if row["subscription_id"] == "sub_year" else "price_30"
    row["items_after"] = [{**row["items_after"][0], "price": bought}]
    if row["subscription_id"] == "sub_euro_trial":
        row["list_mrr_after"] = 1000
    if row["event_type"] == "paused":
        row["list_mrr_after"] = 3000


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    made = Handmade(tmp_path_factory.mktemp("contracted"), RECORDS, NOW)
    made.execute(
        "create table stripe_raw.rates as select currency, 'usd' as reporting_currency, "
        "make_date(2026, number::int, 2) as rate_date, "
        "case when currency = 'eur' then [1.0, 1.0, 1.0, 1.1, 1.2, 1.3][number] else 1 end as rate "
        "from range(1, 7) as months (number), (values ('eur'), ('gbp')) as of (currency)"
    )
    result = made.build(
        "--indirect-selection=cautious", "--select", "+mrr_contracted", "+renewal_calendar",
        "+mrr_daily", fx_mode="month_end", fx_rates_relation="stripe_raw.rates",
    )  # fmt: skip
    assert result.success, result.bad
    assert not result.bad
    return made


# Subscription -> day, reason, and MRR after of each change.
CHANGES = {
    "ends": [("07-10", "end", 0)],
    "period": [("07-01", "end", 0)],
    "converts": [("06-20", "trial_end", 3000)],
    # 3000 x 7/8
    "percent": [("06-20", "trial_end", 2625)],
    # A year of 10050 less 500: 9550/12 = 795.83
    "amount": [("06-20", "trial_end", 796)],
    "other_product": [("06-20", "trial_end", 3000)],
    "no_card": [("06-20", "trial_end", 0)],
    "card": [("06-20", "trial_end", 3000)],
    # A source pays, too.
    "source": [("06-20", "trial_end", 3000)],
    "trial_ends": [("06-20", "end", 0)],
    # An end that is due is due at once.
    "past": [("06-15", "end", 0)],
    # MRR that is counted while unpaid leaves, too.
    "unpaid": [("07-20", "end", 0)],
    "paused": [("08-01", "resume", 3000)],
    # 2 x 4000 + 837.5
    "grows": [("07-01", "phase", 4000), ("08-01", "phase", 8838)],
    # 5 x 1000 + 500, 2 x 800 + 100
    "tiers": [("07-01", "phase", 7200)],
    # 7 x 800 + 100
    "volume": [("07-01", "phase", 5700)],
    # 21 are three packages of ten.
    "packages": [("07-01", "phase", 6000)],
    "pounds": [("07-01", "phase", 3300)],
    # 837.5 x 7/8 = 732.8125
    "discounted": [("07-01", "phase", 733)],
    "stops": [("07-01", "phase", 4000), ("08-01", "end", 0)],
    "coupon": [("09-01", "discount_end", 3000)],
}


@pytest.mark.parametrize("key", CHANGES)
def test_what_is_decided_of_a_subscription_was_worked_out_by_hand(built, key):
    assert (
        built.rows(
            "select strftime(changes_on, '%m-%d'), reason, mrr_after_minor from "
            f"int_stripe__contracted_changes where subscription_id = 'sub_{key}' order by 1"
        )
        == CHANGES[key]
    )


def test_nothing_else_is_decided(built):
    found = built.rows("select distinct subscription_id from int_stripe__contracted_changes")
    assert {row[0] for row in found} == {f"sub_{key}" for key in CHANGES}


def test_a_day_to_come_is_the_sum_of_what_is_decided(built):
    # Ten of 3000 and one that is over, 2625, 1500, 838 and 700.
    start = 10 * 3000 + 2625 + 1500 + 838 + 700
    assert built.rows(
        "select strftime(date_day, '%y-%m-%d'), leaving_minor, trials_minor, resuming_minor, "
        "phases_minor, discounts_minor, closing_minor from mrr_contracted where currency = 'usd' "
        "and (opening_minor <> closing_minor or date_day in ('2026-06-15', '2028-06-15')) "
        "order by 1"
    ) == [
        ("26-06-15", -3000, 0, 0, 0, 0, start),
        # 3000 + 2625 + 796 + 3000 + 3000 + 3000
        ("26-06-20", 0, 15421, 0, 0, 0, start + 15421),
        # Phases: +1000, +4200, +2700, +3000, 733 - 2625, +1000
        ("26-07-01", -3000, 0, 0, 10008, 0, start + 22429),
        ("26-07-10", -3000, 0, 0, 0, 0, start + 19429),
        ("26-07-20", -3000, 0, 0, 0, 0, start + 16429),
        ("26-08-01", -4000, 0, 3000, 4838, 0, start + 20267),
        ("26-09-01", 0, 0, 0, 0, 1500, start + 21767),
        ("28-06-15", 0, 0, 0, 0, 0, start + 21767),
    ]


def test_committed_mrr_is_without_scheduled_ends_and_with_trials(built):
    # Seven trials of 3000 and one of 838. Of ends only that of sub_thinks is in the ledger.
    trials = 7 * 3000 + 838
    assert built.rows(
        "select strftime(date_day, '%m-%d'), committed_minor - closing_minor from mrr_daily "
        "where basis = 'currency' and currency = 'usd' "
        "and date_day in ('2026-01-01', '2026-06-02', '2026-06-03', "
        "'2026-06-04', '2026-06-06', '2026-06-15') order by 1"
    ) == [
        *(("01-01", trials), ("06-02", trials - 700), ("06-03", trials - 700)),
        *(("06-04", trials), ("06-06", trials - 700), ("06-15", trials - 700)),
    ]


def test_committed_mrr_has_the_rates_that_closing_mrr_has(built):
    # Euros at 1.10 in April, 1.20 in May, 1.30 in June, and the dollars' trials.
    trials = 7 * 3000 + 838
    assert built.rows(
        "select strftime(date_day, '%m-%d'), committed_minor - closing_minor from mrr_daily "
        "where basis = 'reporting' and date_day in ('2026-04-30', '2026-05-09', '2026-05-10', "
        "'2026-05-15', '2026-05-31', '2026-06-01', '2026-06-15') order by 1"
    ) == [
        # A trial of 10.00.
        *(("04-30", trials + 1100), ("05-09", trials + 1100)),
        # 10.00 that the month began with are to end, and then 5.00 more.
        *(("05-10", trials + 1100 - 1100), ("05-15", trials + 1100 - 1100 - 600)),
        # 15.00 at the month's rate, which they keep until the next month's end.
        *(("05-31", trials + 1200 - 1800), ("06-01", trials + 1200 - 1800)),
        ("06-15", trials - 700 + 1300 - 1950),
    ]


def test_renewals_are_counted_from_the_next_one_until_an_end(built):
    rows = built.rows(
        "select subscription_id, count(*), min(strftime(renews_at, '%Y-%m-%d')), "
        "max(strftime(renews_at, '%Y-%m-%d')) from renewal_calendar where subscription_id in "
        "('sub_stays', 'sub_year', 'sub_ends', 'sub_period', 'sub_over', 'sub_past', 'sub_stops', "
        "'sub_no_card', 'sub_trial_ends') group by 1 order by 1"
    )
    assert rows == [
        ("sub_ends", 1, "2026-07-01", "2026-07-01"),
        ("sub_stays", 24, "2026-07-01", "2028-06-01"),
        # Its schedule ends it on 1 August.
        ("sub_stops", 1, "2026-07-01", "2026-07-01"),
        ("sub_year", 2, "2027-03-01", "2028-03-01"),
    ]
    assert built.rows(
        "select renewal, mrr_minor from renewal_calendar where subscription_id = 'sub_grows' "
        "and renewal < 4 order by 1"
    ) == [(1, 4000), (2, 8838), (3, 8838)]
