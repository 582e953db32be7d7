"""Jobs that are written down and run by nobody: what there is before an engine runs them."""

from __future__ import annotations

from sqlalchemy import select

from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Connection, Job


class StoredJobs:
    """Keeps at most one waiting sync a connection in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def start(self) -> None:
        """Nothing runs here."""

    def stop(self) -> None:
        """Nothing runs here."""

    def request_sync(self, connection_id: str, *, is_full: bool, requested_by: str) -> Job:
        """Adds a job, or gives the waiting one, which becomes full if that was asked for."""
        with self._store.writing() as session:
            # One after the other on Postgres as well, or two would each find none.
            session.execute(
                select(Connection.id).where(Connection.id == connection_id).with_for_update()
            )
            job = session.scalar(
                select(Job).where(Job.connection_id == connection_id, Job.status == "waiting")
            )
            if job is None:
                job = Job(connection_id=connection_id, kind="sync", requested_by=requested_by)
                session.add(job)
            if is_full and job.kind == "sync":
                job.kind = "full"
        return job

    def wake(self, connection_id: str) -> None:
        """The waiting deliveries are in the store; nobody has to be woken."""
