"""The page after the login."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from stripe_saas_service.access.guard import CallerOf
from stripe_saas_service.rendering import page
from stripe_saas_service.service import ServiceOf
from stripe_saas_service.store.tables import Company, Connection

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(service: ServiceOf, caller: CallerOf) -> HTMLResponse:
    """The companies and whether they are connected."""
    with service.store.reading() as session:
        rows = session.execute(
            select(
                Company.id,
                Company.name,
                Company.mode,
                Connection.status,
                Connection.status_reason,
            )
            .outerjoin(Connection, Connection.company_id == Company.id)
            .where(Company.removed_at.is_(None))
            .order_by(Company.name)
        ).all()
    return page("home.html", caller=caller, companies=rows)
