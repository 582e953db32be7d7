"""A first sync of subscription_events: a million invoices of a hundred thousand subscriptions.

Stripe gives out no more than 25 pages of a list a second, 2,500 invoices: the ledger must not be
what a first sync waits for. The next sync finds nothing new, and looks at every subscription.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import orjson

from benchmarks import connector
from benchmarks.account import AccountOptions
from benchmarks.connector import UNLIMITED
from benchmarks.context import Context
from benchmarks.ledger_account import (
    INVOICES_EACH,
    ledger_counts,
    mrr_expected,
    rows_expected,
)
from benchmarks.options import ServerOptions
from benchmarks.server_process import ServerProcess
from benchmarks.table import Row, Taken, median_row

NAME = "ledger"

_SUBSCRIPTIONS, _TINY = 100_000, 300
_LEAST_PER_SECOND = 2_500
_MOST_MB = 500.0


def run(context: Context) -> list[Row]:
    """Two rows: invoices read and derived, and subscriptions looked at by the next sync."""
    subscriptions = context.size(_SUBSCRIPTIONS, _TINY)
    context.say(f"{NAME}: {subscriptions * INVOICES_EACH:,} invoices")
    account = AccountOptions(
        ledger_counts(subscriptions), until=int(time.time()) - 3600, is_ledger=True
    )
    with ServerProcess(ServerOptions(account)) as server:
        measured, output = connector.read(
            context.folder, server.url, ["subscription_events"], settings=UNLIMITED
        )
        statistics = server.statistics()
        problem = _problem(output, subscriptions)
        state = connector.saved(context.folder / "state.json", connector.last_states(output))
        output.unlink()
        later, output = connector.read(
            context.folder, server.url, ["subscription_events"], settings=UNLIMITED, state=state
        )
        requests = server.statistics().total - statistics.total
    taken = Taken(measured, subscriptions * INVOICES_EACH, statistics.total)
    row = median_row(NAME, "this connector", [taken])
    is_met = row.per_second >= _LEAST_PER_SECOND and measured.peak_mb < _MOST_MB
    return [
        replace(
            row,
            measured=problem or f"{row.per_second:,.0f} invoices/s, {measured.peak_mb:.0f} MB",
            target=f"at least {_LEAST_PER_SECOND:,}/s, under {_MOST_MB:.0f} MB",
            is_met=not problem if context.is_tiny else is_met and not problem,
        ),
        _next_sync(context, Taken(later, subscriptions, requests), output),
    ]


def _next_sync(context: Context, taken: Taken, output: Path) -> Row:
    """What it takes to see that no subscription has changed."""
    with output.open("rb") as lines:
        rows = sum(line.startswith(b'{"type":"RECORD"') for line in lines)
    row = median_row(NAME, "- the next sync", [taken])
    fits = context.is_tiny or taken.measured.peak_mb < _MOST_MB
    return replace(
        row,
        measured=f"{rows} rows, {row.per_second:,.0f} subscriptions/s",
        target=f"0 rows, under {_MOST_MB:.0f} MB",
        is_met=rows == 0 and fits,
    )


def _problem(output: Path, subscriptions: int) -> str:
    """What is wrong with the rows, nothing if they are as the account was made."""
    seen: set[str] = set()
    count = mrr_minor = 0
    with output.open("rb") as lines:
        for line in lines:
            if not line.startswith(b'{"type":"RECORD"'):
                continue
            row = orjson.loads(line)["record"]["data"]
            seen.add(row["event_id"])
            count += 1
            mrr_minor += row["mrr_delta"]
            if row["event_type"] == "adjusted":
                return f"{row['subscription_id']} was adjusted"
    if count != rows_expected(subscriptions) or len(seen) != count:
        return f"{count} rows, {len(seen)} different, {rows_expected(subscriptions)} expected"
    if mrr_minor != mrr_expected(subscriptions):
        return f"MRR comes to {mrr_minor}, not to {mrr_expected(subscriptions)}"
    return ""
