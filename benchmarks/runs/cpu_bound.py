"""Six main streams from a server without limits: what the reader's own work costs.

The peers read the same account, the slow ones a smaller one of the same make.
"""

from __future__ import annotations

import statistics
from dataclasses import replace

from benchmarks.context import Context
from benchmarks.options import ServerOptions
from benchmarks.peers.environments import DLT, LOOP, OFFICIAL, PLAIN_CDK, Peer
from benchmarks.runs.reading import Read, read_with_connector, read_with_peer
from benchmarks.table import Row, Taken, median_row

NAME = "cpu_bound"

_OBJECTS = 240_000
_SAMPLES: dict[Peer, int] = {LOOP: 240_000, PLAIN_CDK: 6_000, DLT: 3_000, OFFICIAL: 1_500}
_TINY = 600

_LEAST_PER_SECOND = 10_000
_LEAST_RATIOS: dict[Peer, float] = {OFFICIAL: 100.0}
_LEAST_CPU_RATIOS: dict[Peer, float] = {LOOP: 1.3}
"""By the processor's time: the connector reads by many threads, the loop by one."""

_MOST_REQUESTS_PER_PAGE, _MOST_EMPTY_SHARE = 1.15, 0.05


def run(context: Context) -> list[Row]:
    """The connector's row, then one for each peer."""
    ours: list[Read] = []
    others: dict[Peer, list[Taken]] = {peer: [] for peer in _SAMPLES}
    for turn in range(context.repeats):
        context.say(f"{NAME}: round {turn + 1} of {context.repeats}")
        options = ServerOptions(context.account(context.size(_OBJECTS, _TINY)))
        ours.append(read_with_connector(context, options))
        for peer, objects in _SAMPLES.items():
            sample = ServerOptions(context.account(context.size(objects, _TINY)))
            taken = read_with_peer(context, peer, sample)
            if taken is not None:
                others[peer].append(taken)
    return [*_own_rows(context, ours), *_peer_rows(context, ours, others)]


def _own_rows(context: Context, ours: list[Read]) -> list[Row]:
    row = median_row(NAME, "this connector", [read.taken for read in ours])
    checked = ours[-1].checked
    wrong = [problem for read in ours for problem in read.checked.problems]
    pages = sum(-(-len_ // 100) for len_ in context.account(row.records or 0).counts.values())
    per_page = (row.requests or 0) / pages
    empty = ours[-1].statistics.empty_lists / ours[-1].statistics.total
    served = statistics.median(read.statistics.cpu_seconds for read in ours)
    return [
        replace(
            row,
            measured=f"{row.per_second:,.0f} records/s",
            target=f"at least {_LEAST_PER_SECOND:,}/s",
            is_met=None if context.is_tiny else row.per_second >= _LEAST_PER_SECOND,
        ),
        Row(
            NAME,
            "- output",
            measured=wrong[0]
            if wrong
            else f"{checked.lines:,} lines of JSON, {checked.records:,} records as served",
            target="all",
            is_met=not wrong,
        ),
        Row(
            NAME,
            "- requests",
            measured=f"{per_page:.2f} a page, {empty:.1%} empty",
            target=f"at most {_MOST_REQUESTS_PER_PAGE}, {_MOST_EMPTY_SHARE:.0%}",
            is_met=None
            if context.is_tiny
            else per_page <= _MOST_REQUESTS_PER_PAGE and empty <= _MOST_EMPTY_SHARE,
        ),
        Row(NAME, "- the server itself", cpu_seconds=served, measured=f"{served:.1f} s of CPU"),
    ]


def _peer_rows(context: Context, ours: list[Read], others: dict[Peer, list[Taken]]) -> list[Row]:
    own_per_second = statistics.median(read.taken.per_second for read in ours)
    own_cpu = statistics.median(read.taken.cpu_seconds / read.taken.records for read in ours)
    rows = []
    for peer, runs in others.items():
        if not runs:
            continue
        row = median_row(NAME, peer.title, runs)
        ratio = own_per_second / row.per_second
        cpu_ratio = (row.cpu_seconds or 0.0) / (row.records or 1) / own_cpu if own_cpu else 0.0
        target, is_met = "", None
        if peer in _LEAST_RATIOS:
            least = _LEAST_RATIOS[peer]
            target, is_met = f"at least {least:g} x", ratio >= least
        elif peer in _LEAST_CPU_RATIOS:
            least = _LEAST_CPU_RATIOS[peer]
            target, is_met = f"at least {least:g} x by CPU", cpu_ratio >= least
        rows.append(
            replace(
                row,
                measured=f"the connector is {ratio:.1f} x as fast ({cpu_ratio:.1f} x by CPU)",
                target=target,
                is_met=None if context.is_tiny else is_met,
            )
        )
    return rows
