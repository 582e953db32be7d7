"""Pause, resume, schedule, the end of the data, and progress as a stream."""

import json
from datetime import datetime, timezone

import pytest
from sqlalchemy import select

from stripe_saas.warehouse.target import parse_target
from stripe_saas_service.access.policy import Scope
from stripe_saas_service.service import warehouse_of
from stripe_saas_service.snapshot.publish import publish
from stripe_saas_service.store.tables import AuditEntry, BrowserSession, Company, Connection, Job
from stripe_saas_service.workflows.schedule import is_open
from unit_tests.stripe_saas_service.warehouses import a_warehouse

AT = "/api/integrations/stripe"


@pytest.fixture
def manager(client, token_of):
    client.headers["authorization"] = f"Bearer {token_of(Scope.MANAGE)}"
    return client


@pytest.fixture
def owner(browser_of, service):
    """A browser of an owner, which proves that a page of ours asks."""
    made = browser_of()
    with service.store.reading() as session:
        made.headers["x-csrf-token"] = session.scalars(select(BrowserSession.csrf_token)).one()
    return made


def connection(service):
    with service.store.reading() as session:
        return session.scalars(select(Connection)).one()


def test_a_paused_connection_is_resumed_with_a_sync(service, manager):
    assert manager.post(f"{AT}/pause").json()["status"] == "paused"
    assert manager.post(f"{AT}/pause").status_code == 200, "twice is as good as once"
    body = manager.post(f"{AT}/resume").json()
    assert (body["status"], body["running"]["status"]) == ("connected", "waiting")
    with service.store.reading() as session:
        actions = session.scalars(select(AuditEntry.action)).all()
    assert [each for each in actions if each.startswith("connection.")] == [
        "connection.paused",
        "connection.connected",
    ]


def test_a_revoked_connection_is_neither_paused_nor_resumed(service, manager):
    with service.store.writing() as session:
        session.scalars(select(Connection)).one().status = "revoked"
    for verb in ("pause", "resume"):
        answer = manager.post(f"{AT}/{verb}")
        assert answer.status_code == 409
        assert answer.json()["detail"] == "The connection is revoked."


def test_a_schedule_has_business_hours_in_a_time_zone(service, manager):
    wanted = {
        "every_minutes": 60,
        "business_hours": {
            "time_zone": "Europe/Berlin",
            "days": ["mon", "fri"],
            "begins": "08:00",
            "ends": "18:00",
        },
    }
    assert manager.put(f"{AT}/schedule", json=wanted).json() == wanted
    assert manager.get(f"{AT}/schedule").json() == wanted
    assert connection(service).schedule == wanted
    for wrong in (
        {"every_minutes": 1},
        {"business_hours": {"time_zone": "Mars/Olympus"}},
        {"business_hours": {"time_zone": "UTC", "begins": "18:00", "ends": "08:00"}},
    ):
        assert manager.put(f"{AT}/schedule", json=wrong).status_code == 422


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # 1 June 2026 is a Monday; Berlin is two hours ahead of UTC then, one in winter.
        (datetime(2026, 6, 1, 5, 59, tzinfo=timezone.utc), False),
        (datetime(2026, 6, 1, 6, 0, tzinfo=timezone.utc), True),
        (datetime(2026, 6, 1, 15, 59, tzinfo=timezone.utc), True),
        (datetime(2026, 6, 1, 16, 0, tzinfo=timezone.utc), False),
        (datetime(2026, 6, 2, 10, 0, tzinfo=timezone.utc), False),
        (datetime(2026, 12, 7, 6, 59, tzinfo=timezone.utc), False),
        (datetime(2026, 12, 7, 7, 0, tzinfo=timezone.utc), True),
    ],
)
def test_business_hours_are_those_of_the_place(at, expected):
    hours = {
        "time_zone": "Europe/Berlin",
        "days": ["mon", "fri"],
        "begins": "08:00",
        "ends": "18:00",
    }
    assert is_open({"business_hours": hours}, at) is expected
    assert is_open({}, at)


def test_data_is_deleted_after_the_connection_and_a_second_question(service, company, owner):
    with service.store.reading() as session:
        address = warehouse_of(service, session.get_one(Company, company.id))
    target = a_warehouse(parse_target(address).path)
    publish(target, service.snapshots.folder(company.id))
    assert service.snapshots.current(company.id) is not None
    assert owner.post(f"{AT}/delete-data", json={"company": "Acme"}).status_code == 409
    with service.store.writing() as session:
        session.scalars(select(Connection)).one().status = "disconnected"
    assert owner.post(f"{AT}/delete-data", json={"company": "acme"}).status_code == 409
    assert target.path.exists()
    answer = owner.post(f"{AT}/delete-data", json={"company": "Acme"})
    assert answer.status_code == 200, answer.text
    assert not target.path.exists()
    assert service.snapshots.current(company.id) is None


def test_progress_is_a_stream_that_ends_with_the_sync(service, manager, monkeypatch):
    known = connection(service)
    with service.store.writing() as session:
        job = Job(connection_id=known.id, kind="sync", status="running", progress={"records": 1})
        session.add(job)
    seen = []

    async def later(seconds):
        seen.append(seconds)
        with service.store.writing() as session:
            row = session.get_one(Job, job.id)
            row.progress = {"records": 2}
            if len(seen) == 2:
                row.status = "succeeded"

    monkeypatch.setattr("stripe_saas_service.api.keeping.sleep", later)
    with manager.stream("GET", f"{AT}/progress") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = answer.read().decode()
    told = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    assert [each["running"] and each["running"]["progress"] for each in told] == [
        {"records": 1},
        {"records": 2},
        None,
    ]
