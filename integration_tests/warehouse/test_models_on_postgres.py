"""The same raw tables in DuckDB and in a real Postgres: every model the same, row by row."""

from __future__ import annotations

import duckdb
import psycopg2
import pytest

from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.built_tables import differing, tables_of
from integration_tests.warehouse.raw_tables import load_duckdb, load_postgres
from integration_tests.warehouse.sandbox_records import records_of
from stripe_saas.warehouse.models import profile_of
from stripe_saas.warehouse.target import parse_target
from stripe_sandbox.account import open_account

pytestmark = pytest.mark.slow

# Rates and an own id for some, so that no branch of the models is left out.
VARIABLES = {
    "fx_mode": "month_end",
    "fx_rates_relation": "stripe_raw.rates",
    "own_entities_relation": "stripe_raw.own_users",
    "customer_attributes_relation": "stripe_raw.sources",
    "acquisition_spend_relation": "stripe_raw.spend",
    "reporting_timezone": "America/New_York",
}
# No month is closed here; those of the company written by hand are, in both.
OF_CLOSED_MONTHS = {
    *("int_stripe__closes", "int_stripe__restated_rows", "mrr_monthly_closed", "restatements"),
}
RATES = {"eur": "1.0834", "gbp": "1.2717", "jpy": "0.00641025641", "kwd": "3.2535"}


def own_tables(account):
    """Statements that make what a company would have itself."""
    customers = [row.content for row in account.store.rows["customer"].values()]
    first, second, *_ = [each["id"] for each in customers if each["email"]]
    rates = ", ".join(
        f"(date '2024-01-31' + interval '1 month' * {month}, '{currency}', 'usd', "
        f"{rate} + {month} * 0.0001)"
        for currency, rate in RATES.items()
        for month in range(40)
    )
    users = ", ".join(
        f"('user_{place}', 'team_{place // 3}', '{each['email'].upper()}', null)"
        for place, each in enumerate(customers[::5])
        if each["email"]
    )
    return (
        "create table stripe_raw.rates (rate_date date, currency varchar, "
        "reporting_currency varchar, rate numeric(17, 11))",
        f"insert into stripe_raw.rates values {rates}",
        "create table stripe_raw.own_users (user_id varchar, account_id varchar, email varchar, "
        "domain varchar)",
        f"insert into stripe_raw.own_users values {users}",
        "create table stripe_raw.sources (customer_id varchar, source varchar, campaign varchar)",
        f"insert into stripe_raw.sources values ('{first}', 'ads', 'spring'), "
        f"('{second}', 'ads', null)",
        "create table stripe_raw.spend (month date, source varchar, currency varchar, "
        "spend_minor bigint)",
        "insert into stripe_raw.spend values ('2025-01-01', 'ads', 'usd', 10000)",
    )


def test_every_table_is_the_same_in_duckdb_and_postgres(postgres, tmp_path, monkeypatch):
    account = open_account("company", seed=5, customers=200, months=18)
    records = records_of(account)
    file = tmp_path / "stripe.duckdb"
    load_duckdb(file, tmp_path, records, account.store.now)
    with duckdb.connect(str(file)) as connection:
        for statement in own_tables(account):
            connection.execute(statement)
    result = run_dbt(tmp_path / "dbt", duckdb_profile(file), variables=VARIABLES)
    assert result.success, result.bad
    assert not result.bad

    target = parse_target(postgres.new_database())
    monkeypatch.setenv("DBT_ENV_SECRET_STRIPE_SAAS_PASSWORD", target.password)
    connection = psycopg2.connect(target.postgres_url)
    try:
        load_postgres(connection, tmp_path, records, account.store.now)
        with connection.cursor() as cursor:
            for statement in own_tables(account):
                cursor.execute(statement)
        connection.commit()
        output = profile_of(target)["stripe_saas"]["outputs"]["warehouse"]
        result = run_dbt(tmp_path / "dbt-postgres", output, variables=VARIABLES)
        assert result.success, result.bad
        assert not result.bad
        with connection.cursor() as cursor:
            in_postgres = tables_of(cursor)
    finally:
        connection.close()

    with duckdb.connect(str(file), read_only=True) as opened:
        in_duckdb = tables_of(opened.cursor())
    assert len(in_duckdb) > 50
    assert not differing(in_duckdb, in_postgres)
    filled = {name.partition(".")[2] for name, (_, rows) in in_duckdb.items() if rows}
    assert len(filled) > (len(in_duckdb) - len(OF_CLOSED_MONTHS)) * 0.9
    assert not filled & OF_CLOSED_MONTHS
