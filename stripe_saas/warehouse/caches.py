"""A target -> PyAirbyte's cache over it, with our way of loading files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from airbyte.caches import DuckDBCache, PostgresCache
from airbyte.secrets.base import SecretString

from stripe_saas.warehouse.loaders import DuckDBLoader, PostgresLoader
from stripe_saas.warehouse.places import RAW_SCHEMA
from stripe_saas.warehouse.target import Target


class DuckDBTables(DuckDBCache):
    """Tables in a DuckDB file."""

    _sql_processor_class: ClassVar[Any] = DuckDBLoader


class PostgresTables(PostgresCache):
    """Tables in a Postgres database."""

    _sql_processor_class: ClassVar[Any] = PostgresLoader
    url: SecretString

    def get_sql_alchemy_url(self) -> SecretString:
        """The address as it was given; PyAirbyte's own breaks on a `@` in a password."""
        return self.url


def cache_of(target: Target, folder: Path) -> DuckDBTables | PostgresTables:
    """PyAirbyte's cache; close it.

    Args:
        target: the warehouse.
        folder: for files on their way.
    """
    if target.kind == "duckdb":
        return DuckDBTables(db_path=target.path, schema_name=RAW_SCHEMA, cache_dir=folder)
    return PostgresTables(
        host=target.host,
        port=target.port,
        database=target.database,
        username=target.user,
        password=SecretString(target.password),
        url=SecretString(target.postgres_url),
        schema_name=RAW_SCHEMA,
        cache_dir=folder,
    )
