"""`python -m integration_tests.soak.rates`: each fault alone at 10 %, how long a first read takes.

Nothing is patched: pauses, pages and limits are the connector's own, those of live mode. Prints a
table and fails where a read does not end right, or takes more than three times as long as without
the fault; the time without it is taken before the first one and after the last.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from integration_tests.comparison import missing_and_extra
from integration_tests.connector import Connector
from integration_tests.destination import Destination
from integration_tests.soak.running import Nursery
from integration_tests.soak.soak import CALM, discovered
from integration_tests.truth import Truth
from integration_tests.world import LIVE_KEY
from source_stripe_saas.sandbox.account import open_account
from source_stripe_saas.sandbox.faults import FaultOptions
from source_stripe_saas.sandbox.faults.kinds import LIFE, PASSING
from source_stripe_saas.sandbox.server.running import running_sandbox

RATE = 0.1
MOST_TIMES = 3.0
MAY_TAKE_LONG = ("slow_body", "slow_endpoint")
LONGEST_SECONDS = 900.0
_PLAIN: dict[str, Any] = {}
"""No tuning."""


@dataclass(frozen=True)
class Reading:
    """One first read."""

    kind: str | None
    seconds: float
    problems: list[str]
    injected: int


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
        injected = _injected(url)
        if kind in LIFE or kind == "clock_differs":
            requests.post(f"{url}/_sandbox/faults", json={}, timeout=10).raise_for_status()
            account.advance(300)
            again = nursery.run(connector.read_arguments(destination.states), CALM)
            destination.receive(again.messages)
            problems += [] if again.code == 0 else [f"the next one ended with {again.code}"]
        problems += map(str, missing_and_extra(destination, Truth(account)).items())
    return Reading(kind, ended.seconds, problems, injected)


def _injected(url: str) -> int:
    faults = requests.get(f"{url}/_sandbox/stats", timeout=10).json()["faults"]
    return int(sum(faults.values()))


def main() -> int:
    """Reads under each fault.

    Returns:
        The exit code: 0 if every read ended right and in time.
    """
    parser = argparse.ArgumentParser(prog="rates", description=__doc__)
    parser.add_argument("kinds", nargs="*", default=PASSING)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--unlimited", action="store_true", help="without Stripe's limits")
    arguments = parser.parse_args()
    failed = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Nursery(Path(folder), LONGEST_SECONDS) as nursery,
    ):
        streams = discovered(nursery, Path(folder))
        calm = read(None, nursery, Path(folder), streams, arguments)
        print(f"| Fault at {RATE:.0%} | Seconds | Times | Injected | Problems |")
        print("| --- | ---: | ---: | ---: | --- |")
        print(f"| none | {calm.seconds:.1f} | 1.0 | 0 | {calm.problems or ''} |", flush=True)
        for kind in arguments.kinds:
            one = read(kind, nursery, Path(folder), streams, arguments)
            times = one.seconds / calm.seconds
            is_late = times > MOST_TIMES and kind not in MAY_TAKE_LONG
            failed += bool(one.problems) or is_late
            said = "; ".join(one.problems)[:200] or ("too slow" if is_late else "")
            print(
                f"| `{kind}` | {one.seconds:.1f} | {times:.1f} | {one.injected} | {said} |",
                flush=True,
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
