"""A platform and its connected accounts, most of them small: one of them leaves in mid-sync.

The first sync loses one account on the way; the next has nothing to read. What that one needs at
least is what the platform needs when it is read alone, and what some of the other accounts need,
times their number.
"""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from benchmarks import connector
from benchmarks.connector import UNLIMITED
from benchmarks.context import Context
from benchmarks.measuring import Measured
from benchmarks.server_process import ROOT
from benchmarks.table import Row, Taken, median_row
from source_stripe_saas.streams.plans import load_plans

NAME = "accounts"

_KEY = "sk_test_benchmark0000000001"
_ACCOUNTS, _TINY_ACCOUNTS = 300, 16
_OF_THE_SAMPLES = 13
"""The platform, and what its samples hold of connected accounts."""
_READ_ALONE, _TINY_ALONE = 10, 2
_MOST_TIMES = 1.1
_MOST_MB = 300.0
_REQUESTS_BEFORE_LEAVING = 20


@dataclass
class _Output:
    """What a sync printed."""

    records: int = 0
    accounts: set[str] = field(default_factory=set)
    """Those that the records are from."""
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    state_bytes: int = 0
    """Of all states that were printed."""
    errors: list[str] = field(default_factory=list)

    @property
    def last_state_bytes(self) -> int:
        """Of each stream's last state."""
        return sum(len(orjson.dumps(state)) for state in self.states.values())


def run(context: Context) -> list[Row]:
    """A row for each of the two syncs, and one for what came of the others."""
    number = context.size(_ACCOUNTS, _TINY_ACCOUNTS)
    streams = list(load_plans())
    settings = {**UNLIMITED, "client_secret": _KEY, "accounts": "all_connected"}
    with _sandbox(number - _OF_THE_SAMPLES) as url:
        accounts = _listed(url)
        leaving = accounts[len(accounts) // 2]
        _post(url, "connected", {"revoke": {leaving: _REQUESTS_BEFORE_LEAVING}})
        context.say(f"{NAME}: {number} accounts, one of which leaves")
        first, output = connector.read(
            context.folder, url, streams, name="first", settings=settings, exit_code=1
        )
        found = _read(output)
        asked = _requests(url)
        rows = [
            replace(
                median_row(NAME, "this connector", [Taken(first, found.records, asked)]),
                measured=f"{first.peak_mb:.0f} MB, {found.state_bytes / 1e6:.1f} MB of states",
                target=f"under {_MOST_MB:.0f} MB",
                is_met=None if context.is_tiny else first.peak_mb < _MOST_MB,
            ),
            _others(found, leaving, number),
        ]
        state = connector.saved(context.folder / "state.json", list(found.states.values()))
        context.say(f"{NAME}: the next sync")
        measured, output = connector.read(
            context.folder, url, streams, name="next", settings=settings, state=state
        )
        asked = _requests(url)
        left = [name for name in accounts if name != leaving]
        sample = left[:: max(1, len(left) // context.size(_READ_ALONE, _TINY_ALONE))]
        platform = _get(f"{url}/_sandbox/health")["account"]
        least = _alone(context, url, streams, found, [platform])
        alone = _alone(context, url, streams, found, sample)
        least += round(alone / len(sample) * (number - 2))
        rows.append(_next_row(context, measured, _read(output), asked, least))
    return rows


def _others(found: _Output, leaving: str, number: int) -> Row:
    named = all(f" 1 of {number} accounts" in text and leaving in text for text in found.errors)
    complete = len(found.accounts - {leaving})
    return Row(
        NAME,
        "- revoked in mid-sync",
        measured=f"{complete} of {number} accounts complete, the one named by its streams",
        target=f"{number - 1}",
        is_met=bool(found.errors) and named and complete == number - 1,
    )


def _next_row(context: Context, measured: Measured, found: _Output, asked: int, least: int) -> Row:
    times = asked / least
    row = median_row(NAME, "- the next sync", [Taken(measured, found.records, asked)])
    return replace(
        row,
        measured=(
            f"{times:.2f} x the {least:,} needed, {measured.cpu_seconds:.0f} s of CPU, state of "
            f"{found.last_state_bytes / 1e6:.1f} MB, {found.state_bytes / 1e6:.1f} MB printed"
        ),
        target=f"at most {_MOST_TIMES} x, no error",
        is_met=not found.errors and (context.is_tiny or times <= _MOST_TIMES),
    )


def _alone(
    context: Context, url: str, streams: Sequence[str], found: _Output, sample: Sequence[str]
) -> int:
    """Requests of the next sync of these accounts, each read by a config of its own."""
    for number, account in enumerate(sample):
        states = []
        for state in found.states.values():
            parts = state["stream"]["stream_state"].get("accounts", {})
            if account in parts:
                stream = {**state["stream"], "stream_state": parts[account]}
                states.append({**state, "stream": stream})
        connector.read(
            context.folder,
            url,
            streams,
            name=f"alone{number}",
            settings={**UNLIMITED, "client_secret": _KEY, "account_id": account},
            state=connector.saved(context.folder / f"alone{number}.state.json", states),
        )
    return _requests(url)


def _read(output: Path) -> _Output:
    found = _Output()
    with output.open("rb") as lines:
        for line in lines:
            message = orjson.loads(line)
            if message["type"] == "RECORD":
                found.records += 1
                found.accounts.add(message["record"]["data"]["account_id"])
            elif message["type"] == "STATE":
                found.state_bytes += len(line)
                state = message["state"]
                found.states[state["stream"]["stream_descriptor"]["name"]] = state
            elif message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
                found.errors.append(message["trace"]["error"]["message"])
    return found


@contextmanager
def _sandbox(connected: int) -> Iterator[str]:
    """The address of a platform with so many accounts beside those of its samples."""
    command = [sys.executable, "-m", "stripe_sandbox.command", "--port", "0"]
    command += ["--customers", "2", "--months", "1", "--connected", str(connected)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        words = process.stdout.readline().split()
        yield next(word for word in words if word.startswith("http"))
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


def _listed(url: str) -> list[str]:
    found: list[str] = []
    while True:
        after = f"&starting_after={found[-1]}" if found else ""
        page = _get(f"{url}/v1/accounts?limit=100{after}")
        found += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            return found


def _requests(url: str) -> int:
    """How many requests came since this was asked last."""
    number = int(_get(f"{url}/_sandbox/stats")["requests"])
    _post(url, "stats/reset", {})
    return number


def _get(url: str) -> Any:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {_KEY}"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return orjson.loads(reply.read())


def _post(url: str, control: str, content: Any) -> None:
    request = urllib.request.Request(f"{url}/_sandbox/{control}", orjson.dumps(content))
    with urllib.request.urlopen(request, timeout=60) as reply:
        reply.read()
