"""Rows of single currencies turned into the reporting one: every figure worked out by hand."""

from decimal import Decimal

import pytest

from stripe_saas.report import reporting
from stripe_saas.report.reporting import Rates

RATES = Rates(
    "usd",
    {
        "eur": {"2026-02": Decimal("1.10"), "2026-03": Decimal("1.20")},
        # A yen is 0.64 cents.
        "jpy": {"2026-02": Decimal("0.64")},
    },
)


@pytest.mark.parametrize(
    ("currency", "month", "factor"),
    [
        ("usd", "2020-01", "1"),
        ("eur", "2026-02", "1.10"),
        ("eur", "2026-01", "1.10"),
        ("eur", "2026-04", "1.20"),
        ("eur", None, "1.20"),
        ("jpy", "2026-03", "0.64"),
    ],
)
def test_a_month_without_a_rate_takes_the_nearest_that_has_one(currency, month, factor):
    assert RATES.factor(currency, month) == Decimal(factor)


def test_sums_are_rounded_once_and_away_from_zero():
    rows = [
        {"month": "2026-02", "plan": "Pro", "currency": "usd", "mrr": 100, "subscriptions": 2},
        # 5.5 and 3.2: 108.7
        {"month": "2026-02", "plan": "Pro", "currency": "eur", "mrr": 5, "subscriptions": 1},
        {"month": "2026-02", "plan": "Pro", "currency": "jpy", "mrr": 5, "subscriptions": 1},
        {"month": "2026-02", "plan": "Pro", "currency": "gbp", "mrr": 900, "subscriptions": 9},
        # -5.5
        {"month": "2026-02", "plan": "Lite", "currency": "eur", "mrr": -5, "subscriptions": 1},
    ]
    assert reporting.summed(rows, RATES, ["month", "plan"], ["mrr"], ["subscriptions"]) == [
        {
            "month": "2026-02",
            "plan": "Pro",
            "currency": "reporting",
            "mrr": 109,
            "subscriptions": 4,
        },
        {
            "month": "2026-02",
            "plan": "Lite",
            "currency": "reporting",
            "mrr": -6,
            "subscriptions": 1,
        },
    ]
    assert reporting.without_rate(rows, RATES) == ["gbp"]


def test_the_top_customers_are_those_of_all_currencies():
    rows = [
        {"customer": "a", "currency": "usd", "mrr": 1000},
        {"customer": "b", "currency": "eur", "mrr": 900},  # 1080
        {"customer": "c", "currency": "jpy", "mrr": 1600},  # 1024
        {"customer": "d", "currency": "gbp", "mrr": 9999},
    ]
    found = reporting.top(rows, RATES)
    assert [(row["customer"], row["mrr"]) for row in found] == [
        ("b", 1080),
        ("c", 1024),
        ("a", 1000),
    ]
    assert {row["currency"] for row in found} == {"reporting"}
