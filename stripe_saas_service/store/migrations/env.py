"""What Alembic runs: the connection comes from `migrate`, which holds the right to write."""

from __future__ import annotations

from typing import Literal

from alembic import context

from stripe_saas_service.store.columns import Moment
from stripe_saas_service.store.tables import Base


def _plain_moment(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A migration must not change with our code; for Alembic's own rendering, False."""
    is_moment = kind == "type" and isinstance(item, Moment)
    return "sa.DateTime(timezone=True)" if is_moment else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=_plain_moment,
    # SQLite changes a table by copying it.
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
