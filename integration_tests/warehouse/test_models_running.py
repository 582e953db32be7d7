"""Running measures of a month and of twelve (M75 to M77): a company written by hand.

January 2025 to February 2026, in dollars. A and B come by ads, C and D by word of mouth.
A pays 10.00 in January 2025, 30.00 from June. B pays 20.00 and leaves on 10 January 2026.
C pays 40.00, 25.00 from January 2026. D comes with 50.00 in June. A, B are German, C, D French.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from integration_tests.warehouse.handmade import Handmade, life

pytestmark = pytest.mark.slow

COUNTRIES = {"a": "DE", "b": "DE", "c": "FR", "d": "FR"}
RECORDS = {
    "customers": [
        {"id": f"cus_{key}", "created": 1735700000, "address": {"country": country}}
        for key, country in COUNTRIES.items()
    ],
    "subscription_events": [
        *life("sub_a", "cus_a", ("2025-01-05", "activated", 1000),
              ("2025-06-05", "upgraded", 3000)),
        *life("sub_b", "cus_b", ("2025-01-05", "activated", 2000), ("2026-01-10", "canceled", 0)),
        *life("sub_c", "cus_c", ("2025-01-05", "activated", 4000),
              ("2026-01-20", "downgraded", 2500)),
        *life("sub_d", "cus_d", ("2025-06-10", "activated", 5000)),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    made = Handmade(tmp_path_factory.mktemp("running"), RECORDS, "2026-02-15 12:00")
    made.execute(
        "create table stripe_raw.own_attributes as select * from (values "
        "('cus_a', 'ads', 'spring'), ('cus_b', 'ads', 'autumn')) "
        "as t (customer_id, source, campaign)"
    )
    result = made.build(
        "--indirect-selection=cautious", "--select", "+running_measures",
        customer_attributes_relation="stripe_raw.own_attributes",
    )  # fmt: skip
    assert result.success, result.bad
    return made


MEASURES = {
    # Window, kind, segment -> opening, closing, GRR, NRR, quick ratio, lifetime value in 2026-01.
    # 3000 + 2000 + 4000 + 5000 were there; 2000 and 1500 are lost. 3 pay 10500, 1 of 4 is lost.
    (1, "all", "all"): (14000, 10500, "10500/14000", "10500/14000", "0/3500", 3500 * 4),
    # 1000, 2000, 4000 a year ago: A keeps 1000 and pays 3000, C keeps 2500.
    # Gained 2000 and 5000, given up 3500. Of 3 one is lost in 12 months: 3500 x 12 x 3.
    (12, "all", "all"): (7000, 10500, "3500/7000", "5500/7000", "7000/3500", 3500 * 12 * 3),
    (12, "country", "DE"): (3000, 3000, "1000/3000", "3000/3000", "2000/2000", 3000 * 12 * 2),
    (12, "country", "FR"): (4000, 7500, "2500/4000", "2500/4000", "5000/1500", None),
    (12, "source", "ads"): (3000, 3000, "1000/3000", "3000/3000", "2000/2000", 3000 * 12 * 2),
    (12, "source", "unknown"): (4000, 7500, "2500/4000", "2500/4000", "5000/1500", None),
    (12, "campaign", "spring"): (1000, 3000, "1000/1000", "3000/1000", None, None),
    (12, "campaign", "autumn"): (2000, 0, "0/2000", "0/2000", "0/2000", None),
    (1, "campaign", "spring"): (3000, 3000, "3000/3000", "3000/3000", None, None),
}


@pytest.mark.parametrize("key", MEASURES)
def test_a_segment_has_the_measures_that_were_worked_out(built, key):
    window, kind, segment = key
    [row] = built.rows(
        "select opening_minor, closing_minor, gross_revenue_retention, net_revenue_retention, "
        "quick_ratio, lifetime_value_minor from running_measures where basis = 'currency' "
        f"and window_months = {window} and segment_kind = '{kind}' and segment = '{segment}' "
        "and date_month = '2026-01-01'"
    )
    wanted = [
        round(float(Fraction(value)), 6) if isinstance(value, str) else value
        for value in MEASURES[key]
    ]
    assert [value if value is None else float(value) for value in row] == wanted
