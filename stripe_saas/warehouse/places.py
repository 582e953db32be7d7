"""Where things lie in a warehouse that `stripe-saas sync` fills: schemas and our own tables.

The models read the same names; they are variables there, for warehouses that something else fills.
"""

RAW_SCHEMA = "stripe_raw"
"""Holds a table for each stream, named after it, the syncs' log, and PyAirbyte's books."""

MODELS_SCHEMA = "stripe_marts"
"""Holds what dbt builds to be read; its steps are beside it, in `stripe_marts_staging`.

Not `stripe`: in a DuckDB file of that name, `stripe.customers` would be ambiguous.
"""

SYNCS_TABLE = "_stripe_saas_syncs"
"""One row a sync; `sync_log.py` says what is in it."""

SYNC_STREAMS_TABLE = "_stripe_saas_sync_streams"
"""One row a sync and stream."""

WHOLE_READS_TABLE = "_stripe_saas_whole_reads"
"""One row a stream that is being read as a whole; `whole_reads.py` says what is in it."""

DEFAULT_WAREHOUSE = "duckdb:///stripe.duckdb"
"""Where a sync goes if nothing else is said: one file in the current folder."""
