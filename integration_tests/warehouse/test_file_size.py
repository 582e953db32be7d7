"""The size of a DuckDB file after many small syncs, and what a copy of it may not lose."""

import os
import random
from contextlib import contextmanager
from pathlib import Path

import duckdb
import msgspec
import pytest

from integration_tests.warehouse.loader.one_sync import NOON, Lock, streams
from stripe_saas.warehouse.database import connected, tidy
from stripe_saas.warehouse.kinds.duckdb_file import compact, folder_of_copy
from stripe_saas.warehouse.loader import Loader
from stripe_saas.warehouse.sync_log import SyncBegin, next_sync_id, note_begin
from stripe_saas.warehouse.target import parse_target

ROWS, CHANGED, SYNCS = 2_000, 20, 100


@contextmanager
def orderly(ask):
    yield


WORDS = ("customer", "invoice", "monthly", "plan", "price", "quarter", "seat", "yearly")


def a_charge(number, edition):
    """About 2.6 kB that DuckDB always compresses.

    Of text that compresses badly it looks at a sample and decides by chance, at every copy anew.
    """
    rng = random.Random(f"{number} {edition}")
    notes = {f"k{each}": " ".join(rng.choices(WORDS, k=16)) for each in range(20)}
    return msgspec.json.encode(
        {"id": f"ch_{number}", "amount": number, "updated": edition, "metadata": notes}
    )


def load(target, folder, numbers, edition):
    with connected(target) as database:
        begin = SyncBegin(next_sync_id(database), NOON, "acct_1", "Acme", "test", False)
        note_begin(database, begin)
        loader = Loader(database, streams("charges"), folder, begin, Lock(), lambda: NOON)
        for number in numbers:
            loader.take_record("charges", a_charge(number, edition), 1_000)
        loader.take_state("charges", {"stream": {"stream_descriptor": {"name": "charges"}}})
        loader.end_stream("charges", is_complete=True)
    tidy(target, orderly)


def a_copy(path, folder):
    copy = folder / "elsewhere" / path.name
    copy.parent.mkdir()
    with duckdb.connect(str(copy)) as connection:
        connection.execute(f"attach '{path}' as other (read_only)")
        connection.execute("copy from database other to w")
    return copy


@pytest.mark.slow
def test_in_a_hundred_small_syncs_the_file_stays_little_larger_than_a_copy(tmp_path):
    path = tmp_path / "w.duckdb"
    target = parse_target(f"duckdb:///{path}")
    load(target, tmp_path, range(ROWS), 1)
    largest = 0
    for sync in range(SYNCS):
        first = sync * 37 % ROWS
        changed = [(first + each * 61) % ROWS for each in range(CHANGED)]
        load(target, tmp_path, changed, sync + 2)
        largest = max(largest, path.stat().st_size)
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("select count(*) from stripe_raw.charges").fetchone() == (ROWS,)
    assert largest <= 1.3 * a_copy(path, tmp_path).stat().st_size


def content(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        return [
            connection.execute(f"select * from {name} order by all").fetchall()
            for name in ("m.base", "m.seen", "m.more", "stripe_raw._airbyte_state")
        ]


@pytest.fixture
def file(tmp_path):
    """A file with what people put beside the tables, and much that was deleted."""
    path = tmp_path / "odd name.v2.duckdb"
    with duckdb.connect(str(path)) as connection:
        [name] = connection.execute("select current_database()").fetchone()
        for statement in (
            "create schema stripe_raw",
            "create table stripe_raw._airbyte_state (table_name varchar primary key, n bigint)",
            "insert into stripe_raw._airbyte_state values ('charges', 1)",
            "create schema m",
            "create type m.mood as enum ('good', 'bad')",
            "create table m.base as select range as n, 'x' || range as text from range(300000)",
            f'create view m.seen as select n from "{name}"."m"."base" where n < 5',
            f'create view m.more as select n from "{name}"."m"."seen"',
            "create macro m.twice(n) as 2 * n",
            "create sequence m.ids start 7",
            "create unique index base_n on m.base (n)",
            "comment on table m.base is 'of a user'",
            "delete from m.base where n > 100",
        ):
            connection.execute(statement)
    os.chmod(path, 0o640)
    return path


def test_a_copy_holds_all_that_people_put_beside_the_tables(file):
    before, size = content(file), file.stat().st_size
    assert compact(file, orderly)
    assert content(file) == before
    assert file.stat().st_size < size
    assert file.stat().st_mode & 0o777 == 0o640
    assert not folder_of_copy(file).exists()
    with duckdb.connect(str(file)) as connection:
        assert connection.execute("select m.twice(4), nextval('m.ids')").fetchone() == (8, 7)
        assert connection.execute(
            "select comment from duckdb_tables() where table_name = 'base'"
        ).fetchone() == ("of a user",)
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("insert into m.base values (5, 'twice')")
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("insert into stripe_raw._airbyte_state values ('charges', 2)")


def test_a_file_is_copied_again_only_after_it_has_grown(file):
    assert compact(file, orderly)
    assert not compact(file, orderly)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table m.large as select uuid() as id from range(100000)")
    assert compact(file, orderly)
    assert not compact(file, orderly)


def test_a_copy_that_fails_leaves_the_file_as_it_is(file, monkeypatch):
    before = content(file)

    def full(connection, path):
        (folder_of_copy(path) / "half").write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr("stripe_saas.warehouse.kinds.duckdb_file._copied", full)
    assert not compact(file, orderly)
    assert content(file) == before
    assert not folder_of_copy(file).exists()


def test_a_link_stays_a_link(file, tmp_path):
    link = tmp_path / "link.duckdb"
    link.symlink_to(file)
    assert compact(link, orderly)
    assert link.is_symlink()
    assert Path(os.readlink(link)) == file


def test_a_file_with_a_second_name_is_left_alone(file, tmp_path):
    os.link(file, tmp_path / "second.duckdb")
    assert not compact(file, orderly)


def test_what_a_killed_process_left_of_a_copy_is_removed(file):
    folder = folder_of_copy(file)
    folder.mkdir()
    (folder / "half").write_bytes(b"half")
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema if not exists stripe_raw")
    assert compact(file, orderly)
    assert not folder.exists()
