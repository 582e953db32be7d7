"""A config and a warehouse in; the warehouse up to date, and what happened, out."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stripe_saas.protocol_files.catalog import configured_catalog, discovered_streams
from stripe_saas.protocol_files.connector import (
    ConnectorOutput,
    ReadFailed,
    Start,
    running_connector,
    start_connector,
)
from stripe_saas.protocol_files.messages import NotMessages
from stripe_saas.warehouse import catalog as catalogs
from stripe_saas.warehouse.database import Database, WarehouseError, WriterLock, connected
from stripe_saas.warehouse.listener import SyncListener
from stripe_saas.warehouse.loader import Loader
from stripe_saas.warehouse.owned_folder import owned_folder
from stripe_saas.warehouse.places import RAW_SCHEMA
from stripe_saas.warehouse.provisional import take_back
from stripe_saas.warehouse.reading import Reading
from stripe_saas.warehouse.stopping import Stopped, StopSignals
from stripe_saas.warehouse.stripe_clock import StripeClock
from stripe_saas.warehouse.sync_log import (
    SYNCS,
    StreamEnd,
    SyncBegin,
    next_sync_id,
    note_begin,
    note_end,
    status_of,
)
from stripe_saas.warehouse.target import Target

STOPPED = "it was stopped before its end"


@dataclass(frozen=True)
class SyncPlan:
    """What a sync is to do."""

    config: Mapping[str, Any]
    """The connector's."""
    target: Target
    streams: Sequence[str] = ()
    """Names, or `all`; empty for the usual ones."""
    is_full: bool = False
    start: Start = start_connector
    """How the connector is started."""


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


def run_sync(
    plan: SyncPlan,
    lock: WriterLock,
    signals: StopSignals,
    listener: SyncListener | None = None,
) -> SyncResult:
    """Reads what is new at Stripe and writes it into the warehouse.

    Args:
        plan: what is to be done.
        lock: the right to write.
        signals: may ask for the end.
        listener: is told how far it is.

    Raises:
        ConfigError: a setting cannot be used.
        NoAccount: Stripe lets nobody in.
        SyncError: the warehouse holds another account, or there is no such stream.
        WarehouseError: the warehouse cannot be used.
        Stopped: a signal asked for the end; what was read has been written.
    """
    clock = StripeClock(plan.config)
    with owned_folder() as folder, connected(plan.target) as database:
        begin = SyncBegin(
            sync_id=next_sync_id(database),
            started_at=clock.account.now,
            account_id=clock.account.id,
            account_name=clock.account.name,
            mode=clock.mode,
            is_full=plan.is_full,
        )
        _refuse_another_account(database, begin)
        with running_connector("discover", config=plan.config, start=plan.start) as discovering:
            catalog = _catalog(discovering, plan.streams)
        take_back(database, lock)
        note_begin(database, begin)
        result = SyncResult(begin)
        try:
            with signals.seen():
                run = _Run(plan, catalog, database, folder, lock, signals)
                run.read(result, clock, listener or SyncListener())
        except Stopped:
            result.error = STOPPED
            raise
        except (WarehouseError, ReadFailed) as error:
            result.error = str(error)
        except OSError as error:
            result.error = f"a temporary file cannot be written: {error.strerror}"
        finally:
            result.status = status_of(result.streams, result.error)
            _note_end(plan.target, database, result, clock.now())
    return result


def _note_end(target: Target, database: Database, result: SyncResult, now: int) -> None:
    """Writes into the log how it ended; if the connection is gone, through another one."""
    ended = (result.begin, result.streams, now, result.error)
    try:
        note_end(database, *ended)
    except WarehouseError as error:
        database.close()
        try:
            with connected(target) as other:
                note_end(other, *ended)
        except WarehouseError:
            # The log then says of the sync that it was killed, which is as good as the truth.
            if result.error is None:
                raise error from None


class _Run:
    """One read of the connector into the tables."""

    def __init__(
        self,
        plan: SyncPlan,
        catalog: Mapping[str, Any],
        database: Database,
        folder: Path,
        lock: WriterLock,
        signals: StopSignals,
    ) -> None:
        self._plan, self._catalog, self._database, self._folder = plan, catalog, database, folder
        self._lock, self._signals = lock, signals

    def read(self, result: SyncResult, clock: StripeClock, listener: SyncListener) -> None:
        """Reads until the connector has ended; fills the result whatever happens."""
        streams = self._catalog["streams"]
        expected = _expected(self._database, streams) if self._plan.is_full else None
        loader = Loader(
            self._database, streams, self._folder, result.begin, self._lock, clock.carried_on
        )
        began = time.monotonic()
        listener.begin(len(streams), expected)
        for remark in loader.remarks:
            listener.remark(remark)
        state, chosen = self._folder / "state.json", self._folder / "catalog.json"
        state.write_text(loader.states(), encoding="utf-8")
        chosen.write_text(json.dumps(self._catalog), encoding="utf-8")
        options = ("--catalog", chosen, "--state", state)
        names = [stream["stream"]["name"] for stream in streams]
        reading = Reading(names, loader, listener, lambda: self._signals.number is not None)
        try:
            with (
                running_connector(
                    "read", *options, config=self._plan.config, start=self._plan.start
                ) as connector,
                self._signals.orderly(connector.stop),
            ):
                reading.follow(connector)
        finally:
            result.streams = reading.ends()
            result.records, result.seconds = reading.records, time.monotonic() - began


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
    return configured_catalog([stream for stream in available if stream["name"] in names])


def _refuse_another_account(database: Database, begin: SyncBegin) -> None:
    schema, _, table = SYNCS.partition(".")
    if not database.has_table(schema, table):
        return
    known = database.rows(
        f"select account_id, mode from {SYNCS} where account_id is not null "
        "order by sync_id desc limit 1"
    )
    if known and begin.account_id and not _shares_an_account(known[0]["account_id"], begin):
        raise SyncError(
            f"the warehouse holds the account {known[0]['account_id']}, and this key opens "
            f"{begin.account_id}: give each account a warehouse of its own."
        )
    if known and {known[0]["mode"], begin.mode} == {"live", "test"}:
        raise SyncError(
            f"the warehouse holds {known[0]['mode']} data, and this key opens {begin.mode} data: "
            "give each a warehouse of its own."
        )


def _shares_an_account(known: str, begin: SyncBegin) -> bool:
    """Of an organization's key the log has all accounts, to which some may be added later."""
    return not set(known.split(",")).isdisjoint(str(begin.account_id).split(","))


def _expected(database: Database, streams: Sequence[Mapping[str, Any]]) -> int:
    """How many records a read of everything will bring: about as many as there are rows."""
    names = [stream["stream"]["name"] for stream in streams]
    counts = (
        database.rows(f'select count(*) as n from {RAW_SCHEMA}."{name}"')[0]["n"]
        for name in names
        if database.has_table(RAW_SCHEMA, name)
    )
    return int(sum(counts))
