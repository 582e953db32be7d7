"""Accounts that lack something, or have what few have: results worked out by hand."""

from __future__ import annotations

import pytest
from dbt_common.exceptions import CompilationError

from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.handmade import Handmade, life, seconds
from integration_tests.warehouse.sandbox_records import MODELED_STREAMS

pytestmark = pytest.mark.slow

NOW = "2026-06-30"


def customer(key, **more):
    return {"id": key, "created": seconds("2026-01-01"), **more}


def subscription(key, of, **more):
    return {
        "id": key,
        "customer": of,
        "status": "active",
        "currency": "usd",
        "created": seconds("2026-01-05"),
        "collection_method": "charge_automatically",
        **more,
    }


def item(key, of, price, ends="2026-07-05", **more):
    return {
        "id": key,
        "subscription": of,
        "quantity": 1,
        "price": {"id": price, "product": f"prod_{price}", "recurring": {"interval": "month"}},
        "current_period_end": seconds(ends),
        **more,
    }


def charge(key, of, amount, currency="usd", **more):
    return {
        "id": key,
        "customer": of,
        "currency": currency,
        "created": seconds("2026-02-01"),
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "status": "succeeded",
        "captured": True,
        **more,
    }


def card(key, month, year):
    return {"id": key, "type": "card", "card": {"exp_month": month, "exp_year": year}}


def payout(key, amount, **more):
    return {
        "id": key,
        "currency": "usd",
        "amount": amount,
        "automatic": True,
        "balance_transaction": f"txn_{key}",
        **more,
    }


def paid_out(payout_id, key, net, kind="charge"):
    return {"payout": payout_id, "id": key, "currency": "usd", "net": net, "type": kind}


def dispute(key, status):
    return {
        "id": key,
        "charge": "ch_once",
        "currency": "usd",
        "created": seconds("2026-02-03"),
        "amount": 100,
        "status": status,
    }


RECORDS = {
    "customers": [
        customer("cus_once"),
        customer("cus_unknown"),
        customer("cus_ends_later"),
        customer("cus_two"),
        customer(
            "cus_card", invoice_settings={"default_payment_method": "pm_good"}, is_deleted=False
        ),
        customer("cus_signup"),
    ],
    "subscriptions": [
        # Its events were not read.
        subscription("sub_unknown", "cus_unknown"),
        # Three more renewals before its end.
        subscription("sub_ends_later", "cus_ends_later", cancel_at=seconds("2026-10-01")),
        subscription("sub_past_due", "cus_two", status="past_due"),
        subscription("sub_active", "cus_two"),
        subscription("sub_card", "cus_card", default_payment_method="pm_expiring"),
        # More seconds than 32 bits hold.
        subscription("sub_invoiced", "cus_card", collection_method="send_invoice",
                     default_payment_method="pm_expiring", cancel_at=seconds("2040-02-03")),
        subscription("sub_signup", "cus_signup", status="incomplete_expired"),
    ],
    "subscription_items": [
        item("si_small", "sub_unknown", "small", quantity=3),
        item("si_large", "sub_unknown", "large"),
        item("si_later", "sub_ends_later", "small"),
        # Its period was over before the sync: that renewal is not to come.
        item("si_past", "sub_active", "small", ends="2026-06-29"),
    ],
    "products": [{"id": "prod_large", "name": "Large", "metadata": {"tier": "gold"}}],
    "prices": [
        {"id": "small", "product": "prod_small", "unit_amount": 100, "nickname": "Small"},
        {"id": "large", "product": "prod_large", "unit_amount": 900, "nickname": "Large plan"},
    ],
    "payment_methods": [card("pm_good", 12, 2030), card("pm_expiring", 6, 2026)],
    "charges": [
        charge("ch_once", "cus_once", 1000, amount_refunded=300),
        charge("ch_yen", "cus_once", 500, currency="jpy", created=seconds("2026-01-20")),
        charge("ch_nobody", None, 70),
    ],
    "disputes": [
        dispute("dp_won", "won"), dispute("dp_lost", "lost"), dispute("dp_open", "needs_response"),
        dispute("dp_closed", "warning_closed"), dispute("dp_prevented", "prevented"),
    ],
    "payouts": [payout("po_good", 700), payout("po_more", 500), payout("po_less", 500)],
    "payout_balance_transactions": [
        # Stripe names the payout's own transaction among those that it paid out.
        paid_out("po_good", "txn_1", 700), paid_out("po_good", "txn_po_good", -700, "payout"),
        paid_out("po_more", "txn_2", 520), paid_out("po_less", "txn_3", 480),
    ],
    "subscription_events": [
        *life("sub_ends_later", "cus_ends_later", ("2026-01-05", "activated", 1000)),
        *life("sub_past_due", "cus_two", ("2026-01-05", "activated", 1000)),
        *life("sub_active", "cus_two", ("2026-01-06", "activated", 200)),
        *life("sub_card", "cus_card", ("2026-01-05", "activated", 100)),
        *life("sub_invoiced", "cus_card", ("2026-01-05", "activated", 100)),
        *life("sub_signup", "cus_signup", ("2026-01-05", "signup_incomplete", 0),
              ("2026-01-06", "signup_expired", 0)),
        # Between two plans: a contraction, settled although the window is not over.
        *life("sub_from", "cus_switch", ("2026-01-05", "activated", 1000),
              ("2026-06-29 10:00", "canceled", 0)),
        *life("sub_to", "cus_switch", ("2026-06-29 20:00", "activated", 0),
              ("2026-06-29 22:00", "upgraded", 0)),
        *life("sub_to_2", "cus_switch", ("2026-06-30 00:00", "activated", 1500)),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    made = Handmade(tmp_path_factory.mktemp("odd"), RECORDS, NOW)
    made.execute(
        # Two statuses of one precedence, ids that are numbers, domains in capitals.
        "create table stripe_raw.stages as select * from (values ('active', 'customer', 1), "
        "('past_due', 'customer', 1), ('none', 'nobody', 9)) as stages (status, stage, precedence)",
        "create table stripe_raw.by_hand as select 'cus_once' as customer_id, 17 as entity_id",
        "create table stripe_raw.free as select 'GMail.com ' as domain",
    )
    result = made.build(
        lifecycle_stages_relation="stripe_raw.stages",
        identity_overrides_relation="stripe_raw.by_hand",
        free_mail_domains_relation="stripe_raw.free",
    )
    assert result.success, result.bad
    return made


def test_stages_of_one_precedence_make_no_second_row(built):
    assert built.rows(
        "select lifecycle_stage, mrr_minor from customers where client_id = 'cus_two'"
    ) == [("customer", 1200)]


def test_who_only_ever_bought_once_has_revenue_in_the_currency_of_the_last_purchase(built):
    # 1000 less 300 refunded (no refund was read) less the lost dispute of 100.
    assert built.rows(
        "select client_id, currency, lifetime_gross_minor, lifetime_net_minor, mrr_minor, "
        "lifecycle_stage from customers where customer_id = 'cus_once'"
    ) == [("17", "usd", 1000, 600, 0, "nobody")]


def test_who_never_finished_signing_up_took_no_path(built):
    assert built.rows(
        "select signup_path, lifecycle_stage from customers where client_id = 'cus_signup'"
    ) == [("none", "nobody")]


def test_a_subscription_whose_events_were_not_read_is_there_and_is_told_of(built):
    assert built.rows(
        "select plan, tier, quantity, has_access, item_ids from user_subscription_state "
        "where subscription_id = 'sub_unknown'"
    ) == [("Large plan", "gold", 4, True, "si_large,si_small")]
    assert built.rows(
        "select expected, found, is_good from data_quality "
        "where check_name = 'subscriptions_have_events'"
    ) == [(0, 1, False)]


def test_a_subscription_renews_until_the_period_in_which_it_ends(built):
    assert built.rows(
        "select strftime(renews_at, '%Y-%m-%d'), strftime(cancel_at, '%Y-%m-%d') from customers "
        "where client_id = 'cus_ends_later'"
    ) == [("2026-07-05", "2026-10-01")]


def test_a_moment_beyond_2038_is_a_moment_like_others(built):
    assert built.rows(
        "select strftime(cancel_at, '%Y-%m-%d %H:%M') from customers where client_id = 'cus_card'"
    ) == [("2040-02-03 00:00",)]


def test_a_renewal_that_is_past_is_not_due(built):
    assert built.rows("select subscription_id from renewals_due order by 1") == [
        ("sub_ends_later",),
        ("sub_unknown",),
    ]


def test_a_card_expires_where_it_is_what_pays(built):
    assert built.rows(
        "select subscription_id from churn_signals where reason = 'card_expiring'"
    ) == [("sub_card",)]


def test_a_fall_that_was_a_switch_is_not_provisional(built):
    assert built.movements("cus_switch") == [
        ("2026-01-05", "usd", "new", 1000),
        ("2026-06-29", "usd", "contraction", -1000),
        ("2026-06-30", "usd", "expansion", 1500),
    ]
    assert built.rows("select * from customer_mrr_movements where is_provisional") == []


def test_disputes_are_counted_by_outcome(built):
    assert built.rows(
        "select disputes, disputes_won, disputes_lost, disputes_averted, disputes_open "
        "from payment_health where currency = 'usd' and disputes > 0"
    ) == [(5, 1, 1, 2, 1)]


def test_a_payout_is_compared_with_what_it_paid_out_one_by_one(built):
    assert built.rows(
        "select check_name, expected, found from data_quality where check_name like '%payout%' "
        "order by 1"
    ) == [
        ("every_payout_is_its_transactions", 0, 2),
        ("payouts_are_their_transactions", 1700, 1700),
    ]
    assert built.rows(
        "select payout_id, transactions, transactions_minor, difference_minor "
        "from payout_reconciliation order by 1"
    ) == [("po_good", 1, 700, 0), ("po_less", 1, 480, 20), ("po_more", 1, 520, -20)]


def test_a_client_known_by_events_alone_was_deleted_only_if_customers_were_read(built, tmp_path):
    assert built.rows("select is_deleted from identity_map where customer_id = 'cus_switch'") == [
        (True,)
    ]
    made = Handmade(tmp_path, {"subscription_events": RECORDS["subscription_events"]}, NOW)
    result = made.build("--indirect-selection=cautious", "--select", "+customers", "+identity_map")
    assert result.success, result.bad
    assert made.rows("select distinct is_deleted from customers") == [(False,)]
    assert made.rows("select distinct is_deleted from identity_map") == [(False,)]


def test_an_account_in_which_nothing_happened_yet_has_empty_marts(tmp_path):
    streams = (*MODELED_STREAMS, "subscription_events")
    made = Handmade(tmp_path, {stream: [] for stream in streams}, NOW)
    result = made.build()
    assert result.success, result.bad
    assert not result.bad
    for mart in ("mrr_monthly", "mrr_daily", "customers", "revenue_daily", "retention_cohorts"):
        assert made.rows(f"select count(*) from {mart}") == [(0,)]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("fx_mode", "monthly"), ("month_movements", "weekly"), ("identity_entity", "team")],
)
def test_a_variable_that_means_nothing_is_refused(tmp_path, variable, value):
    with pytest.raises(CompilationError, match=f"{variable}: {value} is not one of"):
        run_dbt(tmp_path, duckdb_profile(tmp_path / "none"), ("parse",), {variable: value})
