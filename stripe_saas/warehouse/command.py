"""`stripe-saas sync`: command-line arguments in; a warehouse with Stripe's data and models out."""

from __future__ import annotations

import argparse
import re
import sys
import time

from source_stripe_saas.api.trust import TrustError
from source_stripe_saas.config.settings import ConfigError
from source_stripe_saas.protocol.arguments import load_config
from stripe_saas.warehouse.books import REJECTS
from stripe_saas.warehouse.database import WarehouseError, WriterLock, tidy, writing
from stripe_saas.warehouse.model_variables import variables_from
from stripe_saas.warehouse.models import require_dbt
from stripe_saas.warehouse.models_command import add_model_arguments, build_and_tell
from stripe_saas.warehouse.option import add_warehouse_option
from stripe_saas.warehouse.owned_folder import files_for_owner
from stripe_saas.warehouse.progress import SyncProgress
from stripe_saas.warehouse.stopping import Stopped, StopSignals
from stripe_saas.warehouse.stripe_clock import NoAccount
from stripe_saas.warehouse.sync import SyncError, SyncPlan, SyncResult, run_sync
from stripe_saas.warehouse.sync_log import COMPLETE, FAILED
from stripe_saas.warehouse.target import TargetError, parse_target

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_REFUSALS = (
    ConfigError,
    NoAccount,
    SyncError,
    TargetError,
    TrustError,
    WarehouseError,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to a parser."""
    parser.add_argument("--config", required=True, metavar="FILE", help="the connector's config")
    add_warehouse_option(parser, former="--into")
    parser.add_argument(
        "--streams",
        nargs="+",
        default=[],
        metavar="STREAM",
        help="only these, or all; default: what the models need",
    )
    parser.add_argument("--no-models", action="store_true", help="only the tables, no models")
    add_model_arguments(parser)
    parser.add_argument("--full", action="store_true", help="read everything again")
    parser.add_argument(
        "--every",
        type=seconds_of,
        metavar="TIME",
        help="again and again until stopped, such as every 30m, 6h or 1d",
    )


def run(arguments: argparse.Namespace) -> int:
    """Syncs once, or until stopped.

    Returns:
        0 if the last sync was complete, else 1; 128 and the signal's number if one ended it.
    """
    signals = StopSignals()
    try:
        with signals.heeded(), files_for_owner():
            while True:
                code = _once(arguments, signals)
                if arguments.every is None:
                    return code
                time.sleep(arguments.every)
    except Stopped as stopped:
        print("Stopped. What was read is written; run it again to go on.", file=sys.stderr)
        return stopped.exit_code


def seconds_of(text: str) -> int:
    """A span such as `30m` in seconds.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    found = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if found is None or int(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no span of time: write 30m, 6h or 1d")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


def _once(arguments: argparse.Namespace, signals: StopSignals) -> int:
    try:
        target = parse_target(arguments.warehouse)
        if not arguments.no_models:
            require_dbt()
        plan = SyncPlan(
            config=load_config(arguments.config),
            target=target,
            streams=arguments.streams,
            is_full=arguments.full,
        )
        with signals.seen(), writing(target) as lock:
            return 0 if _synced(plan, lock, signals, arguments) else 1
    except _REFUSALS as error:
        print(f"sync: {error}", file=sys.stderr)
        return 1


def _synced(
    plan: SyncPlan, lock: WriterLock, signals: StopSignals, arguments: argparse.Namespace
) -> bool:
    """Syncs and builds the models; True if all went well."""
    out = sys.stdout
    print(f"Syncing into {plan.target}", file=out, flush=True)
    with SyncProgress(out) as progress:
        result = run_sync(plan, lock, signals, progress)
    print(verdict(result), file=out, flush=True)
    is_good = result.status == COMPLETE
    if result.status != FAILED and not arguments.no_models:
        arguments.vars = {**variables_from(plan.config), **arguments.vars}
        is_good = build_and_tell(plan.target, arguments, out, lock) and is_good
    tidy(plan.target, signals.orderly)
    return is_good


def verdict(result: SyncResult) -> str:
    """How a sync went, in a few lines."""
    account = result.begin.account_name or "the account"
    lines = []
    for end in result.streams:
        if not end.is_complete:
            lines.append(f"  {end.stream}: {end.error}")
    lacking = len(lines)
    if result.error:
        lines.append(f"  {result.error}")
    rate = result.records / result.seconds if result.seconds else 0
    lines.insert(
        0,
        f"{result.status.capitalize()}: {len(result.streams) - lacking} of "
        f"{len(result.streams)} streams of {account} ({result.begin.account_id}, "
        f"{result.begin.mode} mode), {result.records:,} records in {result.seconds:.1f} s, "
        f"{rate:,.0f}/s.",
    )
    for end in result.streams:
        if end.rejected_count:
            lines.append(
                f"  {end.stream}: {end.rejected_count:,} "
                f"{'value' if end.rejected_count == 1 else 'values'} did not fit, and went into "
                f"{REJECTS}"
            )
    return "\n".join(lines)
