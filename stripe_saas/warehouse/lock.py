"""A target -> the right to write into it, which one process at a time has.

DuckDB's own lock is held only while a connection is open, and a sync opens several; hence a lock
file beside it. Postgres has advisory locks. Both are free again when their process ends, however it
ends.
"""

from __future__ import annotations

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
    from filelock import FileLock, Timeout  # the command's help needs no extra

    # The file stays when the lock is free: to remove it would let two processes hold two files.
    lock = FileLock(path.absolute().with_name(f".{path.name}.lock"), timeout=0)
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise _refusal(path) from None
    except OSError as error:
        raise WarehouseError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        yield
    finally:
        lock.release()
