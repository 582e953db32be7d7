"""How a connection is kept current: paused, resumed, on a schedule; and the end of its data."""

from __future__ import annotations

import json
import time
from asyncio import sleep
from collections.abc import AsyncIterator
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, field_validator, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from stripe_saas.warehouse.database import WarehouseError
from stripe_saas.warehouse.forgetting import forget
from stripe_saas.warehouse.target import parse_target
from stripe_saas_service.access.caller import Caller
from stripe_saas_service.access.guard import CallerOf
from stripe_saas_service.api.company import CompanyOf, connection_of
from stripe_saas_service.api.integration import Status, status
from stripe_saas_service.problems import Problem, problem_responses
from stripe_saas_service.service import Service, ServiceOf, warehouse_of
from stripe_saas_service.store import audit
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Company, Connection, Job

router = APIRouter(prefix="/api/integrations/stripe", tags=["Connection"])

_SECONDS_BETWEEN_LOOKS = 1.0
_MOST_STREAM_SECONDS = 600.0
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class BusinessHours(BaseModel):
    """When the schedule begins syncs; deliveries are read at any time."""

    time_zone: str = Field(max_length=60, examples=["Europe/Berlin"])
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(
        default=["mon", "tue", "wed", "thu", "fri"], min_length=1
    )
    begins: str = Field(default="08:00", pattern=_TIME)
    ends: str = Field(default="18:00", pattern=_TIME, description="Later than `begins`.")

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no time zone such as Europe/Berlin") from None
        return name

    @model_validator(mode="after")
    def _ends_later(self) -> BusinessHours:
        if self.ends <= self.begins:
            raise ValueError("`ends` is not later than `begins`")
        return self


class Schedule(BaseModel):
    """How often a company is synced, whatever is delivered."""

    every_minutes: int = Field(default=30, ge=5, le=10_080, examples=[30])
    business_hours: BusinessHours | None = Field(default=None, description="Null: at any time.")


class Confirmed(BaseModel):
    """A second question, answered."""

    company: str = Field(
        max_length=200, description="The company's name, typed anew.", examples=["Acme"]
    )


class Deleted(BaseModel):
    """What has been deleted."""

    detail: str = Field(examples=["Deleted: all that was read of Acme, and its figures."])


@router.post("/pause", responses=problem_responses(404, 409))
def pause(service: ServiceOf, caller: CallerOf, company: CompanyOf) -> Status:
    """Begins no sync and reads no delivery until it is resumed; deliveries are kept."""
    _turn(service, caller, company, "connected", "paused")
    return status(service, company)


@router.post("/resume", responses=problem_responses(404, 409))
def resume(service: ServiceOf, caller: CallerOf, company: CompanyOf) -> Status:
    """Goes on where it was paused; a sync begins at once."""
    connection_id = _turn(service, caller, company, "paused", "connected")
    service.jobs.request_sync(connection_id, is_full=False, requested_by=caller.id)
    return status(service, company)


@router.get("/schedule", responses=problem_responses(404, 409))
def schedule(service: ServiceOf, company: CompanyOf) -> Schedule:
    """How often the company is synced."""
    with service.store.reading() as session:
        return Schedule.model_validate(_connection(session, company).schedule)


@router.put("/schedule", responses=problem_responses(404, 409))
def set_schedule(
    service: ServiceOf, caller: CallerOf, company: CompanyOf, wanted: Schedule
) -> Schedule:
    """Changes how often the company is synced, and in which hours."""
    with service.store.writing() as session:
        connection = _connection(session, company)
        connection.schedule = wanted.model_dump(exclude_none=True)
        audit.note(
            session,
            caller.id,
            "schedule.set",
            connection.id,
            company_id=company.id,
            every_minutes=wanted.every_minutes,
        )
    return wanted


@router.post("/delete-data", responses=problem_responses(404, 409))
def delete_data(
    service: ServiceOf, caller: CallerOf, company: CompanyOf, confirmed: Confirmed
) -> Deleted:
    """Deletes all that was read of a company that is disconnected, and its figures. For good."""
    if confirmed.company != company.name:
        raise Problem(409, "Not confirmed", "Type the company's name as it stands in the status.")
    with service.store.reading() as session:
        connection = connection_of(session, company.id)
        running = connection is not None and session.scalar(
            select(Job.id).where(Job.connection_id == connection.id, Job.status == "running")
        )
    if connection is not None and connection.status in ("connected", "paused"):
        raise Problem(409, "Still connected", "Disconnect the company first.")
    if running:
        raise Problem(409, "A sync runs", "It ends soon: try again in a minute.")
    try:
        forget(parse_target(warehouse_of(service, company)))
    except WarehouseError as error:
        raise Problem(409, "The warehouse is in use", str(error)) from None
    service.snapshots.forget(company.id)
    with service.store.writing() as session:
        audit.note(session, caller.id, "data.deleted", company.id, company_id=company.id)
    return Deleted(detail=f"Deleted: all that was read of {company.name}, and its figures.")


@router.get(
    "/progress",
    response_class=StreamingResponse,
    responses=problem_responses(404, 409)
    | {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def progress(service: ServiceOf, company: CompanyOf) -> StreamingResponse:
    """The status as a stream of server-sent events, while a sync waits or runs.

    Each event `status` holds what `GET /api/integrations/stripe/status` answers. The stream ends
    with the sync, or after ten minutes; a browser's EventSource asks again by itself.
    """
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        _statuses(service, company), media_type="text/event-stream", headers=headers
    )


async def _statuses(service: Service, company: Company) -> AsyncIterator[str]:
    yield "retry: 5000\n\n"
    end, told = time.monotonic() + _MOST_STREAM_SECONDS, ""
    while True:
        found = await run_in_threadpool(status, service, company)
        said = found.model_dump_json()
        if said != told:
            told = said
            yield f"event: status\ndata: {json.dumps(json.loads(said))}\n\n"
        if found.running is None or time.monotonic() > end:
            return
        await sleep(_SECONDS_BETWEEN_LOOKS)


def _turn(service: Service, caller: Caller, company: Company, before: str, after: str) -> str:
    """Changes a connection's status; its id."""
    with service.store.writing() as session:
        connection = _connection(session, company)
        if connection.status not in (before, after):
            raise Problem(409, "Not connected", f"The connection is {connection.status}.")
        if connection.status == before:
            connection.status, connection.status_at = after, now()
            connection.status_reason = None
            audit.note(
                session, caller.id, f"connection.{after}", connection.id, company_id=company.id
            )
        return connection.id


def _connection(session: Session, company: Company) -> Connection:
    found = connection_of(session, company.id)
    if found is None or found.status == "removed":
        raise Problem(409, "Not connected", "Connect an account of Stripe.")
    return found
