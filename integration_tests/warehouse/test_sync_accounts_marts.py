"""`stripe-saas sync` of several accounts: one warehouse, figures of each account and of all."""

import pytest

from integration_tests.warehouse.syncing import a_warehouse
from stripe_saas import cli

pytestmark = pytest.mark.slow


def test_a_sync_of_several_accounts_fills_marts_of_each_and_of_all(tmp_path):
    with a_warehouse(tmp_path, customers=5, months=3) as warehouse:
        world = warehouse.world
        config = world.connector.config
        # It is filled by one account first: rows of then, without an account, must not stay.
        assert warehouse.sync() == 0
        # Their objects have the same ids.
        ids = world.account.connections.connect(2, seeds=[21, 21])
        path = world.connector.file({**config, "accounts": ids})
        assert cli.run(["sync", "--config", path, "--warehouse", warehouse.address]) == 0
        found = warehouse.rows(
            "select account_id, currency, sum(mrr_delta) as mrr "
            "from stripe_raw.subscription_events group by account_id, currency"
        )
        raw = {(row["account_id"], row["currency"]): int(row["mrr"]) for row in found if row["mrr"]}
        assert {account for account, _ in raw} == set(ids)
        months = warehouse.rows(
            "select account_id, currency, closing_minor from stripe_marts.mrr_monthly "
            "where is_open and basis = 'currency' and closing_minor <> 0"
        )
        marts = {(row["account_id"], row["currency"]): row["closing_minor"] for row in months}
        together = {key: mrr for key, mrr in marts.items() if key[0] == "all"}
        assert {key: mrr for key, mrr in marts.items() if key[0] != "all"} == raw
        for account, currency in together:
            parts = [mrr for key, mrr in raw.items() if key[1] == currency]
            assert together[account, currency] == sum(parts)
        assert sum(together.values()) > 0
        page = tmp_path / "report.html"
        words = ["report", "--warehouse", warehouse.address, "--out", str(page)]
        assert cli.run(words) == 0
        assert page.stat().st_size > 0
