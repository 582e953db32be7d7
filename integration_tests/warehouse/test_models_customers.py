"""How clients are counted: who came and went, rates, reasons and cohorts, worked out by hand.

All begin in January, at 100 a month unless a line says more; in dollars eleven do. In February two
pause, one leaves, and one is between two subscriptions at midnight of the month's end. In March one
of the paused comes back and one leaves for good, the switched and the one that had left are back,
one moves to euros, one of the opening leaves, and one comes and leaves.
"""

from __future__ import annotations

import pytest

from integration_tests.warehouse.handmade import Handmade, life
from integration_tests.warehouse.test_models_movements import with_rates

pytestmark = pytest.mark.slow

JANUARY, LATE = "2026-01-05", "2026-03-31 12:00"


def ended(rows, reason=None, feedback=None):
    """A life with what Stripe says of its last row."""
    rows[-1] |= {"cancellation_reason": reason, "cancellation_feedback": feedback}
    return rows


def begun(key, *steps, **more):
    return life(f"sub_{key}", key.rstrip("12"), (JANUARY, "activated", 100), *steps, **more)


LIVES = [
    *(row for place in "abcde" for row in begun(f"steady_{place}")),
    *ended(
        begun("paused_left", ("2026-02-10", "paused", 0), ("2026-03-10", "canceled", 0)),
        "cancellation_requested",
    ),
    *begun("paused_resumed", ("2026-02-12", "paused", 0), ("2026-03-15", "resumed", 100)),
    *begun("switched1", ("2026-02-28 23:59", "canceled", 0)),
    *life("sub_switched2", "switched", ("2026-03-01 00:01", "activated", 150)),
    *begun("moved1", ("2026-03-20 11:00", "canceled", 0)),
    *life("sub_moved2", "moved", ("2026-03-20 10:00", "activated", 90), currency="eur"),
    *ended(
        begun("back1", ("2026-02-03", "canceled", 0)), "cancellation_requested", "too_expensive"
    ),
    *life("sub_back2", "back", ("2026-03-03", "activated", 100)),
    *ended(begun("left", ("2026-03-09", "canceled", 0)), "payment_failed"),
    *life("sub_short", "short", ("2026-03-25", "activated", 100), ("2026-03-28", "canceled", 0)),
    # In pounds a client whose two subscriptions end on one day, for two reasons.
    *ended(
        life(
            "sub_two_1", "two", (JANUARY, "activated", 300), ("2026-03-10 08:00", "canceled", 0),
            currency="gbp",
        ),
        "payment_failed",
    ),
    *ended(
        life(
            "sub_two_2", "two", (JANUARY, "activated", 20), ("2026-03-10 09:00", "canceled", 0),
            currency="gbp",
        ),
        "cancellation_requested",
    ),
    # In dinars one client that grows and shrinks in a month, and leaves and returns in another.
    *life(
        "sub_wild", "wild", (JANUARY, "activated", 50), ("2026-02-05", "upgraded", 200),
        ("2026-02-20", "downgraded", 100), ("2026-03-05", "unpaid", 0),
        ("2026-03-20", "reactivated", 100), currency="kwd",
    ),
    # In Canadian dollars one that left, came back and pauses now.
    *begun("rests1", ("2026-02-03", "canceled", 0), currency="cad"),
    *life(
        "sub_rests2", "rests", ("2026-03-03", "activated", 100), ("2026-03-20", "paused", 0),
        currency="cad",
    ),
    # In yen one client that switches overnight within a month.
    *life(
        "sub_night_1", "night", (JANUARY, "activated", 1000), ("2026-02-10 23:59", "canceled", 0),
        currency="jpy",
    ),
    *life("sub_night_2", "night", ("2026-02-11 00:01", "activated", 1500), currency="jpy"),
]  # fmt: skip
RATES = (("2026-01-01", "eur", "1.1"), ("2026-01-01", "gbp", "1.5"))
COUNTS = (
    "opening_customers, new_customers, reactivated_customers, resumed_customers, "
    "moved_in_customers, churned_customers, paused_customers, moved_out_customers, "
    "churned_while_paused_customers, customers"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    made = Handmade(tmp_path_factory.mktemp("clients"), {"subscription_events": LIVES}, LATE)
    result = made.build()
    assert result.success, result.bad
    assert not result.bad
    return made


def months(made, columns, currency, basis="currency"):
    """Columns of February and March."""
    return made.rows(
        f"select {columns} from mrr_monthly where basis = '{basis}' and currency = '{currency}' "
        "and date_month >= date '2026-02-01' order by date_month"
    )


def test_customers_of_a_month_are_its_opening_and_who_came_less_who_went(built):
    assert months(built, COUNTS, "usd") == [
        (11, 0, 0, 0, 0, 1, 2, 1, 0, 7),
        (7, 1, 1, 1, 1, 2, 0, 1, 1, 8),
    ]
    # Who comes from another currency is not new in this one.
    assert months(built, COUNTS, "eur") == [
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (0, 0, 0, 0, 1, 0, 0, 0, 0, 1),
    ]
    assert months(built, COUNTS, "jpy")[0] == (1, 0, 0, 0, 1, 0, 0, 1, 0, 1)


def test_days_add_up_to_the_month(built):
    sums = ", ".join(f"sum({name})" for name in COUNTS.split(", ")[1:-1])
    assert built.rows(
        f"select {sums} from mrr_daily where currency = 'usd' and date_month = date '2026-03-01'"
    ) == [(1, 1, 1, 1, 2, 0, 1, 1)]
    assert built.rows(
        "select opening_customers, customers from mrr_daily where currency = 'usd' "
        "and date_day = date '2026-03-01'"
    ) == [(7, 8)]


# Six places, as the marts round.
@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        (
            "usd",
            [
                # Lost: two pauses, one churn, and a switch that the month ends in: 400 of 1100.
                (1100, 400, 400, 1, 0.363636, 0.363636, 0.090909),
                # Lost: one churn and one move, 200 of 700; the paused one that left was lost in
                # February, and who came and left was never part of the opening. Net: 200 less 100
                # resumed, 150 switched to and 100 back are -150.
                (700, 200, -150, 1, 0.285714, -0.214286, 0.142857),
            ],
        ),
        # A client that falls from 200 to 100 has lost nothing of the 50 that it opened with.
        ("kwd", [(50, 0, -50, 0, 0, -1, 0), (100, 100, 0, 1, 1, 0, 1)]),
        # 1000 to 1500 overnight; nothing is lost, and 500 are gained.
        ("jpy", [(1000, 0, -500, 0, 0, -0.5, 0), (1500, 0, 0, 0, 0, 0, 0)]),
        # Two subscriptions of one client.
        ("gbp", [(320, 0, 0, 0, 0, 0, 0), (320, 320, 320, 1, 1, 1, 1)]),
        ("eur", [(0, 0, 0, 0, None, None, None), (0, 0, -90, 0, None, None, None)]),
    ],
    ids=["usd", "kwd", "jpy", "gbp", "eur"],
)
def test_a_rate_divides_a_part_of_the_opening_by_the_opening(built, currency, expected):
    columns = (
        "rated_opening_minor, lost_minor, net_lost_minor, lost_customers, gross_churn_rate, "
        "net_churn_rate, customer_churn_rate"
    )
    found = [
        tuple(None if value is None else float(value) for value in row)
        for row in months(built, columns, currency)
    ]
    assert found == expected


def test_two_subscriptions_of_one_plan_are_one_customer_of_it(built):
    assert built.rows(
        "select mrr_minor, customers, quantity from mrr_by_plan "
        "where currency = 'gbp' and date_month = date '2026-02-01'"
    ) == [(320, 1, 2)]


def test_who_came_back_has_not_left_also_while_it_pauses(built):
    assert built.rows(
        "select client_id, strftime(churned_on, '%m-%d'), strftime(reactivated_on, '%m-%d') "
        "from customers where client_id in ('rests', 'paused_left', 'back') order by 1"
    ) == [("back", None, "03-03"), ("paused_left", "03-10", None), ("rests", None, "03-03")]


def reasons(made, basis="currency"):
    return made.rows(
        "select strftime(date_month, '%m'), currency, churn_kind, reason, feedback, clients, "
        f"paused_clients, subscriptions, mrr_lost_minor from churn_reasons where basis = '{basis}' "
        "order by 1, 2, 3"
    )


def test_reasons_are_of_clients_that_left_one_each(built):
    assert reasons(built) == [
        ("02", "cad", "unknown", "canceled", "none given", 1, 0, 1, 100),
        ("02", "usd", "voluntary", "cancellation_requested", "too_expensive", 1, 0, 1, 100),
        # Its two subscriptions ended; what cost more counts.
        ("03", "gbp", "delinquent", "payment_failed", "none given", 1, 0, 2, 320),
        ("03", "kwd", "delinquent", "unpaid", "none given", 1, 0, 1, 100),
        ("03", "usd", "delinquent", "payment_failed", "none given", 1, 0, 1, 100),
        ("03", "usd", "unknown", "canceled", "none given", 1, 0, 1, 100),
        ("03", "usd", "voluntary", "cancellation_requested", "none given", 0, 1, 1, 0),
    ]


def test_data_quality_finds_a_reason_too_few_a_customer_too_many_and_a_cohort_too_small(built):
    checks = (
        "customers_are_opening_and_changes",
        "cohorts_hold_every_customer",
        "churn_reasons_add_up_to_churn",
    )
    query = (
        f"select distinct check_name from data_quality where not is_good and check_name in {checks}"
    )
    assert built.rows(query) == []
    again = ("--indirect-selection=cautious", "--select", "data_quality")
    for broken, mended, name in (
        (
            "update stripe_marts.churn_reasons set clients = clients - 1",
            "update stripe_marts.churn_reasons set clients = clients + 1",
            "churn_reasons_add_up_to_churn",
        ),
        (
            "update stripe_marts.mrr_monthly set paused_customers = 3 where paused_customers = 2",
            "update stripe_marts.mrr_monthly set paused_customers = 2 where paused_customers = 3",
            "customers_are_opening_and_changes",
        ),
        (
            "update stripe_marts.retention_cohorts set customers = customers - 1",
            "update stripe_marts.retention_cohorts set customers = customers + 1",
            "cohorts_hold_every_customer",
        ),
    ):
        built.execute(broken)
        built.build(*again)
        assert built.rows(query) == [(name,)]
        built.execute(mended)
    built.build(*again)
    assert built.rows(query) == []


@pytest.fixture(scope="module")
def in_dollars(tmp_path_factory):
    """All currencies but two in dollars, movements once a month."""
    rows = [row for row in LIVES if row["currency"] not in ("kwd", "jpy", "cad")]
    made = Handmade(tmp_path_factory.mktemp("dollars"), {"subscription_events": rows}, LATE)
    with_rates(made, *RATES)
    result = made.build(
        fx_mode="constant", fx_rates_relation="stripe_raw.rates", month_movements="net"
    )
    assert result.success, result.bad
    assert not result.bad
    return made


def test_in_one_currency_nobody_moves_between_currencies(in_dollars):
    [march] = months(in_dollars, COUNTS, "usd", "reporting")[1:]
    # 7 and the one in pounds. By months: who came and left in March never was.
    assert march == (8, 0, 1, 1, 1, 2, 0, 0, 1, 9)
    columns = "rated_opening_minor, lost_minor, net_lost_minor, lost_customers"
    [rates] = months(in_dollars, columns, "usd", "reporting")[1:]
    # 700 and 480; lost 100, 480 and, as 90 euros are 99 dollars, 1; of 581 come back 350.
    assert rates == (1180, 581, 231, 2)


def test_reasons_of_all_currencies_add_up_too(in_dollars):
    assert reasons(in_dollars, "reporting") == [
        ("02", "usd", "voluntary", "cancellation_requested", "too_expensive", 1, 0, 1, 100),
        ("03", "usd", "delinquent", "payment_failed", "none given", 2, 0, 3, 580),
        ("03", "usd", "voluntary", "cancellation_requested", "none given", 0, 1, 1, 0),
    ]


def test_a_cohort_of_all_currencies_keeps_who_moves_from_one_to_another(in_dollars):
    cohorts = (
        "select basis, currency, strftime(cohort_month, '%m'), customers_at_start, customers, "
        "mrr_at_start_minor, mrr_minor, mrr_kept_minor from retention_cohorts "
        "where cohort_by = 'all' and date_month = date '2026-03-01' order by 1, 2, 3"
    )
    assert in_dollars.rows(cohorts) == [
        # Seen by currencies it leaves the dollars of January and begins in euros in March.
        ("currency", "eur", "03", 1, 1, 90, 90, 90),
        ("currency", "gbp", "01", 1, 0, 320, 0, 0),
        ("currency", "usd", "01", 11, 8, 1100, 850, 800),
        ("currency", "usd", "03", 1, 0, 100, 0, 0),
        # 11 and the one in pounds at 480; 8 and the one in euros, at 99.
        ("reporting", "usd", "01", 12, 9, 1580, 949, 899),
        ("reporting", "usd", "03", 1, 0, 100, 0, 0),
    ]


def test_a_switch_over_the_months_end_can_be_counted_at_one_moment(tmp_path):
    made = Handmade(
        tmp_path,
        {
            "subscription_events": [
                *LIVES,
                # Unpaid for an hour at midnight, with a row in between.
                *life(
                    "sub_hour", "hour", (JANUARY, "activated", 70),
                    ("2026-02-28 23:30", "unpaid", 0), ("2026-02-28 23:40", "payment_failed", 0),
                    ("2026-03-01 00:30", "reactivated", 70),
                ),
                # A day and a second later it is no switch.
                *begun("late1", ("2026-02-27 23:00", "canceled", 0)),
                *life("sub_late2", "late", ("2026-02-28 23:00:01", "activated", 100)),
            ]
        },
        LATE,
    )  # fmt: skip
    result = made.build(switch_movements="one_moment")
    assert result.success, result.bad
    assert not result.bad
    assert made.movements("switched") == [
        ("2026-01-05", "usd", "new", 100),
        ("2026-03-01", "usd", "expansion", 50),
    ]
    assert made.movements("hour") == [("2026-01-05", "usd", "new", 70)]
    assert [row[2] for row in made.movements("late")] == ["new", "churn", "reactivation"]
    assert made.movements("night") == [
        ("2026-01-05", "jpy", "new", 1000),
        ("2026-02-11", "jpy", "expansion", 500),
    ]
    # February keeps the switched one and, as in March, nobody moves out for that.
    assert months(made, "moved_out_customers, moved_in_customers, customers", "usd") == [
        (0, 0, 10),
        (1, 0, 10),
    ]
    assert made.rows(
        "select strftime(occurred_at, '%d %H:%M'), occurred_on = date '2026-02-28' "
        "from subscription_events where subscription_id = 'sub_switched1' and sequence = 2"
    ) == [("28 23:59", True)]
    assert made.rows(
        "select strftime(valid_to, '%m-%d %H:%M') from subscription_periods "
        "where subscription_id = 'sub_switched1' and valid_to is not null"
    ) == [("03-01 00:01",)]
