"""A warehouse of the former loader: taken over by the first sync, its states included."""

import pytest

from integration_tests.warehouse.former_loader import STREAMS, as_the_former_loader_left_it
from integration_tests.warehouse.syncing import a_warehouse
from stripe_saas import cli

pytestmark = pytest.mark.slow


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request, tmp_path):
    address = None
    if request.param == "postgres":
        address = request.getfixturevalue("postgres").new_database()
    with a_warehouse(tmp_path, address) as made:
        assert made.sync("--streams", *STREAMS) == 0
        as_the_former_loader_left_it(made)
        yield made


def assert_verified(warehouse, capsys):
    config = warehouse.world.connector.file(warehouse.world.connector.config)
    capsys.readouterr()
    cli.run(["verify", "--config", config, "--warehouse", warehouse.address, "--all"])
    said = capsys.readouterr().out
    assert "nothing missing, extra or stale" in said, said


def count(warehouse, stream):
    return warehouse.rows(f"select count(*) as n from stripe_raw.{stream}")[0]["n"]


def test_a_sync_goes_on_from_the_former_states_and_keeps_the_rows(warehouse, capsys):
    before = {stream: count(warehouse, stream) for stream in STREAMS}
    warehouse.world.advance(7)
    assert warehouse.sync("--streams", *STREAMS) == 0
    assert "read again" not in capsys.readouterr().out
    assert 0 < warehouse.last_sync()["record_count"] < sum(before.values()) / 2
    assert all(count(warehouse, stream) >= before[stream] for stream in STREAMS)
    warehouse.assert_true(("customers", "charges"))
    assert_verified(warehouse, capsys)

    assert warehouse.sync("--streams", *STREAMS, "--full") == 0
    warehouse.assert_true(("customers", "charges"))
    assert_verified(warehouse, capsys)


def test_a_whole_read_that_the_former_loader_began_is_begun_anew(warehouse):
    warehouse.execute(
        "insert into stripe_raw._stripe_saas_whole_reads values ('charges', '2099-01-01 00:00:00')"
    )
    warehouse.execute("insert into stripe_raw.charges (id, created) values ('gone', 1)")
    warehouse.execute("insert into stripe_raw.customers (id, created) values ('kept', 1)")
    charges = count(warehouse, "charges") - 1
    assert warehouse.sync("--streams", *STREAMS) == 0
    [row] = warehouse.rows(
        "select record_count from stripe_raw._stripe_saas_sync_streams "
        "where stream = 'charges' order by sync_id desc limit 1"
    )
    assert row["record_count"] == charges
    warehouse.assert_true(("charges",))
    # Of the customers only what changed was read.
    assert "kept" in warehouse.ids("customers")


@pytest.mark.parametrize("warehouse", ["postgres"], indirect=True)
def test_a_key_that_is_there_twice_is_left_once(warehouse):
    [row] = warehouse.rows("select id, name from stripe_raw.customers order by id limit 1")
    warehouse.execute(
        "insert into stripe_raw.customers (id, name, updated) values (?, 'older', 1)", row["id"]
    )
    assert warehouse.sync("--streams", *STREAMS) == 0
    [kept] = warehouse.rows("select name from stripe_raw.customers where id = ?", row["id"])
    assert kept["name"] == row["name"]
