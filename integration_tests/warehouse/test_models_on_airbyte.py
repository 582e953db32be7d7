"""The models on tables that Airbyte filled, raw and final ones: the same marts as by a sync."""

from __future__ import annotations

import duckdb
import psycopg2
import pytest

from integration_tests.warehouse.airbyte_tables import (
    FINAL,
    RAW,
    load_airbyte_duckdb,
    load_airbyte_postgres,
)
from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.built_tables import MARTS, differing, tables_of
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_saas.warehouse.models import profile_of
from stripe_saas.warehouse.target import parse_target
from stripe_sandbox.account import open_account

pytestmark = pytest.mark.slow

# That the marts are the same is checked here; what dbt tests of them, elsewhere.
BUILD = ("build", "--exclude-resource-type", "test")


@pytest.fixture(scope="module")
def company():
    """Records by stream, and the moment at which they came."""
    account = open_account("company", seed=21, customers=80, months=8)
    return records_of(account), account.store.now


def marts_in_duckdb(file, folder, variables):
    result = run_dbt(folder / "dbt", duckdb_profile(file), BUILD, variables)
    assert result.success, result.bad
    assert not result.bad
    with duckdb.connect(str(file), read_only=True) as connection:
        return tables_of(connection.cursor(), MARTS)


@pytest.fixture(scope="module")
def expected(company, tmp_path_factory):
    """The marts on tables of `stripe-saas sync`."""
    folder = tmp_path_factory.mktemp("synced")
    load_duckdb(folder / "stripe.duckdb", folder, *company)
    found = marts_in_duckdb(folder / "stripe.duckdb", folder, {})
    # No month is closed here.
    assert {name.partition(".")[2] for name, (_, rows) in found.items() if not rows} == {
        *("mrr_monthly_closed", "restatements")
    }
    # Without a log of syncs nobody knows when an empty table was last looked at.
    empty = [f"stream_is_fresh/{stream}" for stream, rows in company[0].items() if not rows]
    assert empty == ["stream_is_fresh/disputes"]
    columns, rows = found["stripe_marts.data_quality"]
    found["stripe_marts.data_quality"] = (columns, [row for row in rows if empty[0] not in row])
    return found


@pytest.mark.parametrize("shape", [FINAL, RAW], ids=["final", "raw"])
def test_airbytes_tables_in_duckdb_give_the_same_marts(company, expected, tmp_path, shape):
    file = tmp_path / "stripe.duckdb"
    load_airbyte_duckdb(file, tmp_path, *company)
    assert not differing(expected, marts_in_duckdb(file, tmp_path, shape))
    command = ("source", "freshness")
    fresh = run_dbt(tmp_path / "dbt", duckdb_profile(file), command, variables=shape)
    assert fresh.success, fresh.bad


@pytest.mark.parametrize("shape", [FINAL, RAW], ids=["final", "raw"])
def test_airbytes_tables_in_postgres_give_the_same_marts(
    company, expected, tmp_path, monkeypatch, postgres, shape
):
    target = parse_target(postgres.new_database())
    monkeypatch.setenv("DBT_ENV_SECRET_STRIPE_SAAS_PASSWORD", target.password)
    connection = psycopg2.connect(target.postgres_url)
    try:
        load_airbyte_postgres(connection, tmp_path, *company)
        output = profile_of(target)["stripe_saas"]["outputs"]["warehouse"]
        result = run_dbt(tmp_path / "dbt", output, BUILD, shape)
        assert result.success, result.bad
        assert not result.bad
        with connection.cursor() as cursor:
            found = tables_of(cursor, MARTS)
    finally:
        connection.close()
    assert not differing(expected, found)
