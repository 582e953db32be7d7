"""A sync that is asked for runs, one at a time a company, and goes on after the service ended."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import pytest
from dbos import DBOS
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from stripe_saas_service.app import app_of
from stripe_saas_service.service import open_service
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Company, Connection, Delivery, Job
from stripe_saas_service.workflows import books, engine
from stripe_saas_service.workflows.company_process import Ended
from stripe_saas_service.workflows.engine import DurableJobs
from unit_tests.stripe_saas_service.conftest import URL


class Syncs:
    """Stands in for the process of a sync: waits until it may end."""

    def __init__(self):
        self.configs, self.running, self.most = [], [], 0
        self.asked = []
        self.may_end, self.has_begun = threading.Event(), threading.Semaphore(0)
        self.ended = Ended(0, "Complete: 1 of 1 streams")
        self._lock = threading.Lock()

    def __call__(self, asked, *, on_progress, on_start):
        warehouse = asked.warehouse
        with self._lock:
            self.running.append(warehouse)
            self.most = max(self.most, self.running.count(warehouse))
            self.configs.append((asked.config, asked.is_full))
            self.asked.append(asked)
        self.has_begun.release()
        on_progress({"said": "reading"})
        assert self.may_end.wait(20)
        with self._lock:
            self.running.remove(warehouse)
        return self.ended


@pytest.fixture
def syncs(monkeypatch):
    made = Syncs()
    monkeypatch.setattr(engine, "run", made)
    monkeypatch.setattr(books, "QUIET", timedelta(0))
    monkeypatch.setattr(engine, "look", lambda service, connection_id, *, by: True)
    yield made
    made.may_end.set()


@pytest.fixture
def connection(service, company):
    """The company's connection, with a key; its schedule is not due."""
    with service.store.writing() as session:
        row = session.scalars(select(Connection)).one()
        row.schedule = {"every_minutes": 10**6}
        service.vault.put(session, row.id, "api_key", "sk_test_ofthistest1")
        session.add(Job(connection_id=row.id, kind="first", status="succeeded"))
    return row


@pytest.fixture
def jobs(service):
    made = DurableJobs(service)
    yield made
    made.stop()


def all_jobs(service):
    with service.store.reading() as session:
        return session.scalars(
            select(Job).where(Job.kind != "first").order_by(Job.requested_at)
        ).all()


def until(condition):
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def test_a_sync_runs_with_the_connection_s_key_and_reads_what_was_delivered(
    service, connection, jobs, syncs
):
    jobs.start()
    jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    assert syncs.has_begun.acquire(timeout=20)
    with service.store.writing() as session:
        session.add(Delivery(connection_id=connection.id, event_id="evt_1", type="a"))
    for _ in range(2):
        jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    running, waiting = all_jobs(service)
    assert (running.status, waiting.status) == ("running", "waiting")
    with service.store.writing() as session:
        for delivery in session.scalars(select(Delivery)):
            delivery.received_at -= 2 * books.SETTLES
    syncs.may_end.set()
    until(lambda: [job.status for job in all_jobs(service)] == ["succeeded"] * 2)
    assert syncs.most == 1, "one at a time"
    [config, _], *_ = syncs.configs
    assert config["client_secret"] == "sk_test_ofthistest1"
    with service.store.reading() as session:
        assert set(session.scalars(select(Delivery.status))) == {"done"}


def test_a_burst_of_deliveries_is_one_read_of_what_they_name_and_no_sync(
    service, connection, jobs, syncs
):
    syncs.may_end.set()
    jobs.start()
    for number in range(20):
        with service.store.writing() as session:
            session.add(
                Delivery(
                    connection_id=connection.id,
                    event_id=f"evt_{number}",
                    type="customer.updated",
                    object_type="customer",
                    object_id=f"cus_{number}",
                )
            )
        jobs.wake(connection.id)
    until(lambda: statuses(service) == {"read"})
    assert all_jobs(service) == []
    named = [each.object_id for asked in syncs.asked for each in asked.delivered]
    assert sorted(named) == sorted(f"cus_{number}" for number in range(20)), "each once"
    assert len(syncs.asked) <= 3
    assert not any(asked.syncs for asked in syncs.asked)
    # The next sync takes back what was read, and reads again what it cannot have seen yet.
    jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    until(lambda: [job.status for job in all_jobs(service)] == ["succeeded"])
    assert syncs.asked[-1].syncs
    assert len(syncs.asked[-1].delivered) == 20
    assert statuses(service) == {"read"}


def test_deliveries_that_cannot_be_read_are_tried_again_later(service, connection, jobs, syncs):
    syncs.ended = Ended(1, "Stripe cannot be reached")
    syncs.may_end.set()
    jobs.start()
    with service.store.writing() as session:
        session.add(Delivery(connection_id=connection.id, event_id="evt_1", type="a"))
    jobs.wake(connection.id)
    until(lambda: syncs.asked)
    time.sleep(2)
    assert len(syncs.asked) == 1
    assert statuses(service) == {"waiting"}


def test_a_first_sync_is_not_held_up_by_deliveries(service, company, jobs, syncs):
    with service.store.writing() as session:
        row = session.scalars(select(Connection)).one()
        row.status = "connected"
        session.add(Delivery(connection_id=row.id, event_id="evt_1", type="a"))
    assert books.waits(service.store) == []


def statuses(service):
    with service.store.reading() as session:
        return set(session.scalars(select(Delivery.status)))


def test_what_was_left_goes_on_at_another_port_and_version(
    settings, service, connection, jobs, syncs, monkeypatch
):
    """One sync was under way, another one waited for it."""
    jobs.start()
    asked = jobs.request_sync(connection.id, is_full=True, requested_by="per_1")
    assert syncs.has_begun.acquire(timeout=20)
    jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    threading.Timer(0.3, syncs.may_end.set).start()
    jobs.stop()
    first, second = all_jobs(service)
    assert (first.id, first.status, second.status) == (asked.id, "running", "waiting")
    monkeypatch.setattr(engine, "_VERSION", "another")
    again = DurableJobs(open_service(replace(settings, port=settings.port + 1)))
    again.start()
    try:
        until(lambda: [job.status for job in all_jobs(service)] == ["succeeded"] * 2)
    finally:
        again.stop()
    assert sorted(is_full for _, is_full in syncs.configs) == [False, True, True]
    assert syncs.most == 1


def test_an_unexpected_error_fails_the_job_and_is_logged_without_its_text(
    service, connection, jobs, syncs, monkeypatch, caplog
):
    def broken(config, *_, **__):
        raise TypeError(f"cannot start with {config}")

    monkeypatch.setattr(engine, "run", broken)
    jobs.start()
    jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    until(lambda: [job.status for job in all_jobs(service)] == ["failed"])
    [job] = all_jobs(service)
    assert job.error == "The sync failed; the log says why."
    assert f"sync of {job.id} failed: TypeError" in caplog.text
    assert "in broken" in caplog.text
    assert "sk_test_ofthistest1" not in caplog.text


def test_a_store_that_fails_for_a_moment_ends_no_sync(
    service, connection, jobs, syncs, monkeypatch
):
    failed = []

    def once(name, real):
        def called(*arguments, **named):
            if name not in failed:
                failed.append(name)
                raise OperationalError("update jobs", {}, Exception("locked"))
            return real(*arguments, **named)

        monkeypatch.setattr(books, name, called)

    for name in ("begin", "progressed", "end"):
        once(name, getattr(books, name))
    syncs.may_end.set()
    jobs.start()
    jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    until(lambda: [job.status for job in all_jobs(service)] == ["succeeded"])
    assert failed == ["begin", "progressed", "end"]
    assert len(syncs.configs) == 1


def test_a_running_job_whose_workflow_has_ended_has_failed(service, connection, jobs, syncs):
    syncs.may_end.set()
    jobs.start()
    asked = jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    until(lambda: DBOS.get_workflow_status(asked.id).status == "SUCCESS")
    with service.store.writing() as session:
        session.get_one(Job, asked.id).status = "running"
    jobs.stop()
    again = DurableJobs(service)
    again.start()
    again.stop()
    [job] = all_jobs(service)
    assert (job.status, job.error) == ("failed", "The sync broke off; the log says why.")
    assert len(syncs.configs) == 1


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_sync_that_begins_while_the_service_ends_is_ended(
    service, connection, jobs, monkeypatch, when
):
    """`stop` has killed what ran; this one began just then."""
    asked = jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    process, begun = Mock(), []

    def sync(*_, on_start, **__):
        begun.append(process)
        jobs.stop()
        on_start(process)
        return Ended(-9, "")

    monkeypatch.setattr(engine, "run", sync)
    if when == "before":
        jobs.stop()
    with pytest.raises(engine.Interrupted):
        engine._read(jobs, asked.id)
    assert [each.kill.call_count for each in begun] == ([1] if when == "meanwhile" else [])
    assert not jobs.running


def test_a_failed_sync_says_what_failed_and_leaves_deliveries_waiting(
    service, connection, jobs, syncs
):
    with service.store.writing() as session:
        session.add(Delivery(connection_id=connection.id, event_id="evt_1", type="a"))
    syncs.ended = Ended(1, "sync: no key")
    syncs.may_end.set()
    jobs.start()
    jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    until(lambda: [job.status for job in all_jobs(service)] == ["failed"])
    assert all_jobs(service)[0].error == "sync: no key"
    with service.store.reading() as session:
        assert session.scalars(select(Delivery.status)).one() == "waiting"


def test_a_connection_that_ended_is_not_read(service, connection, jobs, syncs):
    with service.store.writing() as session:
        session.get_one(Connection, connection.id).status = "revoked"
    syncs.may_end.set()
    jobs.start()
    jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    until(lambda: [job.status for job in all_jobs(service)] == ["stopped"])
    assert syncs.configs == []


def test_a_schedule_is_due_when_its_minutes_have_passed_and_nothing_waits(service, company):
    with service.store.writing() as session:
        row = session.scalars(select(Connection)).one()
        row.schedule = {"every_minutes": 30}
    moment = now()
    assert books.due(service.store, moment) == [row.id], "never synced"
    with service.store.writing() as session:
        job = Job(connection_id=row.id, kind="sync", status="succeeded", requested_at=moment)
        session.add(job)
    assert books.due(service.store, moment + timedelta(minutes=29)) == []
    assert books.due(service.store, moment + timedelta(minutes=30)) == [row.id]
    with service.store.writing() as session:
        session.get_one(Connection, row.id).status = "paused"
    assert books.due(service.store, moment + timedelta(minutes=30)) == []
    with service.store.writing() as session:
        session.get_one(Connection, row.id).status = "connected"
        session.get_one(Job, job.id).status = "waiting"
    assert books.due(service.store, moment + timedelta(minutes=30)) == []


def test_deliveries_make_a_sync_due_once_the_change_feed_tells_of_them(service, company):
    moment = now()
    with service.store.writing() as session:
        row = session.scalars(select(Connection)).one()
        row.schedule = {"every_minutes": 30}
        session.add(Job(connection_id=row.id, status="succeeded", kind="sync", requested_at=moment))
        session.add(Delivery(connection_id=row.id, event_id="evt_1", type="a", status="foreign"))
    seconds = [timedelta(seconds=69), timedelta(seconds=70)]
    assert [books.due(service.store, moment + each) for each in seconds] == [[], []]
    with service.store.writing() as session:
        session.add(Delivery(connection_id=row.id, event_id="evt_2", type="a", received_at=moment))
    assert [books.due(service.store, moment + each) for each in seconds] == [[], [row.id]]
    assert books.due(service.store, moment + seconds[1], "con_another") == []


def test_one_company_does_not_wait_for_another(service, connection, jobs, syncs):
    with service.store.writing() as session:
        other = Company(name="Other", mode="test")
        session.add(other)
        session.flush()
        second = Connection(
            company_id=other.id,
            account_id="acct_2",
            mode="test",
            auth_kind="key",
            schedule={"every_minutes": 10**6},
        )
        session.add(second)
        session.flush()
        service.vault.put(session, second.id, "api_key", "sk_test_other000001")
        session.add(Job(connection_id=second.id, kind="first", status="succeeded"))
    jobs.start()
    for each in (connection.id, second.id):
        jobs.request_sync(each, is_full=False, requested_by="per_1")
    assert syncs.has_begun.acquire(timeout=20)
    assert syncs.has_begun.acquire(timeout=20), "both at once"
    assert len(set(syncs.running)) == 2


def test_the_application_starts_and_ends_the_jobs(service, connection, syncs):
    service.jobs = DurableJobs(service)
    syncs.may_end.set()
    with TestClient(app_of(service), base_url=URL):
        service.jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
        until(lambda: [job.status for job in all_jobs(service)] == ["succeeded"])
    assert service.jobs.is_ending
