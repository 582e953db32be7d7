"""A company that moves by minutes and hours, and the warehouse that follows it sync by sync."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from integration_tests.model_syncs.comparing import differing_models
from integration_tests.model_syncs.edits import edit
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from integration_tests.world import World, a_world
from stripe_saas import cli
from stripe_saas.warehouse.books import Books
from stripe_saas.warehouse.database import connected
from stripe_saas.warehouse.increment.bring_up import UP_TO_DATE, bring_up_to_date
from stripe_saas.warehouse.target import Target, parse_target
from stripe_sandbox.account import open_account

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


def edited(folder: Path, seed: int, times: int) -> Iterator[list[str]]:
    """Changes raw rows as no company would; gives after each update what models have wrong.

    Args:
        folder: for files.
        seed: of the company and the changes.
        times: how often.
    """
    random_ = random.Random(seed)
    account = open_account("company", seed=seed, customers=60, months=8)
    target = Target("duckdb", path=folder / "stripe.duckdb")
    load_duckdb(target.path, folder, records_of(account), account.store.now)
    with connected(target) as database:
        Books(database)
    assert bring_up_to_date(target).is_good
    for number in range(times):
        with connected(target) as database:
            done = edit(database, random_)
        how = bring_up_to_date(target).how
        with connected(target) as database:
            found = [
                f"seed {seed}, change {number} ({done}): {model}: {'; '.join(rows)}"
                for model, rows in differing_models(database).items()
            ]
        yield found + ([] if how == UP_TO_DATE else [f"seed {seed}, change {number}: {how}"])


def _sync(world: World, address: str) -> int:
    config = world.connector.file(world.connector.config)
    return cli.run(["sync", "--config", config, "--warehouse", address])
