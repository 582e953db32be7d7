"""What the API answers from a published snapshot, and about a connection."""

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from stripe_saas_service.access import tokens
from stripe_saas_service.access.policy import Scope
from stripe_saas_service.snapshot.publish import publish
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import (
    ApiToken,
    AuditEntry,
    Company,
    Connection,
    Delivery,
    Job,
    RefusedDeliveries,
)
from unit_tests.stripe_saas_service.warehouses import a_warehouse, change

MAY_1 = datetime(2026, 5, 1, 10, tzinfo=timezone.utc)


@pytest.fixture
def target(tmp_path):
    return a_warehouse(tmp_path / "w.duckdb")


@pytest.fixture
def published(service, company, target):
    publish(target, service.snapshots.folder(company.id))


@pytest.fixture
def application(client, token_of):
    """A client with a token of all scopes."""
    client.headers["authorization"] = f"Bearer {token_of(*Scope)}"
    return client


@pytest.fixture
def connection(service, company):
    with service.store.reading() as session:
        return session.scalars(select(Connection)).one()


def test_a_customer_has_what_an_application_gates_features_by(application, published):
    body = application.get("/api/customers/acme-42").json()
    assert body.pop("published_at").startswith("20")
    assert body == {
        "as_of": "2026-05-01T10:00:00Z",
        "provisional": False,
        "id": "acme-42",
        "stripe_customer_ids": ["cus_1", "cus_2"],
        "name": "Acme",
        "email": "billing@acme.example",
        "stage": "customer",
        "currency": "usd",
        "currency_exponent": 2,
        "mrr_minor": 24500,
        "arr_minor": 294000,
        "renews_at": "2026-06-01T00:00:00Z",
        "cancel_at": None,
        "tier": "pro",
        "revenue_tier": None,
        "is_deleted": False,
        "health": {"payment": "good", "is_at_risk": False},
        "subscriptions": [
            {
                "id": "sub_1",
                "status": "active",
                "has_access": True,
                "plan": "Pro monthly",
                "tier": "pro",
                "product_id": "prod_1",
                "quantity": 5,
                "trial_ends_at": None,
                "period_ends_at": "2026-06-01T00:00:00Z",
                "cancel_at": None,
                "items": [
                    item("si_1", "price_1", "Pro", "licensed", None, 5),
                    item("si_2", "price_2", "Calls", "metered", "mtr_1", None),
                ],
            }
        ],
    }


def item(id, price_id, plan, usage_type, meter_id, quantity):
    return {
        "id": id,
        "price_id": price_id,
        "product_id": "prod_1",
        "plan": plan,
        "usage_type": usage_type,
        "meter_id": meter_id,
        "quantity": quantity,
    }


@pytest.mark.parametrize(
    "name", ["acme-42", "cus_2", "it@acme.example", "IT@Acme.example"], ids=str
)
def test_a_customer_is_found_by_own_id_stripes_id_and_address(application, published, name):
    assert application.get(f"/api/customers/{name}").json()["id"] == "acme-42"


def test_an_ended_subscription_has_its_items_by_id_alone(application, published):
    [subscription] = application.get("/api/customers/cus_3").json()["subscriptions"]
    assert (subscription["status"], subscription["has_access"]) == ("canceled", False)
    assert [each["id"] for each in subscription["items"]] == ["si_3"]


def test_an_address_of_several_customers_names_them(application, published):
    answer = application.get("/api/customers/shared@example.com")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "They share this e-mail address: cus_3, cus_4."


def test_nobody_is_found_by_what_looks_like_sql(application, published):
    for name in ("nobody", "' or 1=1 --", "a/b", "%"):
        assert application.get(f"/api/customers/{name}").status_code == 404


def test_customers_come_page_by_page_each_once(application, published):
    first = application.get("/api/customers?limit=2").json()
    assert [each["id"] for each in first["data"]] == ["acme-42", "cus_3"]
    second = application.get(f"/api/customers?limit=2&after={first['next']}").json()
    assert [each["id"] for each in second["data"]] == ["cus_4"]
    assert second["next"] is None
    churned = application.get("/api/customers?stage=churned").json()["data"]
    assert [each["id"] for each in churned] == ["cus_3"]


def test_who_keeps_the_cursor_gets_what_came_later_and_what_changed(
    application, published, service, company, target
):
    first = application.get("/api/subscription-events?limit=2").json()
    assert [each["event_id"] for each in first["data"]] == ["e1", "e2"]
    assert first["data"][0] == {
        "event_id": "e1",
        "subscription_id": "sub_1",
        "client_id": "acme-42",
        "event_type": "activated",
        "occurred_at": "2026-04-01T10:00:00Z",
        "occurred_on": "2026-04-01",
        "currency": "usd",
        "mrr_delta_minor": 4900,
    }
    assert first["has_more"]
    rest = application.get(f"/api/subscription-events?after={first['next']}").json()
    assert [each["event_id"] for each in rest["data"]] == ["e3"]
    again = application.get(f"/api/subscription-events?after={rest['next']}").json()
    assert (again["data"], again["next"], again["has_more"]) == ([], rest["next"], False)
    change(
        target, "update stripe_marts.subscription_events set currency = 'eur' where event_id = 'e1'"
    )
    publish(target, service.snapshots.folder(company.id))
    changed = application.get(f"/api/subscription-events?after={again['next']}").json()
    assert [each["event_id"] for each in changed["data"]] == ["e1"]


def test_a_cursor_of_another_numbering_is_gone(application, published):
    answer = application.get("/api/subscription-events?after=000000000000.3")
    assert answer.status_code == 410


def test_mrr_of_some_months(application, published):
    body = application.get("/api/mrr?from=2026-04&to=2026-05&by=month").json()
    assert body["data"] == [
        month("2026-04", 4900, 4900, 0),
        month("2026-05", 4900, 24500, 4),
    ]
    assert application.get("/api/mrr?from=2026-06&to=2026-05").status_code == 422
    assert application.get("/api/mrr?from=May").status_code == 422


def month(name, opening, closing, growth):
    return {
        "month": name,
        "basis": "currency",
        "currency": "usd",
        "opening_minor": opening,
        "closing_minor": closing,
        "growth_rate": growth,
    }


def test_definitions_are_those_of_the_models(application):
    found = {each["name"]: each for each in application.get("/api/definitions").json()["data"]}
    assert found["mrr_monthly"]["columns"]["opening_minor"] == "MRR at the beginning."


def test_an_answer_that_the_caller_has_is_not_sent_again_until_the_next_build(
    application, published, service, company, target
):
    tag = application.get("/api/mrr").headers["etag"]
    known = {"if-none-match": f'"other", W/{tag}'}
    answer = application.get("/api/mrr", headers=known)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    publish(target, service.snapshots.folder(company.id))
    assert application.get("/api/mrr", headers=known).status_code == 200


def test_before_the_first_build_figures_are_to_come(application):
    answer = application.get("/api/customers")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"


def test_a_token_opens_its_own_company_alone(application, service):
    with service.store.writing() as session:
        other = Company(name="Other", mode="live")
        session.add(other)
    assert application.get(f"/api/integrations/stripe/status?company={other.id}").status_code == 404
    assert application.get("/api/integrations/stripe/status").json()["company"] == "Acme"


def test_a_person_says_which_of_several_companies(service, company, browser_of):
    browser = browser_of()
    assert browser.get("/api/integrations/stripe/status").json()["company"] == "Acme"
    with service.store.writing() as session:
        session.add(Company(name="Other", mode="live"))
    assert browser.get("/api/integrations/stripe/status").status_code == 409
    status = browser.get(f"/api/integrations/stripe/status?company={company.id}")
    assert status.json()["company"] == "Acme"


def test_the_status_says_how_current_it_is_and_what_failed(application, service, connection):
    with service.store.writing() as session:
        session.add_all(
            [
                job(connection, "succeeded", hours=0),
                job(connection, "failed", hours=1, error="Allow Invoices in the dashboard."),
                Job(connection_id=connection.id, kind="sync", status="running", progress={"n": 1}),
                delivery(connection, "evt_1", "done", minutes=0),
                delivery(connection, "evt_2", "waiting", minutes=1),
                delivery(connection, "evt_3", "waiting", minutes=2),
                RefusedDeliveries(
                    connection_id=connection.id, day="2026-05-01", reason="signature", count=4
                ),
            ]
        )
    body = application.get("/api/integrations/stripe/status").json()
    assert body["connected"]
    assert body["last_good_sync_at"] == "2026-05-01T10:00:00Z"
    assert body["last_sync"]["status"] == "failed"
    assert body["what_to_do"] == "Allow Invoices in the dashboard."
    assert body["running"]["progress"] == {"n": 1}
    assert body["deliveries"] == {
        "last_received_at": "2026-05-01T10:02:00Z",
        "waiting": 2,
        "oldest_waiting_at": "2026-05-01T10:01:00Z",
        "refused": 4,
    }


def job(connection, status, *, hours, error=None):
    at = MAY_1 + timedelta(hours=hours)
    return Job(
        connection_id=connection.id,
        kind="sync",
        status=status,
        started_at=at,
        ended_at=at,
        error=error,
    )


def delivery(connection, event_id, status, *, minutes):
    return Delivery(
        connection_id=connection.id,
        event_id=event_id,
        type="customer.updated",
        status=status,
        received_at=MAY_1 + timedelta(minutes=minutes),
    )


def test_a_sync_is_asked_for_once_and_becomes_full(application, service):
    first = application.post("/api/integrations/stripe/sync")
    assert (first.status_code, first.json()["kind"]) == (202, "sync")
    second = application.post("/api/integrations/stripe/sync?full=true").json()
    assert (second["id"], second["kind"]) == (first.json()["id"], "full")
    with service.store.reading() as session:
        assert len(session.scalars(select(Job)).all()) == 1
        actions = session.scalars(select(AuditEntry.action)).all()
        assert actions.count("sync.requested") == 2


@pytest.mark.parametrize(
    ("state", "said"),
    [("paused", "resume"), ("revoked", "connect the account again")],
    ids=["paused", "revoked"],
)
def test_what_is_not_connected_is_not_synced_and_says_why(
    application, service, connection, state, said
):
    with service.store.writing() as session:
        session.get(Connection, connection.id).status = state
    answer = application.post("/api/integrations/stripe/sync")
    assert answer.status_code == 409
    assert said in answer.json()["detail"]
    status = application.get("/api/integrations/stripe/status").json()
    assert said in status["what_to_do"]
    assert (status["connected"], status["status"]) == (False, state)


def test_a_revoked_and_an_expired_token_open_nothing(application, service):
    assert application.get("/api/definitions").status_code == 200
    with service.store.writing() as session:
        row = session.scalars(select(ApiToken)).one()
        row.expires_at = now()
    assert application.get("/api/definitions").status_code == 401
    with service.store.writing() as session:
        row = session.scalars(select(ApiToken)).one()
        row.expires_at = None
        tokens.revoke(session, row, actor="command")
    assert application.get("/api/definitions").status_code == 401


def test_the_store_holds_a_token_by_its_hash_alone(settings, service, company, token_of):
    token = token_of(Scope.SYNC)
    service.store.close()
    content = b"".join(each.read_bytes() for each in settings.folder.root.glob("store*"))
    assert token[:8].encode() in content
    assert token.encode() not in content


def test_the_document_names_scopes_and_roles_and_has_an_example_of_each_answer(application):
    document = application.get("/api/openapi.json").json()
    customer = document["paths"]["/api/customers/{customer}"]["get"]
    assert customer["security"] == [{"token": ["people:read"]}]
    assert customer["x-roles"] == ["analyst", "owner", "viewer"]
    assert {"404", "409", "503", "304"} <= customer["responses"].keys()
    page = application.get("/api/docs").text
    assert "GET /api/customers/{customer}" in page
    assert "Scopes: people:read." in page
