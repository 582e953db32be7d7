"""The address of a warehouse -> a read-only connection, the same for DuckDB and Postgres."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from stripe_saas.verify.holdings import HoldingsError
from stripe_saas.warehouse.target import Target, TargetError, parse_target


class Database:
    """DuckDB or Postgres; thread-safe: one query at a time."""

    def __init__(self, address: str) -> None:
        """Opens it.

        Args:
            address: as `stripe-saas sync` takes it.

        Raises:
            HoldingsError: there is none of this address, or it cannot be opened.
        """
        try:
            target = parse_target(address)
        except TargetError as error:
            raise HoldingsError(str(error)) from error
        self._lock = threading.Lock()
        self._is_postgres = target.kind == "postgres"
        self._connection = _open_postgres(target) if self._is_postgres else _open_duckdb(target)

    def select(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query.

        Args:
            sql: with a `?` for each value.
            values: in the order of their marks.

        Raises:
            HoldingsError: the database refuses it.
        """
        with self._lock:
            cursor = self._connection.cursor()
            try:
                cursor.execute(sql.replace("?", "%s") if self._is_postgres else sql, list(values))
                return [tuple(row) for row in cursor.fetchall()]
            except Exception as error:  # each driver has a family of its own
                raise HoldingsError(f"the warehouse says: {_first_line(error)}") from error
            finally:
                cursor.close()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


def _open_duckdb(target: Target) -> Any:
    import duckdb

    path = target.path
    if not path.exists():
        raise HoldingsError(f"{path}: there is no such file")
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise HoldingsError(f"{path}: {_first_line(error)}") from error


def _open_postgres(target: Target) -> Any:
    import psycopg2  # type: ignore[import-untyped]

    try:
        connection = psycopg2.connect(target.postgres_url, connect_timeout=10)
    except psycopg2.Error as error:
        raise HoldingsError(f"{target} cannot be opened: {_first_line(error)}") from error
    connection.set_session(readonly=True, autocommit=True)
    return connection


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
