"""A sync that is killed: its tables stay, and the next one goes on."""

import signal
import subprocess
import sys
import time

import duckdb
import pytest

from integration_tests.forking import ForkedPopen
from integration_tests.warehouse.syncing import a_warehouse

pytestmark = pytest.mark.slow

STREAMS = ("products", "customers", "charges", "balance_transactions")


def started(warehouse, *options):
    config = warehouse.world.connector.file(warehouse.world.connector.config)
    command = [sys.executable, "-m", "stripe_saas.cli", "sync", "--config", config]
    command += ["--warehouse", warehouse.address, "--no-models", "--streams", *STREAMS, *options]
    return ForkedPopen(command, stdout=subprocess.PIPE, text=True)


def read_until(process, word):
    """Waits for a line that begins with the word."""
    for line in process.stdout:
        if line.split()[:1] == [word]:
            return
    raise AssertionError(f"it ended before {word}")


def test_what_was_written_before_a_kill_stays_and_the_next_sync_completes_it(tmp_path):
    # Replies take long enough for the charges to be under way when the products have ended.
    with a_warehouse(tmp_path, serving={"latency_seconds": 0.2}) as warehouse:
        process = started(warehouse)
        try:
            read_until(process, "products")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        warehouse.assert_true(("products",))
        assert warehouse.last_sync()["status"] == "running"
        assert warehouse.last_sync()["synced_at"] is None

        assert warehouse.sync("--streams", *STREAMS) == 0
        warehouse.assert_true(STREAMS)


def test_a_full_sync_that_was_killed_is_whole_when_a_later_one_ends_it(tmp_path):
    with a_warehouse(tmp_path, serving={"latency_seconds": 0.2}) as warehouse:
        assert warehouse.sync("--streams", *STREAMS) == 0
        for table in STREAMS:
            warehouse.execute(
                f"insert into stripe_raw.{table} (id, _airbyte_extracted_at) "
                "values ('gone', timestamp '2020-01-01 00:00:00')"
            )
        process = started(warehouse, "--full")
        try:
            read_until(process, "products")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        assert "gone" not in warehouse.ids("products")
        assert "gone" in warehouse.ids("charges")
        assert warehouse.sync("--streams", *STREAMS) == 0
        warehouse.assert_true(STREAMS)
        [left] = warehouse.rows(
            "select count(*) as n from stripe_raw._stripe_saas_streams where is_read_whole"
        )
        assert left["n"] == 0


def test_sigterm_ends_a_sync_in_good_order(tmp_path):
    with a_warehouse(tmp_path, serving={"latency_seconds": 0.2}) as warehouse:
        process = started(warehouse)
        read_until(process, "products")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
        last = warehouse.last_sync()
        assert (last["status"], last["error"]) == ("incomplete", "it was stopped before its end")
        warehouse.assert_true(("products",))


def test_a_file_that_another_process_holds_is_said_to_be_in_use(tmp_path, capsys):
    holder = (
        "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print(1, flush=True); "
        "time.sleep(60)"
    )
    with a_warehouse(tmp_path) as warehouse:
        path = tmp_path / "stripe.duckdb"
        process = subprocess.Popen(
            [sys.executable, "-c", holder, str(path)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout.readline()
            began = time.monotonic()
            assert warehouse.sync("--streams", *STREAMS) == 1
            assert time.monotonic() - began < 30
        finally:
            process.kill()
            process.wait()
        assert "in use by another process" in capsys.readouterr().err
        with duckdb.connect(str(path)):
            pass
