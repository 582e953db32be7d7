"""A config and a warehouse in; the warehouse up to date, and what happened, out."""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from stripe_saas.protocol_files.catalog import configured_catalog, discovered_streams
from stripe_saas.protocol_files.connector import ConnectorOutput, ReadFailed, running_connector
from stripe_saas.protocol_files.messages import NotMessages
from stripe_saas.warehouse import catalog as catalogs
from stripe_saas.warehouse.database import Database, WarehouseError, connected
from stripe_saas.warehouse.places import RAW_SCHEMA
from stripe_saas.warehouse.progress import SyncProgress
from stripe_saas.warehouse.pyairbyte import load_pyairbyte
from stripe_saas.warehouse.stripe_clock import StripeClock
from stripe_saas.warehouse.sync_log import (
    SYNCS,
    StreamEnd,
    SyncBegin,
    note_begin,
    note_end,
    status_of,
)
from stripe_saas.warehouse.target import Target

STOPPED = "it was stopped before its end"


@dataclass(frozen=True)
class SyncPlan:
    """What a sync is to do."""

    config: Path
    settings: Mapping[str, Any]
    """The content of `config`."""
    target: Target
    streams: Sequence[str] = ()
    """Names, or `all`; empty for the usual ones."""
    is_full: bool = False


@dataclass
class SyncResult:
    """What a sync did."""

    begin: SyncBegin
    status: str = ""
    streams: list[StreamEnd] = field(default_factory=list)
    seconds: float = 0.0
    records: int = 0
    error: str | None = None


class SyncError(Exception):
    """The sync could not begin; the text says why."""


def run_sync(plan: SyncPlan, out: TextIO) -> SyncResult:
    """Reads what is new at Stripe and writes it into the warehouse.

    Raises:
        ConfigError: a setting cannot be used.
        NoAccount: Stripe lets nobody in.
        NoPyAirbyte: this Python is too new.
        SyncError: the warehouse holds another account, or there is no such stream.
        WarehouseError: the warehouse cannot be used.
        KeyboardInterrupt: it was stopped; what was read has been written.
    """
    clock = StripeClock(plan.settings)
    begin = SyncBegin(
        sync_id=f"{time.time_ns() // 1_000_000:013d}-{secrets.token_hex(4)}",
        started_at=clock.account.now,
        account_id=clock.account.id,
        account_name=clock.account.name,
        mode=clock.mode,
        is_full=plan.is_full,
    )
    with connected(plan.target) as database:
        _refuse_another_account(database, begin)
    with tempfile.TemporaryDirectory(prefix="stripe-saas-") as folder:
        with running_connector("discover", "--config", plan.config) as discovering:
            load_pyairbyte(Path(folder))
            catalog = _catalog(discovering, plan.streams)
        with connected(plan.target) as database:
            note_begin(database, begin)
            expected = _expected(database, catalog) if plan.is_full else None
        result = SyncResult(begin)
        progress = SyncProgress(out, len(catalog["streams"]), expected)
        try:
            with progress:
                _read(plan, catalog, Path(folder), progress, result)
        except KeyboardInterrupt:
            result.error = STOPPED
            raise
        except Exception as error:
            result.error = _in_one_line(error)
        finally:
            result.status = status_of(result.streams, result.error)
            with connected(plan.target) as database:
                note_end(database, begin, result.streams, clock.now(), result.error)
    return result


def _catalog(discovering: ConnectorOutput, asked: Sequence[str]) -> dict[str, Any]:
    try:
        messages = list(discovering.messages())
    except ReadFailed as error:
        raise SyncError(str(error)) from error
    try:
        available = discovered_streams(messages)
        names = catalogs.chosen_names(catalogs.names_of(available), asked)
    except NotMessages as error:
        said = [
            message["trace"]["error"]["message"]
            for message in messages
            if message["type"] == "TRACE" and message["trace"]["type"] == "ERROR"
        ]
        reason = " ".join(said) or discovering.last_words().rpartition("\n")[2]
        code = discovering.exit_code()
        raise SyncError(f"{error}: {reason or f'it ended with code {code}'}") from None
    except ValueError as error:
        raise SyncError(str(error)) from None
    return catalogs.catalog_for_tables(
        configured_catalog([stream for stream in available if stream["name"] in names])
    )


def _refuse_another_account(database: Database, begin: SyncBegin) -> None:
    schema, _, table = SYNCS.partition(".")
    if not database.has_table(schema, table):
        return
    known = database.rows(
        f"select account_id, mode from {SYNCS} where account_id is not null "
        "order by sync_id desc limit 1"
    )
    if known and begin.account_id and known[0]["account_id"] != begin.account_id:
        raise SyncError(
            f"the warehouse holds the account {known[0]['account_id']}, and this key opens "
            f"{begin.account_id}: give each account a warehouse of its own."
        )
    if known and {known[0]["mode"], begin.mode} == {"live", "test"}:
        raise SyncError(
            f"the warehouse holds {known[0]['mode']} data, and this key opens {begin.mode} data: "
            "give each a warehouse of its own."
        )


def _expected(database: Database, catalog: dict[str, Any]) -> int:
    """How many records a read of everything will bring: about as many as there are rows."""
    names = [stream["stream"]["name"] for stream in catalog["streams"]]
    counts = (
        database.rows(f'select count(*) as n from {RAW_SCHEMA}."{name}"')[0]["n"]
        for name in names
        if database.has_table(RAW_SCHEMA, name)
    )
    return int(sum(counts))


def _read(
    plan: SyncPlan,
    catalog: dict[str, Any],
    folder: Path,
    progress: SyncProgress,
    result: SyncResult,
) -> None:
    from stripe_saas.warehouse.caches import cache_of
    from stripe_saas.warehouse.reading import Reading
    from stripe_saas.warehouse.tables import Tables

    cache = cache_of(plan.target, folder)
    try:
        tables = Tables(cache, catalog, folder)
        state = folder / "state.json"
        if plan.is_full:
            tables.forget_states()
        state.write_text("[]" if plan.is_full else tables.states_before(), encoding="utf-8")
        chosen = folder / "catalog.json"
        chosen.write_text(json.dumps(catalog), encoding="utf-8")
        reading = Reading(catalog, tables, progress, is_full=plan.is_full)
        options = ("--config", plan.config, "--catalog", chosen, "--state", state)
        try:
            with running_connector("read", *options) as connector:
                reading.follow(connector)
        finally:
            result.streams = reading.ends()
            result.records, result.seconds = progress.records, progress.seconds
    finally:
        cache.close()


def _in_one_line(error: Exception) -> str:
    """What went wrong, without the statements, values and addresses that drivers add."""
    if isinstance(error, (WarehouseError, ReadFailed)):
        return str(error)
    lines = str(error).strip().splitlines() or [""]
    # PyAirbyte repeats the whole statement before it says what was wrong with it.
    told = [line for line in lines[1:] if "Error)" in line or "Exception)" in line]
    return f"The warehouse cannot be written: {(told or lines)[0].strip()}"
