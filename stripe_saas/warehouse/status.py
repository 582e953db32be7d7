"""`stripe-saas status`: a warehouse in; when it was synced, from where, and what failed, out."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from stripe_saas.warehouse.books import REJECTS
from stripe_saas.warehouse.build_log import failed_build
from stripe_saas.warehouse.database import Database, WarehouseError, connected
from stripe_saas.warehouse.option import add_warehouse_option
from stripe_saas.warehouse.places import RAW_SCHEMA, REJECTS_TABLE, SYNCS_TABLE
from stripe_saas.warehouse.sync_log import COMPLETE, RUNNING, SYNC_STREAMS, SYNCS
from stripe_saas.warehouse.target import TargetError, parse_target

_DAY_SECONDS, _HOUR_SECONDS, _MINUTE_SECONDS = 86_400, 3600, 60


@dataclass(frozen=True)
class StreamStatus:
    """One stream's table."""

    stream: str
    row_count: int | None
    """Rows in it, the deleted among them; None if there is no table."""
    synced_at: int | None
    """When it was last complete, Unix seconds of Stripe's clock."""
    error: str | None
    """What its last sync complained of."""


@dataclass(frozen=True)
class WarehouseStatus:
    """What the log of syncs and the tables say."""

    last: Mapping[str, Any]
    """The last sync's row."""
    last_complete: Mapping[str, Any] | None
    """The last sync in which nothing failed."""
    streams: Sequence[StreamStatus]
    rejects: Sequence[Mapping[str, Any]] = ()
    """`stream`, `column_name`, `reason` and `n`, how many values do not fit there."""
    failed_build: str | None = None
    """What the last build of the models failed of."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to a parser."""
    add_warehouse_option(parser, former="--from")


def run(arguments: argparse.Namespace) -> int:
    """Tells how a warehouse stands.

    Returns:
        0 if the last sync was complete and the last build of the models good, else 1.
    """
    try:
        target = parse_target(arguments.warehouse)
        with connected(target, read_only=True) as database:
            status = status_of_warehouse(database)
    except (TargetError, WarehouseError) as error:
        print(f"status: {error}", file=sys.stderr)
        return 1
    if status is None:
        print(f"status: nothing has been synced into {target} yet.", file=sys.stderr)
        return 1
    print("\n".join([f"Warehouse       {target}", *told(status, time.time())]))
    is_good = status.last["status"] == COMPLETE and status.failed_build is None
    return 0 if is_good else 1


def status_of_warehouse(database: Database) -> WarehouseStatus | None:
    """What the log and the tables say; None if there was no sync."""
    if not database.has_table(RAW_SCHEMA, SYNCS_TABLE):
        return None
    syncs = database.rows(f"select * from {SYNCS} order by sync_id desc")
    if not syncs:
        return None
    ends = database.rows(f"select * from {SYNC_STREAMS} order by sync_id")
    streams: dict[str, StreamStatus] = {}
    for end in ends:  # later syncs overwrite what earlier ones said
        known = streams.get(end["stream"])
        synced_at = end["synced_at"] or (known.synced_at if known else None)
        streams[end["stream"]] = StreamStatus(end["stream"], None, synced_at, end["error"])
    return WarehouseStatus(
        last=syncs[0],
        last_complete=next((sync for sync in syncs if sync["status"] == COMPLETE), None),
        streams=[
            StreamStatus(name, _row_count(database, name), known.synced_at, known.error)
            for name, known in sorted(streams.items())
        ],
        rejects=_rejects(database),
        failed_build=failed_build(database),
    )


def _rejects(database: Database) -> list[dict[str, Any]]:
    if not database.has_table(RAW_SCHEMA, REJECTS_TABLE):
        return []
    return database.rows(
        f"select stream, column_name, reason, count(*) as n from {REJECTS} "
        "group by stream, column_name, reason order by stream, column_name, reason"
    )


def told(status: WarehouseStatus, now: float) -> list[str]:
    """The status in lines.

    Args:
        status: of the warehouse.
        now: Unix seconds.
    """
    last, complete = status.last, status.last_complete
    account = last["account_name"] or "unnamed"
    good = "never" if complete is None else _when(complete["synced_at"], now)
    lines = [
        f"Account         {account} ({last['account_id'] or 'id not known'}), {last['mode']} mode",
        f"Last complete   {good}",
    ]
    if last["status"] != COMPLETE:
        lines.append(f"Last sync       {_told_end(last, now)}")
    if status.streams:
        lines += ["", f"{'stream':<30}{'rows':>12}  as of"]
    for each in status.streams:
        rows = "no table" if each.row_count is None else f"{each.row_count:,}"
        moment = "never complete" if each.synced_at is None else _when(each.synced_at, now)
        lines.append(f"{each.stream:<30}{rows:>12}  {moment}")
    failed = [each for each in status.streams if each.error]
    if failed:
        lines += ["", "What failed:", *(f"  {each.stream}: {each.error}" for each in failed)]
    if status.failed_build is not None:
        lines += ["", f"The last build of the models failed: {status.failed_build}"]
    if status.rejects:
        lines += ["", f"What did not fit its column (the values are in {REJECTS}):"]
        for found in status.rejects:
            count = f"{found['n']:,} value{'' if found['n'] == 1 else 's'}"
            lines.append(f"  {found['stream']}.{found['column_name']}: {count}: {found['reason']}")
    return lines


def _told_end(last: Mapping[str, Any], now: float) -> str:
    if last["status"] == RUNNING:
        return f"begun {_when(last['started_at'], now)}: it runs, or was killed"
    text = f"{last['status']}, begun {_when(last['started_at'], now)}"
    return f"{text}: {last['error']}" if last["error"] else text


def _row_count(database: Database, stream: str) -> int | None:
    if not database.has_table(RAW_SCHEMA, stream):
        return None
    return int(database.rows(f'select count(*) as n from {RAW_SCHEMA}."{stream}"')[0]["n"])


def _when(moment: int, now: float) -> str:
    text = datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    age = now - moment
    if age < _MINUTE_SECONDS:
        return text
    for seconds, unit in ((_DAY_SECONDS, "day"), (_HOUR_SECONDS, "hour"), (0, "minute")):
        if age >= seconds:
            count = int(age // (seconds or _MINUTE_SECONDS))
            return f"{text}, {count:,} {unit}{'' if count == 1 else 's'} ago"
    return text
