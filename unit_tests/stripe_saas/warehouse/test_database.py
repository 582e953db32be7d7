import sqlite3

import pytest

from stripe_saas import cli
from stripe_saas.protocol_files.connector import ConnectorOutput
from stripe_saas.warehouse import models
from stripe_saas.warehouse.database import WarehouseError, connected
from stripe_saas.warehouse.sync import SyncError, _catalog
from stripe_saas.warehouse.target import parse_target


def test_a_refused_statement_is_told_in_one_line(tmp_path):
    with (
        connected(parse_target(str(tmp_path / "w.duckdb"))) as database,
        pytest.raises(WarehouseError, match=r"the warehouse refused: .*nothing") as refused,
    ):
        database.rows("select * from nothing")
    assert "\n" not in str(refused.value)


def test_models_of_another_make_are_told_without_a_traceback(tmp_path, capsys):
    path = tmp_path / "w.duckdb"
    with connected(parse_target(str(path))) as database:
        database.execute("create schema stripe_marts")
        database.execute("create table stripe_marts.mrr_monthly (month date)")
    assert cli.run(["report", "--warehouse", str(path), "--out", str(tmp_path / "r.html")]) == 1
    assert "the warehouse refused" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["models", "--warehouse"], ["status", "--warehouse"]])
def test_a_mistyped_path_makes_no_file(tmp_path, capsys, words):
    path = tmp_path / "mistyped.duckdb"
    assert cli.run([*words, str(path)]) == 1
    assert f"{words[0]}: there is no file {path}." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_kind_is_no_warehouse(tmp_path, capsys):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table one (two)")
    assert cli.run(["status", "--warehouse", str(path)]) == 1
    assert capsys.readouterr().err == f"status: {path} is not a DuckDB file.\n"


@pytest.mark.parametrize("words", [["models"], ["sync", "--config", "none.json"]])
def test_without_the_extra_the_models_are_refused_at_once(tmp_path, capsys, monkeypatch, words):
    monkeypatch.setattr(models.importlib.util, "find_spec", lambda name: None)
    assert cli.run([*words, "--warehouse", str(tmp_path / "w.duckdb")]) == 1
    said = capsys.readouterr().err
    assert said == (
        f"stripe-saas {words[0]} needs dbt, which is not installed: "
        "pip install 'source-stripe-saas[warehouse]'\n"
    )


class Discovering(ConnectorOutput):
    """A connector that gave some messages and no catalog."""

    def __init__(self, *messages):
        self._given = messages

    def messages(self):
        return iter(self._given)

    def exit_code(self):
        return 137

    def last_words(self):
        return ""


def test_a_catalog_that_could_not_be_had_is_told_with_the_connectors_reason():
    trace = {"type": "ERROR", "error": {"message": "The key has expired."}}
    with pytest.raises(SyncError, match="no catalog: The key has expired"):
        _catalog(Discovering({"type": "TRACE", "trace": trace}), ())
    with pytest.raises(SyncError, match="no catalog: it ended with code 137"):
        _catalog(Discovering(), ())


def test_a_stream_that_does_not_exist_is_named():
    catalog = {"type": "CATALOG", "catalog": {"streams": [{"name": "charges"}]}}
    with pytest.raises(SyncError, match="there is no stream 'chargse'; there are charges"):
        _catalog(Discovering(catalog), ("chargse",))


def test_a_damaged_file_is_called_damaged(tmp_path, capsys):
    path = tmp_path / "w.duckdb"
    with connected(parse_target(str(path))) as database:
        database.execute("create table t as select range as n from range(200000)")
    content = bytearray(path.read_bytes())
    content[4096:12288] = bytes(8192)  # both headers of the file
    path.write_bytes(bytes(content))
    assert cli.run(["status", "--warehouse", str(path)]) == 1
    assert f"status: {path} is damaged: " in capsys.readouterr().err


def insert_in_vain(database):
    with database.transaction():
        database.execute("insert into t values (2)")
        database.execute("insert into nothing values (3)")


def test_a_transaction_counts_as_a_whole_or_not_at_all(tmp_path):
    with connected(parse_target(str(tmp_path / "w.duckdb"))) as database:
        database.execute("create table t (n int)")
        with database.transaction():
            database.execute("insert into t values (1)")
        with pytest.raises(WarehouseError):
            insert_in_vain(database)
        assert database.select("select n from t") == [(1,)]


def test_a_connection_that_only_reads_writes_nothing(tmp_path):
    target = parse_target(str(tmp_path / "w.duckdb"))
    with connected(target) as database:
        database.execute("create table t (n int)")
    with connected(target, read_only=True) as database, pytest.raises(WarehouseError):
        database.execute("insert into t values (1)")
