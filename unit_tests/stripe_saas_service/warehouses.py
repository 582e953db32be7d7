"""A small warehouse of DuckDB with the marts that the API reads, its rows written by hand."""

from contextlib import closing

import duckdb

from stripe_saas.warehouse.target import Target

_CUSTOMERS = """
    client_id varchar, customer_id varchar, stripe_customers bigint, name varchar, email varchar,
    is_deleted boolean, lifecycle_stage varchar, currency varchar, currency_exponent integer,
    mrr_minor bigint, arr_minor bigint, tier varchar, renews_at timestamp, cancel_at timestamp,
    payment_health varchar, revenue_tier varchar, is_at_risk boolean
"""
_STATES = """
    client_id varchar, customer_id varchar, subscription_id varchar, product_id varchar,
    plan varchar, tier varchar, status varchar, quantity bigint, has_access boolean,
    trial_ends_at timestamp, period_ends_at timestamp, cancel_at timestamp, item_ids varchar,
    metered_item_ids varchar
"""
_ITEMS = """
    subscription_item_id varchar, subscription_id varchar, client_id varchar, price_id varchar,
    product_id varchar, plan varchar, usage_type varchar, meter_id varchar, quantity bigint
"""
_EVENTS = """
    event_id varchar, subscription_id varchar, client_id varchar, event_type varchar,
    occurred_at timestamp, occurred_on date, currency varchar, mrr_delta_minor bigint
"""
_MONTHS = """
    date_month date, basis varchar, currency varchar, opening_minor bigint, closing_minor bigint,
    growth_rate double
"""
_TABLES = {
    "customers": (
        _CUSTOMERS,
        [
            "'acme-42', 'cus_1', 2, 'Acme', 'billing@acme.example', false, 'customer', 'usd', 2, "
            "24500, 294000, 'pro', '2026-06-01', null, 'good', null, false",
            "'cus_3', 'cus_3', 1, 'Bert', 'shared@example.com', false, 'churned', 'usd', 2, 0, 0, "
            "'pro', null, null, 'unknown', null, false",
            "'cus_4', 'cus_4', 1, null, 'shared@example.com', true, 'lead', null, null, 0, 0, "
            "null, null, null, 'unknown', null, false",
        ],
    ),
    "user_subscription_state": (
        _STATES,
        [
            "'acme-42', 'cus_1', 'sub_1', 'prod_1', 'Pro monthly', 'pro', 'active', 5, true, "
            "null, '2026-06-01', null, 'si_1,si_2', 'mtr_1=si_2'",
            "'cus_3', 'cus_3', 'sub_3', 'prod_1', 'Pro monthly', 'pro', 'canceled', 1, false, "
            "null, '2026-04-01', '2026-04-01', 'si_3', null",
        ],
    ),
    "subscription_items_current": (
        _ITEMS,
        [
            "'si_1', 'sub_1', 'acme-42', 'price_1', 'prod_1', 'Pro', 'licensed', null, 5",
            "'si_2', 'sub_1', 'acme-42', 'price_2', 'prod_1', 'Calls', 'metered', 'mtr_1', null",
        ],
    ),
    "identity_map": (
        "customer_id varchar, client_id varchar, email varchar",
        [
            "'cus_1', 'acme-42', 'billing@acme.example'",
            "'cus_2', 'acme-42', 'it@acme.example'",
            "'cus_3', 'cus_3', 'shared@example.com'",
            "'cus_4', 'cus_4', 'shared@example.com'",
        ],
    ),
    "subscription_events": (
        _EVENTS,
        [
            "'e1', 'sub_1', 'acme-42', 'activated', '2026-04-01 10:00', '2026-04-01', 'usd', 4900",
            "'e2', 'sub_3', 'cus_3', 'canceled', '2026-04-02', '2026-04-02', 'usd', -4900",
            "'e3', 'sub_1', 'acme-42', 'upgraded', '2026-05-01', '2026-05-01', 'usd', 19600",
        ],
    ),
    "mrr_monthly": (
        _MONTHS,
        [
            "'2026-03-01', 'currency', 'usd', 0, 4900, null",
            "'2026-04-01', 'currency', 'usd', 4900, 4900, 0",
            "'2026-05-01', 'currency', 'usd', 4900, 24500, 4.0",
        ],
    ),
}


def a_warehouse(path):
    """Makes the warehouse; its target."""
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute("create schema stripe_marts")
        connection.execute("create schema stripe_marts_staging")
        for name, (columns, rows) in _TABLES.items():
            connection.execute(f"create table stripe_marts.{name} ({columns})")
            for row in rows:
                connection.execute(f"insert into stripe_marts.{name} values ({row})")
        connection.execute(
            "create table stripe_marts_staging.stg_stripe__as_of as select "
            "timestamp '2026-05-01 10:00' as as_of_at, 'acct_1' as account_id, "
            "'Acme Inc.' as account_name, 'test' as mode"
        )
    return Target("duckdb", path=path)


def change(target, *statements):
    """Runs statements in a warehouse."""
    with closing(duckdb.connect(str(target.path))) as connection:
        for statement in statements:
            connection.execute(statement)
