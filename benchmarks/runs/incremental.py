"""A large account in which a little has changed: how many requests the next sync takes."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from benchmarks import connector
from benchmarks.account import Account, AccountOptions
from benchmarks.changes import Changes, changes_of
from benchmarks.checking import without_added
from benchmarks.connector import UNLIMITED
from benchmarks.context import Context
from benchmarks.measuring import Failed
from benchmarks.options import ServerOptions
from benchmarks.peers.environments import OFFICIAL, Unavailable
from benchmarks.peers.official_connector import OfficialConnector
from benchmarks.server_process import ServerProcess
from benchmarks.table import Row, Taken, median_row
from benchmarks.thrift import DAY_SECONDS, Need, needed_requests
from source_stripe_saas.streams.plans import load_plans

NAME = "incremental"

_SHARES = {
    "customers": 200,
    "subscriptions": 150,
    "invoices": 250,
    "charges": 200,
    "refunds": 50,
    "payouts": 10,
    "payment_intents": 100,
    "payment_methods": 30,
    "balance_transactions": 10,
}
"""Thousandths of all objects; products and prices come on top."""

_OBJECTS, _CHANGED, _EVENTS, _DELETED = 100_000, 500, 1_200, 5
_TINY_OBJECTS, _TINY_CHANGED, _TINY_EVENTS = 8_000, 100, 240
_PRODUCTS = 20
_LEDGER = "subscription_events"
_MOST_TIMES = 1.1


@dataclass(frozen=True)
class _Story:
    """What happened between two syncs."""

    before: ServerOptions
    """Empty: its sync leaves a state that covers everything until then."""
    unchanged: ServerOptions
    """The account before any of it, for the one stream whose state holds more than a moment."""
    after: ServerOptions
    changes: Changes
    needs: list[Need]
    since: int


def run(context: Context) -> list[Row]:
    """The connector's row, then the official connector's."""
    story = _story(context)
    least = sum(need.requests for need in story.needs)
    context.say(f"{NAME}: " + ", ".join(f"{need.what} {need.requests}" for need in story.needs))
    rows = _connector_rows(context, story, least)
    official = _official_row(context, story, least)
    return [*rows, official] if official else rows


def _story(context: Context) -> _Story:
    now = int(time.time())
    since = now - DAY_SECONDS
    objects = context.size(_OBJECTS, _TINY_OBJECTS)
    counts = {name: objects * share // 1000 for name, share in _SHARES.items()}
    counts.update(products=_PRODUCTS, prices=_PRODUCTS)
    before = AccountOptions(counts, until=since - 3600, growth=10.0)
    changes = changes_of(
        before,
        context.size(_CHANGED, _TINY_CHANGED),
        context.size(_EVENTS, _TINY_EVENTS),
        (since + 3600, now - 3600),
        deletions=_DELETED,
    )
    account = replace(before, revisions=changes.revisions, gone=changes.gone)
    return _Story(
        ServerOptions(replace(before, counts={}), clock_offset_seconds=-DAY_SECONDS),
        ServerOptions(before, clock_offset_seconds=-DAY_SECONDS),
        ServerOptions(account, events=changes.events),
        changes,
        needed_requests(Account(account), changes, since),
        since,
    )


def _connector_rows(context: Context, story: _Story, least: int) -> list[Row]:
    streams = list(load_plans())
    states = []
    others = [name for name in streams if name != _LEDGER]
    for options, chosen in ((story.before, others), (story.unchanged, [_LEDGER])):
        with ServerProcess(options) as server:
            _, output = connector.read(
                context.folder, server.url, chosen, name="before", settings=UNLIMITED
            )
        states += connector.last_states(output)
    state = connector.saved(context.folder / "state.json", states)
    with ServerProcess(story.after) as server:
        measured, output = connector.read(
            context.folder, server.url, streams, settings=UNLIMITED, state=state
        )
        statistics = server.statistics()
    for endpoint, filters, status, count in statistics.requests:
        context.say(f"{count:6} {status} {endpoint} {filters[:90]}")
    records, problems = _check(output, story)
    times = statistics.total / least
    taken = Taken(measured, records, statistics.total)
    return [
        replace(
            median_row(NAME, "this connector", [taken]),
            measured=f"{times:.2f} x the {least:,} needed",
            target=f"at most {_MOST_TIMES} x",
            is_met=None if context.is_tiny else times <= _MOST_TIMES,
        ),
        Row(
            NAME,
            "- output",
            measured=problems[0]
            if problems
            else f"{len(story.changes.paths):,} changed objects are there, as they are now",
            target="all",
            is_met=not problems,
        ),
    ]


def _check(output: Path, story: _Story) -> tuple[int, list[str]]:
    """The number of records, and what is wrong with those of changed objects."""
    account = Account(story.after.account)
    found: Counter[str] = Counter()
    problems: list[str] = []
    records = 0
    with output.open("rb") as lines:
        for line in lines:
            message = orjson.loads(line)
            if message["type"] != "RECORD":
                continue
            records += 1
            record = message["record"]
            if story.changes.paths.get(record["data"].get("id")) == record["stream"]:
                found[record["data"]["id"]] += 1
                problems += _difference(record["data"], record["stream"], account, story)
    for identity, path in story.changes.paths.items():
        if found[identity] != 1:
            problems.append(f"{path}: {identity} came {found[identity]} times")
    return records, problems


def _difference(data: dict[str, Any], path: str, account: Account, story: _Story) -> list[str]:
    is_gone = data["id"] in story.changes.gone
    if data.get("is_deleted", False) != is_gone:
        return [f"{path}: {data['id']} says is_deleted {data.get('is_deleted')}"]
    collection = account.collections[path]
    expected = collection.decoded(collection.number(data["id"]))
    if not is_gone and without_added(data, expected) != expected:
        return [f"{path}: {data['id']} is not as it is now"]
    return []


def _official_row(context: Context, story: _Story, least: int) -> Row | None:
    python = context.python(OFFICIAL)
    if python is None:
        return None
    context.say(f"{NAME}: {OFFICIAL.title}")
    official = OfficialConnector(python, context.folder)
    try:
        with ServerProcess(story.before) as server:
            official.point_at(server.url)
            catalog = official.catalog(story.since)
            _, output = official.read((), story.since, name="official.before", catalog=catalog)
        state = connector.saved(
            context.folder / "official.state.json", connector.last_states(output)
        )
        with ServerProcess(story.after) as server:
            official.point_at(server.url)
            measured, output = official.read((), story.since, catalog=catalog, state=state)
            statistics = server.statistics()
    except (Failed, Unavailable) as problem:
        context.say(f"left out: {problem}")
        return None
    for endpoint, filters, status, count in statistics.requests:
        context.say(f"{count:6} {status} {endpoint} {filters[:90]}")
    records = sum(line.startswith(b'{"type":"RECORD"') for line in output.open("rb"))
    taken = Taken(measured, records, statistics.total)
    row = median_row(NAME, OFFICIAL.title, [taken])
    return replace(row, measured=f"{statistics.total / least:.2f} x, by writing what events hold")
