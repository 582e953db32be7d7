"""A target -> the right to write into it, which one process at a time has.

DuckDB's own lock is held only while a connection is open, and a sync opens several; Postgres has
none. What was locked is free again when its holder ends, however it ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stripe_saas.warehouse.database import WarehouseError, connected
from stripe_saas.warehouse.target import Target

_POSTGRES_KEY = 0x5_7219_E5AA
"""Any number that no other program locks in the same database."""


@contextmanager
def writing(target: Target) -> Iterator[None]:
    """Lets nobody else write into a warehouse by this package for as long as the context lasts.

    Raises:
        WarehouseError: somebody does already, or the warehouse cannot be reached.
    """
    with _postgres(target) if target.kind == "postgres" else _duckdb(target.path):
        yield


def _refusal(target: Target | Path) -> WarehouseError:
    return WarehouseError(
        f"{target} is being written by another stripe-saas sync or models: try again when it has "
        "ended."
    )


@contextmanager
def _postgres(target: Target) -> Iterator[None]:
    with connected(target) as database:
        # One that lasts as long as a transaction also holds behind a pool of connections.
        database.execute("begin")
        [row] = database.rows("select pg_try_advisory_xact_lock(?) as is_ours", _POSTGRES_KEY)
        if not row["is_ours"]:
            raise _refusal(target)
        yield
        with suppress(WarehouseError):  # a server that ends idle connections has freed it already
            database.execute("rollback")


@contextmanager
def _duckdb(path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # no such locks on this system: DuckDB's own has to do
        yield
        return
    lock = path.absolute().with_name(f".{path.name}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise WarehouseError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino != lock.stat().st_ino:
                raise BlockingIOError  # its holder took it away as we opened it
        except OSError:
            raise _refusal(path) from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
    finally:
        os.close(handle)
