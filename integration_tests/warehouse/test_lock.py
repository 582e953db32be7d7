"""Two that would write into one warehouse: the second is refused, and nothing stays locked."""

import subprocess
import sys
import time

import duckdb
import pytest

from integration_tests.warehouse.postgres import PASSWORD
from stripe_saas import cli
from stripe_saas.warehouse.database import WarehouseError, connected, writing
from stripe_saas.warehouse.target import parse_target

pytestmark = pytest.mark.slow

HOLDER = """
import sys, time
from stripe_saas.warehouse.database import writing
from stripe_saas.warehouse.target import parse_target
with writing(parse_target(sys.argv[1])):
    print(1, flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["duckdb", "postgres"])
def address(request, tmp_path):
    if request.param == "duckdb":
        duckdb.connect(str(tmp_path / "w.duckdb")).close()  # models wants a warehouse that exists
        return f"duckdb:///{tmp_path / 'w.duckdb'}"
    return request.getfixturevalue("postgres").new_database()


def test_a_second_writer_is_refused_in_one_line_until_the_first_has_ended(
    address, tmp_path, capsys
):
    command = [sys.executable, "-c", HOLDER, address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "1\n"
            (tmp_path / "config.json").write_text('{"client_secret": "sk_test_nothing00000000000"}')
            config = str(tmp_path / "config.json")
            for words in (["sync", "--config", config], ["models"]):
                assert cli.run([*words, "--warehouse", address]) == 1
                [line] = capsys.readouterr().err.splitlines()
                assert "is being written by another stripe-saas" in line
                assert PASSWORD not in line
        finally:
            process.kill()  # it has no time to say that it has ended
    with writing(parse_target(address)):
        pass


def test_only_an_empty_lock_file_is_left_beside_the_warehouse(tmp_path):
    target = parse_target(str(tmp_path / "folder" / "w.duckdb"))
    with writing(target), pytest.raises(WarehouseError, match="another"), writing(target):
        pass
    [left] = (tmp_path / "folder").iterdir()
    assert (left.name, left.read_bytes()) == (".w.duckdb.lock", b"")
    with writing(target):
        pass


def test_a_lock_that_is_lost_is_noticed_before_a_commit(address, postgres):
    target = parse_target(address)
    with writing(target) as lock, connected(target) as database:
        with database.transaction():
            lock.check(database)
        if target.kind == "duckdb":
            target.path.with_name(f".{target.path.name}.lock").unlink()
        else:
            # As an administrator does, or a server that ends what has been idle for long.
            ended = database.select(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' "
                "and database = (select oid from pg_database where datname = current_database())"
            )
            assert ended == [(True,)]
            wait_until(lambda: not holders(database))
        with pytest.raises(WarehouseError, match="the right to write was lost"):
            lock.check(database)


def test_a_server_that_ends_idle_sessions_does_not_end_the_lock(postgres):
    target = parse_target(postgres.new_database())
    with connected(target) as database:
        for setting in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            database.execute(f"alter database {target.database} set {setting} = '300ms'")
    with writing(target) as lock, connected(target) as database:
        time.sleep(1)
        lock.check(database)


def holders(database):
    return database.select(
        "select pid from pg_locks where locktype = 'advisory' "
        "and database = (select oid from pg_database where datname = current_database())"
    )


def wait_until(is_so):
    until = time.monotonic() + 20
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)


def test_a_place_where_nothing_can_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(WarehouseError, match="cannot be written"),
        writing(parse_target(str(tmp_path / "file" / "w.duckdb"))),
    ):
        pass
