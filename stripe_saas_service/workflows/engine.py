"""Jobs on DBOS: each sync is a durable workflow, and a company's run one after the other.

A step that ended is not run again. The sync is one step: after a kill it begins anew, and the
connector's states in the warehouse make it go on where it stopped. That is why a workflow that its
process left behind is taken up by beginning it anew, from any process and at any version of its
steps. One process at a time works off a SQLite store; see `work/executors.py` for Postgres.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, WorkflowStatus
from sqlalchemy.exc import SQLAlchemyError

from source_stripe_saas.delivered import DeliveredEvent
from stripe_saas_service.connect.revocation import look
from stripe_saas_service.connect.stripe_oauth import OAuthFailed
from stripe_saas_service.connect.tokens import NotConnected, key_of
from stripe_saas_service.jobs.stored import StoredJobs
from stripe_saas_service.service import Service, warehouse_of
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Company, Connection, Delivery, Job
from stripe_saas_service.workflows import books
from stripe_saas_service.workflows.company_process import Ended, run
from stripe_saas_service.workflows.company_work import Work
from stripe_saas_service.workflows.executors import Executors
from stripe_saas_service.workflows.gathering import Gathering, StillAsked

_QUEUE = "syncs"
_AT_ONCE = 4
"""Syncs of different companies in one process; each is a process of its own."""
_VERSION = "1"
"""Of the workflows' steps: those of another one are begun anew, once no process runs them."""
_ATTEMPTS = 4
"""To write down that a job begins or ended: over seven seconds."""
_LOOK_SECONDS = 5.0
_GATHER_SECONDS = 0.5
"""So long deliveries of a company are gathered before they are read."""
_WAITING = ("ENQUEUED", "DELAYED")
_BROKEN_OFF = "The sync broke off; the log says why."
_FAILED = "The sync failed; the log says why."
_START_DATE = "2010-01-01T00:00:00Z"

_LOGGER = logging.getLogger(__name__)


class DurableJobs(StoredJobs):
    """The jobs of one process; what is asked for is in the store before the engine hears of it."""

    def __init__(self, service: Service) -> None:
        """Works for a service, once `start` is called."""
        super().__init__(service.store)
        self.service = service
        self.running: set[BaseProcess] = set()
        self._executors = Executors(service.store)
        self._ends = threading.Event()
        self._clock = threading.Thread(target=self._look, name="schedule", daemon=True)
        self._is_started = False
        self._gathering = Gathering(self.fetch, _GATHER_SECONDS)
        self._fetches: dict[str, str] = {}
        """Connection -> the workflow that was asked last to read its deliveries."""

    def start(self) -> None:
        """Begins to work; what was under way goes on, and what is due is asked for."""
        global _JOBS
        _JOBS = self
        store = self.service.store
        url = f"sqlite:///{self.service.settings.folder.root / 'jobs.sqlite'}"
        if not store.is_sqlite:
            url = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
        DBOS(
            config={
                "name": "stripe-saas",
                "system_database_url": url,
                "application_version": _VERSION,
                "executor_id": self._executors.own,
                "log_level": "WARNING",
            }
        )
        DBOS.launch()
        DBOS.register_queue(
            _QUEUE, worker_concurrency=_AT_ONCE, partition_concurrency=1, polling_interval_sec=0.5
        )
        self._is_started = True
        self._settle()
        self._clock.start()

    @property
    def is_ending(self) -> bool:
        """True once `stop` was called."""
        return self._ends.is_set()

    def stop(self) -> None:
        """Ends the syncs that run; they go on at the next start."""
        self._ends.set()
        self._gathering.stop()
        if not self._is_started:
            return
        for process in list(self.running):
            process.kill()
        self._clock.join()
        DBOS.destroy()
        self._executors.close()

    def request_sync(self, connection_id: str, *, is_full: bool, requested_by: str) -> Job:
        """Asks for a sync; see `Jobs`."""
        job = super().request_sync(connection_id, is_full=is_full, requested_by=requested_by)
        if self._is_started:
            self._enqueue(job)
        return job

    def wake(self, connection_id: str) -> None:
        """A delivery wakes a read of what it names, together with those that come just after it."""
        if self._is_started:
            self._gathering.wake(connection_id)

    def fetch(self, connection_id: str) -> None:
        """Has the waiting deliveries of a connection read: one such job waits or runs.

        Raises:
            StillAsked: one does already.
        """
        former = self._fetches.get(connection_id)
        if former is not None:
            status = DBOS.get_workflow_status(former)
            if status is not None and status.status in ("PENDING", *_WAITING):
                raise StillAsked
            DBOS.delete_workflow(former)  # nobody asks how it went
        with SetEnqueueOptions(queue_partition_key=connection_id):
            handle = DBOS.enqueue_workflow(_QUEUE, run_fetch, connection_id)
        self._fetches[connection_id] = handle.workflow_id

    def put_off(self, connection_id: str, *, failed: bool = True) -> None:
        """Has a connection whose deliveries could not be read wait longer each time."""
        self._gathering.put_off(connection_id, failed=failed)

    def _enqueue(self, job: Job) -> None:
        # The same job a second time is the same workflow, and is not run twice.
        with SetWorkflowID(job.id), SetEnqueueOptions(queue_partition_key=job.connection_id):
            DBOS.enqueue_workflow(_QUEUE, run_job, job.id)

    def _look(self) -> None:
        """Takes up what other processes left, and asks for what the schedules say."""
        while True:
            try:
                self._settle()
                for connection_id in books.due(self.service.store, now()):
                    self.request_sync(connection_id, is_full=False, requested_by="schedule")
                for connection_id in books.waits(self.service.store):
                    self._gathering.wake(connection_id)
            except Exception:
                _LOGGER.exception("the schedules could not be looked at")
            if self._ends.wait(_LOOK_SECONDS):
                return

    def _settle(self) -> None:
        """Has each job that has not ended a workflow that will end it, or marks it as failed."""
        with self._executors.deciding() as is_ours:
            if not is_ours:
                return
            for fetch in DBOS.list_workflows(
                name="fetch", status=["PENDING", *_WAITING], load_input=False, load_output=False
            ):
                if self._is_left(fetch):
                    # It would hold its company up. What waits is asked for again.
                    DBOS.delete_workflow(fetch.workflow_id)
            for job in books.waiting(self.service.store):
                found = DBOS.list_workflows(
                    workflow_ids=[job.id], load_input=False, load_output=False
                )
                if not found:
                    self._enqueue(job)
                elif self._is_left(found[0]):
                    DBOS.delete_workflow(job.id)
                    self._enqueue(job)
                elif found[0].status not in ("PENDING", *_WAITING):
                    self._broke_off(job.id)

    def _is_left(self, workflow: WorkflowStatus) -> bool:
        """True if no process will end it."""
        if workflow.status in _WAITING:
            return workflow.app_version not in (None, _VERSION)
        return workflow.status == "PENDING" and not self._executors.is_alive(workflow.executor_id)

    def _broke_off(self, job_id: str) -> None:
        """Marks a job as failed whose workflow has ended, unless it said itself how it ended."""
        store = self.service.store
        with store.reading() as session:
            if session.get_one(Job, job_id).status not in ("waiting", "running"):
                return
        books.end(store, job_id, is_good=False, said=_BROKEN_OFF)


_JOBS: DurableJobs | None = None
"""What the workflows of this process work for: DBOS calls them by their names."""


@DBOS.workflow(name="sync")
def run_job(job_id: str) -> None:
    """One sync, from the mark that it runs to the mark of how it ended."""
    if begin_job(job_id):
        code, said = sync_company(job_id)
        end_job(job_id, code, said)


@DBOS.step(name="begin", retries_allowed=True, max_attempts=_ATTEMPTS)
def begin_job(job_id: str) -> bool:
    """False if there is nothing to read with."""
    return books.begin(_jobs().service.store, job_id) is not None


@DBOS.step(name="read")
def sync_company(job_id: str) -> tuple[int, str]:
    """Runs the sync; its exit code and what it said."""
    jobs = _jobs()
    try:
        ended = _read(jobs, job_id)
    except (NotConnected, OAuthFailed) as error:
        ended = Ended(1, str(error))
    except Exception as error:
        _log("sync", job_id, error)
        ended = Ended(1, _FAILED)
    return ended.code, ended.said


@DBOS.step(name="end", retries_allowed=True, max_attempts=_ATTEMPTS)
def end_job(job_id: str, code: int, said: str) -> None:
    """Writes down how it ended; after a failure, whether the account still lets us in."""
    service = _jobs().service
    books.end(service.store, job_id, is_good=code == 0, said=said)
    if code != 0:
        with service.store.reading() as session:
            connection_id = session.get_one(Job, job_id).connection_id
        look(service, connection_id, by="refused")


@DBOS.workflow(name="fetch")
def run_fetch(connection_id: str) -> None:
    """Reads what deliveries name, until none waits."""
    while fetch_delivered(connection_id):
        pass


@DBOS.step(name="delivered")
def fetch_delivered(connection_id: str) -> bool:
    """Reads what the waiting deliveries of a connection name; False if none waits any more."""
    jobs = _jobs()
    store = jobs.service.store
    if jobs.is_ending or connection_id not in books.waits(store):
        return False
    deliveries = books.delivered(store, connection_id)
    try:
        ended = _worked(jobs, connection_id, syncs=False, delivered=deliveries)
    except (NotConnected, OAuthFailed) as error:
        ended = Ended(1, str(error))
    except Exception as error:
        _log("delivered", connection_id, error)
        ended = Ended(1, _FAILED)
    if ended.code != 0:
        # They stay, and are tried again later and later; the next sync reads them in any case.
        jobs.put_off(connection_id)
        return False
    jobs.put_off(connection_id, failed=False)
    books.read(store, deliveries)
    return True


def _read(jobs: DurableJobs, job_id: str) -> Ended:
    service = jobs.service
    with service.store.reading() as session:
        job = session.get_one(Job, job_id)

    def on_progress(progress: dict[str, Any]) -> None:
        try:
            books.progressed(service.store, job_id, progress)
        except SQLAlchemyError as error:
            # The next one says as much; a sync does not end for it.
            _log("progress", job_id, error)

    deliveries = books.delivered(service.store, job.connection_id, of_sync=job.started_at)
    ended = _worked(
        jobs,
        job.connection_id,
        is_full=job.kind == "full",
        delivered=deliveries,
        on_progress=on_progress,
    )
    if ended.code == 0:
        books.read(service.store, deliveries)
    return ended


def _worked(
    jobs: DurableJobs,
    connection_id: str,
    *,
    delivered: Sequence[Delivery],
    syncs: bool = True,
    is_full: bool = False,
    on_progress: Callable[[dict[str, Any]], None] = lambda progress: None,
) -> Ended:
    """Has a company's process do something."""
    service = jobs.service
    with service.store.reading() as session:
        connection = session.get_one(Connection, connection_id)
        company = session.get_one(Company, connection.company_id)
    processes: list[BaseProcess] = []

    def on_start(process: BaseProcess) -> None:
        processes.append(process)
        jobs.running.add(process)
        # `stop` may have gone through those that run just before.
        if jobs.is_ending:
            process.kill()

    config: dict[str, Any] = {
        "start_date": _START_DATE,
        **connection.options,
        "client_secret": key_of(service, connection.id),
        "api_url": service.settings.api_url,
    }
    asked = Work(
        config,
        warehouse_of(service, company),
        service.snapshots.folder(company.id).path,
        is_full=is_full,
        syncs=syncs,
        delivered=tuple(map(_event_of, delivered)),
    )
    if jobs.is_ending:
        raise Interrupted
    try:
        ended = run(asked, on_progress=on_progress, on_start=on_start)
    finally:
        jobs.running.difference_update(processes)
    if jobs.is_ending:
        # Not an end of the work: it goes on at the next start.
        raise Interrupted
    return ended


def _event_of(delivery: Delivery) -> DeliveredEvent:
    created = delivery.created_at
    return DeliveredEvent(
        delivery.event_id,
        delivery.type,
        delivery.object_type,
        delivery.object_id,
        None if created is None else int(created.timestamp()),
    )


def _log(what: str, job_id: str, error: Exception) -> None:
    """Where it failed and by what kind of error: its text may hold a config or a row."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _LOGGER.error("%s of %s failed: %s\n%s", what, job_id, type(error).__name__, where)


class Interrupted(BaseException):
    """The service ends while a sync runs."""


def _jobs() -> DurableJobs:
    if _JOBS is None:
        raise RuntimeError("the jobs have not been started")
    return _JOBS
