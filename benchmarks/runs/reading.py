"""A context and a server's options -> one reader's run, measured, its output checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import connector
from benchmarks.checking import Checked, Fits, check_backfill, count_records
from benchmarks.connector import UNLIMITED
from benchmarks.context import Context
from benchmarks.measuring import Failed, measure
from benchmarks.options import ServerOptions
from benchmarks.peers.environments import DLT, LOOP, OFFICIAL, PLAIN_CDK, Peer
from benchmarks.peers.official_connector import OfficialConnector
from benchmarks.server_process import ServerProcess, Statistics
from benchmarks.table import Taken


@dataclass(frozen=True)
class Read:
    """The connector's run."""

    taken: Taken
    checked: Checked
    statistics: Statistics


def read_with_connector(
    context: Context,
    options: ServerOptions,
    *,
    settings: dict[str, Any] = UNLIMITED,
    bytes_per_second: int | None = None,
    fits: Fits | None = None,
) -> Read:
    """Reads the whole account once; every record is compared with the server's object.

    Args:
        context: where files go.
        options: of the server, with the account.
        settings: of the connector.
        bytes_per_second: how fast its output is taken at most.
        fits: judges a record, if it is not to be just what was sent.
    """
    with ServerProcess(options) as server:
        measured, output = connector.read(
            context.folder,
            server.url,
            options.account.counts,
            settings=settings,
            bytes_per_second=bytes_per_second,
        )
        statistics = server.statistics()
    checked = check_backfill(output, options.account, fits)
    output.unlink()
    taken = Taken(measured, checked.records, statistics.total)
    return Read(taken, checked, statistics)


def read_with_peer(context: Context, peer: Peer, options: ServerOptions) -> Taken | None:
    """Reads the whole account once; None if the peer is left out or does not work.

    Only the number of its records is looked at.
    """
    python = context.python(peer)
    if python is None:
        return None
    expected = sum(options.account.counts.values())
    try:
        with ServerProcess(options) as server:
            measured, records = _READERS[peer](context, python, server.url, options)
            statistics = server.statistics()
    except Failed as failed:
        context.say(f"left out: {peer.title}: {failed}")
        return None
    if records != expected:
        context.say(f"{peer.title}: {records} records, {expected} expected")
    return Taken(measured, records, statistics.total)


def _read_to_messages(
    context: Context, python: Path, url: str, options: ServerOptions, peer: Peer
) -> tuple[Any, int]:
    output = context.folder / f"{peer.name}.jsonl"
    program = peer.program(python, url, *options.account.counts)
    measured = measure(program, output, folder=context.folder)
    records = count_records(output)
    output.unlink()
    return measured, records


def _read_with_loop(
    context: Context, python: Path, url: str, options: ServerOptions
) -> tuple[Any, int]:
    return _read_to_messages(context, python, url, options, LOOP)


def _read_with_cdk(
    context: Context, python: Path, url: str, options: ServerOptions
) -> tuple[Any, int]:
    return _read_to_messages(context, python, url, options, PLAIN_CDK)


def _read_with_dlt(
    context: Context, python: Path, url: str, options: ServerOptions
) -> tuple[Any, int]:
    output = context.folder / "dlt.out"
    program = DLT.program(python, url, context.folder / "dlt", *options.account.counts)
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false"}
    measured = measure(program, output, folder=context.folder, environment=quiet)
    return measured, int(output.read_text().splitlines()[-1])


def _read_with_official(
    context: Context, python: Path, url: str, options: ServerOptions
) -> tuple[Any, int]:
    official = OfficialConnector(python, context.folder)
    official.point_at(url)
    measured, output = official.read(options.account.counts, options.account.began)
    records = count_records(output)
    output.unlink()
    return measured, records


_READERS: dict[Peer, Callable[[Context, Path, str, ServerOptions], tuple[Any, int]]] = {
    LOOP: _read_with_loop,
    PLAIN_CDK: _read_with_cdk,
    DLT: _read_with_dlt,
    OFFICIAL: _read_with_official,
}
