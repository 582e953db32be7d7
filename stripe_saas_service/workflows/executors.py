"""Which of the processes that worked off a store are still alive.

Each process has an id of its own, which no later one gets: ports and names of hosts come back.
On Postgres it holds an advisory lock on its id for as long as it lives. A SQLite store has one
process: all others have ended (`command.py` holds its folder).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from stripe_saas_service.store.store import Store


class Executors:
    """The processes of a store, seen by one of them; for one thread at a time."""

    def __init__(self, store: Store) -> None:
        """Connects when it is first asked."""
        self.own = uuid.uuid4().hex
        self._store = store
        self._connection: Connection | None = None

    @contextmanager
    def deciding(self) -> Iterator[bool]:
        """True if this process alone decides within what becomes of workflows that were left.

        False: another one does just now.
        """
        if self._store.is_sqlite:
            yield True
            return
        connection = self._held()
        is_ours = _took(connection, "deciding")
        try:
            yield is_ours
        finally:
            if is_ours:
                _gave_back(connection, "deciding")

    def is_alive(self, executor_id: str | None) -> bool:
        """Whether the process with an id still runs; within `deciding`."""
        if executor_id == self.own:
            return True
        if self._store.is_sqlite:
            return False
        connection = self._held()
        is_free = _took(connection, executor_id or "")
        if is_free:
            _gave_back(connection, executor_id or "")
        return not is_free

    def close(self) -> None:
        """Lets the others know that this process has ended."""
        if self._connection is not None:
            # Not back to the pool: the lock goes with the session.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _held(self) -> Connection:
        """The session that holds the lock on our id; another one if Postgres ended it."""
        if self._connection is not None:
            try:
                self._connection.execute(select(1))
            except DBAPIError:
                self.close()
            else:
                return self._connection
        connection = self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        _took(connection, self.own)
        self._connection = connection
        return connection


def _took(connection: Connection, name: str) -> bool:
    return bool(connection.scalar(select(func.pg_try_advisory_lock(_key(name)))))


def _gave_back(connection: Connection, name: str) -> None:
    connection.execute(select(func.pg_advisory_unlock(_key(name))))


def _key(name: str) -> int:
    """The bigint by which Postgres knows a lock."""
    digest = hashlib.sha256(f"stripe-saas {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
