"""A company that moves by minutes and hours, and the warehouse that follows it sync by sync."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from integration_tests.model_syncs.comparing import differing_models
from integration_tests.world import World, a_world
from stripe_saas import cli
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.target import parse_target

_LEAST_SECONDS = 300


def follow(
    folder: Path,
    seed: int,
    syncs: int,
    *,
    address: str | None = None,
    customers: int = 60,
    most_seconds: int = 3 * 3600,
) -> Iterator[list[str]]:
    """Syncs again and again; gives after each sync what its models have wrong.

    Args:
        folder: for files.
        seed: of the company and its steps.
        syncs: how many small syncs follow the first one.
        address: of the warehouse; a DuckDB file in the folder unless given.
        customers: of the company.
        most_seconds: between two syncs.
    """
    random_ = random.Random(seed)
    with a_world(folder, seed=seed, customers=customers) as world:
        address = address or f"duckdb:///{folder / 'stripe.duckdb'}"
        for number in range(syncs + 1):
            if number:
                world.advance(random_.randint(_LEAST_SECONDS, most_seconds) / 86400)
            if _sync(world, address):
                yield [f"seed {seed}, sync {number}: it did not end well"]
                continue
            with connected(parse_target(address)) as database:
                yield [
                    f"seed {seed}, sync {number}: {model}: {'; '.join(rows)}"
                    for model, rows in differing_models(database).items()
                ]


def _sync(world: World, address: str) -> int:
    config = world.connector.file(world.connector.config)
    return cli.run(["sync", "--config", config, "--warehouse", address])
