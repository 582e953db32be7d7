"""How a company's connection to Stripe is, and a sync on demand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stripe_saas_service.access.guard import CallerOf
from stripe_saas_service.api.company import CompanyOf, connection_of
from stripe_saas_service.problems import Problem, problem_responses
from stripe_saas_service.service import ServiceOf
from stripe_saas_service.store import audit
from stripe_saas_service.store.tables import Delivery, Job, RefusedDeliveries

router = APIRouter(prefix="/api/integrations/stripe", tags=["Connection"])

_ADVICE = {
    "paused": "Syncs are paused: resume the connection.",
    "disconnected": "The account was disconnected here: connect it again.",
    "revoked": "Access was revoked at Stripe: connect the account again.",
    "removed": "The connection was removed: connect the account again.",
}


class JobFields(BaseModel):
    """A sync."""

    id: str = Field(examples=["job_5b0c7a9c1e6f4d0f9d3e2b1a0c9f8e7d"])
    kind: str = Field(description="`sync`, or `full`: everything is read again.", examples=["sync"])
    status: str = Field(
        description="`waiting`, `running`, `succeeded`, `failed` or `stopped`.",
        examples=["waiting"],
    )
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    progress: dict[str, Any] = Field(examples=[{"said": "invoice: 1200 records"}])
    error: str | None = Field(description="What failed, and what to do.", examples=[None])


class Deliveries(BaseModel):
    """What Stripe delivered to us."""

    last_received_at: datetime | None
    waiting: int = Field(description="Not read yet.", examples=[0])
    oldest_waiting_at: datetime | None
    refused: int = Field(description="With a wrong signature, or too old; ever.", examples=[0])


class Status(BaseModel):
    """How a company's connection is."""

    company_id: str = Field(examples=["com_5b0c7a9c1e6f4d0f9d3e2b1a0c9f8e7d"])
    company: str = Field(examples=["Acme"])
    connected: bool = Field(description="Whether it is read; false while it is paused.")
    status: str = Field(
        description="`none`, `connected`, `paused`, `disconnected`, `revoked` or `removed`.",
        examples=["connected"],
    )
    what_to_do: str | None = Field(description="Null while all is well.", examples=[None])
    account_id: str | None = Field(examples=["acct_1"])
    account_name: str | None = Field(examples=["Acme Inc."])
    mode: str = Field(description="`live` or `test`.", examples=["live"])
    last_good_sync_at: datetime | None
    last_sync: JobFields | None = Field(description="The last one that ended.")
    running: JobFields | None = Field(description="The one that runs, or waits to.")
    deliveries: Deliveries


@router.get("/status", responses=problem_responses(404, 409))
def status(service: ServiceOf, company: CompanyOf) -> Status:
    """Whether the company is connected, how current it is, and what to do if something failed."""
    with service.store.reading() as session:
        connection = connection_of(session, company.id)
        known = None if connection is None else connection.id
        last, running, good = _jobs(session, known)
        deliveries = _deliveries(session, known)
    state = "none" if connection is None else connection.status
    failed = last.error if last is not None and last.status == "failed" else None
    advice = "Connect an account of Stripe." if connection is None else connection.status_reason
    if state in _ADVICE:
        advice = advice or _ADVICE[state]
    return Status(
        company_id=company.id,
        company=company.name,
        connected=state == "connected",
        status=state,
        what_to_do=advice or failed,
        account_id=connection.account_id if connection else None,
        account_name=connection.account_name if connection else None,
        mode=company.mode,
        last_good_sync_at=good,
        last_sync=_fields(last),
        running=_fields(running),
        deliveries=deliveries,
    )


@router.post("/sync", status_code=202, responses=problem_responses(404, 409))
def sync(
    service: ServiceOf,
    caller: CallerOf,
    company: CompanyOf,
    full: Annotated[bool, Query(description="Read everything again, not only changes.")] = False,
) -> JobFields:
    """Asks for a sync; the answer does not wait for it. One that waits already is the answer."""
    with service.store.reading() as session:
        connection = connection_of(session, company.id)
    if connection is None or connection.status != "connected":
        state = "none" if connection is None else connection.status
        raise Problem(409, "Not connected", _ADVICE.get(state, "Connect an account of Stripe."))
    job = service.jobs.request_sync(connection.id, is_full=full, requested_by=caller.id)
    with service.store.writing() as session:
        audit.note(
            session, caller.id, "sync.requested", connection.id, company_id=company.id, full=full
        )
    return JobFields.model_validate(job, from_attributes=True)


def _fields(job: Job | None) -> JobFields | None:
    return None if job is None else JobFields.model_validate(job, from_attributes=True)


def _jobs(
    session: Session, connection_id: str | None
) -> tuple[Job | None, Job | None, datetime | None]:
    """The last sync that ended, the one that runs or waits, and when one last went well."""
    mine = select(Job).where(Job.connection_id == connection_id)
    last = session.scalar(
        mine.where(Job.ended_at.is_not(None)).order_by(Job.ended_at.desc()).limit(1)
    )
    under_way = mine.where(Job.status.in_(("running", "waiting")))
    running = session.scalar(under_way.order_by(Job.status, Job.requested_at).limit(1))
    good = session.scalar(
        mine.where(Job.status == "succeeded").order_by(Job.ended_at.desc()).limit(1)
    )
    return last, running, good.ended_at if good else None


def _deliveries(session: Session, connection_id: str | None) -> Deliveries:
    mine = Delivery.connection_id == connection_id
    last = session.scalar(select(func.max(Delivery.received_at)).where(mine))
    count, oldest = session.execute(
        select(func.count(), func.min(Delivery.received_at)).where(
            mine, Delivery.status == "waiting"
        )
    ).one()
    refused = session.scalar(
        select(func.sum(RefusedDeliveries.count)).where(
            RefusedDeliveries.connection_id == connection_id
        )
    )
    return Deliveries(
        last_received_at=last, waiting=count, oldest_waiting_at=oldest, refused=refused or 0
    )
