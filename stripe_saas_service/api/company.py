"""A request -> the company that it is about, its connection, its snapshot."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from stripe_saas_service.access.guard import CallerOf
from stripe_saas_service.problems import Problem, Unchanged
from stripe_saas_service.service import ServiceOf
from stripe_saas_service.snapshot.reader import Snapshot
from stripe_saas_service.store.tables import Company, Connection

CompanyParameter = Annotated[
    str | None,
    Query(
        max_length=40,
        description="The company's id. Left out: the token's own, or the only one there is.",
        examples=["com_5b0c7a9c1e6f4d0f9d3e2b1a0c9f8e7d"],
    ),
]


def company_of(service: ServiceOf, caller: CallerOf, company: CompanyParameter = None) -> Company:
    """The company that a request is about.

    Raises:
        Problem: 404 if there is none, or none that the token opens; 409 if there are several.
    """
    chosen = select(Company).where(Company.removed_at.is_(None))
    wanted = company or caller.company_id
    if caller.company_id is not None:
        chosen = chosen.where(Company.id == caller.company_id)
    if wanted is not None:
        chosen = chosen.where(Company.id == wanted)
    with service.store.reading() as session:
        found = session.scalars(chosen.limit(2)).all()
    if not found:
        raise Problem(404, "No such company", "Connect one, or leave out `company`.")
    if len(found) > 1:
        raise Problem(409, "Several companies", "Say which by `?company=`; the first page has ids.")
    return found[0]


CompanyOf = Annotated[Company, Depends(company_of)]


def connection_of(session: Session, company_id: str) -> Connection | None:
    """The newest connection of a company; None if it was never connected."""
    return session.scalar(
        select(Connection)
        .where(Connection.company_id == company_id)
        .order_by(Connection.created_at.desc(), Connection.id)
        .limit(1)
    )


def snapshot_of(
    request: Request, response: Response, service: ServiceOf, company: CompanyOf
) -> Snapshot:
    """What was published last of a company; answers 304 if the caller has it already.

    Raises:
        Problem: 503, nothing was published yet.
        Unchanged: the caller has what was published.
    """
    snapshot = service.snapshots.current(company.id)
    if snapshot is None:
        raise Problem(
            503,
            "No figures yet",
            "The first import is not done: GET /api/integrations/stripe/status says how far it is.",
            headers={"retry-after": "30"},
        )
    etag = f'"{request.app.version}-{company.id[-12:]}-{snapshot.name}"'
    known = request.headers.get("if-none-match", "")
    if etag in (each.strip().removeprefix("W/") for each in known.split(",")):
        raise Unchanged(etag)
    response.headers["etag"] = etag
    response.headers["cache-control"] = "private, no-cache"
    return snapshot


SnapshotOf = Annotated[Snapshot, Depends(snapshot_of)]
