"""What is known of the last build of the models, and who ends with a code of it."""

import argparse
import io

import pytest

from stripe_saas import cli
from stripe_saas.report import command as report
from stripe_saas.warehouse import build, models_command
from stripe_saas.warehouse.build_log import failed_build, note_build
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.models import ModelsResult
from stripe_saas.warehouse.sync_log import StreamEnd, SyncBegin, note_begin, note_end
from stripe_saas.warehouse.target import parse_target

NOON = 1_700_000_000
GOOD = ModelsResult(is_good=True)
BAD = ModelsResult(problems=["Database Error in model customers", "and more"])


@pytest.fixture
def target(tmp_path):
    """A warehouse with one sync, which was complete."""
    found = parse_target(str(tmp_path / "w.duckdb"))
    with connected(found) as database:
        begin = SyncBegin("1", NOON, "acct_1", "Acme", "live", False)
        note_begin(database, begin)
        note_end(database, begin, [StreamEnd("charges", True, 1)], NOON + 60)
    return found


def known(target):
    with connected(target, read_only=True) as database:
        return failed_build(database)


def test_the_last_build_counts(target):
    assert known(target) is None
    note_build(target, BAD)
    assert known(target) == "Database Error in model customers"
    note_build(target, GOOD)
    assert known(target) is None


def test_a_warehouse_that_no_sync_filled_gets_no_table(tmp_path):
    target = parse_target(str(tmp_path / "other.duckdb"))
    note_build(target, BAD)
    with connected(target) as database:
        assert database.select("select table_name from information_schema.tables") == []


def test_a_build_is_noted(target, monkeypatch):
    monkeypatch.setattr(build, "bring_up_to_date", lambda *_, **__: BAD)
    arguments = argparse.Namespace(vars={}, full=False)
    assert not models_command.build_and_tell(target, arguments, io.StringIO())
    assert known(target) == "Database Error in model customers"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [({}, {"by_account": True}), ({"by_account": False}, {"by_account": False})],
    ids=["found", "given"],
)
def test_a_build_is_by_account_where_the_tables_are_unless_told_otherwise(
    target, monkeypatch, given, wanted
):
    told = []
    monkeypatch.setattr(
        build, "bring_up_to_date", lambda *_, variables, **__: told.append(variables) or GOOD
    )
    with connected(target) as database:
        database.execute("create table stripe_raw.customers (id varchar, account_id varchar)")
    arguments = argparse.Namespace(vars=given, full=False)
    assert models_command.build_and_tell(target, arguments, io.StringIO())
    assert told == [wanted]


def test_status_and_report_do_not_end_well_after_a_build_that_failed(
    target, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(report, "report_data", lambda *_, **__: {"as_of": "2023-11-14"})
    monkeypatch.setattr(report, "page_of", lambda data: "page")
    address, page = str(target.path), tmp_path / "page.html"
    commands = (
        ["status", "--warehouse", address],
        ["report", "--warehouse", address, "--out", str(page)],
    )
    assert [cli.run(words) for words in commands] == [0, 0]
    page.unlink()
    note_build(target, BAD)
    capsys.readouterr()
    assert [cli.run(words) for words in commands] == [1, 1]
    said = capsys.readouterr()
    line = "last build of the models failed: Database Error in model customers"
    assert line in said.out
    assert line in said.err
    assert page.read_text() == "page"
