"""Jobs on DBOS: each sync is a durable workflow, and a company's run one after the other.

A step that ended is not run again. The sync is one step: after a kill it begins anew, and the
connector's states in the warehouse make it go on where it stopped. One process at a time works
off a SQLite store.
"""

from __future__ import annotations

import logging
import socket
import subprocess
import threading
import time
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from stripe_saas.warehouse.database import WarehouseError
from stripe_saas.warehouse.target import parse_target
from stripe_saas_service.connect.revocation import look
from stripe_saas_service.connect.stripe_oauth import OAuthFailed
from stripe_saas_service.connect.tokens import NotConnected, key_of
from stripe_saas_service.jobs.stored import StoredJobs
from stripe_saas_service.service import Service
from stripe_saas_service.snapshot.publish import publish
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Company, Connection, Job
from stripe_saas_service.work import books
from stripe_saas_service.work.sync_process import Ended, sync

_QUEUE = "syncs"
_AT_ONCE = 4
"""Syncs of different companies in one process; each is a process of its own."""
_VERSION = "1"
"""Of the workflows' steps: another one leaves those that were under way to older processes."""
_LOOK_SECONDS = 20.0
_LINE_SECONDS = 2.0
_START_DATE = "2010-01-01T00:00:00Z"

_LOGGER = logging.getLogger(__name__)


class DurableJobs(StoredJobs):
    """The jobs of one process; what is asked for is in the store before the engine hears of it."""

    def __init__(self, service: Service) -> None:
        """Works for a service, once `start` is called."""
        super().__init__(service.store)
        self.service = service
        self.running: set[subprocess.Popen[str]] = set()
        self._ends = threading.Event()
        self._clock = threading.Thread(target=self._look, name="schedule", daemon=True)
        self._is_started = False

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
                # A process takes up what it left itself, at its next start.
                "executor_id": f"{socket.gethostname()}-{self.service.settings.port}",
                "log_level": "WARNING",
            }
        )
        DBOS.launch()
        DBOS.register_queue(
            _QUEUE, worker_concurrency=_AT_ONCE, partition_concurrency=1, polling_interval_sec=0.5
        )
        self._is_started = True
        for job in books.waiting(store):
            self._enqueue(job)
        self._clock.start()

    @property
    def is_ending(self) -> bool:
        """True once `stop` was called."""
        return self._ends.is_set()

    def stop(self) -> None:
        """Ends the syncs that run; they go on at the next start."""
        self._ends.set()
        if not self._is_started:
            return
        for process in list(self.running):
            process.kill()
        self._clock.join()
        DBOS.destroy()

    def request_sync(self, connection_id: str, *, is_full: bool, requested_by: str) -> Job:
        """Asks for a sync; see `Jobs`."""
        job = super().request_sync(connection_id, is_full=is_full, requested_by=requested_by)
        if self._is_started:
            self._enqueue(job)
        return job

    def wake(self, connection_id: str) -> None:
        """A delivery wakes a sync, which reads all that changed: at most one waits.

        Soon after another sync it waits for the next look at the schedules.
        """
        for due in books.due(self.service.store, now(), connection_id):
            self.request_sync(due, is_full=False, requested_by="delivery")

    def _enqueue(self, job: Job) -> None:
        # The same job a second time is the same workflow, and is not run twice.
        with SetWorkflowID(job.id), SetEnqueueOptions(queue_partition_key=job.connection_id):
            DBOS.enqueue_workflow(_QUEUE, run_job, job.id)

    def _look(self) -> None:
        """Asks for what the schedules say."""
        while True:
            try:
                for connection_id in books.due(self.service.store, now()):
                    self.request_sync(connection_id, is_full=False, requested_by="schedule")
            except Exception:
                _LOGGER.exception("the schedules could not be looked at")
            if self._ends.wait(_LOOK_SECONDS):
                return


_JOBS: DurableJobs | None = None
"""What the workflows of this process work for: DBOS calls them by their names."""


@DBOS.workflow(name="sync")
def run_job(job_id: str) -> None:
    """One sync, from the mark that it runs to the mark of how it ended."""
    if begin_job(job_id):
        code, said = sync_company(job_id)
        if code == 0:
            code, said = publish_company(job_id, said)
        end_job(job_id, code, said)


@DBOS.step(name="begin")
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
    return ended.code, ended.said


@DBOS.step(name="publish")
def publish_company(job_id: str, said: str) -> tuple[int, str]:
    """Makes what was built what everybody reads; the exit code and what is to be said."""
    service = _jobs().service
    company = _company_of(service, job_id)
    try:
        publish(parse_target(warehouse_of(service, company)), service.snapshots.folder(company.id))
    except WarehouseError as error:
        return 1, f"The sync is complete, but its figures cannot be shown: {error}"
    return 0, said


@DBOS.step(name="end")
def end_job(job_id: str, code: int, said: str) -> None:
    """Writes down how it ended; after a failure, whether the account still lets us in."""
    service = _jobs().service
    books.end(service.store, job_id, is_good=code == 0, said=said)
    if code != 0:
        with service.store.reading() as session:
            connection_id = session.get_one(Job, job_id).connection_id
        look(service, connection_id, by="refused")


def _read(jobs: DurableJobs, job_id: str) -> Ended:
    service = jobs.service
    with service.store.reading() as session:
        job = session.get_one(Job, job_id)
        connection = session.get_one(Connection, job.connection_id)
        company = session.get_one(Company, connection.company_id)
    shown_at = 0.0

    def on_line(line: str) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at >= _LINE_SECONDS:
            shown_at = time.monotonic()
            books.progressed(service.store, job_id, line)

    config: dict[str, Any] = {
        "start_date": _START_DATE,
        **connection.options,
        "client_secret": key_of(service, connection.id),
        "api_url": service.settings.api_url,
    }
    processes: list[subprocess.Popen[str]] = []

    def on_start(process: subprocess.Popen[str]) -> None:
        processes.append(process)
        jobs.running.add(process)

    try:
        ended = sync(
            config,
            warehouse_of(service, company),
            is_full=job.kind == "full",
            on_line=on_line,
            on_start=on_start,
        )
    finally:
        jobs.running.difference_update(processes)
    if jobs.is_ending:
        # Not an end of the sync: it goes on at the next start.
        raise Interrupted
    return ended


def _company_of(service: Service, job_id: str) -> Company:
    with service.store.reading() as session:
        job = session.get_one(Job, job_id)
        connection = session.get_one(Connection, job.connection_id)
        return session.get_one(Company, connection.company_id)


def warehouse_of(service: Service, company: Company) -> str:
    """The address of a company's warehouse."""
    file = service.settings.folder.warehouses / f"{company.id}.duckdb"
    return company.warehouse or f"duckdb:///{file}"


class Interrupted(BaseException):
    """The service ends while a sync runs."""


def _jobs() -> DurableJobs:
    if _JOBS is None:
        raise RuntimeError("the jobs have not been started")
    return _JOBS
