"""A running sync and a fault of a scenario -> the fault, as it happens to people."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from integration_tests.sync_soak.server_clock import ServerClock
from integration_tests.warehouse.postgres import Postgres

SITECUSTOMIZE = """
import os, time
_offset, _time, _time_ns = float(os.environ["CLOCK_OFFSET"]), time.time, time.time_ns
time.time = lambda: _time() + _offset
time.time_ns = lambda: _time_ns() + int(_offset * 1e9)
"""
"""Loaded by every Python that finds it: the clock of the machine is another one there."""

_SIGNALS = {"kill": signal.SIGKILL, "terminate": signal.SIGTERM, "interrupt": signal.SIGINT}
_SETTINGS = {
    "timeout": ("statement_timeout = '5ms'",),
    "locked": ("lock_timeout = '50ms'",),
    "idle": ("idle_in_transaction_session_timeout = '10ms'", "idle_session_timeout = '50ms'"),
}
"""Fault -> what a database's administrator has set."""
_IMPATIENT_SECONDS = 0.1
_TWO_DAYS_SECONDS = 2 * 86_400
_DISK_BYTES, _SPARE_BYTES = 64 * 1024 * 1024, 24 * 1024


@dataclass(frozen=True)
class Surroundings:
    """What faults befall, beside the sync itself."""

    address: str
    """Of the warehouse."""
    disk: Path | None = None
    """A small one, that the warehouse is on."""
    postgres: Postgres | None = None
    clock: ServerClock | None = None
    """The server's."""


def strike(fault: str, process: subprocess.Popen[str], around: Surroundings) -> None:
    """Has a fault happen now to a sync that runs."""
    if fault in _SIGNALS:
        process.send_signal(_SIGNALS[fault])
    elif fault == "terminate twice":
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_IMPATIENT_SECONDS)
        process.terminate()
    elif fault in ("cancel", "cut off"):
        act = "pg_cancel_backend" if fault == "cancel" else "pg_terminate_backend"
        _tell(
            around.address,
            f"select {act}(pid) from pg_stat_activity where datname = current_database() "
            "and pid <> pg_backend_pid()",
        )
    elif fault in ("restart", "crash") and around.postgres is not None:
        around.postgres.restart(is_crash=fault == "crash")
    elif fault == "server clock" and around.clock is not None:
        around.clock.set(-_TWO_DAYS_SECONDS)


@contextmanager
def lasting(fault: str, around: Surroundings) -> Iterator[None]:
    """Has a fault last for as long as the context does."""
    server, _, database = around.address.rpartition("/")
    server += "/postgres"
    if fault in _SETTINGS:
        _tell(server, *(f"alter database {database} set {each}" for each in _SETTINGS[fault]))
        try:
            with _locked(around.address) if fault == "locked" else nullcontext():
                yield
        finally:
            _tell(server, f"alter database {database} reset all")
    elif fault == "refuse":
        _tell(server, f"alter database {database} allow_connections false")
        try:
            yield
        finally:
            _tell(server, f"alter database {database} allow_connections true")
    elif fault == "server clock" and around.clock is not None:
        around.clock.set(_TWO_DAYS_SECONDS)
        try:
            yield
        finally:
            around.clock.set(0)
    elif fault == "full disk" and around.disk is not None:
        filler = around.disk / "filler"
        with filler.open("wb") as file:
            free = shutil.disk_usage(around.disk).free
            os.posix_fallocate(file.fileno(), 0, max(1, free - _SPARE_BYTES))
        try:
            yield
        finally:
            filler.unlink()
    else:
        yield


@contextmanager
def _locked(address: str) -> Iterator[None]:
    """Somebody else holds a table."""
    with psycopg.connect(address, connect_timeout=10) as connection:
        connection.execute("lock table stripe_raw.charges in access exclusive mode")
        yield


@contextmanager
def bad_value(store: Any) -> Iterator[str]:
    """Text for the amount of the newest charge, in its events too; then an event that mends it.

    Gives the charge's id.
    """
    newest = max(store.rows["charge"].values(), key=lambda row: row.created).content
    events = [row.content for row in store.rows["event"].values()]
    told = [each for each in events if each["data"]["object"].get("id") == newest["id"]]
    shown = [newest, *(each["data"]["object"] for each in told)]
    amounts = [each["amount"] for each in shown]
    for each in shown:
        each["amount"] = "12.50 and a little"
    try:
        yield str(newest["id"])
    finally:
        for each, amount in zip(shown, amounts, strict=True):
            each["amount"] = amount
        if told:
            mended = {"object": dict(newest)}
            key = f"evt_mended_{time.monotonic_ns()}"
            store.put({**told[0], "id": key, "created": store.now, "data": mended})


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A disk of its own in memory; None where none may be mounted."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _tell(address: str, *statements: str) -> None:
    with psycopg.connect(address, autocommit=True, connect_timeout=10) as connection:
        for statement in statements:
            connection.execute(statement)
