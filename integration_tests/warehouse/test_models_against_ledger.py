"""dbt on what a sync of a company would bring: every month as in the company's own books."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from integration_tests.contracted import compare as compare_contracted
from integration_tests.warehouse.against_cash import compare_cash
from integration_tests.warehouse.against_ledger import compare_months
from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_sandbox.account import open_account
from tools.generate_mart_docs import marts

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
        )


@pytest.fixture(scope="module")
def exact(tmp_path_factory):
    """A company that does only what can be traced, and its warehouse."""
    account = open_account("company", seed=11, customers=250, months=18, traceable=True)
    return account, built(tmp_path_factory.mktemp("exact"), account)


def rows(database, sql):
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set search_path = 'stripe_marts'")
        return connection.execute(sql).fetchall()


def test_what_the_api_shows_gives_every_month_to_the_minor_unit(exact):
    account, database = exact
    found = compared(database, account)
    assert found.months > 50
    assert not found.wrong
    assert not found.explained


def test_the_way_to_cash_and_deferred_revenue_are_as_in_the_books_to_the_minor_unit(exact):
    account, database = exact
    with duckdb.connect(str(database), read_only=True) as connection:
        found = compare_cash(account, lambda sql: connection.execute(sql).fetchall(), with_mrr=True)
    assert not found.wrong
    assert found.figures > 5000
    # What never moves would be compared with nothing.
    still = {"other_charges", "other_invoiced", "collected_elsewhere", "payment_timing"}
    still |= {"settlement", "other", "deferred at the end"}
    assert {name for name, count in found.totals.items() if not count} == still


def test_what_was_contracted_is_what_then_happens_where_nothing_new_is_decided(exact):
    # The same company once more, as it is to live on.
    account = open_account("company", seed=11, customers=250, months=18, traceable=True)
    with duckdb.connect(str(exact[1]), read_only=True) as connection:
        found = compare_contracted(account, lambda sql: connection.execute(sql).fetchall(), days=60)
    assert not found.wrong
    assert found.days > 5000
    assert set(found.changes) >= {"end", "trial_end"}


def test_every_example_query_of_the_docs_runs(exact):
    empty = [mart.name for mart in marts() if not rows(exact[1], mart.query)]
    # No month is closed and no check fails; no own id is set, so all customers are unmatched.
    assert empty == ["mrr_monthly_closed", "restatements", "data_quality"]


def test_streams_are_fresh_by_the_moment_of_the_last_sync_until_one_is_left_behind(exact):
    _, database = exact
    fresh = run_dbt(database.parent / "dbt", duckdb_profile(database), ("source", "freshness"))
    assert fresh.success
    assert sum(name.startswith("source.") for name in fresh.statuses) == 20
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update stripe_raw._stripe_saas_sync_streams set synced_at = synced_at - 90001 "
            "where stream = 'charges'"
        )
    stale = run_dbt(database.parent / "dbt", duckdb_profile(database), ("source", "freshness"))
    assert not stale.success
    assert list(stale.bad) == ["source.stripe_saas.stripe.charges"]


def test_a_past_that_is_built_again_looks_as_it_did(exact):
    _, database = exact
    figures = (
        "select currency, date_month, opening_minor, new_minor, expansion_minor, "
        "contraction_minor, churn_minor, reactivation_minor, closing_minor, customers "
        "from mrr_monthly where date_month < '2026-03-01' order by 1, 2"
    )
    before = rows(database, figures)
    again = run_dbt(
        database.parent / "dbt",
        duckdb_profile(database),
        ("build", "--indirect-selection=cautious", "--select", "+mrr_monthly"),
        {"as_of": "2026-02-28 23:59:59"},
    )
    assert again.success, again.bad
    assert rows(database, figures) == before
    assert rows(database, "select max(date_month) from mrr_monthly") == [(date(2026, 2, 1),)]
    assert rows(database, "select date_month from mrr_monthly where is_open limit 1") != []


def test_months_differ_by_nothing_but_what_the_api_hides(tmp_path):
    account = open_account("company", seed=3, customers=250, months=18)
    database = built(tmp_path, account)
    found = compared(database, account)
    assert not found.wrong
    assert 0 < len(found.explained) < found.months / 2
    assert len(found.details) >= len(found.explained)
    # A movement of the same amount under another name is no difference that the API makes.
    with duckdb.connect(str(database)) as connection:
        [(key, month, currency)] = connection.execute(
            "select movement_id, date_month, currency from stripe_marts.customer_mrr_movements "
            "where movement = 'new' order by date_day limit 1"
        ).fetchall()
        connection.execute(
            "update stripe_marts.customer_mrr_movements set movement = 'reactivation' "
            "where movement_id = ?",
            [key],
        )
        connection.execute(
            "update stripe_marts.mrr_monthly set new_minor = new_minor - 1, "
            "reactivation_minor = reactivation_minor + 1 where date_month = ? and currency = ?",
            [month, currency],
        )
    [wrong] = compared(database, account).wrong
    assert "moves otherwise than is told" in wrong
    assert "customers differ by" in wrong
