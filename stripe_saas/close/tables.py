"""The tables of closed months: rows are added, and never updated or deleted.

They have a schema of their own, which neither a sync nor a build of the models touches.
"""

from __future__ import annotations

from dataclasses import dataclass

from stripe_saas.warehouse.database import Database
from stripe_saas.warehouse.places import CLOSED_SCHEMA

CLOSE = "close"
REOPEN = "reopen"


@dataclass(frozen=True, eq=False)
class ClosedTable:
    """A table whose rows are in the chain."""

    name: str
    columns: dict[str, str]
    """Name -> SQL type of what is hashed, in the order in which it is."""
    key: str
    """The column by which a person finds a row."""

    @property
    def full_name(self) -> str:
        """With its schema."""
        return f"{CLOSED_SCHEMA}.{self.name}"


# One row a close or a reopening. Moments that end in `_at` are UTC, `noted_at` by the clock of the
# machine that wrote the row, Unix seconds; `as_of_at` is that of the models; `ended_at` the month's
# end. `model_options` is a JSON object of the models' variables.
CLOSES = ClosedTable(
    "closes",
    {
        "close_number": "bigint",
        "kind": "varchar",
        "month_start": "date",
        "because": "varchar",
        "noted_at": "bigint",
        "as_of_at": "timestamp",
        "ended_at": "timestamp",
        "sync_id": "varchar",
        "account_id": "varchar",
        "model_options": "varchar",
        "options_fingerprints": "varchar",
        "semantics_versions": "varchar",
        "code_version": "varchar",
        "accepted": "varchar",
        "row_count": "bigint",
        "rate_count": "bigint",
        "figure_count": "bigint",
        "previous_hash": "varchar",
    },
    "month_start",
)

# Rows of the ledger as they were. A close holds those that are not as the closes before it left
# them, so that the rows behind a month are the latest of each event_id up to its close.
ROWS = ClosedTable(
    "ledger_rows",
    {
        "close_number": "bigint",
        "row_number": "bigint",
        "event_id": "varchar",
        "subscription_id": "varchar",
        "customer_id": "varchar",
        "client_id": "varchar",
        "identity_rule": "varchar",
        "event_type": "varchar",
        "occurred_at": "timestamp",
        "counted_on": "date",
        "currency": "varchar",
        "mrr_before_minor": "bigint",
        "mrr_after_minor": "bigint",
        "mrr_delta_minor": "bigint",
        "source": "varchar",
        "time_precision": "varchar",
        "adjustment_reason": "varchar",
        "is_estimated": "boolean",
        "options_fingerprint": "varchar",
        "semantics_version": "varchar",
        "is_gone": "boolean",
    },
    "event_id",
)

# The month's exchange rates, as text so that no digit is lost.
RATES = ClosedTable(
    "rates",
    {
        "close_number": "bigint",
        "row_number": "bigint",
        "currency": "varchar",
        "rate": "varchar",
        "factor": "varchar",
    },
    "currency",
)

FIGURE_NAMES = (
    *("opening_minor", "new_minor", "expansion_minor", "contraction_minor", "churn_minor"),
    *("reactivation_minor", "fx_minor", "closing_minor", "opening_customers", "new_customers"),
    *("reactivated_customers", "resumed_customers", "moved_in_customers", "churned_customers"),
    *("paused_customers", "moved_out_customers", "churned_while_paused_customers", "customers"),
    *("subscriptions", "rated_opening_minor", "lost_minor", "net_lost_minor", "lost_customers"),
)
"""Columns of `mrr_monthly` that are kept; its rates follow from them."""

FIGURES = ClosedTable(
    "figures",
    {
        "close_number": "bigint",
        "row_number": "bigint",
        "basis": "varchar",
        "currency": "varchar",
        "currency_exponent": "bigint",
        **dict.fromkeys(FIGURE_NAMES, "bigint"),
    },
    "currency",
)

DETAILS = (ROWS, RATES, FIGURES)
"""What a close holds, in the chain's order."""


def has_closes(database: Database) -> bool:
    """True once a month was closed."""
    return database.has_table(CLOSED_SCHEMA, CLOSES.name)


def make_tables(database: Database) -> None:
    """Makes the schema and the tables that are missing; counts with the transaction around it."""
    if not database.has_schema(CLOSED_SCHEMA):
        database.execute(f"create schema {CLOSED_SCHEMA}")
    for table in (CLOSES, *DETAILS):
        if not database.has_table(CLOSED_SCHEMA, table.name):
            hashes = ("header_hash", "close_hash") if table is CLOSES else ("row_hash",)
            columns = {**table.columns, **dict.fromkeys(hashes, "varchar")}
            made = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            database.execute(f"create table {table.full_name} ({made})")
