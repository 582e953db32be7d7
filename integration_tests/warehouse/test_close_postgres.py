"""A month closed in Postgres and in DuckDB: the same rows, the same hashes."""

from __future__ import annotations

import re
from types import SimpleNamespace

import psycopg
import pytest

from integration_tests.warehouse.handmade import Handmade, life
from stripe_saas import cli
from stripe_saas.close import freeze
from stripe_saas.warehouse.target import parse_target

pytestmark = pytest.mark.slow

NEEDED = {
    "stripe_raw": ("_stripe_saas_syncs", "_stripe_saas_sync_streams"),
    "stripe_marts": ("mrr_monthly", "data_quality", "customer_mrr_movements"),
    "stripe_marts_staging": (
        *("stg_stripe__as_of", "int_stripe__events", "int_stripe__identities"),
        *("int_stripe__fx_rates", "int_stripe__model_options"),
    ),
}


def taken_over(company, address):
    """Writes the tables that a close reads from a DuckDB into a Postgres."""
    with psycopg.connect(parse_target(address).postgres_url, autocommit=True) as connection:
        for schema, names in NEEDED.items():
            connection.execute(f"create schema {schema}")
            for name in names:
                columns = company.rows(
                    "select column_name, data_type from information_schema.columns "
                    f"where table_schema = '{schema}' and table_name = '{name}' "
                    "and data_type <> 'JSON' order by ordinal_position"
                )
                made = ", ".join(
                    f"{column} {re.sub('HUGEINT|DOUBLE', 'numeric', kind)}"
                    for column, kind in columns
                )
                connection.execute(f"create table {schema}.{name} ({made})")
                marks = ", ".join("%s" for _ in columns)
                wanted = ", ".join(column for column, _ in columns)
                with connection.cursor() as cursor:
                    cursor.executemany(
                        f"insert into {schema}.{name} values ({marks})",
                        company.rows(f"select {wanted} from {schema}.{name}"),
                    )


def test_a_month_is_closed_and_verified_in_postgres_with_the_hashes_of_duckdb(
    postgres, tmp_path, monkeypatch, capsys
):
    rows = [
        *life("s1", "one", ("2026-01-05", "activated", 1000), ("2026-02-10", "canceled", 0)),
        *life("s2", "zwölf", ("2026-01-07 10:00:01", "activated", 905), currency="eur"),
    ]
    company = Handmade(tmp_path, {"subscription_events": rows}, "2026-03-02 12:00")
    company.execute(
        "create table stripe_raw.rates as select date '2026-01-31' as rate_date, "
        "'eur' as currency, 'usd' as reporting_currency, 1.0834 as rate"
    )
    built = company.build(
        *("--exclude-resource-type", "test", "--select", "+data_quality"),
        "int_stripe__model_options",
        fx_mode="constant",
        fx_rates_relation="stripe_raw.rates",
    )
    assert built.success, built.bad
    address = postgres.new_database()
    taken_over(company, address)
    monkeypatch.setattr(freeze, "time", SimpleNamespace(time=lambda: 1_772_500_000))
    # So that a month has several pages.
    monkeypatch.setattr(freeze, "_PAGE_ROWS", 2)
    said = []
    for option in (f"--warehouse=duckdb:///{company.file}", f"--warehouse={address}"):
        for words in (
            ["2026-01"],
            ["2026-02"],
            ["2026-02", "--reopen", "--because", "x"],
            ["2026-02"],
            ["--verify"],
        ):
            assert cli.run(["close", *words, option]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert said[0].count("Hash") == 5
    with psycopg.connect(parse_target(address).postgres_url, autocommit=True) as connection:
        connection.execute(
            "update stripe_closed.ledger_rows set client_id = 'zwolf' where event_id = 's2-1'"
        )
    assert cli.run(["close", "--verify", f"--warehouse={address}"]) == 1
    assert capsys.readouterr().err == (
        "close: close 1 of 2026-01: row 2 of stripe_closed.ledger_rows differs: event_id s2-1.\n"
    )
