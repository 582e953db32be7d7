"""Where things lie in a warehouse that `stripe-saas sync` fills: schemas and our own tables.

The models read the same names; they are variables there, for warehouses that something else fills.
"""

RAW_SCHEMA = "stripe_raw"
"""Holds a table for each stream, named after it, the syncs' log, states and rejected values."""

MODELS_SCHEMA = "stripe_marts"
"""Holds what dbt builds to be read; its steps are beside it, in `stripe_marts_staging`.

Not `stripe`: in a DuckDB file of that name, `stripe.customers` would be ambiguous.
"""

CLOSED_SCHEMA = "stripe_closed"
"""Holds the closed months; no sync and no build of the models touches it."""

PROVISIONAL_SCHEMA = "stripe_provisional"
"""Holds what rows replaced that a delivery made us read; `provisional.py` has more."""

SYNCS_TABLE = "_stripe_saas_syncs"
"""One row a sync; `sync_log.py` says what is in it."""

SYNC_STREAMS_TABLE = "_stripe_saas_sync_streams"
"""One row a sync and stream."""


DEFAULT_WAREHOUSE = "duckdb:///stripe.duckdb"
"""Where a sync goes if nothing else is said: one file in the current folder."""

STREAMS_TABLE = "_stripe_saas_streams"
"""One row a stream: its generation, and the columns that were filled; `books.py` has more."""

REJECTS_TABLE = "_stripe_saas_rejects"
"""One row a value that did not fit its column."""

BUILDS_TABLE = "_stripe_saas_builds"
"""One row: how the last build of the models ended."""

FILE_TABLE = "_stripe_saas_file"
"""In a DuckDB file, one row: `compact_bytes`, its size when it was last copied."""

STATES_TABLE = "_airbyte_state"
"""One row a stream: its last state, in the table in which PyAirbyte keeps them."""

EXTRA_COLUMN = "_stripe_extra"
"""In each stream's table: the fields that Stripe sends and its specification does not name."""

GENERATION_COLUMN = "_airbyte_generation_id"
"""In each stream's table: the read of the whole stream that a row belongs to, as Airbyte has it."""

CHANGES_TABLE = "_stripe_saas_changes"
"""One row a row of a stream that was written or deleted since the models were built last."""

PLAN_TABLE = "_stripe_saas_model_plan"
"""One row: what dbt made of the models at the last whole build."""
