"""A target -> a connection to it, in which SQL is written once for all kinds of warehouse."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

from stripe_saas.warehouse.kinds.base import (
    Kind,
    Orderly,
    WarehouseError,
    WriterLock,
    first_line,
)
from stripe_saas.warehouse.kinds.duckdb import DuckDB
from stripe_saas.warehouse.kinds.postgres import Postgres
from stripe_saas.warehouse.target import Target

__all__ = [
    "Database",
    "WarehouseError",
    "WriterLock",
    "connected",
    "open_database",
    "running_statements",
    "tidy",
    "writing",
]

_KINDS: dict[str, Kind] = {"duckdb": DuckDB(), "postgres": Postgres()}


_OPEN: WeakSet[Database] = WeakSet()


class Database:
    """One connection, safe to use from many threads. Parameters are written as `?`.

    Its methods raise a `WarehouseError` where the warehouse refuses a statement. Each statement
    counts at once, except in a transaction.
    """

    def __init__(self, kind: Kind, connection: Any) -> None:
        self.kind = kind
        self.connection = connection
        """The driver's."""
        self._lock = threading.RLock()
        self._begun = 0
        self._is_running = False
        self._is_interrupted = False
        _OPEN.add(self)

    def execute(self, sql: str, *parameters: Any) -> None:
        """Runs one statement."""
        with self._cursor(sql, parameters):
            pass

    def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, each column by its name."""
        with self._cursor(sql, parameters) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def select(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query, each a tuple."""
        with self._cursor(sql, parameters) as cursor:
            return [tuple(row) for row in cursor.fetchall()]

    def has_table(self, schema: str, table: str) -> bool:
        """True if there is a table or a view of this name."""
        return bool(
            self.select(
                "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
                (schema, table),
            )
        )

    def has_column(self, schema: str, table: str, column: str) -> bool:
        """True if there is a table or a view of this name with this column."""
        return bool(
            self.select(
                "select 1 from information_schema.columns "
                "where table_schema = ? and table_name = ? and column_name = ?",
                (schema, table, column),
            )
        )

    def has_schema(self, schema: str) -> bool:
        """True if there is a schema of this name."""
        return bool(
            self.select(
                "select 1 from information_schema.schemata where schema_name = ?", (schema,)
            )
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything in it counts together in its end, or not at all."""
        self.execute("begin")
        try:
            yield
            self.execute("commit")
        except BaseException:
            with suppress(WarehouseError):
                self.execute("rollback")
            raise

    @property
    def running(self) -> int | None:
        """The number of the statement that runs; None if none does."""
        return self._begun if self._is_running else None

    @property
    def is_interrupted(self) -> bool:
        """True once a statement of it was ended from outside."""
        return self._is_interrupted

    def interrupt(self) -> None:
        """Ends what it is doing for another thread, which sees a `WarehouseError`."""
        self._is_interrupted = True
        with suppress(self.kind.errors):
            self.kind.interrupt(self.connection)

    def close(self) -> None:
        """Closes the connection."""
        with suppress(self.kind.errors):
            self.connection.close()

    @contextmanager
    def _cursor(self, sql: str, parameters: Sequence[Any]) -> Iterator[Any]:
        with self._lock:
            self._begun += 1
            self._is_running = True
            try:
                with self.kind.cursor(self.connection) as cursor:
                    if parameters:
                        cursor.execute(self.kind.statement(sql), list(parameters))
                    else:
                        cursor.execute(sql)
                    yield cursor
            except self.kind.errors as error:
                raise WarehouseError(f"the warehouse refused: {first_line(error)}") from error
            except BaseException:
                # A signal's handler breaks a statement off in Python alone: DuckDB's threads go on
                # with it, and closing the connection would wait for them.
                self.interrupt()
                raise
            finally:
                self._is_running = False


def running_statements() -> set[tuple[Database, int]]:
    """The statements that run in this process, each by its database and number."""
    return {(each, number) for each in list(_OPEN) if (number := each.running) is not None}


def open_database(target: Target, *, read_only: bool = False) -> Database:
    """A connection; close it.

    Raises:
        WarehouseError: there is no such warehouse, or another process holds it.
    """
    kind = _KINDS[target.kind]
    return Database(kind, kind.connect(target, read_only=read_only))


@contextmanager
def connected(target: Target, *, read_only: bool = False) -> Iterator[Database]:
    """Lends a connection out.

    Raises:
        WarehouseError: there is no such warehouse, or another process holds it.
    """
    database = open_database(target, read_only=read_only)
    try:
        yield database
    finally:
        database.close()


def tidy(target: Target, orderly: Orderly) -> None:
    """Gives back room that a warehouse does not use any more; see `Kind.tidy`."""
    _KINDS[target.kind].tidy(target, orderly)


@contextmanager
def writing(target: Target) -> Iterator[WriterLock]:
    """Lets no other process write into a warehouse by this package while the context lasts.

    What was locked is free again when its holder ends, however it ends.

    Raises:
        WarehouseError: another process does already, or the warehouse cannot be reached.
    """
    with _KINDS[target.kind].writer_lock(target) as lock:
        yield lock
