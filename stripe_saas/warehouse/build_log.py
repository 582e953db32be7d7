"""The last build of the models -> one row beside the log of syncs, for `status` and `report`."""

from __future__ import annotations

from contextlib import suppress

from stripe_saas.warehouse.database import Database, WarehouseError, connected
from stripe_saas.warehouse.models import ModelsResult
from stripe_saas.warehouse.places import BUILDS_TABLE, RAW_SCHEMA
from stripe_saas.warehouse.target import Target

_BUILDS = f"{RAW_SCHEMA}.{BUILDS_TABLE}"


def note_build(target: Target, result: ModelsResult) -> None:
    """Notes how a build ended; only in a warehouse that `sync` fills.

    Args:
        target: the warehouse; the right to write must be held.
        result: of the build.
    """
    problem = None if result.is_good else (result.problems or ["no reason was given"])[0]
    # That the build failed is said in any case, and what it failed of may refuse this too.
    with suppress(WarehouseError), connected(target) as database:
        if not database.has_schema(RAW_SCHEMA):
            return
        with database.transaction():
            if not database.has_table(RAW_SCHEMA, BUILDS_TABLE):
                database.execute(f"create table {_BUILDS} (is_good boolean, problem varchar)")
            database.execute(f"delete from {_BUILDS}")
            database.execute(f"insert into {_BUILDS} values (?, ?)", result.is_good, problem)


def failed_build(database: Database) -> str | None:
    """What the last build of the models failed of; None if it was good, or none is known."""
    if not database.has_table(RAW_SCHEMA, BUILDS_TABLE):
        return None
    rows = database.rows(f"select problem from {_BUILDS} where not is_good")
    return str(rows[0]["problem"]) if rows else None
