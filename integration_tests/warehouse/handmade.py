"""Ledger rows written out by hand, and a warehouse in which the models are built from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb

from integration_tests.warehouse.building import Built, duckdb_profile, run_dbt
from integration_tests.warehouse.raw_tables import load_duckdb

_EXPONENTS = {"jpy": 0, "kwd": 3}


def seconds(text: str) -> int:
    """Unix seconds of an ISO moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def life(
    subscription: str,
    customer: str,
    *steps: tuple[str, str, int],
    currency: str = "usd",
    suspended: Iterable[str] = ("paused",),
) -> list[dict[str, Any]]:
    """The rows of one subscription.

    Args:
        subscription: its id.
        customer: its customer's.
        steps: moment, event type and MRR after, oldest first.
        currency: of all of them.
        suspended: event types after which the subscription may come back.
    """
    rows: list[dict[str, Any]] = []
    before, status = 0, None
    for number, (at, kind, after) in enumerate(steps, 1):
        now = {"canceled": "canceled", "trial_started": "trialing"}.get(kind, "active")
        rows.append(
            {
                "event_id": f"{subscription}-{number}",
                "subscription_id": subscription,
                "customer_id": customer,
                "event_type": kind,
                "occurred_at": datetime.fromisoformat(at).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "sequence": number,
                "currency": currency,
                "currency_exponent": _EXPONENTS.get(currency, 2),
                "mrr_before": before,
                "mrr_after": after,
                "mrr_delta": after - before,
                "movement": "none",
                "list_mrr_before": before,
                "list_mrr_after": after,
                "status_before": status,
                "status_after": now,
                "suspended_after": kind in suspended and after == 0,
                "items_after": [{"id": "si_1", "price": "price_1", "quantity": 1, "mrr": after}],
            }
        )
        before, status = after, now
    return rows


class Handmade:
    """A DuckDB with handmade raw tables."""

    def __init__(self, folder: Path, records: Mapping[str, list[Mapping[str, Any]]], now: str):
        """Loads the records.

        Args:
            folder: for the file and for dbt.
            records: stream -> records; streams that are not there have no table.
            now: the moment of the sync.
        """
        self.folder, self.file = folder, folder / "stripe.duckdb"
        load_duckdb(self.file, folder, records, seconds(now))

    def execute(self, *statements: str) -> None:
        """Runs statements."""
        with duckdb.connect(str(self.file)) as connection:
            for statement in statements:
                connection.execute(statement)

    def build(self, *words: str, **variables: Any) -> Built:
        """Runs `dbt build`."""
        return run_dbt(self.folder / "dbt", duckdb_profile(self.file), ("build", *words), variables)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Asks; schemas are those of the marts."""
        with duckdb.connect(str(self.file), read_only=True) as connection:
            connection.execute("set search_path = 'stripe_marts,stripe_marts_staging'")
            return connection.execute(sql).fetchall()

    def movements(self, client: str, basis: str = "currency") -> list[tuple[Any, ...]]:
        """Day, currency, movement and amount of a client, oldest first."""
        return self.rows(
            "select strftime(date_day, '%Y-%m-%d'), currency, movement, mrr_delta_minor "
            f"from customer_mrr_movements where client_id = '{client}' and basis = '{basis}' "
            "order by date_day, currency"
        )
