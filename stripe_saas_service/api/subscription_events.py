"""The ledger, row by row, in the order in which rows came or changed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from stripe_saas_service.api.answers import SNAPSHOT_RESPONSES, AsOf, as_of, plain
from stripe_saas_service.api.company import SnapshotOf
from stripe_saas_service.problems import Problem, problem_responses
from stripe_saas_service.snapshot.publish import FEED

router = APIRouter(prefix="/api", tags=["MRR"])

_EXAMPLE = {
    "event_id": "sub_1:7",
    "subscription_id": "sub_1",
    "client_id": "acme-42",
    "event_type": "upgraded",
    "occurred_at": "2026-05-01T09:58:12Z",
    "currency": "usd",
    "mrr_before_minor": 4900,
    "mrr_after_minor": 24500,
    "mrr_delta_minor": 19600,
}


class SubscriptionEvents(AsOf):
    """A page of the ledger."""

    data: list[dict[str, Any]] = Field(
        description="The columns of the mart `subscription_events`; /api/definitions has each.",
        examples=[[_EXAMPLE]],
    )
    next: str | None = Field(
        description="Keep it, and send it as `after` for what comes later. Null: nothing came yet.",
        examples=["9f8e7d6c5b4a.1042"],
    )
    has_more: bool = Field(description="Whether more is there already.")


@router.get("/subscription-events", responses=SNAPSHOT_RESPONSES | problem_responses(410))
def subscription_events(
    snapshot: SnapshotOf,
    after: Annotated[
        str | None,
        Query(
            max_length=60,
            pattern=r"^[0-9a-f]{12}\.[0-9]{1,15}$",
            description="`next` of an answer before; left out: from the first row on.",
            examples=["9f8e7d6c5b4a.1042"],
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 100,
) -> SubscriptionEvents:
    """Rows that came, or changed, after a cursor; each by its `event_id`, the last one counts.

    A row that a later sync corrects comes again, and so does one about a day long ago that was
    found late: nobody who keeps the cursor misses a change. What `410` says is that the numbering
    began anew: read again without `after`.
    """
    feed, _, number = (after or f"{snapshot.about.feed}.0").partition(".")
    if feed != snapshot.about.feed:
        raise Problem(410, "The cursor is of no use any more", "Read again, without `after`.")
    rows = snapshot.database.rows(
        f"select * exclude (_hash, _last) from {FEED} where _position > ? "
        f"order by _position limit {limit + 1}",
        int(number),
    )
    page = rows[:limit]
    last = page[-1]["_position"] if page else int(number)
    return SubscriptionEvents(
        **as_of(snapshot),
        data=[
            {name: plain(value) for name, value in row.items() if name != "_position"}
            for row in page
        ],
        next=f"{feed}.{last}" if last else None,
        has_more=len(rows) > limit,
    )
