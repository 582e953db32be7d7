"""What the store says of jobs: which are due, how one goes on, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select, true, update

from source_stripe_saas.streams.read_mode import LATENESS_SECONDS
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Connection, Delivery, Job
from stripe_saas_service.workflows.schedule import is_open

_USUAL_MINUTES = 30

SETTLES = timedelta(seconds=LATENESS_SECONDS + 10)
"""A sync reads events up to `LATENESS_SECONDS` before it began; the rest is for clocks that differ.
What was delivered later than that before a sync is left for the next one."""

QUIET = timedelta(seconds=20)
"""Deliveries wake no sync sooner after the one before: on a busy account they never stop."""

_SHARE = 4
"""Nor sooner than so many times as long as the last one took: others want the machine as well."""

_MOST_AT_ONCE = 500
"""Deliveries that are read in one go."""

_MOST_DOUBLED = 12


def begin(store: Store, job_id: str) -> Connection | None:
    """Marks a job as running; its connection, or None if there is nothing to read with.

    A job that a kill broke off is running already, and goes on.
    """
    with store.writing() as session:
        # Who asks for a sync locks the connection too, so nobody makes the job full any more.
        connection = session.scalars(
            select(Connection)
            .join(Job, Job.connection_id == Connection.id)
            .where(Job.id == job_id)
            .with_for_update(of=Connection)
        ).one()
        job = session.get_one(Job, job_id)
        if connection.status != "connected":
            job.status, job.ended_at = "stopped", now()
            job.error = connection.status_reason or f"The connection is {connection.status}."
            return None
        if job.status == "waiting":
            job.status, job.started_at = "running", now()
        # The sync begins by taking back what deliveries had brought; what it cannot have seen yet
        # is read again after it.
        session.execute(
            update(Delivery)
            .where(Delivery.connection_id == connection.id, Delivery.status == "read")
            .values(status="waiting")
        )
        return connection


def progressed(store: Store, job_id: str, progress: dict[str, Any]) -> None:
    """Writes down how far a job is."""
    with store.writing() as session:
        session.execute(update(Job).where(Job.id == job_id).values(progress=progress))


def end(store: Store, job_id: str, *, is_good: bool, said: str) -> None:
    """Writes down how a job ended; a good one has read what had settled as it began."""
    with store.writing() as session:
        job = session.get_one(Job, job_id)
        job.status = "succeeded" if is_good else "failed"
        job.ended_at, job.error = now(), None if is_good else said
        job.progress = {"said": said.rpartition("\n")[2]}
        if is_good and job.started_at is not None:
            session.execute(
                update(Delivery)
                .where(
                    Delivery.connection_id == job.connection_id,
                    Delivery.status.in_(UNSETTLED),
                    Delivery.received_at < job.started_at - SETTLES,
                )
                .values(status="done", done_at=job.ended_at)
            )


UNSETTLED = ("waiting", "read")
"""States of deliveries whose events no sync has read."""


def delivered(
    store: Store, connection_id: str, *, of_sync: datetime | None = None
) -> list[Delivery]:
    """Deliveries that are to be read now, oldest first, not too many.

    Args:
        store: the store.
        connection_id: whose.
        of_sync: when the sync began after which they are read: it has settled older ones.
    """
    wanted = select(Delivery).where(
        Delivery.connection_id == connection_id, Delivery.status == "waiting"
    )
    if of_sync is not None:
        wanted = wanted.where(Delivery.received_at >= of_sync - SETTLES)
    with store.reading() as session:
        return list(session.scalars(wanted.order_by(Delivery.id).limit(_MOST_AT_ONCE)))


def read(store: Store, deliveries: Sequence[Delivery]) -> None:
    """Notes that the objects of deliveries are in the tables, until a sync settles them."""
    if deliveries:
        with store.writing() as session:
            session.execute(
                update(Delivery)
                .where(Delivery.id.in_([each.id for each in deliveries]))
                .where(Delivery.status == "waiting")
                .values(status="read")
            )


def waits(store: Store) -> list[str]:
    """The connections whose deliveries wait to be read, and can be."""
    waiting = exists().where(Delivery.connection_id == Connection.id, Delivery.status == "waiting")
    # The first sync reads everything anyway, and what is delivered meanwhile comes after it.
    has_synced = exists().where(Job.connection_id == Connection.id, Job.status == "succeeded")
    with store.reading() as session:
        return list(
            session.scalars(
                select(Connection.id).where(Connection.status == "connected", waiting, has_synced)
            )
        )


def waiting(store: Store) -> list[Job]:
    """Jobs that have not ended, oldest first."""
    with store.reading() as session:
        found = select(Job).where(Job.status.in_(("waiting", "running"))).order_by(Job.requested_at)
        return list(session.scalars(found))


def due(store: Store, at: datetime, connection_id: str | None = None) -> list[str]:
    """The connections that have no sync waiting and should have one.

    Their schedule asks for it, or something was delivered; also what was delivered just before
    the service was killed. After a failure, deliveries wait twice as long as before, up to the
    schedule: a key that lacks a permission fails each time.

    Args:
        store: the store.
        at: this moment.
        connection_id: the only one that is looked at; None: all are.
    """
    mine = Job.connection_id == Connection.id
    good = (
        select(func.max(Job.requested_at))
        .where(mine, Job.status == "succeeded")
        .correlate(Connection)
        .scalar_subquery()
    )
    failures = (
        select(func.count())
        .select_from(Job)
        .where(mine, Job.status == "failed", or_(good.is_(None), Job.requested_at > good))
        .correlate(Connection)
        .scalar_subquery()
    )
    last = select(func.max(Job.requested_at)).where(mine).correlate(Connection).scalar_subquery()
    # The change feed tells of them by now.
    delivered = exists().where(
        Delivery.status.in_(UNSETTLED),
        Delivery.connection_id == Connection.id,
        Delivery.received_at <= at - SETTLES,
    )
    with store.reading() as session:
        rows = session.execute(
            select(Connection.id, Connection.schedule, last, failures, delivered).where(
                Connection.status == "connected",
                true() if connection_id is None else Connection.id == connection_id,
                ~exists().where(Job.status == "waiting", mine),
            )
        ).all()
    found = []
    for name, schedule, last_at, failed, is_delivered in rows:
        pause = timedelta(minutes=schedule.get("every_minutes", _USUAL_MINUTES))
        if last_at is not None and not is_delivered and not is_open(schedule, at):
            continue
        if is_delivered:
            quiet = max(QUIET, _SHARE * _took(store, name))
            pause = min(pause, quiet * 2 ** min(failed, _MOST_DOUBLED))
        if last_at is None or at - last_at >= pause:
            found.append(name)
    return found


def _took(store: Store, connection_id: str) -> timedelta:
    """How long the last good sync of a connection ran."""
    with store.reading() as session:
        job = session.scalar(
            select(Job)
            .where(Job.connection_id == connection_id, Job.status == "succeeded")
            .order_by(Job.requested_at.desc())
            .limit(1)
        )
    if job is None or job.started_at is None or job.ended_at is None:
        return timedelta(0)
    return job.ended_at - job.started_at
