"""`python -m integration_tests.warehouse`: companies of many seeds through the models.

Loads what a first sync would bring into DuckDB, builds and tests all models, and compares every
month with the company's own books. Prints how long `dbt build` took, what differs because the API
hides it, and what is wrong.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from integration_tests.ledger_check.shown import HORIZON_SECONDS
from integration_tests.warehouse.against_ledger import Comparison, compare_months
from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.multiplying import multiply
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from source_stripe_saas.sandbox.account import open_account

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
    arguments = parser.parse_args()
    kinds = [False, True]
    if arguments.traceable or arguments.untraceable:
        kinds = [arguments.traceable]
    good = True
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for is_traceable in kinds:
            good &= _check(
                seed, arguments.customers, arguments.months, is_traceable, arguments.times
            )
            gc.collect()
    return 0 if good else 1


def _check(seed: int, customers: int, months: int, is_traceable: bool, times: int) -> bool:
    account = open_account(
        "company", seed=seed, customers=customers, months=months, traceable=is_traceable
    )
    with tempfile.TemporaryDirectory(prefix="stripe-saas-warehouse-") as name:
        folder = Path(name)
        database = folder / "stripe.duckdb"
        records = records_of(account)
        rows = sum(map(len, records.values())) * times
        load_duckdb(database, folder, records, account.store.now)
        multiply(database, times)
        del records
        began, busy = time.perf_counter(), time.process_time()
        result = run_dbt(folder / "dbt", duckdb_profile(database))
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        found = Comparison()
        if result.success:
            with duckdb.connect(str(database), read_only=True) as connection:
                found = compare_months(
                    account,
                    lambda sql: connection.execute(sql).fetchall(),
                    account.store.now - HORIZON_SECONDS,
                    times,
                )
    kind = "traceable" if is_traceable else "as it comes"
    print(f"seed {seed}, {kind}: {rows} rows, dbt build {seconds:.1f} s ({busy:.1f} s busy)")
    print(f"  {len(result.statuses)} models, seeds and tests; {len(result.bad)} not good")
    print(
        f"  {found.months} months of a currency, {found.figures} figures: {len(found.explained)} "
        f"months differ by what the API hides, {len(found.wrong)} are wrong"
    )
    for line in [f"{name}: {why}" for name, why in result.bad.items()][:_SHOWN]:
        print(f"    {line}")
    for line in found.wrong[:_SHOWN]:
        print(f"    WRONG {line}")
    sys.stdout.flush()
    is_exact = not (is_traceable and found.explained)
    return result.success and not result.bad and not found.wrong and is_exact and found.months > 0


if __name__ == "__main__":
    sys.exit(main())
