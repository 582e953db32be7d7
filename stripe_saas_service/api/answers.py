"""What the answers from a snapshot have in common."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from stripe_saas_service.problems import problem_responses
from stripe_saas_service.snapshot.reader import Snapshot

SNAPSHOT_RESPONSES = problem_responses(404, 409, 503) | {
    304: {"description": "What was published has not changed since the `ETag` that was sent."}
}


class AsOf(BaseModel):
    """Of when an answer is."""

    as_of: str | None = Field(description="The last sync, UTC.", examples=["2026-05-01T10:00:00Z"])
    published_at: str = Field(
        description="When these figures were published, UTC.",
        examples=["2026-05-01T10:00:41.123456+00:00"],
    )
    provisional: bool = Field(
        description="Whether objects are among them that the ledger has not settled yet."
    )


def as_of(snapshot: Snapshot) -> dict[str, Any]:
    """The values of `AsOf`."""
    about = snapshot.about
    return {
        "as_of": about.as_of_at,
        "published_at": about.published_at,
        "provisional": about.is_provisional,
    }


def plain(value: Any) -> Any:
    """A value of a warehouse as JSON has it: moments in UTC, whole numbers without a point."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def listed(text: str | None) -> list[str]:
    """The parts of a list that a mart keeps as text."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]
