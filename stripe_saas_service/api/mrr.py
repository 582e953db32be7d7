"""MRR and what moved it, month by month."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from stripe_saas_service.api.answers import SNAPSHOT_RESPONSES, AsOf, as_of, plain
from stripe_saas_service.api.company import SnapshotOf
from stripe_saas_service.problems import Problem

router = APIRouter(prefix="/api", tags=["MRR"])

_MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
_EXAMPLE = {
    "month": "2026-05",
    "basis": "currency",
    "currency": "usd",
    "currency_exponent": 2,
    "opening_minor": 100000,
    "new_minor": 9800,
    "expansion_minor": 4900,
    "contraction_minor": 0,
    "churn_minor": -2900,
    "reactivation_minor": 0,
    "closing_minor": 111800,
    "customers": 23,
}


class Mrr(AsOf):
    """MRR by month and currency."""

    data: list[dict[str, Any]] = Field(
        description="The columns of the mart `mrr_monthly`, with `month` for the first of them; "
        "/api/definitions has each.",
        examples=[[_EXAMPLE]],
    )


@router.get("/mrr", responses=SNAPSHOT_RESPONSES)
def mrr(
    snapshot: SnapshotOf,
    first: Annotated[
        str | None,
        Query(alias="from", pattern=_MONTH, description="The first month.", examples=["2026-01"]),
    ] = None,
    last: Annotated[
        str | None,
        Query(alias="to", pattern=_MONTH, description="The last month.", examples=["2026-05"]),
    ] = None,
    by: Annotated[Literal["month"], Query(description="One row a month and currency.")] = "month",
) -> Mrr:
    """How MRR opened, what moved it, and how it closed.

    `basis` is `currency`, or `reporting` for all currencies turned into one: do not add the two.
    """
    if first and last and first > last:
        raise Problem(422, "The request cannot be read", "`from` is after `to`.")
    rows = snapshot.database.rows(
        f"select strftime(date_month, '%Y-%m') as month, * exclude (date_month) "
        f"from {snapshot.table('mrr_monthly')} "
        "where strftime(date_month, '%Y-%m') between ? and ? order by basis, currency, date_month",
        *(first or "0000-01", last or "9999-12"),
    )
    return Mrr(
        **as_of(snapshot),
        data=[{name: plain(value) for name, value in row.items()} for row in rows],
    )
