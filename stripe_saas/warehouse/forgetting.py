"""A warehouse that `sync` filled -> nothing of it left."""

from __future__ import annotations

from contextlib import suppress

from stripe_saas.warehouse.database import connected, writing
from stripe_saas.warehouse.places import (
    CLOSED_SCHEMA,
    MODELS_SCHEMA,
    PROVISIONAL_SCHEMA,
    RAW_SCHEMA,
)
from stripe_saas.warehouse.target import Target

_SCHEMAS = (
    RAW_SCHEMA,
    PROVISIONAL_SCHEMA,
    MODELS_SCHEMA,
    f"{MODELS_SCHEMA}_staging",
    CLOSED_SCHEMA,
)


def forget(target: Target) -> None:
    """Deletes the file of DuckDB, or our schemas in Postgres; closed months too.

    Raises:
        WarehouseError: another process writes into it, or it cannot be reached.
    """
    if target.kind == "duckdb" and not target.path.exists():
        return
    with writing(target):
        if target.kind == "duckdb":
            for each in (target.path, target.path.with_name(f"{target.path.name}.wal")):
                with suppress(FileNotFoundError):
                    each.unlink()
            return
        with connected(target) as database:
            for schema in _SCHEMAS:
                database.execute(f"drop schema if exists {schema} cascade")
