"""A warehouse after a build -> a snapshot of its models, published at once for all readers."""

from __future__ import annotations

import shutil
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from stripe_saas.warehouse.database import Database, WarehouseError, connected
from stripe_saas.warehouse.places import MODELS_SCHEMA
from stripe_saas.warehouse.target import Target
from stripe_saas_service.snapshot.folder import About, SnapshotFolder, about_of
from stripe_saas_service.store.columns import now

STEPS_SCHEMA = f"{MODELS_SCHEMA}_staging"
_STEPS = ("stg_stripe__as_of", "int_stripe__fx_rates")
"""Steps that the report reads besides the marts."""

FEED = "feed"
"""The ledger's rows with `_position`: in which order they came, or changed."""

_POSTGRES_TYPES = {
    "bigint": "bigint",
    "integer": "bigint",
    "smallint": "bigint",
    "boolean": "boolean",
    "date": "date",
    "double precision": "double",
    "real": "double",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}


def publish(target: Target, folder: SnapshotFolder, *, is_provisional: bool = False) -> Path:
    """Writes the marts as Parquet and makes them what everybody reads.

    Args:
        target: the warehouse; a file of DuckDB must not be held by another process.
        folder: of the company's snapshots.
        is_provisional: whether it holds objects that the ledger has not settled yet.

    Returns:
        The folder of the snapshot.

    Raises:
        WarehouseError: the warehouse cannot be read, or has no models.
    """
    made = folder.begin()
    try:
        with connected(target, read_only=True) as database:
            _export(database, target, made)
        feed = _number_the_ledger(made, folder.current())
        return folder.finish(made, _about(made, feed, is_provisional=is_provisional))
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _export(database: Database, target: Target, made: Path) -> None:
    rows = database.rows(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema = ? or (table_schema = ? and table_name in (?, ?))",
        *(MODELS_SCHEMA, STEPS_SCHEMA, *_STEPS),
    )
    tables = [(row["table_schema"], row["table_name"]) for row in rows]
    if (MODELS_SCHEMA, "mrr_monthly") not in tables:
        raise WarehouseError("the warehouse has no models yet: a sync builds them.")
    for schema, table in tables:
        file = made / schema / f"{table}.parquet"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        if target.kind == "duckdb":
            database.execute(
                f'copy (select * from {schema}."{table}") to {quoted(file)} (format parquet)'
            )
        else:
            _copy_from_postgres(database, schema, table, file)


def _copy_from_postgres(database: Database, schema: str, table: str, file: Path) -> None:
    """By way of CSV: DuckDB's reader of Postgres would have to be downloaded."""
    columns = database.rows(
        "select column_name, data_type, numeric_scale from information_schema.columns "
        "where table_schema = ? and table_name = ? order by ordinal_position",
        *(schema, table),
    )
    types = {row["column_name"]: _type_of(row) for row in columns}
    lines = file.with_suffix(".csv")
    statement = f'copy (select * from {schema}."{table}") to stdout (format csv)'
    with (
        lines.open("wb") as out,
        database.connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for chunk in copy:
            out.write(chunk)
    with closing(duckdb.connect()) as memory:
        listed = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
        memory.execute(
            f"copy (select * from read_csv({quoted(lines)}, header = false, delim = ',', "
            f"quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
            f"columns = {{{listed}}})) to {quoted(file)} (format parquet)"
        )
    lines.unlink()


def _type_of(column: dict[str, Any]) -> str:
    """Numbers without a scale are results of divisions: rates and averages."""
    if column["data_type"] == "numeric":
        scale = column["numeric_scale"]
        return "double" if scale is None else f"decimal(38, {min(int(scale), 18)})"
    return _POSTGRES_TYPES.get(column["data_type"], "varchar")


def _number_the_ledger(made: Path, former: Path | None) -> str:
    """Numbers rows of the ledger by when they came, so that a reader can go on where it was.

    A row that came late, or changed, gets the next number, whatever day it is about.

    Returns:
        The name of the numbering: that of the former snapshot, or a new one.
    """
    ledger, feed = made / MODELS_SCHEMA / "subscription_events.parquet", made / f"{FEED}.parquet"
    if not ledger.exists():
        return uuid.uuid4().hex[:12]
    goes_on = former is not None and (former / feed.name).exists()
    with closing(duckdb.connect()) as memory:
        names = memory.execute(f"describe select * from read_parquet({quoted(ledger)})").fetchall()
        # Of several accounts, each row is there for its own and for all of them together.
        by_account = "account_id" in {name[0] for name in names}
        where = " where account_id = 'all'" if by_account else ""
        without = "exclude (account_id)" if by_account else ""
        if goes_on and former is not None:
            known = (
                "select event_id, _hash, _position, _last "
                f"from read_parquet({quoted(former / feed.name)})"
            )
        else:
            known = (
                "select '' as event_id, '' as _hash, 0::bigint as _position, 0::bigint as _last "
                "where false"
            )
        memory.execute(f"create table known as {known}")
        # Without rows, nobody knows any more which numbers were given.
        goes_on = memory.execute("select 1 from known limit 1").fetchone() is not None
        # Keys and numbers alone are sorted here: rows of the ledger are wide.
        memory.execute(
            "create table placed as with rows as ("
            "select event_id, occurred_at, md5(cast(ledger as varchar)) as _hash "
            f"from (select * {without} from read_parquet({quoted(ledger)}){where}) as ledger), "
            "same as (select event_id, _hash, _position from rows "
            "inner join known using (event_id, _hash)), "
            "fresh as (select event_id, _hash, (select coalesce(max(_last), 0) from known) "
            "+ row_number() over (order by occurred_at, event_id) as _position "
            "from rows anti join same using (event_id)) "
            "select * from same union all select * from fresh"
        )
        # Numbers are given once: the highest is kept even when its row is gone.
        memory.execute(
            "copy (select ledger.*, placed._hash, placed._position, greatest("
            "(select max(_position) from placed), (select max(_last) from known)) as _last "
            f"from (select * {without} from read_parquet({quoted(ledger)}){where}) as ledger "
            "inner join placed using (event_id) order by _position) "
            f"to {quoted(feed)} (format parquet)"
        )
    return about_of(former).feed if goes_on and former is not None else uuid.uuid4().hex[:12]


def _about(made: Path, feed: str, *, is_provisional: bool) -> About:
    file = made / STEPS_SCHEMA / "stg_stripe__as_of.parquet"
    row: tuple[Any, ...] | None = None
    if file.exists():
        with closing(duckdb.connect()) as memory:
            row = memory.execute(
                "select max(as_of_at), max(account_id), max(mode) "
                f"from read_parquet({quoted(file)})"
            ).fetchone()
    as_of, account_id, mode = row or (None, None, None)
    return About(
        published_at=now().isoformat(timespec="microseconds"),
        as_of_at=None if as_of is None else f"{as_of:%Y-%m-%dT%H:%M:%S}Z",
        account_id=account_id,
        mode=mode,
        is_provisional=is_provisional,
        feed=feed,
    )


def quoted(path: Path) -> str:
    """A path as SQL writes text."""
    return "'" + str(path).replace("'", "''") + "'"
