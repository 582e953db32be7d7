"""A target -> a plain connection to it, in which SQL is written once for both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stripe_saas.warehouse.target import Target


class WarehouseError(Exception):
    """The warehouse cannot be used; the text says why, without a password."""


class Database:
    """One connection. Parameters are written as `?`.

    Its methods raise a `WarehouseError` where the warehouse refuses a statement.
    """

    def __init__(self, target: Target, connection: Any) -> None:
        """Takes a connection of the target's driver."""
        self.kind = target.kind
        self._connection = connection

    def execute(self, sql: str, *parameters: Any) -> None:
        """Runs one statement."""
        self._run(sql, parameters).close()

    def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, each column by its name."""
        cursor = self._run(sql, parameters)
        try:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def has_table(self, schema: str, table: str) -> bool:
        """True if there is a table or a view of this name."""
        return bool(
            self.rows(
                "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
                schema,
                table,
            )
        )

    def _run(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        cursor = self._connection.cursor()
        try:
            if self.kind == "postgres":
                cursor.execute(sql.replace("?", "%s"), parameters)
            else:
                cursor.execute(sql, parameters)
        except _driver_errors() as error:
            raise WarehouseError(f"the warehouse refused: {_first_line(error)}") from error
        return cursor


@contextmanager
def connected(target: Target, *, read_only: bool = False) -> Iterator[Database]:
    """Lends a connection out; every statement counts at once.

    Raises:
        WarehouseError: there is no such warehouse, or another process holds it.
    """
    connection = _duckdb(target, read_only) if target.kind == "duckdb" else _postgres(target)
    try:
        yield Database(target, connection)
    finally:
        connection.close()


def _duckdb(target: Target, read_only: bool) -> Any:
    import duckdb

    if read_only and not target.path.exists():
        raise WarehouseError(f"there is no file {target.path}.")
    target.path.parent.mkdir(parents=True, exist_ok=True)
    _refuse_other_files(target.path)
    try:
        return duckdb.connect(str(target.path), read_only=read_only)
    except duckdb.IOException as error:
        if "lock" in str(error):
            raise WarehouseError(
                f"{target.path} is in use by another process, perhaps by a sync: DuckDB lets one "
                "process write, or several read. Try again when it has ended."
            ) from None
        raise WarehouseError(f"{target.path} cannot be opened: {_first_line(error)}") from None
    except duckdb.Error as error:
        raise WarehouseError(f"{target.path} cannot be opened: {_first_line(error)}") from None


def _refuse_other_files(path: Path) -> None:
    """DuckDB would look on the network for what reads a file of another kind."""
    with suppress(OSError), path.open("rb") as file:
        head = file.read(12)
        if head and head[8:] != b"DUCK":
            raise WarehouseError(f"{path} is no DuckDB file.")


def _postgres(target: Target) -> Any:
    import psycopg2

    try:
        connection = psycopg2.connect(target.postgres_url)
    except psycopg2.OperationalError as error:
        raise WarehouseError(f"{target} cannot be reached: {_first_line(error)}") from None
    connection.autocommit = True
    return connection


def _driver_errors() -> tuple[type[Exception], ...]:
    import duckdb
    import psycopg2

    return duckdb.Error, psycopg2.Error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
