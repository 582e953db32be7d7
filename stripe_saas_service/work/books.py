"""What the store says of jobs: which are due, how one goes on, how it ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, true, update

from stripe_saas_service.store.columns import now
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Connection, Delivery, Job

SYNCS = ("first", "sync", "full")
_USUAL_MINUTES = 30

QUIET = timedelta(seconds=60)
"""Deliveries wake no sync sooner after the one before: on a busy account they never stop."""


def begin(store: Store, job_id: str) -> Connection | None:
    """Marks a job as running; its connection, or None if there is nothing to read with.

    A job that a kill broke off is running already, and goes on.
    """
    with store.writing() as session:
        job = session.get_one(Job, job_id)
        connection = session.get_one(Connection, job.connection_id)
        if connection.status != "connected":
            job.status, job.ended_at = "stopped", now()
            job.error = connection.status_reason or f"The connection is {connection.status}."
            return None
        if job.status == "waiting":
            job.status, job.started_at = "running", now()
        return connection


def progressed(store: Store, job_id: str, line: str) -> None:
    """Writes down how far a job is."""
    with store.writing() as session:
        session.execute(update(Job).where(Job.id == job_id).values(progress={"said": line}))


def end(store: Store, job_id: str, *, is_good: bool, said: str) -> None:
    """Writes down how a job ended; a good one has read what was delivered before it began."""
    with store.writing() as session:
        job = session.get_one(Job, job_id)
        job.status = "succeeded" if is_good else "failed"
        job.ended_at, job.error = now(), None if is_good else said
        job.progress = {"said": said.rpartition("\n")[2]}
        if is_good:
            session.execute(
                update(Delivery)
                .where(
                    Delivery.connection_id == job.connection_id,
                    Delivery.status == "waiting",
                    Delivery.received_at < job.started_at,
                )
                .values(status="done", done_at=job.ended_at)
            )


def waiting(store: Store) -> list[Job]:
    """Jobs that have not ended, oldest first."""
    with store.reading() as session:
        found = select(Job).where(Job.status.in_(("waiting", "running"))).order_by(Job.requested_at)
        return list(session.scalars(found))


def due(store: Store, at: datetime, connection_id: str | None = None) -> list[str]:
    """The connections that have no sync waiting and should have one.

    Their schedule asks for it, or something was delivered; also what was delivered just before
    the service was killed.

    Args:
        store: the store.
        at: this moment.
        connection_id: the only one that is looked at; None: all are.
    """
    with store.reading() as session:
        delivered = set(
            session.scalars(
                select(Delivery.connection_id).where(Delivery.status == "waiting").distinct()
            )
        )
        asked = session.execute(
            select(Job.connection_id, func.max(Job.requested_at))
            .where(Job.kind.in_(SYNCS))
            .group_by(Job.connection_id)
        )
        last = dict(asked.tuples().all())
        busy = set(session.scalars(select(Job.connection_id).where(Job.status == "waiting")))
        rows = session.execute(
            select(Connection.id, Connection.schedule).where(
                Connection.status == "connected",
                true() if connection_id is None else Connection.id == connection_id,
            )
        ).all()
    found = []
    for name, schedule in rows:
        minutes = schedule.get("every_minutes", _USUAL_MINUTES)
        pause = QUIET if name in delivered else timedelta(minutes=minutes)
        if name not in busy and (name not in last or at - last[name] >= pause):
            found.append(name)
    return found
