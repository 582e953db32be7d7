"""Requests on standard input -> runs of the connector, each forked from here.

The CDK is loaded once, and the manifest prepared once; a run is a real process with a real command
line all the same, and can be killed like any other. What is patched in it is size and time: pages
of a hundred, a state a second and pauses between attempts would make a soak of small accounts slow
and tell it little.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from integration_tests.manifest_once import prepare_manifest_once


def main() -> None:
    """Serves until standard input ends."""
    from source_stripe_saas import __main__ as connector
    from source_stripe_saas.protocol import entrypoint
    from source_stripe_saas.source import SourceStripeSaas

    assert entrypoint is not None  # loaded for the children
    prepare_manifest_once()
    SourceStripeSaas()
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(asked)
            connector.main()
        _tell({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _tell({"code": os.waitstatus_to_exitcode(status)})


def _tell(told: Mapping[str, int]) -> None:
    print(json.dumps(told), flush=True)


def _become(asked: Mapping[str, Any]) -> None:
    """Turns this fork into one run."""
    for number, path in ((1, asked["out"]), (2, asked["errors"])):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
    if asked["most_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["most_bytes"],) * 2)
    silence = os.open(os.devnull, os.O_RDONLY)
    os.dup2(silence, 0)
    sys.argv = ["source-stripe-saas", *asked["arguments"]]
    if asked["tuning"]:
        tune(asked["tuning"])


def tune(tuning: Mapping[str, Any]) -> None:
    """Patches what a small account needs to be cut, paged and killed like a large one."""
    from source_stripe_saas.api import client, listing, watch
    from source_stripe_saas.engine import cursor
    from source_stripe_saas.ledger import following, progress, row_batches
    from source_stripe_saas.streams import follow_up, object_fetch, stream_reader, window

    pause = tuning["backoff_seconds"]
    _patch(client, "backoff_seconds", lambda attempt, jitter: pause * jitter)
    _patch(cursor, "_SECONDS_BETWEEN_STATES", tuning["seconds_between_states"])
    _patch(progress, "_SECONDS_BETWEEN_STATES", tuning["seconds_between_states"])
    # Rows of a few subscriptions, moves of a few: as many batches as a large account has.
    _patch(row_batches, "_ROWS_IN_ONE_BATCH", tuning["page_size"])
    _patch(following, "_SUBSCRIPTIONS_PER_TASK", tuning["fetches_per_unit"])
    for module in (listing, object_fetch, window, stream_reader):
        _patch(module, "PAGE_SIZE", tuning["page_size"])
    _patch(window, "_PAGES_WORTH_CUTTING", tuning["pages_worth_cutting"])
    _patch(follow_up, "_OBJECTS_PER_TASK", tuning["fetches_per_unit"])
    if "watch" in tuning:
        _patch(client, "Watch", partial(watch.Watch, **tuning["watch"]))
    machine = time.time
    _patch(time, "time", lambda: machine() + tuning["clock_skew_seconds"])


def _patch(module: Any, name: str, value: Any) -> None:
    assert hasattr(module, name), f"{module} has no {name} any more"
    setattr(module, name, value)


if __name__ == "__main__":
    main()
