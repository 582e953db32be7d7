"""A company written by hand: every column of every mart, in DuckDB and in Postgres.

`company/README.md` tells its story; `company/expected/` holds what each mart must say of it, worked
out by hand, with the working in notes above the rows.
"""

from __future__ import annotations

import duckdb
import psycopg2
import pytest

from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.company_tables import (
    NOW,
    VARIABLES,
    expected,
    marts_written_down,
    own_tables,
    plain,
    records,
)
from integration_tests.warehouse.handmade import seconds
from integration_tests.warehouse.raw_tables import load_duckdb, load_postgres
from stripe_saas.warehouse.models import profile_of
from stripe_saas.warehouse.target import parse_target
from tools.generate_mart_docs import marts

pytestmark = pytest.mark.slow

MARTS = {mart.name: list(mart.columns) for mart in marts()}


def test_every_documented_column_of_every_mart_is_expected():
    columns = [(mart, column) for mart, names in MARTS.items() for column in names]
    written = [(mart, column) for mart in marts_written_down() for column in expected(mart).columns]
    assert sorted(written) == sorted(columns)
    assert len(columns) >= 470


def test_something_is_expected_of_every_column():
    # A column that is null in every row that is written down would be compared with nothing.
    empty = [
        f"{mart}.{column}"
        for mart in marts_written_down()
        for column in expected(mart).columns
        if not any(row[column] for row in expected(mart).rows.values())
    ]
    assert empty == []


def assert_built(result):
    """All is well, but for the row that was adjusted."""
    assert result.success, result.bad
    assert [name.split(".")[2] for name in result.bad] == ["data_quality_is_good"], result.bad


def in_duckdb(folder):
    """A function that asks a DuckDB in which everything was built."""
    file = folder / "stripe.duckdb"
    load_duckdb(file, folder, records(), seconds(NOW))
    with duckdb.connect(str(file)) as connection:
        for statement in own_tables():
            connection.execute(statement)
    result = run_dbt(folder / "dbt", duckdb_profile(file), variables=VARIABLES)
    assert_built(result)

    def ask(sql):
        with duckdb.connect(str(file), read_only=True) as opened:
            return opened.execute(sql).fetchall()

    return ask


def in_postgres(folder, server, monkeypatch):
    """The same of a Postgres."""
    target = parse_target(server.new_database())
    monkeypatch.setenv("DBT_ENV_SECRET_STRIPE_SAAS_PASSWORD", target.password)
    connection = psycopg2.connect(target.postgres_url)
    load_postgres(connection, folder, records(), seconds(NOW))
    with connection.cursor() as cursor:
        for statement in own_tables():
            cursor.execute(statement)
    connection.commit()
    output = profile_of(target)["stripe_saas"]["outputs"]["warehouse"]
    result = run_dbt(folder / "dbt", output, variables=VARIABLES)
    assert_built(result)

    def ask(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    return ask


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def ask(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "duckdb":
        yield in_duckdb(folder)
        return
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield in_postgres(folder, request.getfixturevalue("postgres"), monkeypatch)


@pytest.mark.parametrize("mart", sorted(MARTS))
def test_a_mart_says_what_was_worked_out_by_hand(ask, mart):
    wanted = expected(mart)
    found = {}
    for values in ask(f"select {', '.join(wanted.columns)} from stripe_marts.{mart}"):
        row = dict(zip(wanted.columns, map(plain, values), strict=True))
        found[tuple(row[name] for name in wanted.key)] = row
    wrong = [
        f"{key}: {column} is {found[key][column]!r}, not {row[column]!r}"
        for key, row in wanted.rows.items()
        if key in found
        for column in wanted.columns
        if found[key][column] != row[column]
    ]
    assert wrong == []
    missing = sorted(set(wanted.rows) - set(found))
    assert missing == []
    assert len(found) == wanted.count
    assert wanted.is_whole or mart in PARTLY


# Marts of which there would be hundreds of rows to write down.
PARTLY = {
    *("mrr_contracted", "mrr_daily", "renewal_calendar", "retention_cohorts"),
    *("running_measures", "subscription_events", "subscription_periods"),
}


def test_on_days_that_are_not_written_down_nothing_moves(ask):
    wanted = expected("mrr_daily")
    moving = [column for column in wanted.columns if column.endswith(("_minor", "_customers"))]
    still = (
        *("opening_minor", "closing_minor", "arr_minor", "committed_minor"),
        "opening_customers",
    )
    moving = [column for column in moving if column not in still]
    rows = ask(
        "select date_day, basis, currency, opening_minor, closing_minor, arr_minor, "
        f"opening_customers, customers, subscriptions, {', '.join(moving)} "
        "from stripe_marts.mrr_daily order by basis, currency, date_day"
    )
    last = {}
    for row in rows:
        key = tuple(map(plain, row[:3]))
        closing = row[4:9]
        if key not in wanted.rows:
            before = last.get(key[1:], (0, 0, None, 0, 0))
            assert row[3] == row[4], key
            assert row[6] == row[7], key
            assert (closing[0], closing[1], closing[3], closing[4]) == (
                before[0], before[1], before[3], before[4]
            ), key  # fmt: skip
            assert not any(row[9:]), key
        last[key[1:]] = closing


@pytest.mark.parametrize(
    ("mart", "key", "column", "rows"),
    [
        ("customers", "client_id", "metadata_team", [("team_2", "team_2")]),
        ("subscription_items_current", "subscription_id", "metadata_rep", [("sub_ada", "Zoe")]),
        ("invoice_details", "invoice_id", "metadata_po_number", [("in_ada_1", "4711")]),
        ("invoice_line_details", "line_id", "metadata_po_number", [("il_ada_1", "4711")]),
    ],
)
def test_keys_of_metadata_become_columns(ask, mart, key, column, rows):
    query = f"select {key}, {column} from stripe_marts.{mart} where {column} is not null"
    assert [tuple(row) for row in ask(query)] == rows
