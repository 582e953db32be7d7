"""Deliveries are stored once, whatever comes how often in which order, and forgeries never."""

import random
import threading
import time

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from stripe_saas_service.connect.webhook import WEBHOOK_SECRET
from stripe_saas_service.hooks import receiving
from stripe_saas_service.store.tables import Connection, Delivery, RefusedDeliveries
from unit_tests.stripe_saas_service.conftest import URL
from unit_tests.stripe_saas_service.hooks.signing import (
    SECRET,
    a_thin_event,
    an_event,
    body_of,
    header,
)


class Jobs:
    """Notes which connections are woken."""

    def __init__(self):
        self.woken = []

    def start(self):
        pass

    def stop(self):
        pass

    def wake(self, connection_id):
        self.woken.append(connection_id)


@pytest.fixture
def connection_id(service, company):
    with service.store.writing() as session:
        identity = session.scalars(select(Connection.id)).one()
        service.vault.put(session, identity, WEBHOOK_SECRET, SECRET)
    return identity


@pytest.fixture
def jobs(service):
    service.jobs = Jobs()
    return service.jobs


@pytest.fixture
def post(app, service, connection_id, jobs):
    """Delivers an event, signed now by the connection's secret unless said otherwise."""
    client = TestClient(app, base_url=URL)

    def sent(event, *secrets, to=connection_id, off=0, signature=None):
        body = event if isinstance(event, bytes) else body_of(event)
        made = header(body, *secrets, at=int(time.time()) + off)
        headers = {"stripe-signature": signature if signature is not None else made}
        return client.post(f"/hooks/stripe/{to}", content=body, headers=headers)

    yield sent
    service.deliveries.stop()


def stored(service):
    with service.store.reading() as session:
        return session.scalars(select(Delivery).order_by(Delivery.id)).all()


def refused(service):
    with service.store.reading() as session:
        rows = session.scalars(select(RefusedDeliveries)).all()
    return {row.reason: row.count for row in rows}


def test_a_delivery_is_stored_and_wakes_its_connection(service, post, jobs, connection_id):
    assert post(an_event()).status_code == 200
    [row] = stored(service)
    assert (row.event_id, row.type, row.object_type, row.object_id, row.status) == (
        "evt_1",
        "customer.updated",
        "customer",
        "cus_1",
        "waiting",
    )
    assert jobs.woken == [connection_id]


def test_a_thin_delivery_is_stored_by_its_reference(service, post):
    assert post(a_thin_event()).status_code == 200
    [row] = stored(service)
    assert (row.is_thin, row.type, row.object_id) == (True, "customer.updated", "cus_1")


@pytest.mark.parametrize("seed", range(3))
def test_any_multiset_in_any_order_is_each_event_once(service, post, jobs, seed):
    rng = random.Random(seed)
    deliveries = [an_event(f"evt_{rng.randrange(6)}") for _ in range(20)]
    assert {post(event).status_code for event in deliveries} == {200}
    distinct = {event["id"] for event in deliveries}
    rows = stored(service)
    assert sorted(row.event_id for row in rows) == sorted(distinct)
    assert len(jobs.woken) == len(distinct)


def test_the_same_delivery_at_the_same_moment_is_stored_once(service, post):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(an_event()).status_code))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert len(stored(service)) == 1


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"secrets": ["whsec_wrong"]}, "wrong_signature"),
        ({"off": -310}, "too_old"),
        ({"off": 310}, "ahead"),
        ({"signature": ""}, "unsigned"),
        ({"signature": "t=1,v1=0"}, "wrong_signature"),
    ],
    ids=["secret", "old", "ahead", "unsigned", "made up"],
)
def test_a_forged_delivery_is_refused_counted_and_not_stored(service, post, jobs, sent, reason):
    secrets = sent.pop("secrets", [])
    for _ in range(2):
        answer = post(an_event(), *secrets, **sent)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
    assert (stored(service), jobs.woken) == ([], [])
    assert refused(service) == {reason: 2}


def test_what_is_signed_and_no_event_is_refused(service, post):
    assert post(b'{"object": "customer", "id": "cus_1"}').status_code == 400
    assert (stored(service), refused(service)) == ([], {"unreadable": 1})


@pytest.mark.parametrize(
    "event",
    [an_event(livemode=True), an_event(account="acct_2"), a_thin_event(context="org_1/acct_2")],
    ids=["other mode", "other account", "other member"],
)
def test_a_foreign_delivery_is_stored_as_such_and_wakes_nobody(service, post, jobs, event):
    assert post(event).status_code == 200
    assert [row.status for row in stored(service)] == ["foreign"]
    assert jobs.woken == []


def test_a_delivery_of_the_connection_s_own_account_is_not_foreign(service, post):
    assert post(an_event(account="acct_1")).status_code == 200
    assert [row.status for row in stored(service)] == ["waiting"]


def test_while_the_secret_is_rolled_the_old_one_counts_until_it_expires(
    service, post, connection_id
):
    with service.store.writing() as session:
        service.vault.put(session, connection_id, WEBHOOK_SECRET, "whsec_new", beside=True)
    codes = [
        post(an_event("evt_1"), SECRET).status_code,
        post(an_event("evt_2"), "whsec_new").status_code,
        post(an_event("evt_3"), SECRET, "whsec_new").status_code,
    ]
    with service.store.writing() as session:
        service.vault.put(session, connection_id, WEBHOOK_SECRET, "whsec_new")
    codes.append(post(an_event("evt_4"), SECRET).status_code)
    assert codes == [200, 200, 200, 400]


@pytest.mark.parametrize(
    "unknown", ["con_" + "0" * 32, "x", "%00", "con_%00"], ids=["id", "word", "zero", "id and zero"]
)
def test_an_unknown_connection_is_not_found_whatever_the_signature(service, post, unknown):
    assert post(an_event(), to=unknown).status_code == 404
    assert post(an_event(), to=unknown, signature="").status_code == 404
    assert (stored(service), refused(service)) == ([], {})


def test_a_removed_connection_is_as_one_that_never_was(service, post, connection_id):
    with service.store.writing() as session:
        session.get_one(Connection, connection_id).status = "removed"
    assert post(an_event()).status_code == 404


def test_a_connection_without_a_secret_believes_nobody(service, post, connection_id):
    with service.store.writing() as session:
        service.vault.forget(session, connection_id)
    assert post(an_event(), "").status_code == 400
    assert stored(service) == []


def test_a_paused_connection_stores_and_is_not_woken(service, post, jobs, connection_id):
    with service.store.writing() as session:
        session.get_one(Connection, connection_id).status = "paused"
    assert post(an_event()).status_code == 200
    assert ([row.status for row in stored(service)], jobs.woken) == (["waiting"], [])


def test_a_body_of_more_than_a_megabyte_is_refused_before_it_is_read(service, post):
    large = an_event(padding="x" * 1024 * 1024)
    assert post(large).status_code == 413
    assert stored(service) == []


def test_what_a_connection_is_known_by_is_asked_once_for_a_burst(post, service, monkeypatch):
    asked, known = [], receiving._target
    monkeypatch.setattr(receiving, "KNOWN_SECONDS", 60.0)
    monkeypatch.setattr(
        receiving, "_target", lambda *given: asked.append(given[1]) or known(*given)
    )
    nobody = "con_" + "0" * 32
    for number in range(3):
        assert post(an_event(f"evt_{number}")).status_code == 200
        assert post(an_event(f"evt_{number}"), to=nobody).status_code == 404
    assert len(asked) == 2, "one that does not exist is known in the same way"
