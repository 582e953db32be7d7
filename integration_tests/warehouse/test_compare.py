"""`stripe-saas compare` against another tool's export, in short; the long form is a module."""

from __future__ import annotations

import duckdb
import pytest

from integration_tests import compare
from stripe_saas import cli
from stripe_saas.warehouse.places import RAW_SCHEMA
from stripe_sandbox.account import open_account

pytestmark = pytest.mark.slow

NAMED = {"discounts", "taxes", "trials", "past_due", "churn_at", "weeks_per_year"}


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    account = open_account("company", seed=4, customers=300, months=18, traceable=True)
    folder = tmp_path_factory.mktemp("compare")
    return account, folder, compare.compared(account, folder)


def test_every_difference_is_explained_by_named_rules(company):
    _, _, (code, rows, printed) = company
    assert list(compare.wrong_in(code, rows)) == []
    moved = {rule for row in rows for rule in row["shares_minor"]}
    assert moved >= NAMED
    assert "0 of them with something not explained." in printed


@pytest.mark.parametrize("rule", sorted(NAMED))
def test_a_rule_that_is_not_named_leaves_a_rest(company, rule):
    account, folder, _ = company
    theirs = {name: setting for name, setting in compare.THEIRS.items() if name != rule}
    theirs |= {"discounts": {"discounts": "all"}, "churn_at": {"churn_at": "end"}}.get(rule, {})
    code, rows, printed = compare.compared(account, folder, theirs)
    assert code == 3
    assert any(row["not_explained_minor"] for row in rows)
    assert "not explained" in printed


def test_published_rules_are_applied_without_a_file(company, capsys):
    _, folder, _ = company
    words = ("--month", compare.MONTH, "--config", str(folder / "config.json"))
    where = f"--warehouse=duckdb:///{folder / 'stripe.duckdb'}"
    for name in ("stripe", "chartmogul", "profitwell", "baremetrics"):
        assert cli.run(["compare", "--with", name, *words, where]) == 0, name
    assert "cancellation at the period's end" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--with", "stripe", "--month", "2026-13"), "'2026-13' is not a month"),
        (("--with", "stripe", "--month", "2026-07"), "before the month's end"),
        (("--with", "stripe", "--month", "2026-05"), "made with other options"),
        (("--with", "none.csv", "--month", "2026-05"), "none.csv"),
        (("--with", "stripe", "--month", "2026-05", "--column", "mrr=x"), "belong to a file"),
        (("--with", "stripe", "--month", "2026-05", "--rule", "taxes"), "write it as NAME=VALUE"),
    ],
)
def test_what_cannot_be_compared_is_said(company, words, said, capsys):
    _, folder, _ = company
    assert cli.run(["compare", *words, f"--warehouse=duckdb:///{folder / 'stripe.duckdb'}"]) == 1
    assert said in capsys.readouterr().err


def test_a_ledger_that_is_off_leaves_a_rest(company, tmp_path):
    account, folder, _ = company
    path = tmp_path / "stripe.duckdb"
    path.write_bytes((folder / "stripe.duckdb").read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"update {RAW_SCHEMA}.subscription_events set mrr_delta = mrr_delta + 1 "
            "where event_type = 'activated'"
        )
    code, rows, _ = compare.compared(account, tmp_path)
    assert code == 3
    assert {row["not_explained_minor"] for row in rows} >= {-1}
