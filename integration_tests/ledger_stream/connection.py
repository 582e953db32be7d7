"""A sandbox company -> one connection's rows of the ledger, sync by sync, and what it remembers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from integration_tests.connector import Run
from integration_tests.world import World

STREAM = "subscription_events"

Row = dict[str, Any]


class Connection:
    """What a destination gets of the stream, and the state it keeps."""

    def __init__(self, world: World, state: Mapping[str, Any] | None = None) -> None:
        """Nothing has been read, unless there is a state."""
        self.world = world
        self.rows: list[Row] = []
        self.state = state
        self.last: Run | None = None

    def fork(self) -> Connection:
        """Another connection from the same state, without rows yet."""
        return Connection(self.world, self.state)

    def sync(self, names: Iterable[str] = (STREAM,)) -> Run:
        """One sync to its end."""
        run = self.sync_unchecked(names)
        run.assert_complete()
        return run

    def sync_unchecked(self, names: Iterable[str] = (STREAM,)) -> Run:
        """One sync, however it ends."""
        states = [state_message(self.state)] if self.state is not None else []
        self.last = run = self.world.connector.read(states, names)
        self.rows += run.records.get(STREAM, [])
        self.state = run.states.get(STREAM, self.state)
        return run

    def by_subscription(self) -> dict[str, list[Row]]:
        """Subscription -> its rows; of one that came twice the last."""
        found: dict[str, dict[str, Row]] = {}
        for row in self.rows:
            found.setdefault(row["subscription_id"], {})[row["event_id"]] = row
        return {
            key: sorted(rows.values(), key=lambda row: row["sequence"])
            for key, rows in found.items()
        }

    def as_text(self) -> list[str]:
        """Every row as JSON, by subscription and place."""
        rows = sorted(self.rows, key=lambda row: (row["subscription_id"], row["sequence"]))
        return [json.dumps(row, sort_keys=True) for row in rows]


def state_message(blob: Mapping[str, Any]) -> dict[str, Any]:
    """A state as the platform hands it in."""
    stream = {"stream_descriptor": {"name": STREAM}, "stream_state": blob}
    return {"type": "STREAM", "stream": stream}
