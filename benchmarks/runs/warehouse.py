"""`stripe-saas sync` from a server without limits into a warehouse: raw tables, no models.

Seconds are those of the whole command, with the start of three Pythons in them. CPU is that of the
command and the connector; a Postgres server's own comes on top. PyAirbyte and dlt load the
messages of the same connector into DuckDB, a smaller account of the same make.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import connector
from benchmarks.account import AccountOptions
from benchmarks.changes import changes_of
from benchmarks.connector import UNLIMITED
from benchmarks.context import SIX_SHARES, Context
from benchmarks.measuring import Failed, Measured, Program, measure
from benchmarks.options import ServerOptions
from benchmarks.peers.environments import DLT_DUCKDB, PYAIRBYTE, Peer
from benchmarks.server_process import ROOT, ServerProcess
from benchmarks.table import Row
from benchmarks.thrift import DAY_SECONDS
from benchmarks.tree import tree_peak

NAME = "warehouse"

_OBJECTS, _PEERS_OBJECTS, _TINY = 200_000, 10_000, 600
_SMALL, _LARGE = 50_000, 1_000_000
_OTHERS, _PRODUCTS = ("payment_intents", "payment_methods", "products", "prices"), 20
_CHANGED, _EVENTS = 100, 240

_FIRST_PER_SECOND = {"duckdb": 10_000, "postgres": 5_000}
_AGAIN_PER_SECOND = {"duckdb": 5_000, "postgres": 2_500}
_MOST_MB = 700
_MOST_TIMES = 1.3


@dataclass(frozen=True)
class _Warehouse:
    """Where a sync writes to."""

    kind: str
    address: str
    size_mb: Callable[[], float]


@dataclass(frozen=True)
class _Sync:
    """A sync that was measured."""

    measured: Measured
    tree_mb: float


def run(context: Context) -> list[Row]:
    """Rows of each kind of warehouse, then of the peers."""
    rows: list[Row] = []
    objects = context.size(_OBJECTS, _TINY)
    for place in (_duckdb,) if context.is_tiny else (_duckdb, _postgres):
        with place(context) as warehouse:
            if warehouse is None:
                context.say(f"{NAME}: Postgres is left out, its programs are not there")
                continue
            context.say(f"{NAME}: {objects:,} objects into {warehouse.kind}")
            rows += _whole(context, warehouse, objects)
    rows += _small(context)
    for peer in (PYAIRBYTE, DLT_DUCKDB):
        rows += _peer(context, peer)
    return rows


def _whole(context: Context, warehouse: _Warehouse, objects: int) -> list[Row]:
    """A first import, and a read of everything whose keys are all known."""
    account = _account(objects)
    records = sum(account.counts.values())
    with ServerProcess(ServerOptions(account)) as server:
        first = _sync(context, warehouse, server.url, account)
        size = warehouse.size_mb()
        requests = server.statistics().total
        again = _sync(context, warehouse, server.url, account, "--full")
    rows = []
    for reader, done, least in (
        ("first import", first, _FIRST_PER_SECOND[warehouse.kind]),
        ("all keys known", again, _AGAIN_PER_SECOND[warehouse.kind]),
    ):
        row = _row(f"this loader, {warehouse.kind}: {reader}", done, records, requests)
        is_met = row.per_second >= least and done.tree_mb < _MOST_MB
        rows.append(
            replace(
                row,
                measured=f"{row.per_second:,.0f}/s, {done.tree_mb:,.0f} MB of all processes",
                target=f"at least {least:,}/s, under {_MOST_MB} MB",
                is_met=None if context.is_tiny else is_met,
            )
        )
    sizes = f"{size:,.0f} MB on disk, then {warehouse.size_mb():,.0f} MB"
    return [*rows, Row(NAME, f"- {warehouse.kind}", measured=sizes)]


def _small(context: Context) -> list[Row]:
    """The same change in a small and in a large DuckDB file."""
    rows: list[Row] = []
    seconds: list[float] = []
    for full, tiny in ((_SMALL, _TINY), (_LARGE, 2 * _TINY)):
        objects = context.size(full, tiny)
        context.say(f"{NAME}: a small sync on {objects:,} objects")
        since = int(time.time()) - DAY_SECONDS
        before = _account(objects, until=since - 3600)
        span = (since + 3600, since + DAY_SECONDS - 3600)
        changes = changes_of(before, _CHANGED, _EVENTS, span, deletions=0)
        after = ServerOptions(replace(before, revisions=changes.revisions), events=changes.events)
        with _duckdb(context, f"of{objects}") as warehouse:
            with ServerProcess(ServerOptions(before, clock_offset_seconds=-DAY_SECONDS)) as server:
                whole = _sync(context, warehouse, server.url, before)
            with ServerProcess(after) as server:
                small = _sync(context, warehouse, server.url, before)
        seconds.append(small.measured.seconds)
        rows.append(
            replace(
                _row(f"this loader, duckdb: small sync on {objects:,}", small, _CHANGED),
                measured=f"after an import with {whole.tree_mb:,.0f} MB",
            )
        )
    times = seconds[1] / seconds[0]
    rows[-1] = replace(
        rows[-1],
        measured=f"{times:.2f} x as long, {rows[-1].measured}",
        target=f"at most {_MOST_TIMES} x",
        is_met=None if context.is_tiny else times <= _MOST_TIMES,
    )
    return rows


def _peer(context: Context, peer: Peer) -> list[Row]:
    """A peer's first import of what this connector reads."""
    python = context.python(peer)
    if python is None:
        return []
    account = _account(_PEERS_OBJECTS)
    folder = context.folder / peer.name
    folder.mkdir()
    script = Path(sys.executable).with_name("source-stripe-saas")
    try:
        with ServerProcess(ServerOptions(account)) as server, tree_peak() as peak:
            config = connector.saved(folder / "config.json", _config(server.url))
            program = peer.program(python, script, config, folder, *account.counts)
            environment = {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}
            measured = measure(program, folder / "out", environment=environment, folder=folder)
    except Failed as failed:
        context.say(f"left out: {peer.title}: {failed}")
        return []
    records = int((folder / "out").read_text().split()[-1])
    return [
        replace(
            _row(f"{peer.title}: first import", _Sync(measured, peak.mb), records),
            measured=f"{peak.mb:,.0f} MB of all processes",
        )
    ]


def _account(objects: int, until: int | None = None) -> AccountOptions:
    counts = {name: max(1, objects * share // 100) for name, share in SIX_SHARES.items()}
    counts |= dict.fromkeys(_OTHERS, _PRODUCTS)
    return AccountOptions(counts, until=until or int(time.time()) - 3600, growth=10.0)


def _config(url: str) -> dict[str, object]:
    return {"client_secret": "rk_live_benchmark", "api_url": url, **UNLIMITED}


def _sync(
    context: Context, warehouse: _Warehouse, url: str, account: AccountOptions, *options: str
) -> _Sync:
    config = connector.saved(context.folder / "sync.config.json", _config(url))
    arguments = ["sync", "--config", str(config), "--warehouse", warehouse.address]
    arguments += ["--no-models", "--streams", *account.counts, *options]
    program = Program(sys.executable, "argparse", "stripe_saas.cli", tuple(arguments))
    with tree_peak() as peak:
        measured = measure(program, context.folder / "sync.out", folder=ROOT)
    return _Sync(measured, peak.mb)


def _row(reader: str, done: _Sync, records: int, requests: int | None = None) -> Row:
    measured = done.measured
    return Row(
        NAME,
        reader,
        records,
        measured.seconds,
        measured.cpu_seconds,
        peak_mb=measured.peak_mb,
        requests=requests,
    )


@contextmanager
def _duckdb(context: Context, name: str = "whole") -> Iterator[_Warehouse]:
    path = context.folder / f"{name}.duckdb"
    yield _Warehouse("duckdb", f"duckdb:///{path}", lambda: path.stat().st_size / 1e6)
    path.unlink(missing_ok=True)


@contextmanager
def _postgres(context: Context) -> Iterator[_Warehouse | None]:
    """A server of its own, without fsync; None where there are no programs of Postgres."""
    import psycopg

    from integration_tests.warehouse.postgres import running_postgres

    with suppress(AssertionError), running_postgres() as server:
        address = server.new_database()

        def size_mb() -> float:
            with psycopg.connect(address) as connection:
                row = connection.execute("select pg_database_size(current_database())").fetchone()
            return float(row[0]) / 1e6 if row else 0.0

        yield _Warehouse("postgres", address, size_mb)
        return
    yield None
