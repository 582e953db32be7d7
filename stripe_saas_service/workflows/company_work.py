"""What one process does for one company: read, build the models, publish. Runs apart from the rest.

It has the company's key and nothing else of the service: neither its store nor the key of its
secrets. What it tells goes through a pipe, as small dictionaries.
"""

from __future__ import annotations

import ctypes
import logging
import signal
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.api.trust import TrustError
from source_stripe_saas.config.settings import ConfigError, parse_settings
from source_stripe_saas.connection.account import AccountRefused
from source_stripe_saas.delivered import DeliveredEvent, read_delivered
from source_stripe_saas.streams.plans import load_plans
from stripe_saas.protocol_files.forked import fork_connector
from stripe_saas.warehouse.build import build
from stripe_saas.warehouse.command import verdict
from stripe_saas.warehouse.database import WarehouseError, WriterLock, connected, tidy, writing
from stripe_saas.warehouse.listener import SyncListener
from stripe_saas.warehouse.model_variables import variables_from
from stripe_saas.warehouse.models import told_problems
from stripe_saas.warehouse.owned_folder import files_for_owner, owned_folder
from stripe_saas.warehouse.provisional import is_provisional, settled_streams, write_provisional
from stripe_saas.warehouse.stopping import Stopped, StopSignals
from stripe_saas.warehouse.stripe_clock import NoAccount
from stripe_saas.warehouse.sync import SyncError, SyncPlan, run_sync
from stripe_saas.warehouse.sync_log import COMPLETE, FAILED
from stripe_saas.warehouse.target import TargetError, parse_target
from stripe_saas_service.snapshot.folder import SnapshotFolder

_SECONDS_BETWEEN_TELLINGS = 0.5
_PR_SET_PDEATHSIG = 1
_LOGGER = logging.getLogger(__name__)
_FAILED = "The sync failed; the log says why."


@dataclass(frozen=True)
class Work:
    """What is to be done for a company."""

    config: Mapping[str, Any] = field(repr=False)
    """The connector's, with its key."""
    warehouse: str
    """An address, as `stripe-saas sync --warehouse` takes it."""
    snapshots: Path
    """The folder in which the company's snapshots are published."""
    is_full: bool = False
    """Whether everything is read again."""
    syncs: bool = True
    """Whether a sync is wanted, or only the objects that were delivered."""
    delivered: tuple[DeliveredEvent, ...] = ()
    """Events that no sync has settled; read after the sync."""


def work(pipe: Connection, asked: Work) -> None:
    """The main function of the process.

    Args:
        pipe: gets what is told, and last `{"code": ..., "said": ...}`.
        asked: what is to be done.
    """
    # It would hold the warehouse against the next start of the service. Its parent, the fork
    # server, ends with the service; whoever came too late for this ends at the next telling.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signals = StopSignals()
    with pipe:
        try:
            with signals.heeded(), files_for_owner():
                code, said = _done(pipe, asked, signals)
        except Stopped as stopped:
            code, said = stopped.exit_code, "Stopped. What was read is written."
        except (
            *(ConfigError, NoAccount, SyncError, TargetError, TrustError, WarehouseError),
            Unread,
        ) as error:
            code, said = 1, str(error)
        except Exception as error:
            # Where, and what kind: its text may hold a config or a row.
            where = "".join(traceback.format_tb(error.__traceback__))
            _LOGGER.error("work for a company failed: %s\n%s", type(error).__name__, where)
            code, said = 1, _FAILED
        pipe.send({"code": code, "said": said})


def _done(pipe: Connection, asked: Work, signals: StopSignals) -> tuple[int, str]:
    target = parse_target(asked.warehouse)
    telling = Telling(pipe)
    code, said = 0, "Read what was delivered."
    with signals.seen(), writing(target) as lock:
        if asked.syncs:
            code, said = _synced(asked, lock, signals, telling)
            tidy(target, signals.orderly)
        if code == 0:
            rows = _read_delivered(asked, lock, telling)
            if rows:
                _build_in_proportion(asked, lock, telling)
            if asked.syncs or rows:
                _publish(asked, telling)
    return code, said


def _read_delivered(asked: Work, lock: WriterLock, telling: Telling) -> int:
    """Reads the objects that deliveries name into the tables; how many rows came."""
    # Of several accounts, a delivery's own would have to be found; the next sync reads them.
    if not asked.delivered or asked.config.get("accounts"):
        return 0
    telling.phase("delivered")
    settings, plans = parse_settings(asked.config), load_plans()
    with owned_folder() as folder, connected(parse_target(asked.warehouse)) as database:
        names = settled_streams(database, plans)
        try:
            lines = read_delivered(settings, plans, names, asked.delivered)
            return write_provisional(database, lock, folder, plans, lines)
        except (StripeError, AccountRefused) as error:
            # Nobody's loss: the next sync reads them, and says what there is to say.
            raise Unread(f"Stripe refused what was delivered: {error}") from error


def _publish(asked: Work, telling: Telling) -> None:
    from stripe_saas_service.snapshot.publish import publish  # loads DuckDB

    telling.phase("publishing")
    target = parse_target(asked.warehouse)
    with connected(target, read_only=True) as database:
        provisional = is_provisional(database)
    publish(target, SnapshotFolder(asked.snapshots), is_provisional=provisional)


def _build_in_proportion(asked: Work, lock: WriterLock, telling: Telling) -> None:
    """Brings the models up to date as far as that is a matter of seconds.

    On a new day dbt builds and tests everything, of what is settled: that is for the next sync.
    """
    telling.phase("models")
    build(
        parse_target(asked.warehouse),
        variables=variables_from(asked.config),
        lock=lock,
        may_be_whole=False,
        watch=telling.models,
    )


def _synced(
    asked: Work, lock: WriterLock, signals: StopSignals, telling: Telling
) -> tuple[int, str]:
    target = parse_target(asked.warehouse)
    plan = SyncPlan(asked.config, target, is_full=asked.is_full, start=fork_connector)
    result = run_sync(plan, lock, signals, telling)
    said = verdict(result)
    if result.status == FAILED:
        return 1, said
    telling.phase("models")
    models = build(target, variables=variables_from(asked.config), lock=lock, watch=telling.models)
    if not models.is_good:
        said = "\n".join([said, "The models are not all well:", *told_problems(models)])
    return 0 if models.is_good and result.status == COMPLETE else 1, said


class Unread(Exception):
    """What was delivered could not be read."""


class Telling(SyncListener):
    """Progress of the work, told through a pipe now and then."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._told_at = pipe, 0.0
        self._began = time.monotonic()
        self._records: Counter[str] = Counter()
        self._now: dict[str, Any] = {"phase": "starting", "streams_done": 0, "records": 0}

    def phase(self, name: str) -> None:
        """Something else begins."""
        self._now["phase"] = name
        self._tell(at_once=True)

    def models(self, done: int, total: int) -> None:
        """So many models are built and tested."""
        self._now.update(models_done=done, models=total)
        self._tell()

    def begin(self, streams: int, expected: int | None) -> None:
        """See `SyncListener`."""
        self._now.update(phase="reading", streams=streams, expected_records=expected)
        self._tell(at_once=True)

    def record(self, stream: str) -> None:
        """See `SyncListener`."""
        self._records[stream] += 1
        if self._records[stream] % 50 == 0:  # each time would cost as much as reading
            self._now["stream"] = stream
            self._tell()

    def stream_ended(self, stream: str, problem: str | None) -> None:
        """See `SyncListener`."""
        self._now["streams_done"] += 1
        self._tell(at_once=problem is not None)

    def _tell(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._told_at < _SECONDS_BETWEEN_TELLINGS:
            return
        self._told_at = now
        records, seconds = self._records.total(), now - self._began
        self._now.update(records=records, seconds=round(seconds, 1))
        self._pipe.send({"progress": {**self._now, "said": self._said(records, seconds)}})

    def _said(self, records: int, seconds: float) -> str:
        """The same in a sentence."""
        now = self._now
        if now["phase"] == "models":
            return f"Models: {now.get('models_done', 0)} of {now.get('models', '?')} built"
        if now["phase"] != "reading":
            return f"{now['phase'].capitalize()}"
        rate = f", {records / seconds:,.0f}/s" if seconds > 1 else ""
        return f"{now['streams_done']} of {now['streams']} streams, {records:,} records{rate}"
