"""The company written by hand in two accounts: figures of each account, and of both together.

Kim, Mia and the second Stripe customer of Gus are in the account B, all others in A.
Prices, products and coupons have the same ids in both. Gus is in both accounts, and one client.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
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
from integration_tests.warehouse.raw_tables import load_duckdb
from stripe_saas import cli
from stripe_saas.report.data import report_data
from stripe_saas.report.sections import Models
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.target import parse_target

pytestmark = pytest.mark.slow

A, B = "acct_a", "acct_a/acct_b"  # An account may be connected to one that is connected itself.
OF_B = ("cus_kim", "cus_mia", "cus_gus_usd")
CATALOG = ("products", "prices", "coupons", "promotion_codes")
VIA = {
    "subscription_items": ("subscription", "subscriptions"),
    "invoice_line_items": ("invoice", "invoices"),
    "invoice_payments": ("invoice", "invoices"),
    "refunds": ("charge", "charges"),
    "disputes": ("charge", "charges"),
}
# One row is one object of one account; all accounts together have no rows there.
OBJECTS = (
    *("subscription_events", "subscription_periods", "subscription_items_current"),
    *("plan_changes", "renewals_due", "churn_signals", "discount_effect"),
    *("identity_map", "identity_unmatched", "user_subscription_state"),
    *("payout_reconciliation", "deferred_revenue_lines", "renewal_calendar"),
    *("balance_ledger", "payout_transactions", "invoice_details", "invoice_line_details"),
    "mrr_by_item",
)
# All accounts together are closed, and none by itself.
CLOSED = ("mrr_monthly_closed", "restatements")
MARTS = sorted(set(marts_written_down()) - set(CLOSED))
FIGURES = sorted({*MARTS, *CLOSED} - set(OBJECTS))
# Checks that nobody can make of one account.
OF_THE_WAREHOUSE = "('stream_is_fresh', 'mrr_is_in_its_range')"


def split() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Account -> stream -> rows, each row of the company in one account."""
    company = records()
    by_id = {
        stream: {str(row["id"]): row for row in rows}
        for stream, rows in company.items()
        if stream not in ("subscription_events", "payout_balance_transactions")
    }

    def account_of(stream: str, row: Mapping[str, Any]) -> str:
        if stream in VIA:
            name, other = VIA[stream]
            return account_of(other, by_id[other][str(row[name])])
        if stream == "balance_transactions":
            for other in ("charges", "refunds", "disputes"):
                if found := by_id[other].get(str(row.get("source"))):
                    return account_of(other, found)
        customer = (
            row["id"] if stream == "customers" else row.get("customer", row.get("customer_id"))
        )
        return B if customer in OF_B else A

    return {
        account: {
            stream: [row for row in rows if stream in CATALOG or account_of(stream, row) == account]
            for stream, rows in company.items()
        }
        for account in (A, B)
    }


class Warehouse:
    """A DuckDB in which the models of some accounts were built."""

    def __init__(self, folder, accounts: Mapping[str | None, Mapping[str, list[dict[str, Any]]]]):
        self.file = folder / "stripe.duckdb"
        several = None not in accounts
        rows = {
            stream: [row for each in accounts.values() for row in each[stream]]
            for stream in next(iter(accounts.values()))
        }
        load_duckdb(self.file, folder, rows, seconds(NOW))
        with duckdb.connect(str(self.file)) as connection:
            for statement in own_tables():
                connection.execute(statement)
            for stream in rows if several else ():
                owners = [name for name, each in accounts.items() for _ in each[stream]]
                table = f"stripe_raw.{stream}"
                connection.execute(f"alter table {table} add column account_id varchar")
                connection.execute(
                    f"update {table} set account_id = list_extract(?, 1 + cast("
                    "regexp_extract(_airbyte_raw_id, '[0-9]+$') as integer))",
                    [owners],
                )
        variables = {**VARIABLES, **({"by_account": True} if several else {})}
        result = run_dbt(folder / "dbt", duckdb_profile(self.file), variables=variables)
        assert result.success, result.bad
        assert {name.split(".")[2] for name in result.bad} <= {"data_quality_is_good"}, result.bad

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            connection.execute("set search_path = 'stripe_marts'")
            return connection.execute(sql).fetchall()

    def columns(self, mart: str) -> list[str]:
        return [row[0] for row in self.rows(f"select column_name from (describe {mart})")]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    return Warehouse(tmp_path_factory.mktemp("both"), split())


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    """The whole company in each of two accounts: every id is there twice."""
    return Warehouse(tmp_path_factory.mktemp("mirrored"), {A: records(), B: records()})


@pytest.fixture(scope="module", params=[A, B], ids=["a", "b"])
def alone(request, tmp_path_factory):
    """An account's name, and a warehouse that holds nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    return request.param, Warehouse(folder, {None: split()[request.param]})


def assert_as_written_down(warehouse, mart, where):
    wanted = expected(mart)
    found = {}
    rows = warehouse.rows(f"select {', '.join(wanted.columns)} from {mart} where {where}")
    for values in rows:
        row = dict(zip(wanted.columns, map(plain, values), strict=True))
        found[tuple(row[name] for name in wanted.key)] = row
    keys = [key for key in wanted.rows if key in found]
    assert {key: found[key] for key in keys} == {key: wanted.rows[key] for key in keys}
    assert set(wanted.rows) <= set(found)
    assert len(rows) == len(found) == wanted.count


@pytest.mark.parametrize("mart", MARTS)
def test_an_account_is_as_if_it_were_alone(both, alone, mart):
    account, warehouse = alone
    columns = warehouse.columns(mart)
    assert both.columns(mart) == ["account_id", *columns]
    but = f" and check_name not in {OF_THE_WAREHOUSE}" if mart == "data_quality" else ""
    query = f"select {', '.join(columns)} from {mart} where"
    rows = both.rows(f"{query} account_id = '{account}'{but} order by all")
    assert rows == warehouse.rows(f"{query} true{but} order by all")
    assert rows or (account, mart) in EMPTY


EMPTY = {
    (B, mart)
    for mart in (
        *("plan_changes", "trial_conversions", "discount_effect"),
        *("payout_reconciliation", "payout_transactions"),
    )
}


@pytest.mark.parametrize("mart", FIGURES)
def test_together_accounts_are_the_company_as_it_was_written_by_hand(both, mart):
    assert_as_written_down(both, mart, "account_id = 'all'")


# A client has a subscription in each account; Kim's payment is not in the account of its payout.
PARTED = {"user_subscription_state", "balance_ledger", "payout_transactions"}


@pytest.mark.parametrize("mart", sorted(set(OBJECTS) - PARTED))
def test_an_object_is_there_once_with_its_account(both, mart):
    assert_as_written_down(both, mart, "account_id <> 'all'")
    assert both.rows(f"select distinct account_id from {mart} where account_id = 'all'") == []


def test_a_payout_leads_to_what_its_own_account_knows(both):
    ledger = both.rows(
        "select account_id, balance_transaction_id, customer_id, invoice_id, payout_id "
        "from balance_ledger where balance_transaction_id in ('txn_ada_1', 'txn_kim_1') order by 1"
    )
    assert ledger == [
        (A, "txn_ada_1", "cus_ada", "in_ada_1", "po_1"),
        (B, "txn_kim_1", "cus_kim", "in_kim_1", None),
    ]
    assert both.rows(
        "select account_id, balance_transaction_id, net_minor, customer_id "
        "from payout_transactions order by 2"
    ) == [(A, "txn_ada_1", 1125, "cus_ada"), (A, "txn_kim_1", 233000, None)]


def test_a_client_in_two_accounts_has_its_last_subscription_of_each(both):
    rows = both.rows(
        "select account_id, subscription_id, has_access from user_subscription_state "
        "where client_id = 'team_4' order by 1"
    )
    assert rows == [(A, "sub_gus_1", False), (B, "sub_gus_2", True)]


@pytest.mark.parametrize("mart", MARTS)
@pytest.mark.parametrize("account", [A, B], ids=["a", "b"])
def test_objects_of_two_accounts_may_have_the_same_ids(mirrored, account, mart):
    if mart != "data_quality":
        assert_as_written_down(mirrored, mart, f"account_id = '{account}'")


def test_customers_of_one_id_in_two_accounts_are_two_clients_unless_a_rule_matches(mirrored):
    query = "select client_id, mrr_minor from customers where account_id = 'all' and {}"
    # Ada pays 11.00 in each account; no rule knows her.
    assert set(mirrored.rows(query.format("customer_id = 'cus_ada'"))) == {
        (f"{A}/cus_ada", 1100),
        (f"{B}/cus_ada", 1100),
    }
    # Bob's id was given by hand: 30.00 in each account.
    assert mirrored.rows(query.format("client_id = 'team_1'")) == [("team_1", 6000)]
    # Fourteen of the eighteen clients have no id of the company's own: 14 x 2 + 4.
    assert mirrored.rows("select count(*) from customers where account_id = 'all'") == [(32,)]


def test_mrr_of_each_account_was_worked_out_by_hand(both):
    # The company has 29800, 28800, 37800 and 34900 in dollars (company/README.md). Kim's seats
    # are 20000 a month of them from January, and Gus' second subscription 1000 from 16 March.
    rows = both.rows(
        "select account_id, strftime(date_month, '%m'), closing_minor, customers from mrr_monthly "
        "where basis = 'currency' and currency = 'usd' order by 1, 2"
    )
    assert rows == [
        *((A, "01", 29800 - 20000, 10), (A, "02", 28800 - 20000, 7)),
        *((A, "03", 37800 - 21000, 9), (A, "04", 34900 - 21000, 9)),
        *((B, "01", 20000, 1), (B, "02", 20000, 1)),
        *((B, "03", 21000, 2), (B, "04", 21000, 2)),
        *(("all", "01", 29800, 11), ("all", "02", 28800, 8)),
        *(("all", "03", 37800, 11), ("all", "04", 34900, 11)),
    ]


def test_a_client_that_goes_from_one_account_to_the_other_has_not_left(both):
    # Gus begins in the second account at 10:00 and ends in the first one at 11:00 of one day.
    rows = both.rows(
        "select account_id, currency, movement, customer_change, mrr_delta_minor "
        "from customer_mrr_movements where client_id = 'team_4' and basis = 'currency' "
        "and date_day = date '2026-03-16' order by 1, 2"
    )
    assert rows == [
        (A, "eur", "churn", "churned", -900),
        (B, "usd", "new", "new", 1000),
        ("all", "eur", "contraction", "moved_out", -900),
        ("all", "usd", "expansion", "moved_in", 1000),
    ]


def test_a_client_counts_once_together_and_once_in_each_account(both):
    # Eighteen clients; Kim, Mia and Gus in the second account, all but Kim and Mia in the first.
    rows = both.rows("select account_id, count(*) from customers group by 1 order by 1")
    assert rows == [(A, 16), (B, 3), ("all", 18)]


def test_checks_are_made_of_each_account_and_of_all_together(both):
    rows = both.rows(
        "select check_name, string_agg(distinct account_id, ' ' order by account_id) "
        f"from data_quality where check_name not in {OF_THE_WAREHOUSE} group by 1 order by 1"
    )
    assert len(rows) == 13
    assert {accounts for name, accounts in rows if not name.startswith("payouts_are")} == {
        f"{A} {B} all"
    }
    # Ada's price was edited, and a row of Hal's is marked as billed otherwise; both are in A.
    bad = both.rows("select account_id, found_ids from data_quality where not is_good order by all")
    assert bad == [
        *((A, "sub_ada"), (A, "sub_hal")),
        *(("all", "sub_ada"), ("all", "sub_hal")),
    ]


def test_all_accounts_together_are_closed(both, tmp_path):
    file = tmp_path / both.file.name
    file.write_bytes(both.file.read_bytes())
    option = f"--warehouse=duckdb:///{file}"
    with duckdb.connect(str(file)) as connection:
        connection.execute("drop schema stripe_closed cascade")
    # Ada's price was edited, and Hal's row is marked.
    accepted = ["no_row_was_adjusted", "invoices_bill_what_the_ledger_says"]
    assert cli.run(["close", "2026-03", "--accept", *accepted, option]) == 0
    assert cli.run(["close", "--verify", option]) == 0
    with duckdb.connect(str(file)) as connection:
        figures = connection.execute(
            "select basis, currency, closing_minor from stripe_closed.figures order by 1, 2"
        ).fetchall()
        rows = connection.execute(
            "select currency, sum(mrr_delta_minor)::bigint, count(distinct event_id) = count(*) "
            "from stripe_closed.ledger_rows where counted_on < '2026-04-01' group by 1 order by 1"
        ).fetchall()
        gus = connection.execute(
            "select event_id, customer_id, client_id from stripe_closed.ledger_rows "
            "where subscription_id = 'sub_gus_2'"
        ).fetchall()
    assert figures == [
        *(("currency", "eur", 0), ("currency", "jpy", 0), ("currency", "usd", 37800)),
        ("reporting", "usd", 37800),
    ]
    assert rows == [("eur", 0, True), ("jpy", 0, True), ("usd", 37800, True)]
    assert gus == [("sub_gus_2-1", "cus_gus_usd", "team_4")]


def test_the_report_shows_all_accounts_together(both):
    with connected(parse_target(str(both.file)), read_only=True) as database:
        data = report_data(Models(database))
    months = [
        (row["month"], row["closing"])
        for row in data["mrr_monthly"]
        if row["currency"] in ("usd", "reporting")
    ]
    assert sorted(months) == [
        *(("2026-01", 29800), ("2026-01", 31830), ("2026-02", 28800), ("2026-02", 29880)),
        *(("2026-03", 37800), ("2026-03", 37800), ("2026-04", 34900), ("2026-04", 34900)),
    ]
    # Ten subscriptions renew within thirty days, in dollars; each is there in both currencies.
    assert len(data["renewals"]) == 20
    assert len(data["data_quality"]) == 45


def test_tables_of_several_accounts_are_not_taken_for_one(tmp_path):
    rows = {"customers": [{"id": "cus_1"}], "subscription_events": []}
    load_duckdb(tmp_path / "w.duckdb", tmp_path, rows, seconds(NOW))
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("alter table stripe_raw.customers add column account_id varchar")
    profile = duckdb_profile(tmp_path / "w.duckdb")
    result = run_dbt(tmp_path / "dbt", profile, ("build", "--select", "stg_stripe__customers"))
    assert not result.success
    assert "set the variable by_account to true" in str(result.bad)
