"""SQL over the models of one account, and over those of several together."""

import pytest

from stripe_saas.close.marts import marts_of
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.target import parse_target

KEYS = "(values ('all|acct_1|sub_1'), ('all||usd'), ('acct_1|acct_1|sub_1')) as keys (id)"


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("account_id", [("sub_1",), ("usd",)]),
        ("currency", [("acct_1|acct_1|sub_1",), ("all|acct_1|sub_1",), ("all||usd",)]),
    ],
    ids=["several_accounts", "one_account"],
)
def test_of_several_accounts_the_keys_of_all_together_are_taken_plain(tmp_path, column, found):
    with connected(parse_target(str(tmp_path / "w.duckdb"))) as database:
        database.execute("create schema stripe_marts")
        database.execute(f"create table stripe_marts.mrr_monthly ({column} varchar)")
        marts = marts_of(database, "stripe_marts")
        rows = database.select(
            f"select {marts.plain('id')} from {KEYS} where {marts.is_of_all('id')} order by 1"
        )
        figures = database.select(f"select 1 from stripe_marts.mrr_monthly where {marts.is_figure}")
    assert rows == found
    assert figures == []
