"""`python -m integration_tests.warehouse`: companies of many seeds through the models.

Loads what a first sync would bring into DuckDB, one company of them by `stripe-saas sync` itself,
builds and tests all models, and compares every month with the company's own books. Prints how long
`dbt build` took, what differs because the API hides it, and what is wrong.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from integration_tests.warehouse.against_ledger import Comparison, compare_months
from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.multiplying import multiply
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import MODELED_STREAMS, records_of
from integration_tests.warehouse.through_pyairbyte import sync_duckdb
from stripe_saas.warehouse.places import RAW_SCHEMA
from stripe_sandbox.account import Account, open_account

_SHOWN = 40


def main() -> int:
    """Checks each seed.

    Returns:
        The exit code: 0 if nothing is wrong.
    """
    parser = argparse.ArgumentParser(prog="warehouse", description=__doc__)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--traceable", action="store_true", help="only such companies")
    parser.add_argument("--untraceable", action="store_true", help="only the others")
    parser.add_argument("--times", type=int, default=1, help="so many such companies in one")
    parser.add_argument("--differences", action="store_true", help="print each with its hidden act")
    parser.add_argument(
        "--through",
        choices=("files", "pyairbyte", "one"),
        default="one",
        help="files: rows derived in this process; pyairbyte: by `stripe-saas sync`; "
        "one: so the first traceable company, the others by files",
    )
    arguments = parser.parse_args()
    kinds = [False, True]
    if arguments.traceable or arguments.untraceable:
        kinds = [arguments.traceable]
    good = True
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for is_traceable in kinds:
            good &= _check(arguments, seed, is_traceable)
            gc.collect()
    return 0 if good else 1


def _check(arguments: argparse.Namespace, seed: int, is_traceable: bool) -> bool:
    account = open_account(
        "company",
        seed=seed,
        customers=arguments.customers,
        months=arguments.months,
        traceable=is_traceable,
    )
    times = arguments.times
    by_sync = arguments.through == "pyairbyte" or (
        arguments.through == "one" and is_traceable and seed == arguments.first
    )
    with tempfile.TemporaryDirectory(prefix="stripe-saas-warehouse-") as name:
        folder = Path(name)
        database = folder / "stripe.duckdb"
        rows = _load(database, folder, account, times, by_sync)
        began, busy = time.perf_counter(), time.process_time()
        result = run_dbt(folder / "dbt", duckdb_profile(database))
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        found = Comparison()
        if result.success:
            with duckdb.connect(str(database), read_only=True) as connection:
                found = compare_months(
                    account, lambda sql: connection.execute(sql).fetchall(), times
                )
    kind = "traceable" if is_traceable else "as it comes"
    kind += ", by stripe-saas sync" if by_sync else ""
    print(f"seed {seed}, {kind}: {rows} rows, dbt build {seconds:.1f} s ({busy:.1f} s busy)")
    print(f"  {len(result.statuses)} models, seeds and tests; {len(result.bad)} not good")
    print(
        f"  {found.months} months of a currency, {found.figures} figures: {len(found.explained)} "
        f"months differ by what the API hides, {len(found.wrong)} are wrong"
    )
    for line in [f"{name}: {why}" for name, why in result.bad.items()][:_SHOWN]:
        print(f"    {line}")
    if found.explained:
        counts = ", ".join(f"{reason} {count}" for reason, count in found.reasons.most_common())
        print(f"  {len(found.details)} differences of subscriptions make them: {counts}")
        print(f"  {found.mixed} of other amounts than the hidden acts moved, as others lie on them")
    for line in found.details if arguments.differences else ():
        print(f"    {line}")
    for line in found.wrong[:_SHOWN]:
        print(f"    WRONG {line}")
    sys.stdout.flush()
    is_exact = not (is_traceable and found.explained)
    return result.success and not result.bad and not found.wrong and is_exact and found.months > 0


def _load(database: Path, folder: Path, account: Account, times: int, by_sync: bool) -> int:
    """Fills the raw tables; gives how many rows the models find."""
    if by_sync:
        sync_duckdb(database, folder, account)
    else:
        load_duckdb(database, folder, records_of(account), account.store.now)
    multiply(database, times)
    with duckdb.connect(str(database), read_only=True) as connection:
        counts = (
            connection.execute(f"select count(*) from {RAW_SCHEMA}.{stream}").fetchone()
            for stream in (*MODELED_STREAMS, "subscription_events")
        )
        return sum(count[0] for count in counts if count)


if __name__ == "__main__":
    sys.exit(main())
