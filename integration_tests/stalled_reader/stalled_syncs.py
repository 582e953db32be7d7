"""So many syncs of a simulated company by a reader that stalls -> torn lines and missing records.

The connector's watch warns of every request under way all the time, which it does elsewhere once a
request has taken half a minute.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from integration_tests.connector import MAIN_STREAMS, Run
from integration_tests.destination import Destination
from integration_tests.soak.running import Nursery
from integration_tests.soak.soak import CALM, discovered
from integration_tests.stalled_reader.stalling import Taken, stalling_lines, taken
from integration_tests.world import World, a_world

STREAMS = (*MAIN_STREAMS, "invoice_line_items", "balance_transactions")
_NOISY = {**CALM, "watch": {"warn_after_seconds": 0.0, "interval_seconds": 0.005}}
_LINES_BETWEEN, _SECONDS = 200, 0.02


@dataclass
class Figures:
    """What the readers of all syncs got."""

    runs: int = 0
    lines: int = 0
    warnings: int = 0
    torn: int = 0
    missing: int = 0
    """Ids of the account that no record brought."""
    incomplete: int = 0
    """Syncs in which a stream did not say COMPLETE."""

    def __str__(self) -> str:
        return (
            f"{self.runs} syncs, {self.lines} lines, {self.warnings} of them warnings: "
            f"{self.torn} torn lines, {self.missing} records missing, "
            f"{self.incomplete} syncs incomplete"
        )


def stalled_syncs(runs: int, folder: Path) -> Figures:
    """Runs first reads of one company and adds up what their readers got."""
    figures = Figures()
    os.environ["PYTHONUNBUFFERED"] = "1"  # as images have it; the syncs are forked from one process
    with (
        Nursery(folder) as nursery,
        a_world(folder, serving={"latency_seconds": 0.02}) as world,
    ):
        world.connector._streams = list(discovered(nursery, folder))
        for _ in range(runs):
            _add(figures, _sync(world, nursery, folder / "pipe"), world)
    return figures


def _sync(world: World, nursery: Nursery, pipe: Path) -> Taken:
    os.mkfifo(pipe)
    got: list[Taken] = []

    def take() -> None:
        with pipe.open("rb") as source:
            got.append(taken(stalling_lines(source, _LINES_BETWEEN, _SECONDS)))

    reader = threading.Thread(target=take)
    reader.start()
    arguments: Sequence[str] = world.connector.read_arguments((), STREAMS)
    nursery.run(arguments, _NOISY, out=pipe)
    reader.join()
    pipe.unlink()
    return got[0]


def _add(figures: Figures, got: Taken, world: World) -> None:
    destination = Destination(world.connector.streams)
    destination.receive(got.messages)
    truth = world.truth.counts()
    run = Run(0, got.messages)
    figures.runs += 1
    figures.lines += len(got.messages) + len(got.torn)
    figures.warnings += sum(m["log"]["level"] == "WARN" for m in run.of_type("LOG"))
    figures.torn += len(got.torn)
    figures.missing += sum(
        len(set(truth[name]["ids"]) - set(destination.tables[name].present)) for name in STREAMS
    )
    figures.incomplete += set(run.statuses.values()) != {"COMPLETE"}
