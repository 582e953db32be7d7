"""A write that fails in the middle of a sync: its rows come again with the next one.

Each way of failing is the real one. `charges` is the stream whose write fails; it has rows from
before, and new ones came since.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg2
import pytest

from integration_tests.forking import ForkedPopen
from integration_tests.sync_soak.faults import bad_value
from integration_tests.warehouse.syncing import a_warehouse
from stripe_saas import cli

pytestmark = pytest.mark.slow

STREAMS = ("products", "customers", "charges")
TABLE = "stripe_raw.charges"
FULL = pytest.mark.parametrize("options", [(), ("--full",)], ids=["usual", "full"])
DISK_BYTES = 48 * 1024 * 1024
SPARE_BYTES = 24 * 1024
"""Enough for a state and a line of the log, not for the rows of a stream."""


def started(warehouse, *options, **environment):
    """A sync in a process of its own."""
    config = warehouse.world.connector.file(warehouse.world.connector.config)
    command = [sys.executable, "-m", "stripe_saas.cli", "sync", "--config", config]
    command += ["--into", warehouse.address, "--no-models", "--streams", *STREAMS, *options]
    return ForkedPopen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
    )


def output_of(process):
    said, _ = process.communicate(timeout=120)
    return said


def charges(warehouse):
    [row] = warehouse.rows(f"select count(*) as n from {TABLE}")
    return row["n"]


@contextmanager
def new_charges(folder, address=None):
    """A warehouse that was synced, and a world in which a week has passed since."""
    with a_warehouse(folder, address) as warehouse:
        assert warehouse.sync("--streams", *STREAMS) == 0
        warehouse.world.advance(7)
        yield warehouse


def assert_the_next_sync_mends_it(warehouse, capsys, before):
    """Nothing was deleted; a usual sync completes what is missing."""
    assert charges(warehouse) >= before
    assert warehouse.last_sync()["status"] in ("incomplete", "failed")
    assert warehouse.sync("--streams", *STREAMS) == 0
    warehouse.assert_true(STREAMS)
    assert_verified(warehouse, capsys)


def assert_verified(warehouse, capsys):
    config = warehouse.world.connector.file(warehouse.world.connector.config)
    capsys.readouterr()
    code = cli.run(["verify", "--config", config, "--warehouse", warehouse.address, "--all"])
    said = capsys.readouterr().out
    assert "nothing missing, extra or stale" in said, said
    assert code == 0


@contextmanager
def locked_table(warehouse):
    """A transaction of somebody else's that lets nobody write charges."""
    connection = psycopg2.connect(warehouse.address)
    try:
        connection.cursor().execute(f"lock table {TABLE} in share mode")
        yield
    finally:
        connection.close()


def waiting_backend(warehouse, process):
    """The server's process that waits for the table, as soon as one does."""
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        if rows := warehouse.rows(
            "select pid from pg_stat_activity where wait_event_type = 'Lock' "
            "and datname = current_database()"
        ):
            return rows[0]["pid"]
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"nothing waited for the table: {output_of(process)}")


@FULL
def test_a_sync_that_is_terminated_while_it_writes(postgres, tmp_path, capsys, options):
    with new_charges(tmp_path, postgres.new_database()) as warehouse:
        before = charges(warehouse)
        with locked_table(warehouse):
            process = started(warehouse, *options)
            waiting_backend(warehouse, process)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
        said = output_of(process)
        assert process.returncode == 128 + signal.SIGTERM, said
        assert_the_next_sync_mends_it(warehouse, capsys, before)


@FULL
def test_a_query_that_is_cancelled(postgres, tmp_path, capsys, options):
    with new_charges(tmp_path, postgres.new_database()) as warehouse:
        before = charges(warehouse)
        with locked_table(warehouse):
            process = started(warehouse, *options)
            pid = waiting_backend(warehouse, process)
            warehouse.rows("select pg_cancel_backend(?)", pid)
            said = output_of(process)
        assert process.returncode == 1, said
        assert "canceling statement due to user request" in said
        assert_the_next_sync_mends_it(warehouse, capsys, before)


@FULL
def test_a_statement_that_runs_out_of_time(postgres, tmp_path, capsys, options):
    address = postgres.new_database()
    database = address.rpartition("/")[2]
    with new_charges(tmp_path, address) as warehouse:
        before = charges(warehouse)
        warehouse.execute(f"alter database {database} set statement_timeout = '1s'")
        with locked_table(warehouse):
            process = started(warehouse, *options)
            said = output_of(process)
        warehouse.execute(f"alter database {database} reset statement_timeout")
        assert process.returncode == 1, said
        assert "canceling statement due to statement timeout" in said
        assert_the_next_sync_mends_it(warehouse, capsys, before)


@contextmanager
def small_disk(folder):
    """A disk of its own in memory."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True) if mount else None
    if done is None or done.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip() if done else 'no mount'}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder):
    """The disk full up to a little rest."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - SPARE_BYTES)
    try:
        yield
    finally:
        filler.unlink()


@FULL
def test_a_warehouse_whose_disk_is_full(tmp_path, capsys, options):
    with (
        small_disk(tmp_path / "disk") as disk,
        new_charges(tmp_path, f"duckdb:///{disk / 'stripe.duckdb'}") as warehouse,
    ):
        before = charges(warehouse)
        warehouse.world.advance(56)  # more new rows than the rest of the disk and the file hold
        with filled(disk):
            process = started(warehouse, *options)
            said = output_of(process)
        assert process.returncode == 1, said
        assert re.search("[Nn]o space left|could not write", said), said
        assert_the_next_sync_mends_it(warehouse, capsys, before)


def test_a_disk_for_temporary_files_that_is_full(tmp_path, capsys):
    with small_disk(tmp_path / "disk") as disk, new_charges(tmp_path) as warehouse:
        before = charges(warehouse)
        with filled(disk):
            process = started(warehouse, "--full", TMPDIR=str(disk))
            said = output_of(process)
        assert process.returncode == 1, said
        assert "No space left" in said
        assert_the_next_sync_mends_it(warehouse, capsys, before)


@FULL
@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_a_value_that_does_not_fit(request, tmp_path, capsys, options, kind):
    address = request.getfixturevalue("postgres").new_database() if kind == "postgres" else None
    with new_charges(tmp_path, address) as warehouse:
        before = charges(warehouse)
        with bad_value(warehouse.world.account.store) as key:
            process = started(warehouse, *options)
            said = output_of(process)
        # It costs nobody else's row, and not its own either.
        assert process.returncode == 0, said
        assert "charges: 1 value did not fit, and went into stripe_raw._stripe_saas_rejects" in said
        warehouse.assert_true(STREAMS)
        [row] = warehouse.rows("select amount, currency from stripe_raw.charges where id = ?", key)
        assert (row["amount"], row["currency"] is None) == (None, False)
        [reject] = warehouse.rows("select * from stripe_raw._stripe_saas_rejects")
        assert (reject["stream"], reject["record_key"], reject["column_name"], reject["value"]) == (
            "charges",
            key,
            "amount",
            '"12.50 and a little"',
        )
        capsys.readouterr()
        assert cli.run(["status", "--warehouse", warehouse.address]) == 0
        assert "charges.amount: 1 value: text in a column of integers" in capsys.readouterr().out

        assert charges(warehouse) >= before
        warehouse.world.advance(1)  # the change feed stays a minute behind
        assert warehouse.sync("--streams", *STREAMS) == 0
        assert warehouse.rows("select * from stripe_raw._stripe_saas_rejects") == []
        assert_verified(warehouse, capsys)
