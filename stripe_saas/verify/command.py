"""`stripe-saas verify`: what a destination holds, compared with what Stripe has, in a table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.api.trust import TrustError
from source_stripe_saas.config.settings import ConfigError, Settings, parse_settings
from source_stripe_saas.connection import errors
from source_stripe_saas.connection.account import (
    Account,
    AccountRefused,
    access_of,
    open_account,
)
from source_stripe_saas.connection.accounts import find_accounts
from source_stripe_saas.privacy.redaction import Redaction
from source_stripe_saas.protocol.arguments import load_config
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.plans import load_plans
from stripe_saas.progress import ProgressLine
from stripe_saas.several_accounts import account_settings, accounts_asked
from stripe_saas.verify.families import families, streams_compared
from stripe_saas.verify.findings import Compared
from stripe_saas.verify.holdings import Holdings, HoldingsError, Row
from stripe_saas.verify.message_file import MessageFile
from stripe_saas.verify.months import Choice
from stripe_saas.verify.report import named, table
from stripe_saas.verify.run import Verification
from stripe_saas.verify.since import Since, by_states, is_half_read, since_last_sync
from stripe_saas.verify.warehouse import Warehouse
from stripe_saas.warehouse.database import WarehouseError, open_database
from stripe_saas.warehouse.target import TargetError, parse_target

_DAY_SECONDS = 86_400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to a parser."""
    parser.add_argument("streams", nargs="*", metavar="STREAM", help="default: all that are held")
    parser.add_argument("--config", required=True, help="the connector's config")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--messages", type=Path, metavar="FILE", help="what `read` printed")
    where.add_argument(
        "--warehouse", metavar="ADDRESS", help="duckdb:///path, or postgres://user:pass@host/name"
    )
    parser.add_argument(
        "--account", metavar="ACCOUNT", help="acct_…: of several accounts this one; default: each"
    )
    parser.add_argument("--schema", help="the schema of the tables; default: where they are found")
    parser.add_argument("--prefix", default="", help="what precedes the streams' names in tables'")
    parser.add_argument("--all", action="store_true", help="all months")
    parser.add_argument(
        "--months", type=int, default=3, metavar="N", help="latest months, default %(default)s"
    )
    parser.add_argument(
        "--sample",
        type=int,
        default=3,
        metavar="N",
        help="older months, default %(default)s",
    )
    parser.add_argument("--seed", type=int, help="chooses the older months; default: another a day")
    parser.add_argument("--cost", action="store_true", help="say what it would take, ask nothing")
    parser.add_argument(
        "--show", type=int, default=10, metavar="N", help="ids named a stream, default %(default)s"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compares and prints.

    Returns:
        0 if everything that was compared is held as Stripe has it; 1 if not, or if something could
        not be compared.
    """
    try:
        settings = parse_settings(load_config(arguments.config))
        if settings.accounts is None and arguments.account is not None:
            raise ConfigError("accounts", "is missing: `--account` chooses one of several.")
        plans = load_plans()
        with closing(_holdings(arguments, settings, plans)) as holdings:
            if settings.accounts is not None:
                return _verify_each(arguments, settings, plans, holdings)
            client = StripeClient(access_of(settings))
            account = open_account(client, settings)
            return _verify(arguments, settings, plans, holdings, client, account)
    except (ConfigError, HoldingsError, TargetError, TrustError, WarehouseError) as error:
        return _fail(str(error))
    except AccountRefused as error:
        return _fail(str(errors.refused_account(error.account_id, error.refused).message))
    except StripeError as error:
        return _fail(str(errors.refused_at_start(error).message))


def _verify_each(
    arguments: argparse.Namespace,
    settings: Settings,
    plans: Mapping[str, StreamPlan],
    holdings: Holdings,
) -> int:
    """Compares one account after the other; one that refuses does not hold up the others."""
    assert settings.accounts is not None
    platform = StripeClient(access_of(settings))
    found = find_accounts(platform, settings.accounts)
    names = accounts_asked(found.ids, arguments.account)
    differing = []
    for name in names:
        own = account_settings(settings, name)
        # What is asked for an account counts for the platform as well.
        client = StripeClient(access_of(settings), limits=platform.limits)
        try:
            account = open_account(client, own, found.own)
        except AccountRefused as error:
            print(f"{name}: could not be compared: {error.refused.message}")
            differing.append(name)
            continue
        if _verify(arguments, own, plans, holdings.of_account(name), client, account):
            differing.append(name)
    if not arguments.cost or differing:
        said = f"{len(names) - len(differing)} of {len(names)} accounts are held as Stripe has them"
        print(f"{said}; not so: {', '.join(differing)}." if differing else f"{said}.")
    return 1 if differing else 0


def _verify(
    arguments: argparse.Namespace,
    settings: Settings,
    plans: Mapping[str, StreamPlan],
    holdings: Holdings,
    client: StripeClient,
    account: Account,
) -> int:
    chosen = _chosen(arguments.streams, plans, holdings)
    seed = arguments.seed if arguments.seed is not None else account.now // _DAY_SECONDS
    verification = Verification(
        holdings,
        client,
        families(chosen),
        plans,
        Choice(arguments.months, arguments.sample, seed, arguments.all),
        now=account.now,
        account_created=account.created,
        start=settings.start,
        since=_since(chosen, holdings, client, account.now),
        copied=frozenset(plan.object for plan in plans.values() if plan.parent is None),
        written=_written(settings),
    )
    jobs = verification.jobs()
    months = "all months" if arguments.all else f"the latest {arguments.months} months and up to "
    months += "" if arguments.all else f"{arguments.sample} older ones a list (--seed {seed})"
    print(f"Comparing {len(chosen)} streams of {account.id or 'the account'}: {months}.")
    print(verification.cost(jobs).text(client.limits), flush=True)
    if arguments.cost:
        return 0
    began = time.monotonic()
    with ProgressLine(sys.stderr, "Lists compared:", len(jobs)) as line:
        compared = verification.run(jobs, lambda done: line.update(done=done))
    for plan in chosen:
        if is_half_read(holdings.states.get(plan.name)):
            print(f"{plan.name}: its first read is not complete.")
    for name, why in sorted(verification.refused.items()):
        print(f"{name}: could not be compared: {why}")
    if compared.findings:
        print("", *table(compared.findings), "", sep="\n")
        print(*named(compared.findings, arguments.show), "", sep="\n")
    print(_verdict(compared, len(chosen) - len(verification.refused), time.monotonic() - began))
    return 1 if compared.findings or verification.refused else 0


def _written(settings: Settings) -> Callable[[Row], Row]:
    """A record as a sync with these settings writes it."""
    return (lambda row: row) if settings.privacy.is_idle else Redaction(settings.privacy).redacted


def _since(
    chosen: Sequence[StreamPlan], holdings: Holdings, client: StripeClient, now: int
) -> dict[str, Since]:
    try:
        return since_last_sync(chosen, holdings.states, client, now)
    except StripeError as error:
        print(f"Events cannot be read, so changes since the last sync are compared, too: {error}")
        return by_states(chosen, holdings.states)


def _verdict(compared: Compared, streams: int, seconds: float) -> str:
    counts = {
        kind: sum(finding.kind == kind for finding in compared.findings)
        for kind in ("missing", "extra", "stale")
    }
    said = ", ".join(f"{number:,} {kind}" for kind, number in counts.items())
    if not compared.findings:
        said = "nothing missing, extra or stale"
    text = f"{compared.objects:,} objects of {streams} streams compared in {seconds:.0f} s: {said}."
    if compared.newer:
        text += (
            f" {compared.newer:,} were created or changed after the last sync and are not compared."
        )
    if compared.unasked:
        text += f" {compared.unasked:,} of the extra ones were not requested by id."
    return text


def _chosen(
    names: Sequence[str], plans: Mapping[str, StreamPlan], holdings: Holdings
) -> list[StreamPlan]:
    unknown = [name for name in names if name not in plans]
    if unknown:
        raise HoldingsError(f"there is no stream {unknown[0]!r}")
    wanted = names or holdings.streams
    chosen = list(streams_compared(plans[name] for name in dict.fromkeys(wanted)))
    if not chosen:
        raise HoldingsError("the destination holds no stream that Stripe has a list of")
    return chosen


def _holdings(
    arguments: argparse.Namespace, settings: Settings, plans: Mapping[str, StreamPlan]
) -> MessageFile | Warehouse:
    if arguments.messages is not None:
        by_account = settings.accounts is not None
        return MessageFile(arguments.messages, plans, by_account=by_account)
    database = open_database(parse_target(arguments.warehouse), read_only=True)
    return Warehouse(database, plans, schema=arguments.schema, prefix=arguments.prefix)


def _fail(message: str) -> int:
    print(f"verify: {message}", file=sys.stderr)
    return 1
