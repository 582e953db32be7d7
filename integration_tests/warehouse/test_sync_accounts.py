"""`stripe-saas sync` of several accounts: no row of one takes the place of another's."""

import pytest

from integration_tests.warehouse.syncing import a_warehouse
from stripe_saas import cli

pytestmark = pytest.mark.slow

STREAMS = ("customers", "invoices", "charges", "prices", "subscription_events")


@pytest.fixture
def warehouse(tmp_path):
    """Three accounts; the objects of two have the same ids."""
    with a_warehouse(tmp_path, customers=4, months=2) as warehouse:
        connections = warehouse.world.account.connections
        warehouse.accounts = connections.connect(3, seeds=[21, 21, 22])
        warehouse.world.connector.config["accounts"] = warehouse.accounts
        yield warehouse


def held(warehouse, stream):
    return {
        (row["account_id"], row["id"])
        for row in warehouse.rows(f"select account_id, id from stripe_raw.{stream}")
    }


def at_stripe(warehouse, kind):
    return {
        (account, row["id"])
        for account in warehouse.accounts
        for row in warehouse.world.account.connections.account(account).store.contents(kind)
    }


def test_every_account_has_its_rows_whatever_their_ids(warehouse):
    assert warehouse.sync("--streams", *STREAMS) == 0
    kinds = {"customers": "customer", "invoices": "invoice", "charges": "charge"}
    for stream, kind in kinds.items():
        assert held(warehouse, stream) == at_stripe(warehouse, kind), stream
    ids = [identity for _, identity in held(warehouse, "invoices")]
    assert len(set(ids)) < len(ids), "two accounts share ids"
    assert warehouse.last_sync()["account_id"] == warehouse.world.account.account_id
    warehouse.world.advance(12)
    assert warehouse.sync("--streams", *STREAMS) == 0
    assert held(warehouse, "invoices") == at_stripe(warehouse, "invoice")
    [columns] = warehouse.rows(
        "select count(*) as n, min(data_type) as kind from information_schema.columns "
        "where table_schema = 'stripe_raw' and column_name = 'account_id' "
        "and table_name not like '\\_%' escape '\\'"
    )
    assert (columns["n"], columns["kind"]) == (len(STREAMS), "VARCHAR")


def test_verify_compares_each_account_with_its_own_rows(warehouse, capsys):
    first, second, third = warehouse.accounts
    assert warehouse.sync("--streams", "customers", "invoices", "exchange_rates") == 0
    config = warehouse.world.connector.file(warehouse.world.connector.config)
    asking = ["verify", "--config", config, "--warehouse", warehouse.address, "--all"]
    assert cli.run(asking) == 0
    said = capsys.readouterr().out
    assert said.count("nothing missing, extra or stale") == 3
    assert said.endswith("3 of 3 accounts are held as Stripe has them.\n")
    # The same id is in two accounts, and wrong in the second alone.
    [row] = warehouse.rows(
        "select min(id) as id from stripe_raw.invoices where account_id = ?", second
    )
    here = "account_id = ? and id = ?"
    warehouse.execute(f"update stripe_raw.invoices set total = -7 where {here}", second, row["id"])
    warehouse.execute("delete from stripe_raw.customers where account_id = ?", third)
    assert cli.run(asking) == 1
    said = capsys.readouterr().out
    assert said.count("nothing missing, extra or stale") == 1
    assert said.count(f"stale    invoices  {row['id']}: total\n") == 1
    customers = len(list(at_stripe_of(warehouse, third, "customer")))
    assert f"{customers} missing, 0 extra, 0 stale" in said
    assert f"1 of 3 accounts are held as Stripe has them; not so: {second}, {third}.\n" in said
    for account, code in ((first, 0), (second, 1), ("acct_1Unknown", 1)):
        assert cli.run([*asking, "--account", account]) == code
    assert "does not open acct_1Unknown" in capsys.readouterr().err
    refusing = warehouse.world.account.connections.is_refusing
    refusing.add(first)
    assert cli.run(asking) == 1
    assert f"{first}: could not be compared: " in capsys.readouterr().out


def at_stripe_of(warehouse, account, kind):
    return warehouse.world.account.connections.account(account).store.contents(kind)


def test_a_warehouse_of_one_account_is_filled_anew_with_several(warehouse):
    del warehouse.world.connector.config["accounts"]
    assert warehouse.sync("--streams", *STREAMS) == 0
    own = warehouse.world.account.account_id
    warehouse.accounts.append(own)
    warehouse.world.connector.config["accounts"] = warehouse.accounts
    assert warehouse.sync("--streams", *STREAMS) == 0
    stored = warehouse.world.account.store.contents("invoice")
    expected = at_stripe_of_connected(warehouse) | {(own, row["id"]) for row in stored}
    assert held(warehouse, "invoices") == expected


def at_stripe_of_connected(warehouse):
    connected = [name for name in warehouse.accounts if name.startswith("acct_1C")]
    return {
        (account, row["id"])
        for account in connected
        for row in warehouse.world.account.connections.account(account).store.contents("invoice")
    }


def test_an_account_that_refuses_leaves_the_rows_of_the_others(warehouse, capsys):
    refusing = warehouse.accounts[0]
    warehouse.world.account.connections.is_refusing.add(refusing)
    assert warehouse.sync("--streams", "customers", "invoices") == 1
    assert {account for account, _ in held(warehouse, "invoices")} == set(warehouse.accounts[1:])
    assert refusing in capsys.readouterr().out


def test_an_organizations_accounts_stand_in_the_log_and_may_become_more(warehouse):
    config = warehouse.world.connector.config
    config["client_secret"] = "sk_org_test_integration0000000001"
    config["accounts"] = {"organization": warehouse.accounts[:2]}
    assert warehouse.sync("--streams", "customers") == 0
    assert warehouse.last_sync()["account_id"] == ",".join(warehouse.accounts[:2])
    config["accounts"] = {"organization": warehouse.accounts}
    assert warehouse.sync("--streams", "customers") == 0
    assert {account for account, _ in held(warehouse, "customers")} == set(warehouse.accounts)
