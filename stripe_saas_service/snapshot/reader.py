"""The current snapshot of a company, to ask in SQL; kept open until a newer one is published."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import duckdb

from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.kinds.duckdb import DuckDB
from stripe_saas.warehouse.places import MODELS_SCHEMA
from stripe_saas_service.snapshot.folder import About, SnapshotFolder, about_of
from stripe_saas_service.snapshot.publish import FEED, STEPS_SCHEMA, quoted

_MEMORY = "128MB"
_THREADS = 1
_HOT = "hot"
HOT_TABLES = ("customers", "identity_map", "subscription_items_current", "user_subscription_state")
"""What is asked for one customer at a time: kept in memory, found by an index."""


@dataclass(frozen=True)
class Snapshot:
    """One snapshot; `database` has the schemas of a warehouse, with views on the files."""

    name: str
    """Another one for each snapshot that was ever published."""
    about: About
    database: Database
    by_account: bool
    """Whether marts have rows of several accounts, and of all of them together."""

    def table(self, mart: str) -> str:
        """A mart, to stand after `from`; of several accounts, all of them together."""
        if mart in HOT_TABLES:
            return f"{_HOT}.{mart}"
        name = f"{MODELS_SCHEMA}.{mart}"
        if not self.by_account:
            return name
        return f"(select * exclude (account_id) from {name} where account_id = 'all')"


class Snapshots:
    """The current snapshots of all companies."""

    def __init__(self, root: Path) -> None:
        """Opens nothing yet.

        Args:
            root: holds a folder a company.
        """
        self._root = root
        self._open: dict[str, Snapshot] = {}
        self._lock = threading.Lock()

    def folder(self, company_id: str) -> SnapshotFolder:
        """Where a company's snapshots are published."""
        return SnapshotFolder(self._root / company_id)

    def forget(self, company_id: str) -> None:
        """Deletes all snapshots of a company."""
        with self._lock:
            self._open.pop(company_id, None)
        shutil.rmtree(self._root / company_id, ignore_errors=True)

    def current(self, company_id: str) -> Snapshot | None:
        """The newest snapshot of a company, None if none was published."""
        path = self.folder(company_id).current()
        if path is None:
            return None
        with self._lock:
            known = self._open.get(company_id)
            if known is None or known.name != path.name:
                # The former is closed once nobody holds it any more.
                known = self._open[company_id] = open_snapshot(path)
        return known


def open_snapshot(path: Path) -> Snapshot:
    """Opens a snapshot by its folder."""
    connection = duckdb.connect(config={"memory_limit": _MEMORY, "threads": _THREADS})
    connection.execute("set timezone = 'UTC'")
    for schema in (MODELS_SCHEMA, STEPS_SCHEMA):
        connection.execute(f"create schema {schema}")
        for file in sorted((path / schema).glob("*.parquet")):
            connection.execute(
                f'create view {schema}."{file.stem}" as select * from read_parquet({quoted(file)})'
            )
    if (path / f"{FEED}.parquet").exists():
        feed = quoted(path / f"{FEED}.parquet")
        connection.execute(f"create view {FEED} as select * from read_parquet({feed})")
    database = Database(DuckDB(), connection)
    by_account = database.has_column(MODELS_SCHEMA, "mrr_monthly", "account_id")
    connection.execute(f"create schema {_HOT}")
    for table in HOT_TABLES:
        if database.has_table(MODELS_SCHEMA, table):
            rows = f"select * from {MODELS_SCHEMA}.{table}"
            if database.has_column(MODELS_SCHEMA, table, "account_id"):
                rows = rows.replace("*", "* exclude (account_id)") + " where account_id = 'all'"
            connection.execute(f"create table {_HOT}.{table} as {rows}")
            connection.execute(f"create index {table}_client on {_HOT}.{table} (client_id)")
    return Snapshot(path.name, about_of(path), database, by_account)
