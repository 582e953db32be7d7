"""A click connects an account, once, from the session that began it."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from stripe_saas_service.access import sessions
from stripe_saas_service.access.policy import Role
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import AuditEntry, Company, Job, OAuthState
from unit_tests.stripe_saas_service.conftest import URL

START = "/api/integrations/stripe/start"


def state_of(location):
    return parse_qs(urlsplit(location).query)["state"][0]


@pytest.mark.parametrize("kind", ["connect", "app"])
def test_a_click_connects_the_account_and_asks_for_its_first_sync(
    service, account, connect, connections, secrets, kind
):
    answer = connect(kind)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    [connection] = connections()
    assert (connection.account_id, connection.mode, connection.auth_kind, connection.status) == (
        account.account_id,
        "test",
        kind,
        "connected",
    )
    assert secrets(connection.id).keys() == {"access_token", "refresh_token"}
    with service.store.reading() as session:
        assert session.scalars(select(Job.connection_id)).one() == connection.id
        entries = session.scalars(select(AuditEntry)).all()
    shown = str([(entry.action, entry.detail) for entry in entries])
    assert "connection.connected" in shown
    for secret in secrets(connection.id).values():
        assert secret not in shown


def test_who_declines_changes_nothing_and_is_told_so(owner, connect, connections):
    owner.headers["accept"] = "text/html"
    answer = connect(decision="deny")
    assert answer.status_code == 400
    assert "You declined at Stripe. Nothing has changed." in answer.text
    assert connections() == []


def test_a_state_counts_once(owner, consent, connections):
    back = consent(owner.get(START).headers["location"])
    assert owner.get(back).status_code == 303
    again = owner.get(back)
    assert again.status_code == 400
    assert "was used before" in again.json()["detail"]
    assert len(connections()) == 1


def test_a_state_lasts_ten_minutes(service, owner, consent, connections):
    back = consent(owner.get(START).headers["location"])
    with service.store.writing() as session:
        made = session.scalars(select(OAuthState)).one()
        assert made.expires_at - made.created_at == pytest.approx(
            timedelta(minutes=10), abs=timedelta(seconds=1)
        )
        session.execute(update(OAuthState).values(expires_at=now()))
    assert owner.get(back).status_code == 400
    assert connections() == []


def test_a_state_is_of_no_use_in_another_session(
    app, service, person_of, owner, consent, connections
):
    location = owner.get(START).headers["location"]
    other = TestClient(app, base_url=URL, follow_redirects=False)
    other.cookies.set("session", sessions.begin(service, person_of(Role.OWNER, "you@example.com")))
    assert other.get(consent(location)).status_code == 400
    assert connections() == []
    with service.store.reading() as session:
        assert session.scalars(select(OAuthState.token_hash)).one() != state_of(location)


def test_a_way_back_that_nobody_began_is_refused(owner, connections):
    assert owner.get("/connect/stripe/callback?code=ac_1&state=made_up").status_code == 400
    assert owner.get("/connect/stripe/callback").status_code == 400
    assert connections() == []


def test_a_code_that_stripe_takes_no_more_connects_nothing(owner, account, consent, connections):
    back = consent(owner.get(START).headers["location"])
    account.advance(300)
    answer = owner.get(back)
    assert (answer.status_code, connections()) == (502, [])
    assert "Connect anew." in answer.json()["detail"]


def test_connected_again_it_is_the_same_company_with_new_tokens(connect, connections, secrets):
    connect()
    [first] = connections()
    before = secrets(first.id)
    connect()
    [again] = connections()
    assert again.id == first.id
    assert secrets(first.id)["access_token"] != before["access_token"]


def test_another_account_is_not_let_into_a_company(
    service, account, stripe_url, connect, connections, secrets
):
    connect()
    [connection] = connections()
    before = secrets(connection.id)
    [other] = [name for name in account.connections.seeds if name.startswith("acct_1C")]
    answer = connect(company_id=connection.company_id, account=other)
    assert answer.status_code == 409
    assert f"This company is the account {account.account_id}" in answer.json()["detail"]
    assert [row.account_id for row in connections()] == [account.account_id]
    assert secrets(connection.id) == before


def test_the_other_mode_is_not_let_into_a_company(service, connect, connections):
    connect()
    [connection] = connections()
    with service.store.writing() as session:
        company = session.get_one(Company, connection.company_id)
        company.mode = "live"
        session.get_one(type(connection), connection.id).mode = "live"
    answer = connect(company_id=connection.company_id)
    assert answer.status_code == 409
    assert "holds live data, and this opens test data" in answer.json()["detail"]
    connect()
    assert sorted(row.mode for row in connections()) == ["live", "test"], "a company beside it"


def test_a_service_for_live_data_alone_refuses_test_data(service, connect, connections):
    service.settings = replace(service.settings, only_live=True)
    answer = connect()
    assert (answer.status_code, connections()) == (409, [])
    assert "live data only" in answer.json()["detail"]


def test_without_a_registered_app_a_click_says_what_to_set(service, owner):
    service.settings = replace(service.settings, oauth_apps=())
    answer = owner.get(START)
    assert answer.status_code == 404
    assert "STRIPE_SAAS_CONNECT_CLIENT_ID" in answer.json()["detail"]
