import pytest

from stripe_saas.close.checks import Marts, checked
from stripe_saas.close.month import CloseError, parse_month
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.target import parse_target


def test_a_month_of_several_accounts_is_not_closed(tmp_path):
    with connected(parse_target(str(tmp_path / "w.duckdb"))) as database:
        database.execute("create schema stripe_marts")
        database.execute("create schema stripe_marts_staging")
        for table in (
            "stripe_marts.data_quality",
            "stripe_marts_staging.int_stripe__events",
            "stripe_marts_staging.int_stripe__model_options",
        ):
            database.execute(f"create table {table} (one integer)")
        database.execute("create table stripe_marts.mrr_monthly (account_id varchar)")
        with pytest.raises(CloseError, match="the warehouse holds several accounts"):
            checked(database, Marts("stripe_marts"), parse_month("2026-03"), ())
