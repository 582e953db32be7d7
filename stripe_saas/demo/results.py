"""Both reads and the truth -> one result a stream, and what went wrong besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from source_stripe_saas.streams.plan import StreamPlan
from stripe_saas.demo.comparison import Table, differences, once_each
from stripe_saas.demo.messages import CatalogStream, StreamOutput
from stripe_saas.demo.reads import Read, Reads
from stripe_saas.demo.route_owners import requests_by_stream, shares_requests
from stripe_saas.demo.table import ReadFigures, StreamResult

_NO_TRUTH: Mapping[str, Any] = {"ids": [], "unlistable": []}


def results(reads: Reads, plans: Mapping[str, StreamPlan]) -> list[StreamResult]:
    """One result a stream, in the catalog's order."""
    full_requests = requests_by_stream(plans, reads.full.requests_by_route)
    later_requests = requests_by_stream(plans, reads.incremental.requests_by_route)
    return [
        StreamResult(
            name=stream.name,
            full=_figures(reads.full, stream.name, full_requests),
            incremental=_figures(reads.incremental, stream.name, later_requests),
            shares_requests=shares_requests(plans[stream.name], plans),
            problems=_problems(stream, reads, plans[stream.name]),
        )
        for stream in reads.streams
    ]


def totals(reads: Reads) -> StreamResult:
    """The sums over all streams; seconds are the processes' own."""
    return StreamResult(
        name="all",
        full=ReadFigures(reads.full.output.records, reads.full.requests, reads.full.seconds),
        incremental=ReadFigures(
            reads.incremental.output.records, reads.incremental.requests, reads.incremental.seconds
        ),
        shares_requests=False,
    )


def other_problems(reads: Reads) -> list[str]:
    """What no stream's row shows."""
    found = []
    counted = set(reads.full.truth) | set(reads.incremental.truth)
    for name in sorted(counted.difference(stream.name for stream in reads.streams)):
        found.append(f"the sandbox has {name}, and the connector no such stream")
    for title, read in (("full read", reads.full), ("incremental read", reads.incremental)):
        found += [f"{title}: {error}" for error in read.output.errors]
        if read.exit_code != 0:
            found.append(f"{title}: exit code {read.exit_code}")
    return found


def _figures(read: Read, name: str, requests: Mapping[str, int]) -> ReadFigures:
    stream = read.output.streams[name]
    return ReadFigures(len(stream.rows), requests.get(name, 0), stream.seconds)


def _problems(stream: CatalogStream, reads: Reads, plan: StreamPlan) -> list[str]:
    full, later = (read.output.streams[stream.name] for read in (reads.full, reads.incremental))
    if plan.derived:
        # No list of the sandbox's has its rows; but no row may come twice, in either read.
        rows = [*full.rows, *later.rows]
        repeats = once_each(rows, {"ids": [key for key, _ in rows], "unlistable": []})
        return [*_said(full), *_said(later), *repeats]
    before, after = (read.truth.get(stream.name) for read in (reads.full, reads.incremental))
    problems = []
    if before is None or after is None:
        problems.append("the sandbox does not say what is true of it")
    before, after = before or _NO_TRUTH, after or _NO_TRUTH
    table = Table()
    table.merge(full.rows)
    problems += [f"full read: {text}" for text in _said(full) + once_each(full.rows, before)]
    if stream.is_incremental:
        table.merge(later.rows)
        # Stripe drops some objects by age, without a word; a destination keeps them.
        forgotten = set(before["ids"]).difference(after["ids"]) if plan.keeps_days else set()
        found = differences(table.keys(), after, forgotten)
    else:
        found = once_each(later.rows, after)
    problems += [f"incremental read: {text}" for text in _said(later) + found]
    return problems


def _said(stream: StreamOutput) -> list[str]:
    """What the connector itself says went wrong."""
    found = [stream.error] if stream.error else []
    if stream.status != "COMPLETE":
        found.append(f"its last status is {stream.status or 'missing'}")
    return found
