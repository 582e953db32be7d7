"""A seed -> what happens to a company and to the syncs of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["duckdb", "postgres"]

SIGNALS = ("kill", "terminate", "interrupt")
_ANYWHERE = (*SIGNALS, *SIGNALS, "terminate twice", "nothing", "twice", "bad value", "clock")
FAULTS: dict[Kind, tuple[str, ...]] = {
    "duckdb": (*_ANYWHERE, "full disk", "full disk"),
    "postgres": (
        *_ANYWHERE,
        *("cancel", "cut off", "restart", "crash", "timeout", "locked", "idle", "refuse"),
        "server clock",
    ),
}
"""Of each kind of warehouse; what stands twice comes twice as often."""


_WITH_MODELS = 0.06
"""So many of the seeds build the models in one sync: dbt takes longer than all the rest."""
_AS_PEOPLE_DO = 0.1


@dataclass(frozen=True)
class Step:
    """One sync, and what happens to it."""

    days: float
    """That pass in the company before it."""
    fault: str
    share: float
    """When the fault comes: the part of an undisturbed sync's time that has passed."""
    is_full: bool = False
    models_seconds: float | None = None
    """Of a sync that builds the models: how long after `share` the fault comes; None: no models."""
    clock_offset_seconds: int = 0
    """Of the machine's clock in this sync."""


@dataclass(frozen=True)
class Scenario:
    """All of it."""

    seed: int
    kind: Kind
    steps: tuple[Step, ...]
    is_forked: bool = True
    """False: its syncs are started as people start them, which takes ten times as long."""


def scenario_of(seed: int, *, has_postgres: bool = True, has_models: bool = True) -> Scenario:
    """The same one for the same seed.

    Args:
        seed: any number.
        has_postgres: False: all into DuckDB.
        has_models: False: no sync builds the models, which takes most of the time.
    """
    chance = random.Random(seed)
    kind: Kind = "postgres" if has_postgres and seed % 2 else "duckdb"
    count = chance.randint(2, 5)
    build = chance.randrange(count) if chance.random() < _WITH_MODELS and has_models else None
    steps = []
    for number in range(count):
        fault = chance.choice(FAULTS[kind])
        steps.append(
            Step(
                days=chance.choice((0.0, 1.0, 7.0)),
                fault=fault,
                share=chance.uniform(0.1, 1.1),
                is_full=chance.random() < 0.4,
                models_seconds=chance.uniform(0, 10) if number == build else None,
                clock_offset_seconds=(
                    chance.choice((-1, 1)) * chance.randint(3_600, 3 * 86_400)
                    if fault == "clock"
                    else 0
                ),
            )
        )
    return Scenario(seed, kind, tuple(steps), is_forked=chance.random() >= _AS_PEOPLE_DO)
