"""A world and a warehouse: `stripe-saas sync` in this process, and what the tables then hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integration_tests.world import World, a_world
from stripe_saas import cli
from stripe_saas.warehouse.database import Database, connected
from stripe_saas.warehouse.target import parse_target

# Parents with lists in lists, a child stream, one without a cursor, and what payments leave.
STREAMS = ("account", "customers", "subscriptions", "subscription_items", "invoices", "charges")


class Warehouse:
    """A warehouse that a world is synced into."""

    def __init__(self, world: World, address: str) -> None:
        """Names both ends."""
        self.world, self.address = world, address

    def sync(self, *options: str, key: str | None = None) -> int:
        """Runs the command; gives its exit code."""
        config = self.world.connector.config
        path = self.world.connector.file({**config, "client_secret": key} if key else config)
        return cli.run(
            ["sync", "--config", path, "--warehouse", self.address, "--no-models", *options]
        )

    @contextmanager
    def database(self) -> Iterator[Database]:
        """A connection to it."""
        with connected(parse_target(self.address)) as database:
            yield database

    def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query."""
        with self.database() as database:
            return database.rows(sql, *parameters)

    def execute(self, sql: str, *parameters: Any) -> None:
        """Runs a statement."""
        with self.database() as database:
            database.execute(sql, *parameters)

    def ids(self, stream: str) -> list[str]:
        """The ids in a stream's table, sorted, without the deleted."""
        rows = self.rows(f"select * from stripe_raw.{stream} order by id")
        return [row["id"] for row in rows if not row.get("is_deleted")]

    def assert_true(self, streams: tuple[str, ...] = STREAMS) -> None:
        """Fails unless every table holds what the account holds, each object once."""
        counts = self.world.truth.counts()
        for stream in streams:
            assert self.ids(stream) == sorted(counts[stream]["ids"]), stream

    def last_sync(self) -> dict[str, Any]:
        """The log's last row."""
        return self.rows("select * from stripe_raw._stripe_saas_syncs order by sync_id desc")[0]


@contextmanager
def a_warehouse(folder: Path, address: str | None = None, **options: Any) -> Iterator[Warehouse]:
    """An account that is served, and a warehouse for it: a DuckDB file unless said otherwise."""
    with a_world(folder, **options) as world:
        yield Warehouse(world, address or f"duckdb:///{folder / 'stripe.duckdb'}")
