"""Simulated companies in; whether the bridge to cash ties to the unit for every month and currency.

python -m integration_tests.bridge [--seeds 10] [--customers 250] [--months 18]

Each seed makes two companies, one that does only what Stripe's API shows and one that does all that
companies do. `mrr_to_cash`, `deferred_revenue_monthly` and `payout_reconciliation` are held against
the companies' own books, which share no arithmetic with the models.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from collections import Counter
from pathlib import Path

import duckdb

from integration_tests.warehouse.against_cash import Comparison, compare_cash
from integration_tests.warehouse.building import duckdb_profile, run_dbt
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_sandbox.account import open_account

MARTS = (
    "+mrr_to_cash",
    "+deferred_revenue_monthly",
    "+deferred_revenue_lines",
    "+payout_reconciliation",
)
_SHOWN = 20


def main() -> int:
    """Checks each company.

    Returns:
        The exit code: 0 if every figure is as in the company's books.
    """
    parser = argparse.ArgumentParser(prog="bridge", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--customers", type=int, default=250)
    parser.add_argument("--months", type=int, default=18)
    arguments = parser.parse_args()
    good, moved = True, Counter[str]()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for is_traceable in (True, False):
            found, bad = _check(seed, arguments.customers, arguments.months, is_traceable)
            kind = "only what the API shows" if is_traceable else "as it comes"
            print(
                f"seed {seed}, {kind}: {found.months} months of a currency, "
                f"{found.figures} figures, {len(found.wrong)} wrong"
            )
            for line in [*bad, *found.wrong][:_SHOWN]:
                print(f"  WRONG {line}")
            sys.stdout.flush()
            good &= not (bad or found.wrong) and found.months > 0
            moved.update(found.totals)
            gc.collect()
    print("months in which a figure was not 0:")
    print("  " + ", ".join(f"{name} {count}" for name, count in sorted(moved.items())))
    return 0 if good else 1


def _check(
    seed: int, customers: int, months: int, is_traceable: bool
) -> tuple[Comparison, list[str]]:
    account = open_account(
        "company", seed=seed, customers=customers, months=months, traceable=is_traceable
    )
    with tempfile.TemporaryDirectory(prefix="stripe-saas-bridge-") as name:
        folder = Path(name)
        database = folder / "stripe.duckdb"
        load_duckdb(database, folder, records_of(account), account.store.now)
        words = ("build", "--indirect-selection=cautious", "--select", *MARTS)
        built = run_dbt(folder / "dbt", duckdb_profile(database), words)
        if not built.success:
            return Comparison(), [f"{name}: {why}" for name, why in built.bad.items()]
        with duckdb.connect(str(database), read_only=True) as connection:
            found = compare_cash(
                account,
                lambda sql: connection.execute(sql).fetchall(),
                with_mrr=is_traceable,
            )
    return found, [f"{name}: {why}" for name, why in built.bad.items()]


if __name__ == "__main__":
    sys.exit(main())
