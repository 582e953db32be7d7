import pytest

from stripe_saas import cli
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.status import status_of_warehouse, told
from stripe_saas.warehouse.sync_log import StreamEnd, SyncBegin, note_begin, note_end
from stripe_saas.warehouse.target import parse_target

NOON = 1_700_000_000


@pytest.fixture
def address(tmp_path):
    return f"duckdb:///{tmp_path / 'w.duckdb'}"


def begun(database, number, at):
    begin = SyncBegin(f"{number:013d}", at, "acct_1", "Acme", "live", False)
    note_begin(database, begin)
    return begin


def test_a_warehouse_that_is_not_there_or_empty_is_said_to_be(address, capsys):
    assert cli.run(["status", "--warehouse", address]) == 1
    assert "there is no file" in capsys.readouterr().err
    with connected(parse_target(address)) as database:
        database.execute("create table t (a int)")
    assert cli.run(["status", "--warehouse", address]) == 1
    assert "nothing has been synced" in capsys.readouterr().err


def test_a_stream_that_failed_last_keeps_the_time_of_its_last_success(address):
    with connected(parse_target(address)) as database:
        first = begun(database, 1, NOON)
        note_end(database, first, [StreamEnd("customers", True, 5)], NOON + 60)
        second = begun(database, 2, NOON + 3600)
        ends = [StreamEnd("customers", False, 0, "no permission"), StreamEnd("charges", True, 1)]
        assert note_end(database, second, ends, NOON + 3700) == "incomplete"
        status = status_of_warehouse(database)
    customers = next(each for each in status.streams if each.stream == "customers")
    assert (customers.synced_at, customers.error) == (NOON + 60, "no permission")
    lines = told(status, NOON + 2 * 86_400)
    assert lines[0] == "Account         Acme (acct_1), live mode"
    assert lines[1] == "Last complete   2023-11-14 22:14 UTC, 1 day ago"
    assert lines[2] == "Last sync       incomplete, begun 2023-11-14 23:13 UTC, 1 day ago"
    assert lines[-1] == "  customers: no permission"


def test_a_sync_that_was_killed_is_told_apart(address):
    with connected(parse_target(address)) as database:
        begun(database, 1, NOON)
        status = status_of_warehouse(database)
    assert told(status, NOON + 120)[2] == (
        "Last sync       begun 2023-11-14 22:13 UTC, 2 minutes ago: it runs, or was killed"
    )
