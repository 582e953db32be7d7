"""Movements of customers by the models: the worked examples, and cases worked out by hand."""

from __future__ import annotations

import pytest

from integration_tests.warehouse.handmade import Handmade, life
from source_stripe_saas.mrr import derive
from unit_tests.source_stripe_saas.mrr.worked import CASES, input_of

pytestmark = pytest.mark.slow

EXAMPLES = [case for case in CASES if case["kind"] == "customer"]

# Tests that need a model which is not built are left out.
THE_MRR = (
    "--indirect-selection=cautious",
    "--select",
    "+mrr_monthly",
    "+customer_mrr_movements",
)


def example_rows():
    """Every worked example's rows, its customers and subscriptions named after it."""
    for case in EXAMPLES:
        for row in derive(input_of(case)):
            yield {
                **row,
                "event_id": f"{case['id']}/{row['event_id']}",
                "subscription_id": f"{case['id']}/{row['subscription_id']}",
                "customer_id": case["id"],
            }


LIVES = [
    # 23 hours between two plans, then 24 hours and a second.
    *life("s1", "switched", ("2026-01-05", "activated", 1000), ("2026-02-01 22:00", "canceled", 0)),
    *life("s2", "switched", ("2026-02-02 21:00", "activated", 1500)),
    *life("s3", "returned", ("2026-01-05", "activated", 1000), ("2026-02-01 22:00", "canceled", 0)),
    *life("s4", "returned", ("2026-02-02 22:00:01", "activated", 1500)),
    # Up for an hour, down, and up again for good on the day after a fall.
    *life(
        "s5", "flickered", ("2026-01-05", "activated", 1000), ("2026-02-01 22:00", "canceled", 0)
    ),
    *life(
        "s6",
        "flickered",
        ("2026-02-02 01:00", "activated", 900),
        ("2026-02-02 02:00", "canceled", 0),
    ),
    *life("s7", "flickered", ("2026-02-02 23:30", "activated", 800)),
    # Paused, gone for good, and back with another subscription.
    *life(
        "s8",
        "rested",
        ("2026-01-05", "activated", 1000),
        ("2026-02-10", "paused", 0),
        ("2026-03-01", "canceled", 0),
    ),
    *life("s9", "rested", ("2026-05-01", "activated", 700)),
    # One of two canceled; both on one day are one new.
    *life("sa", "two", ("2026-01-05 08:00", "activated", 1000), ("2026-02-01", "canceled", 0)),
    *life("sb", "two", ("2026-01-05 09:00", "activated", 500)),
    # From dollars to euros.
    *life("sc", "moved", ("2026-01-05", "activated", 1000), ("2026-02-10 11:00", "canceled", 0)),
    *life("sd", "moved", ("2026-02-10 10:00", "activated", 900), currency="eur"),
    # Came and went within a day.
    *life(
        "se", "tried", ("2026-01-05 10:00", "activated", 1000), ("2026-01-05 11:00", "canceled", 0)
    ),
    # Left in the last day before the sync.
    *life("sf", "leaving", ("2026-01-05", "activated", 1000), ("2026-06-29 12:00", "canceled", 0)),
]
EXPECTED = {
    "switched": [
        ("2026-01-05", "usd", "new", 1000),
        ("2026-02-01", "usd", "contraction", -1000),
        ("2026-02-02", "usd", "expansion", 1500),
    ],
    "returned": [
        ("2026-01-05", "usd", "new", 1000),
        ("2026-02-01", "usd", "churn", -1000),
        ("2026-02-02", "usd", "reactivation", 1500),
    ],
    "flickered": [
        ("2026-01-05", "usd", "new", 1000),
        ("2026-02-01", "usd", "contraction", -1000),
        ("2026-02-02", "usd", "expansion", 800),
    ],
    "rested": [
        ("2026-01-05", "usd", "new", 1000),
        ("2026-02-10", "usd", "contraction", -1000),
        ("2026-03-01", "usd", "churn", 0),
        ("2026-05-01", "usd", "reactivation", 700),
    ],
    "two": [("2026-01-05", "usd", "new", 1500), ("2026-02-01", "usd", "contraction", -1000)],
    "moved": [
        ("2026-01-05", "usd", "new", 1000),
        ("2026-02-10", "eur", "expansion", 900),
        ("2026-02-10", "usd", "contraction", -1000),
    ],
    "tried": [],
    "leaving": [("2026-01-05", "usd", "new", 1000), ("2026-06-29", "usd", "churn", -1000)],
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """All examples and lives; no other raw table is there, as nobody synced any."""
    made = Handmade(
        tmp_path_factory.mktemp("handmade"),
        {"subscription_events": [*example_rows(), *LIVES]},
        "2026-06-30",
    )
    result = made.build()
    assert result.success, result.bad
    assert not result.bad
    return made


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda case: case["id"])
def test_a_worked_example_moves_as_expected(built, case):
    assert built.movements(case["id"]) == [
        (each["date"], each["currency"], each["movement"], each["amount"])
        for each in case["expect"]["customer_movements"]
    ]


@pytest.mark.parametrize("customer", EXPECTED)
def test_a_life_moves_as_worked_out_by_hand(built, customer):
    assert built.movements(customer) == EXPECTED[customer]


def test_only_a_fall_within_the_window_before_the_sync_is_provisional(built):
    rows = built.rows("select client_id from customer_mrr_movements where is_provisional")
    assert rows == [("leaving",)]


def test_a_stream_that_nobody_synced_leaves_its_marts_empty(built):
    assert built.rows("select count(*) from revenue_daily") == [(0,)]
    assert built.rows("select count(*) from customers where mrr_minor > 0") != [(0,)]


def with_rates(made, *rates):
    made.execute(
        "create table stripe_raw.rates (rate_date date, currency varchar, "
        "reporting_currency varchar, rate decimal(17, 11))",
        *(f"insert into stripe_raw.rates values ('{day}', '{currency}', 'usd', {rate})"
          for day, currency, rate in rates),
    )  # fmt: skip


def test_month_end_rates_make_a_line_of_their_own_and_round_halves_away_from_zero(tmp_path):
    case = next(case for case in EXAMPLES if case["id"] == "CUST-13")
    # 5 cents of a euro at 1.10 are 5.5: new 6, churn -6, both in January.
    half = life(
        "h", "half", ("2026-01-05", "activated", 5), ("2026-01-20", "canceled", 0), currency="eur"
    )
    made = Handmade(
        tmp_path, {"subscription_events": [*derive(input_of(case)), *half]}, "2026-03-31"
    )
    monthly = case["given"]["fx_monthly"]["month_end"]
    with_rates(made, *((f"{month}-28", "eur", monthly[month]["eur"]) for month in monthly))
    result = made.build(
        *THE_MRR,
        fx_mode="month_end", fx_rates_relation="stripe_raw.rates",
    )  # fmt: skip
    assert result.success, result.bad
    assert made.movements("half", "reporting") == [
        ("2026-01-05", "usd", "new", 6),
        ("2026-01-20", "usd", "churn", -6),
    ]
    rows = made.rows(
        "select strftime(date_month, '%Y-%m'), opening_minor, new_minor, churn_minor, fx_minor, "
        "closing_minor from mrr_monthly where basis = 'reporting' order by 1"
    )
    expected = []
    for each in case["expect"]["monthly_in_reporting_currency"]:
        more = 6 if each["month"] == "2026-01" else 0
        new, churn = each.get("new", 0) + more, each.get("churn", 0) - more
        expected.append((each["month"], each["open"], new, churn, each["fx"], each["close"]))
    assert rows == expected


def test_one_rate_a_currency_other_days_and_one_movement_a_month(tmp_path):
    rows = [
        # 1 dinar of a thousand fils at 3.25, and 100 yen at 0.0064: 325 and 64 cents.
        *life("k", "exponents", ("2026-01-05", "activated", 1000), currency="kwd"),
        *life("j", "exponents", ("2026-01-05", "activated", 100), currency="jpy"),
        # 5.5 and 1.5 cents are 7, not 6 and 2.
        *life("e", "summed", ("2026-01-05", "activated", 5), currency="eur"),
        *life("g", "summed", ("2026-01-05", "activated", 1), currency="gbp"),
        # 1000 cents to 900 of a euro, 990 cents.
        *life("u", "moved", ("2026-01-05", "activated", 1000), ("2026-02-10 11:00", "canceled", 0)),
        *life("v", "moved", ("2026-02-10 10:00", "activated", 900), currency="eur"),
        # 22:00 on the last of January in New York; in one month 1500 are new.
        *life(
            "n", "late", ("2026-01-12", "activated", 1000),
            ("2026-02-01 03:00", "quantity_increased", 1500),
        ),
    ]  # fmt: skip
    made = Handmade(tmp_path, {"subscription_events": rows}, "2026-03-31 12:00")
    with_rates(
        made,
        ("2026-01-01", "kwd", "3.25"),
        ("2026-01-01", "jpy", "0.0064"),
        ("2026-01-01", "eur", "1.10"),
        ("2026-01-01", "gbp", "1.5"),
    )
    result = made.build(
        *THE_MRR,
        fx_mode="constant", fx_rates_relation="stripe_raw.rates",
        reporting_timezone="America/New_York", month_movements="net",
    )  # fmt: skip
    assert result.success, result.bad
    assert made.movements("exponents", "reporting") == [("2026-01-04", "usd", "new", 389)]
    assert made.movements("summed", "reporting") == [("2026-01-04", "usd", "new", 7)]
    assert made.movements("moved", "reporting") == [
        ("2026-01-04", "usd", "new", 1000),
        ("2026-02-10", "usd", "contraction", -10),
    ]
    assert made.movements("late") == [
        ("2026-01-11", "usd", "new", 1000),
        ("2026-01-31", "usd", "expansion", 500),
    ]
    months = made.rows(
        "select opening_minor, new_minor, expansion_minor, contraction_minor, fx_minor, "
        "closing_minor from mrr_monthly where basis = 'reporting' order by date_month"
    )
    # new: 389 + 7 + 1000 + 1500
    assert months == [
        (0, 2896, 0, 0, 0, 2896),
        (2896, 0, 0, -10, 0, 2886),
        (2886, 0, 0, 0, 0, 2886),
    ]


def test_an_amount_without_a_rate_fails_the_build(tmp_path):
    rows = life("e", "euro", ("2026-01-05", "activated", 500), currency="eur")
    made = Handmade(tmp_path, {"subscription_events": rows}, "2026-02-10")
    with_rates(made, ("2026-01-31", "gbp", "1.5"))
    result = made.build(*THE_MRR, fx_mode="month_end", fx_rates_relation="stripe_raw.rates")
    assert not result.success
    assert "not_null_int_stripe__client_day_movements_mrr_delta_minor" in str(result.bad)
    assert result.statuses["model.stripe_saas.mrr_monthly"] == "skipped"
