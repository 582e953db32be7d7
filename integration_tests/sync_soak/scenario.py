"""A seed -> what happens to a company and to the syncs of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["duckdb", "postgres"]

SIGNALS = ("kill", "terminate", "interrupt")
_ANYWHERE = (*SIGNALS, *SIGNALS, "nothing", "twice", "bad value", "clock")
FAULTS: dict[Kind, tuple[str, ...]] = {
    "duckdb": (*_ANYWHERE, "full disk", "full disk"),
    "postgres": (*_ANYWHERE, "cancel", "cut off", "timeout", "refuse"),
}
"""Of each kind of warehouse; what stands twice comes twice as often."""


@dataclass(frozen=True)
class Step:
    """One sync, and what happens to it."""

    days: float
    """That pass in the company before it."""
    fault: str
    share: float
    """When the fault comes: the part of an undisturbed sync's time that has passed."""
    is_full: bool = False
    has_models: bool = False
    clock_offset_seconds: int = 0
    """Of the machine's clock in this sync."""


@dataclass(frozen=True)
class Scenario:
    """All of it."""

    seed: int
    kind: Kind
    steps: tuple[Step, ...]


def scenario_of(seed: int, *, has_postgres: bool = True, has_models: bool = True) -> Scenario:
    """The same one for the same seed.

    Args:
        seed: any number.
        has_postgres: False: all into DuckDB.
        has_models: False: no sync builds the models, which takes most of the time.
    """
    chance = random.Random(seed)
    kind: Kind = "postgres" if has_postgres and seed % 2 else "duckdb"
    steps = []
    for _ in range(chance.randint(2, 5)):
        fault = chance.choice(FAULTS[kind])
        steps.append(
            Step(
                days=chance.choice((0.0, 1.0, 7.0)),
                fault=fault,
                share=chance.uniform(0.1, 1.1),
                is_full=chance.random() < 0.4,
                has_models=has_models and chance.random() < 0.15,
                clock_offset_seconds=(
                    chance.choice((-1, 1)) * chance.randint(3_600, 3 * 86_400)
                    if fault == "clock"
                    else 0
                ),
            )
        )
    return Scenario(seed, kind, tuple(steps))
