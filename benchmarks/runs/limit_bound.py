"""Eight streams behind Stripe's limits and a slow line: how much of what is allowed gets used.

The ideal is what the limits alone would take: all pages at the account's rate, or the longest
stream's at its endpoint's, whichever is more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from benchmarks.account import AccountOptions
from benchmarks.context import Context
from benchmarks.options import ServerOptions
from benchmarks.peers.environments import OFFICIAL
from benchmarks.runs.reading import read_with_connector, read_with_peer
from benchmarks.table import Row, median_row

NAME = "limit_bound"

_SHARES = {
    "charges": 250,
    "invoices": 200,
    "customers": 150,
    "payment_intents": 135,
    "subscriptions": 100,
    "balance_transactions": 85,
    "refunds": 50,
    "payouts": 30,
}
"""Thousandths of all objects; the longest stream holds a quarter."""

_OBJECTS, _TINY, _SAMPLE = 300_000, 4_000, 1_600
_LATENCY_SECONDS, _TINY_LATENCY_SECONDS = 0.3, 0.02
_ACCOUNT_PER_SECOND, _ENDPOINT_PER_SECOND = 100.0, 25.0
_LOWER_PER_SECOND = 60.0
_MOST_REFUSED_SHARE = 0.05


@dataclass(frozen=True)
class Scenario:
    """One way for a server to be difficult."""

    title: str
    account_per_second: float
    fault_share: float
    most_times_ideal: float


SCENARIOS = (
    Scenario("100/s", _ACCOUNT_PER_SECOND, 0.0, 1.25),
    Scenario("100/s, 10% faults", _ACCOUNT_PER_SECOND, 0.1, 1.5),
    Scenario("60/s where 100 are expected", _LOWER_PER_SECOND, 0.0, 1.3),
)


def run(context: Context) -> list[Row]:
    """The connector's rows for each scenario, then the official connector's for the first."""
    rows: list[Row] = []
    for scenario in SCENARIOS:
        context.say(f"{NAME}: {scenario.title}")
        rows += _connector_rows(context, scenario)
    options = _options(context, SCENARIOS[0], context.size(_SAMPLE, _TINY))
    context.say(f"{NAME}: {OFFICIAL.title}")
    taken = read_with_peer(context, OFFICIAL, options)
    if taken is not None:
        ideal = ideal_seconds(options)
        row = median_row(f"{NAME}: {SCENARIOS[0].title}", OFFICIAL.title, [taken])
        rows.append(
            replace(row, measured=f"{taken.seconds / ideal:.0f} x the ideal of {ideal:.1f} s")
        )
    return rows


def ideal_seconds(options: ServerOptions) -> float:
    """What the limits alone would take."""
    assert options.account_per_second is not None
    assert options.endpoint_per_second is not None
    pages = [-(-count // 100) for count in options.account.counts.values()]
    return max(sum(pages) / options.account_per_second, max(pages) / options.endpoint_per_second)


def _options(context: Context, scenario: Scenario, objects: int) -> ServerOptions:
    counts = {name: objects * share // 1000 for name, share in _SHARES.items()}
    return ServerOptions(
        AccountOptions(counts, until=int(time.time()) - 3600, growth=10.0),
        latency_seconds=_TINY_LATENCY_SECONDS if context.is_tiny else _LATENCY_SECONDS,
        account_per_second=scenario.account_per_second,
        endpoint_per_second=_ENDPOINT_PER_SECOND,
        fault_share=scenario.fault_share,
    )


def _connector_rows(context: Context, scenario: Scenario) -> list[Row]:
    options = _options(context, scenario, context.size(_OBJECTS, _TINY))
    # The connector takes its rate limit from the key's mode.
    read = read_with_connector(context, options, settings={})
    ideal = ideal_seconds(options)
    times = read.taken.seconds / ideal
    judged = not context.is_tiny
    name = f"{NAME}: {scenario.title}"
    statuses = read.statistics.by_status()
    pages = sum(-(-count // 100) for count in options.account.counts.values())
    answered = statuses[200] / pages
    refused = statuses[429] / read.statistics.total
    wrong = read.checked.problems
    return [
        replace(
            median_row(name, "this connector", [read.taken]),
            measured=f"{times:.2f} x the ideal of {ideal:.1f} s",
            target=f"at most {scenario.most_times_ideal} x",
            is_met=times <= scenario.most_times_ideal if judged else None,
        ),
        Row(
            name,
            "- output",
            measured=wrong[0] if wrong else "nothing lost, doubled or changed",
            target="all",
            is_met=not wrong,
        ),
        Row(
            name,
            "- requests",
            measured=f"{answered:.2f} answered a page, {refused:.1%} refused with 429",
            target=f"under {_MOST_REFUSED_SHARE:.0%} refused" if not scenario.fault_share else "",
            is_met=refused < _MOST_REFUSED_SHARE if judged and not scenario.fault_share else None,
        ),
    ]
