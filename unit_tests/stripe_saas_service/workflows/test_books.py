"""Which syncs are due, and which deliveries one has read."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.dialects import postgresql

from stripe_saas_service.jobs.stored import StoredJobs
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Connection, Delivery, Job
from stripe_saas_service.workflows import books


@pytest.fixture
def connection(service, company):
    with service.store.writing() as session:
        row = session.scalars(select(Connection)).one()
        row.schedule = {"every_minutes": 10}
    return row


def ended(service, connection, *jobs):
    with service.store.writing() as session:
        session.add_all(
            Job(connection_id=connection.id, kind="sync", status=status, requested_at=at)
            for status, at in jobs
        )


def test_what_came_within_seventy_seconds_before_a_sync_waits_for_the_next_one(service, connection):
    """The change feed is read up to 60 s before a sync began; 10 s are for clocks that differ."""
    store, began = service.store, now()
    with store.writing() as session:
        job = Job(connection_id=connection.id, kind="sync", status="running", started_at=began)
        session.add(job)
        for seconds in (69, 71):
            session.add(
                Delivery(
                    connection_id=connection.id,
                    event_id=f"evt_{seconds}",
                    type="a",
                    received_at=began - timedelta(seconds=seconds),
                )
            )
    books.end(store, job.id, is_good=True, said="")
    with store.reading() as session:
        found = dict(session.execute(select(Delivery.event_id, Delivery.status)).tuples().all())
    assert found == {"evt_69": "waiting", "evt_71": "done"}


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 70), (1, 70), (2, 80), (3, 160), (4, 320), (5, 600), (50, 600)],
)
def test_deliveries_wait_twice_as_long_after_each_failure_up_to_the_schedule(
    service, connection, failures, seconds
):
    moment = now()
    before = [moment - timedelta(hours=each) for each in range(failures, 0, -1)]
    jobs = [("failed", at + timedelta(hours=1)) for at in before]
    older = ("failed", moment - timedelta(days=9))
    good = ("succeeded", moment - timedelta(days=7) if failures else moment)
    ended(service, connection, older, good, *jobs)
    with service.store.writing() as session:
        session.add(
            Delivery(connection_id=connection.id, event_id="evt_1", type="a", received_at=moment)
        )
    pause = timedelta(seconds=seconds)
    assert books.due(service.store, moment + pause - timedelta(seconds=1)) == []
    assert books.due(service.store, moment + pause) == [connection.id]


def test_a_sync_that_takes_long_is_not_begun_again_at_once(service, connection):
    """Another one would hold up other companies: four times as long as the last one took."""
    moment = now()
    with service.store.writing() as session:
        session.add(
            Job(
                connection_id=connection.id,
                kind="sync",
                status="succeeded",
                requested_at=moment,
                started_at=moment,
                ended_at=moment + timedelta(seconds=30),
            )
        )
        session.add(
            Delivery(connection_id=connection.id, event_id="evt_1", type="a", received_at=moment)
        )
    assert books.due(service.store, moment + timedelta(seconds=119)) == []
    assert books.due(service.store, moment + timedelta(seconds=120)) == [connection.id]


def test_what_is_due_and_what_waits_are_found_by_indexes(service, connection):
    plans = []

    @event.listens_for(service.store.engine, "before_cursor_execute")
    def explain(db, cursor, statement, parameters, context, executemany):
        if statement.startswith("SELECT"):
            found = db.connection.cursor().execute(f"explain query plan {statement}", parameters)
            plans.extend(row[3] for row in found)

    books.due(service.store, now(), connection.id)
    books.waiting(service.store)
    assert [each for each in plans if each.startswith("SCAN")] == []
    used = " ".join(plans)
    assert "ix_jobs_connection_id_requested_at" in used
    assert "ix_jobs_status" in used


def test_asking_for_a_sync_and_beginning_one_lock_the_connection_first(service, connection):
    jobs, said = StoredJobs(service.store), []

    @event.listens_for(service.store.engine, "before_execute")
    def note(db, statement, *_):
        said.append(str(statement.compile(dialect=postgresql.dialect())))

    job = jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    assert said[0].endswith("FOR UPDATE")
    assert "FROM connections" in said[0]
    said.clear()
    books.begin(service.store, job.id)
    assert said[0].endswith("FOR UPDATE OF connections")


def test_once_a_sync_has_begun_another_one_is_made_full(service, connection):
    jobs = StoredJobs(service.store)
    first = jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    same = jobs.request_sync(connection.id, is_full=False, requested_by="per_1")
    books.begin(service.store, first.id)
    other = jobs.request_sync(connection.id, is_full=True, requested_by="per_1")
    assert same.id == first.id != other.id
    with service.store.reading() as session:
        assert session.get_one(Job, first.id).kind == "sync"
