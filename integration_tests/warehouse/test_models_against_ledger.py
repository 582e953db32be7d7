"""dbt on what a sync of a company would bring: every month as in the company's own books."""

from __future__ import annotations

import duckdb
import pytest

from integration_tests.ledger_check.shown import HORIZON_SECONDS
from integration_tests.warehouse.against_ledger import compare_months
from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from source_stripe_saas.sandbox.account import open_account

pytestmark = pytest.mark.slow


def built(folder, account):
    """A DuckDB in which everything was built and every test has passed."""
    database = folder / "stripe.duckdb"
    load_duckdb(database, folder, records_of(account), account.store.now)
    result = run_dbt(folder / "dbt", duckdb_profile(database))
    assert result.success, result.bad
    assert not result.bad
    return database


def compared(database, account):
    with duckdb.connect(str(database), read_only=True) as connection:
        return compare_months(
            account,
            lambda sql: connection.execute(sql).fetchall(),
            account.store.now - HORIZON_SECONDS,
        )


def test_what_the_api_shows_gives_every_month_to_the_minor_unit(tmp_path):
    account = open_account("company", seed=11, customers=250, months=18, traceable=True)
    found = compared(built(tmp_path, account), account)
    assert found.months > 50
    assert not found.wrong
    assert not found.explained


def test_months_differ_by_nothing_but_what_the_api_hides(tmp_path):
    account = open_account("company", seed=3, customers=250, months=18)
    found = compared(built(tmp_path, account), account)
    assert not found.wrong
    assert 0 < len(found.explained) < found.months / 2
