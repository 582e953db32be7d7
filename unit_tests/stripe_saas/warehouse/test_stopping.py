"""Signals: the exit code that shells expect, and parts that come to their end first."""

import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext, suppress

import pytest

from stripe_saas.warehouse.stopping import Stopped, StopSignals

TWICE = """
import os, signal, time
from stripe_saas.warehouse.stopping import StopSignals
signals = StopSignals()
with signals.heeded(), signals.orderly(lambda: None):
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_a_signal_ends_what_runs_with_the_shells_code(number, code):
    before = signal.getsignal(number)

    def stopped_command():
        with StopSignals().heeded():
            os.kill(os.getpid(), number)
            time.sleep(5)

    with pytest.raises(Stopped) as stopped:
        stopped_command()
    assert stopped.value.exit_code == code
    assert signal.getsignal(number) is before


def test_an_orderly_part_is_asked_once_and_comes_to_its_end():
    signals, asked, done = StopSignals(), [], []

    def orderly_command():
        with signals.heeded(), signals.orderly(lambda: asked.append(1)):
            os.kill(os.getpid(), signal.SIGTERM)
            done.append(signals.number)

    with pytest.raises(Stopped):
        orderly_command()
    assert (asked, done) == ([1], [signal.SIGTERM])


@pytest.mark.parametrize("part", ["orderly", "other"])
def test_an_error_after_a_signal_is_its_doing(part):
    signals = StopSignals()

    def cancelled_command():
        orderly = signals.orderly(lambda: None) if part == "orderly" else nullcontext()
        with signals.heeded(), orderly:
            with suppress(Stopped):  # as DuckDB does
                os.kill(os.getpid(), signal.SIGTERM)
            raise ValueError("cancelled")

    with pytest.raises(Stopped):
        cancelled_command()
    with pytest.raises(ValueError, match="itself"), StopSignals().orderly(lambda: None):
        raise ValueError("itself")


def test_a_second_signal_ends_the_process_at_once():
    began = time.monotonic()
    assert subprocess.run([sys.executable, "-c", TWICE], check=False).returncode == 143
    assert time.monotonic() - began < 30


LONG_STATEMENT = """
import os, signal, sys, threading, time
from contextlib import nullcontext
from pathlib import Path
from stripe_saas.warehouse import stopping
from stripe_saas.warehouse.database import WarehouseError, connected
from stripe_saas.warehouse.stopping import Stopped, StopSignals
from stripe_saas.warehouse.target import Target

stopping._ORDERLY_SECONDS = 0.5
MINUTES = (
    "select count(*) from range(1000000) as one, range(1000000) as two where one.range > two.range"
)
signals = StopSignals()

def terminate(database):
    while database.running is None:
        time.sleep(0.01)
    time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)

try:
    with signals.heeded(), connected(Target("duckdb", path=Path(sys.argv[1]))) as database:
        threading.Thread(target=terminate, args=(database,), daemon=True).start()
        with signals.orderly(lambda: None) if sys.argv[2] == "orderly" else nullcontext():
            database.execute(MINUTES)
except Stopped as stopped:
    sys.exit(stopped.exit_code)
"""


@pytest.mark.parametrize("part", ["orderly", "other"])
def test_a_signal_ends_a_statement_that_takes_minutes(part, tmp_path):
    # By itself it would take hours, however fast the machine is: the test waits for no clock.
    command = [sys.executable, "-c", LONG_STATEMENT, str(tmp_path / "w.duckdb"), part]
    assert subprocess.run(command, check=False, timeout=300).returncode == 143
