"""A running sync and a fault of a scenario -> the fault, as it happens to people."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

SITECUSTOMIZE = """
import os, time
_offset, _time, _time_ns = float(os.environ["CLOCK_OFFSET"]), time.time, time.time_ns
time.time = lambda: _time() + _offset
time.time_ns = lambda: _time_ns() + int(_offset * 1e9)
"""
"""Loaded by every Python that finds it: the clock of the machine is another one there."""

_SIGNALS = {"kill": signal.SIGKILL, "terminate": signal.SIGTERM, "interrupt": signal.SIGINT}
_DISK_BYTES, _SPARE_BYTES = 64 * 1024 * 1024, 24 * 1024


def strike(fault: str, process: subprocess.Popen[str], address: str) -> None:
    """Has a fault happen now to a sync that runs."""
    if fault in _SIGNALS:
        process.send_signal(_SIGNALS[fault])
    elif fault in ("cancel", "cut off"):
        act = "pg_cancel_backend" if fault == "cancel" else "pg_terminate_backend"
        _tell(
            address,
            f"select {act}(pid) from pg_stat_activity where datname = current_database() "
            "and pid <> pg_backend_pid()",
        )


@contextmanager
def around(fault: str, address: str, disk: Path | None) -> Iterator[None]:
    """Has a fault last for as long as the context does."""
    database = address.rpartition("/")[2]
    if fault == "timeout":
        _tell(address, f"alter database {database} set statement_timeout = '5ms'")
        try:
            yield
        finally:
            _tell(address, "set statement_timeout = 0", f"alter database {database} reset all")
    elif fault == "refuse":
        other = address.rpartition("/")[0] + "/postgres"
        _tell(other, f"alter database {database} allow_connections false")
        try:
            yield
        finally:
            _tell(other, f"alter database {database} allow_connections true")
    elif fault == "full disk" and disk is not None:
        filler = disk / "filler"
        with filler.open("wb") as file:
            free = shutil.disk_usage(disk).free
            os.posix_fallocate(file.fileno(), 0, max(1, free - _SPARE_BYTES))
        try:
            yield
        finally:
            filler.unlink()
    else:
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
