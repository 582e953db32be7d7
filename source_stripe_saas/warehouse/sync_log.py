"""Syncs and their streams as they begin and end -> two tables in the warehouse, and what they say.

All moments are Unix seconds of Stripe's clock, as in the other raw tables. The models take the
greatest `synced_at` for *now*: nothing asks the warehouse for the time.
"""

from __future__ import annotations

import sqlalchemy as sa

from source_stripe_saas.warehouse.places import RAW_SCHEMA, SYNC_STREAMS_TABLE, SYNCS_TABLE

_METADATA = sa.MetaData(schema=RAW_SCHEMA)

RUNNING = "running"
"""Under way, or ended by something that gave it no time to say so."""
COMPLETE = "complete"
"""Every stream was read to its end and written."""
INCOMPLETE = "incomplete"
"""Some streams were not; the others are as good as in a complete sync."""
FAILED = "failed"
"""Nothing can be said of the data: `synced_at` is null."""

SYNCS = sa.Table(
    SYNCS_TABLE,
    _METADATA,
    sa.Column("sync_id", sa.String, primary_key=True),  # later syncs sort after earlier ones
    sa.Column("started_at", sa.BigInteger),
    sa.Column("synced_at", sa.BigInteger),
    sa.Column("account_id", sa.String),
    sa.Column("account_name", sa.String),
    sa.Column("mode", sa.String),  # live or test
    sa.Column("is_full", sa.Boolean),
    sa.Column("status", sa.String),
    sa.Column("stream_count", sa.BigInteger),
    sa.Column("record_count", sa.BigInteger),
    sa.Column("error", sa.String),
)
"""One row a sync. `synced_at` is Stripe's clock at its end: the data holds nothing later."""

SYNC_STREAMS = sa.Table(
    SYNC_STREAMS_TABLE,
    _METADATA,
    sa.Column("sync_id", sa.String, primary_key=True),
    sa.Column("stream", sa.String, primary_key=True),
    sa.Column("status", sa.String),
    sa.Column("record_count", sa.BigInteger),
    sa.Column("synced_at", sa.BigInteger),  # null unless the stream is complete
    sa.Column("error", sa.String),
)
"""One row a sync and stream; `record_count` is what this sync wrote of it."""
