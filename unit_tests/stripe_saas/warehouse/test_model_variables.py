"""One block of settings serves connector and models."""

import pytest

from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.model_variables import variables_from, variables_of_tables
from stripe_saas.warehouse.target import parse_target


def test_the_models_are_told_their_own_options_only():
    block = {"churn_at": "request", "fx_mode": "constant", "reporting_timezone": "Asia/Tokyo"}
    assert variables_from({"mrr": block}) == {
        "fx_mode": "constant",
        "reporting_timezone": "Asia/Tokyo",
    }


def test_what_is_chosen_goes_before_a_preset():
    assert variables_from({"mrr": {"preset": "chartmogul"}}) == {"switch_window_hours": 1}
    chosen = {"preset": "chartmogul", "switch_window_hours": 0}
    assert variables_from({"mrr": chosen}) == {"switch_window_hours": 0}


def test_without_a_block_the_project_s_defaults_count():
    assert variables_from({}) == {}
    assert variables_from({"mrr": {"preset": "stripe"}}) == {}


@pytest.mark.parametrize(
    ("table", "columns", "variables", "found"),
    [
        ("stripe_raw.customers", "id varchar, account_id varchar", {}, {"by_account": True}),
        ("stripe_raw.customers", "id varchar", {}, {}),
        # The log of syncs has such a column, and says nothing of the streams.
        ("stripe_raw._stripe_saas_syncs", "account_id varchar", {}, {}),
        ("raw.customers", "id varchar, account_id varchar", {}, {}),
        (
            "raw.s_customers",
            "id varchar, account_id varchar",
            {"stripe_schema": "raw", "stripe_table_prefix": "s_"},
            {"by_account": True},
        ),
        (
            "raw.clients",
            "id varchar, account_id varchar",
            {"stripe_schema": "raw", "stripe_tables": {"customers": "clients"}},
            {"by_account": True},
        ),
    ],
    ids=["several", "one", "log", "elsewhere", "prefix", "named"],
)
def test_models_are_by_account_where_a_table_has_a_column_of_it(
    tmp_path, table, columns, variables, found
):
    with connected(parse_target(str(tmp_path / "w.duckdb"))) as database:
        database.execute(f"create schema {table.partition('.')[0]}")
        database.execute(f"create table {table} ({columns})")
        assert variables_of_tables(database, variables) == found
