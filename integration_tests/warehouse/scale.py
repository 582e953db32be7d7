"""`python -m integration_tests.warehouse.scale`: what models cost where there is much.

Multiplies a company, builds its models whole, writes a hundred changed objects as a sync would, and
brings the models up to date. Prints processor seconds and memory, and the dearest models of both.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration_tests.warehouse.multiplying import multiply
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_saas.warehouse.books import Books
from stripe_saas.warehouse.changes import Changes
from stripe_saas.warehouse.database import Database, connected
from stripe_saas.warehouse.increment.bring_up import bring_up_to_date
from stripe_saas.warehouse.places import RAW_SCHEMA, SYNCS_TABLE
from stripe_saas.warehouse.target import Target
from stripe_sandbox.account import Account, open_account

_SHOWN = 15
_CHANGED = {
    "subscription_events": 20,
    "subscriptions": 15,
    "subscription_items": 15,
    "customers": 10,
    "invoices": 20,
    "charges": 20,
}
"""Stream -> objects that a sync brings anew; a hundred."""


@dataclass
class Cost:
    """What something took."""

    seconds: float
    """Of processor time, those of child processes included."""
    peak_mb: float
    """Of this process or a child, whichever held more."""


def main() -> int:
    """Measures; gives the exit code: 0 if the update cost no more than a fifth of a whole build."""
    parser = argparse.ArgumentParser(prog="scale", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="copies of the company")
    parser.add_argument("--customers", type=int, default=2000, help="of one copy")
    chosen = parser.parse_args()
    account = open_account("company", seed=1, customers=chosen.customers, months=24, traceable=True)
    with tempfile.TemporaryDirectory(prefix="stripe-saas-scale-") as name:
        target = Target("duckdb", path=Path(name) / "stripe.duckdb")
        rows = fill(target, account, chosen.times)
        print(f"{rows:,} raw rows", flush=True)
        whole = _measured(lambda: bring_up_to_date(target))
        print(f"whole build: {whole.seconds:.1f} CPU s, peak {whole.peak_mb:,.0f} MB", flush=True)
        change(target)
        update = _measured(lambda: bring_up_to_date(target))
    share = update.seconds / whole.seconds
    print(
        f"after {sum(_CHANGED.values())} changed objects: {update.seconds:.2f} CPU s, "
        f"{share:.0%} of it, peak {update.peak_mb:,.0f} MB"
    )
    return 0 if share <= 0.2 else 1


def fill(target: Target, account: Account, times: int) -> int:
    """Fills the raw tables as a sync leaves them; gives how many rows they have."""
    load_duckdb(target.path, target.path.parent, records_of(account), account.store.now)
    multiply(target.path, times)
    with connected(target) as database:
        Books(database)
        return sum(
            int(database.select(f'select count(*) from {RAW_SCHEMA}."{table}"')[0][0])
            for (table,) in database.select(
                "select table_name from information_schema.tables where table_schema = ?",
                (RAW_SCHEMA,),
            )
            if not table.startswith("_")
        )


def change(target: Target) -> None:
    """Changes objects, notes that, and lets a minute pass, as a sync does."""
    with connected(target) as database, database.transaction():
        changes = Changes(database)
        for stream, count in _CHANGED.items():
            _change(database, changes, stream, count)
        database.execute(f"update {RAW_SCHEMA}.{SYNCS_TABLE} set synced_at = synced_at + 60")


def _change(database: Database, changes: Changes, stream: str, count: int) -> None:
    key = "event_id" if stream == "subscription_events" else "id"
    column = {
        "subscription_events": "mrr_after = mrr_after + 100, mrr_delta = mrr_delta + 100",
        "subscriptions": "default_payment_method = 'pm_other'",
        "subscription_items": "quantity = quantity + 1",
        "customers": "name = name || ' Ltd'",
        "invoices": "total = total + 100",
        "charges": "amount_captured = amount_captured + 100",
    }[stream]
    keys = [
        str(found)
        for (found,) in database.select(
            f"select {key} from {RAW_SCHEMA}.{stream} order by hash({key}) limit {count}"
        )
    ]
    database.execute(
        f"update {RAW_SCHEMA}.{stream} set {column} "
        f"where {key} in (select unnest(cast(? as varchar[])))",
        keys,
    )
    changes.note(stream, [(each,) for each in keys])


def _measured(act: Any) -> Cost:
    before = _busy()
    result = act()
    assert result.is_good, result.problems
    print(f"  {result.how}, {result.done} steps in {result.seconds:.1f} s")
    for name, seconds in sorted(result.models.items(), key=lambda item: -item[1])[:_SHOWN]:
        print(f"    {seconds:6.2f} s {name}")
    peaks = [
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return Cost(_busy() - before, max(peaks))


def _busy() -> float:
    times = time.process_time()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    sys.exit(main())
