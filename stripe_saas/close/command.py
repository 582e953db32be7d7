"""`stripe-saas close`: a month in; its figures and the rows behind them kept, for good, out."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timezone

from stripe_saas.close.checks import checked
from stripe_saas.close.freeze import close_month, reopen_month
from stripe_saas.close.log import closed_months, entries, require_closable, require_reopenable
from stripe_saas.close.marts import marts_of
from stripe_saas.close.month import CloseError, Month, parse_month
from stripe_saas.close.tables import CLOSE, has_closes
from stripe_saas.close.verifying import Differs, verify
from stripe_saas.warehouse.database import WarehouseError, connected, writing
from stripe_saas.warehouse.option import add_warehouse_option
from stripe_saas.warehouse.owned_folder import files_for_owner
from stripe_saas.warehouse.places import MODELS_SCHEMA
from stripe_saas.warehouse.target import Target, TargetError, parse_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to a parser."""
    parser.add_argument(
        "month", nargs="?", metavar="MONTH", help="such as 2026-10; without one: list the closes"
    )
    add_warehouse_option(parser)
    parser.add_argument(
        "--schema",
        default=MODELS_SCHEMA,
        metavar="NAME",
        help=f"where dbt built the marts (default: {MODELS_SCHEMA})",
    )
    parser.add_argument(
        "--accept",
        nargs="+",
        default=[],
        metavar="CHECK",
        help="checks of data_quality that may differ; the close says which did",
    )
    parser.add_argument("--reopen", action="store_true", help="open a closed month again")
    parser.add_argument("--because", metavar="TEXT", help="why it is reopened")
    parser.add_argument(
        "--verify", action="store_true", help="recompute the hashes of all closed rows"
    )
    parser.add_argument(
        "--expect", metavar="HASH", help="with --verify: a hash that a close printed"
    )


def run(arguments: argparse.Namespace) -> int:
    """Closes, reopens, lists or verifies.

    Returns:
        0; 1 if it was refused, or if a closed row differs.
    """
    try:
        _require_fitting(arguments)
        target = parse_target(arguments.warehouse)
        if arguments.verify:
            return _verify(target, arguments.expect)
        if arguments.month is None:
            return _list(target)
        month = parse_month(arguments.month)
        if target.kind == "duckdb" and not target.path.exists():
            raise WarehouseError(f"there is no file {target.path}.")
        print(_written(target, month, arguments))
    except (CloseError, TargetError, WarehouseError) as error:
        print(f"close: {error}", file=sys.stderr)
        return 1
    return 0


def _require_fitting(arguments: argparse.Namespace) -> None:
    if not arguments.schema.isidentifier():
        raise CloseError(f"{arguments.schema!r} is not a valid name of a schema.")
    if arguments.reopen and (arguments.month is None or not (arguments.because or "").strip()):
        raise CloseError("--reopen needs a month, and --because TEXT.")
    if arguments.because and not arguments.reopen:
        raise CloseError("--because belongs to --reopen.")
    if arguments.expect and not arguments.verify:
        raise CloseError("--expect belongs to --verify.")
    if arguments.verify and (arguments.month or arguments.reopen):
        raise CloseError("--verify recomputes all closes: leave the month out.")


def _written(target: Target, month: Month, arguments: argparse.Namespace) -> str:
    """Closes or reopens; gives what to say of it."""
    with files_for_owner(), writing(target) as lock, connected(target) as database:
        log = entries(database)
        if arguments.reopen:
            require_reopenable(log, month)
            row = reopen_month(database, month, arguments.because.strip(), log, lock)
            return f"Reopened {month}, as close {row['close_number']}. Hash: {row['close_hash']}"
        require_closable(log, month)
        marts = marts_of(database, arguments.schema)
        facts = checked(database, marts, month, arguments.accept)
        row = close_month(database, marts, month, facts, log, lock)
    return (
        f"Closed {month}, as of {facts.as_of_at:%Y-%m-%d %H:%M} UTC: {row['figure_count']} "
        f"figures, {row['row_count']:,} rows that are new or changed. Hash: {row['close_hash']}\n"
        "Run stripe-saas models for mrr_monthly_closed and restatements to show it."
    )


def _verify(target: Target, expected: str | None) -> int:
    with connected(target, read_only=True) as database:
        if not has_closes(database):
            raise CloseError("no month is closed: there is nothing to verify.")
        try:
            verified = verify(database)
        except Differs as error:
            print(f"close: {error}.", file=sys.stderr)
            return 1
    if expected is not None and expected not in verified.hashes:
        print("close: the chain is whole, but has no close of this hash.", file=sys.stderr)
        return 1
    print(
        f"Verified {verified.entries} closes and {verified.rows:,} rows. "
        f"Hash of the last one: {verified.hashes[-1]}"
    )
    return 0


def _list(target: Target) -> int:
    with connected(target, read_only=True) as database:
        log = entries(database)
    for entry in log:
        at = datetime.fromtimestamp(entry.noted_at, timezone.utc)
        what = "closed" if entry.kind == CLOSE else f"reopened because {entry.because}"
        print(f"{entry.number:>4}  {at:%Y-%m-%d %H:%M}  {entry.month}  {what}  {entry.hash[:16]}")
    closed = closed_months(log)
    print(f"Closed: {closed[0]} to {closed[-1]}." if closed else "No month is closed.")
    return 0
