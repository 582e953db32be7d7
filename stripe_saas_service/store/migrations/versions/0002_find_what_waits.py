"""Indexes by which jobs that wait, and the latest one, are found without reading all others."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds them."""
    op.create_index("ix_jobs_status", "jobs", ["status", "connection_id"])
    op.create_index("ix_jobs_connection_id_requested_at", "jobs", ["connection_id", "requested_at"])
