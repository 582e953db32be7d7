"""`python -m integration_tests.soak.rates`: each fault alone at 10 %, how long a first read takes.

Nothing is patched: pauses, pages and limits are the connector's own, those of live mode. Prints a
table and fails where a read does not end right, or takes more than three times as long as without
the fault; the time without it is taken before the first one and after the last.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import requests

from integration_tests.comparison import missing_and_extra
from integration_tests.connector import Connector
from integration_tests.destination import Destination
from integration_tests.soak.report import write_into
from integration_tests.soak.running import Nursery
from integration_tests.soak.soak import CALM, discovered
from integration_tests.truth import Truth
from integration_tests.world import LIVE_KEY
from stripe_sandbox.account import open_account
from stripe_sandbox.faults import FaultOptions
from stripe_sandbox.faults.kinds import KINDS, LIFE, PASSING
from stripe_sandbox.server.running import running_sandbox

RATE = 0.1
MOST_TIMES = 3.0
MAY_TAKE_LONG = ("slow_body", "slow_endpoint")
LONGEST_SECONDS = 900.0
_NAMED = 8
"""Of so many kinds measured together the report gives the names; of more just their number."""
BEGIN, END = "<!-- rates: begin -->", "<!-- rates: end -->"
_PLAIN: dict[str, Any] = {}
"""No tuning."""


@dataclass(frozen=True)
class Reading:
    """One first read."""

    kind: str | None
    seconds: float
    problems: list[str]
    injected: int
    requests: int | None = None
    """How many the server answered; None where nobody counted."""
    commit: str = ""
    """What was measured."""

    def is_bad(self, calm_seconds: float) -> bool:
        """True if it did not end right, or took too long.

        Args:
            calm_seconds: how long it takes without a fault.
        """
        is_late = self.kind not in MAY_TAKE_LONG and self.seconds > MOST_TIMES * calm_seconds
        return bool(self.problems) or is_late


def read(
    kind: str | None, nursery: Nursery, folder: Path, streams: Sequence[Any], arguments: Any
) -> Reading:
    """A first read of an account of its own under one fault.

    What happens to the account meanwhile is the next sync's to tell, so those faults get one more.
    """
    rates = {kind: RATE} if kind else {}
    account = open_account(
        "company", seed=7, customers=arguments.customers, months=24, livemode=True
    )
    options = FaultOptions(rates, seed=1, slow_seconds=1.0)
    with running_sandbox(account, latency_seconds=0.05, faults=options) as url:
        connector = Connector(folder, url, client_secret=LIVE_KEY)
        if not arguments.unlimited:
            del connector.config["call_rate_limit"], connector.config["endpoint_rate_limit"]
        connector._streams = list(streams)
        destination = Destination(streams)
        ended = nursery.run(connector.read_arguments(), _PLAIN)
        destination.receive(ended.messages)
        problems = [] if ended.code == 0 else [f"ended with {ended.code}"]
        stats = requests.get(f"{url}/_sandbox/stats", timeout=10).json()
        if kind in LIFE or kind == "clock_differs":
            requests.post(f"{url}/_sandbox/faults", json={}, timeout=60).raise_for_status()
            account.advance(300)
            again = nursery.run(connector.read_arguments(destination.states), CALM)
            destination.receive(again.messages)
            problems += [] if again.code == 0 else [f"the next one ended with {again.code}"]
        problems += map(str, missing_and_extra(destination, Truth(account)).items())
    injected = sum(stats["faults"].values())
    return Reading(
        kind, ended.seconds, problems, injected, stats["requests"], arguments.commit or ""
    )


def main() -> int:
    """Reads under each fault.

    Returns:
        The exit code: 0 if every read ended right and in time.
    """
    parser = argparse.ArgumentParser(prog="rates", description=__doc__)
    parser.add_argument("kinds", nargs="*", default=PASSING)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--unlimited", action="store_true", help="without Stripe's limits")
    parser.add_argument("--outcome", type=Path, metavar="FILE", help="keep the readings as JSON")
    parser.add_argument("--merge", type=Path, nargs="+", metavar="FILE", help="put them together")
    parser.add_argument("--report", type=Path, help="Markdown file whose table is replaced")
    parser.add_argument("--commit", help="what is measured, for the outcome and the report")
    arguments = parser.parse_args()
    readings = _kept(arguments.merge) if arguments.merge else _readings(arguments)
    if arguments.outcome is not None:
        arguments.outcome.write_text(json.dumps(list(map(asdict, readings)), indent=1))
    text = table(readings, arguments)
    print(text)
    is_good = not any(
        reading.is_bad(_calm_seconds(reading, readings))
        for reading in readings
        if reading.kind is not None
    )
    if arguments.report is not None and is_good:
        write_into(arguments.report, text, BEGIN, END)
    return 0 if is_good else 1


def _readings(arguments: Any) -> list[Reading]:
    readings = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Nursery(Path(folder), LONGEST_SECONDS) as nursery,
    ):
        streams = discovered(nursery, Path(folder))
        for kind in (None, *arguments.kinds, None):
            reading = read(kind, nursery, Path(folder), streams, arguments)
            readings.append(reading)
            said = f"{kind or 'none'}: {reading.seconds:.1f} s, {reading.injected} injected"
            print(said, "; ".join(reading.problems)[:500], file=sys.stderr, flush=True)
    return readings


def _kept(paths: Sequence[Path]) -> list[Reading]:
    readings = [Reading(**one) for path in paths for one in json.loads(path.read_text())]
    order = (None, *KINDS)
    return sorted(readings, key=lambda reading: order.index(reading.kind))


def _calm(reading: Reading, readings: Sequence[Reading]) -> list[Reading]:
    """The readings without a fault of the same commit: what a reading is measured by."""
    return [one for one in readings if one.kind is None and one.commit == reading.commit]


def _calm_seconds(reading: Reading, readings: Sequence[Reading]) -> float:
    return fmean(one.seconds for one in _calm(reading, readings))


def _more_requests(reading: Reading, readings: Sequence[Reading]) -> str:
    """How many times as many requests it took, as far as they were counted."""
    calm = [one.requests for one in _calm(reading, readings) if one.requests is not None]
    if reading.requests is None or not calm:
        return ""
    return f"{reading.requests / fmean(calm):.1f}"


def table(readings: Sequence[Reading], arguments: Any) -> str:
    """The readings as Markdown."""
    lines = [
        f"A first read of all streams of a company with {arguments.customers} customers. *Times* "
        "is by the mean of the reads without a fault on the same commit:",
        "",
    ]
    for commit in dict.fromkeys(reading.commit for reading in readings):
        mine = [reading for reading in readings if reading.commit == commit]
        calm = ", ".join(f"{one.seconds:.0f}" for one in mine if one.kind is None)
        names = [f"`{one.kind}`" for one in mine if one.kind is not None]
        kinds = f"{len(names)} kinds" if len(names) > _NAMED else ", ".join(names)
        lines.append(f"- without a fault {calm} s, on {commit or 'an unnamed commit'}: {kinds}")
    lines += [
        "",
        f"| Fault, alone at {RATE:.0%} "
        "| Injected | Seconds | Times | Requests, times | Ends right |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for reading in readings:
        if reading.kind is not None:
            said = "; ".join(reading.problems)[:200] or "yes"
            lines.append(
                f"| `{reading.kind}` | {reading.injected:,} | {reading.seconds:.0f} "
                f"| {reading.seconds / _calm_seconds(reading, readings):.1f} "
                f"| {_more_requests(reading, readings)} | {said} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
