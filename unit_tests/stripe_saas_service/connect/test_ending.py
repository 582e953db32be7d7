"""A connection ends at Stripe or here; it says so, its secrets go, and one click opens it again."""

import threading
from dataclasses import replace

import pytest
import requests
from sqlalchemy import select

from stripe_saas_service.connect import ending, tokens
from stripe_saas_service.connect.revocation import look
from stripe_saas_service.connect.tokens import NotConnected, key_of
from stripe_saas_service.connect.webhook import WEBHOOK_SECRET
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import AuditEntry, Company, Secret
from unit_tests.stripe_saas_service.connect.conftest import APPS
from unit_tests.stripe_saas_service.hooks.signing import SECRET, an_event, body_of, header

CLIENTS = {app.kind: app.client_id for app in APPS}


@pytest.fixture
def connection(connect, connections):
    """Makes a connection of a kind."""

    def made(kind="connect"):
        assert connect(kind).status_code == 303
        return connections()[0]

    return made


@pytest.fixture
def revoke(stripe_url):
    """The account takes its consent back in Stripe's dashboard."""

    def revoked(kind="connect"):
        said = {"client_id": CLIENTS[kind]}
        assert requests.post(f"{stripe_url}/_sandbox/deauthorize", json=said, timeout=10).ok

    return revoked


@pytest.fixture
def expire(service):
    """An hour passes for the access token, as far as the store knows."""

    def expired(connection_id):
        with service.store.writing() as session:
            row = session.scalars(
                select(Secret).where(
                    Secret.connection_id == connection_id, Secret.name == "access_token"
                )
            ).one()
            row.expires_at = now()

    return expired


def lets_in(stripe_url, key):
    headers = {"Authorization": f"Bearer {key}"}
    return requests.get(f"{stripe_url}/v1/account", headers=headers, timeout=10).status_code == 200


@pytest.mark.parametrize("kind", ["connect", "app"])
def test_consent_taken_back_at_stripe_is_noticed_and_one_click_connects_again(
    service, connection, connections, connect, revoke, kind
):
    made = connection(kind)
    assert look(service, made.id, by="refused") is True
    revoke(kind)
    assert look(service, made.id, by="refused") is False
    [ended] = connections()
    assert ended.status == "revoked"
    assert ended.status_reason.startswith("Disconnected at Stripe on 20")
    with pytest.raises(NotConnected, match="not connected"):
        key_of(service, made.id)
    connect(kind)
    [again] = connections()
    assert (again.id, again.status, again.status_reason) == (made.id, "connected", None)


@pytest.mark.parametrize("is_true", [True, False], ids=["true", "late or wrong"])
def test_a_delivery_of_deauthorization_is_believed_if_stripe_says_the_same(
    app, service, owner, connection, connections, revoke, is_true
):
    made = connection()
    with service.store.writing() as session:
        service.vault.put(session, made.id, WEBHOOK_SECRET, SECRET)
    if is_true:
        revoke()
    event = an_event(type="account.application.deauthorized", account=made.account_id)
    body, at = body_of(event), int(now().timestamp())
    answer = owner.post(
        f"/hooks/stripe/{made.id}", content=body, headers={"stripe-signature": header(body, at=at)}
    )
    service.deliveries.stop()
    assert answer.status_code == 200
    assert connections()[0].status == ("revoked" if is_true else "connected")


def test_stripe_out_of_reach_ends_nothing(service, connection, connections, monkeypatch):
    made = connection()
    service.settings = replace(service.settings, api_url="http://127.0.0.1:1")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert look(service, made.id, by="refused") is True
    assert connections()[0].status == "connected"


def test_an_app_s_token_is_used_until_it_is_due_and_then_renewed_and_stored(
    service, stripe_url, connection, secrets, expire
):
    made = connection("app")
    first = secrets(made.id)
    assert key_of(service, made.id) == first["access_token"]
    expire(made.id)
    renewed = key_of(service, made.id)
    kept = secrets(made.id)
    assert (kept["access_token"], renewed) == (renewed, kept["access_token"])
    assert kept["refresh_token"] != first["refresh_token"]
    assert lets_in(stripe_url, renewed)


def test_a_token_that_was_refused_before_its_time_is_renewed(service, connection, secrets):
    made = connection("app")
    refused = secrets(made.id)["access_token"]
    assert key_of(service, made.id, refused=refused) != refused


def test_many_that_ask_at_once_exchange_one_refresh_token(service, connection, expire):
    made = connection("app")
    expire(made.id)
    got, failed = [], []

    def ask():
        try:
            got.append(key_of(service, made.id))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(got) == 6
    assert len(set(got)) == 1


def test_killed_between_exchange_and_store_it_has_to_be_connected_again_which_is_one_click(
    service, connection, connections, connect, expire, monkeypatch, stripe_url
):
    made = connection("app")
    expire(made.id)

    class Killed(BaseException):
        pass

    def killed(*arguments):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(tokens, "store_tokens", killed)
        with pytest.raises(Killed):
            key_of(service, made.id)
    assert connections()[0].status == "connected"
    with pytest.raises(NotConnected, match=r"used before.*Connect the account again"):
        key_of(service, made.id)
    assert connections()[0].status == "revoked"
    connect("app")
    assert lets_in(stripe_url, key_of(service, made.id))


@pytest.fixture
def meanwhile(monkeypatch):
    """Has something happen after Stripe has answered a refresh, and before that is stored."""

    def happens(what):
        refresh = tokens.tokens_for_refresh

        def refreshed(*arguments):
            try:
                return refresh(*arguments)
            finally:
                monkeypatch.undo()
                what()

        monkeypatch.setattr(tokens, "tokens_for_refresh", refreshed)

    return happens


def test_a_removal_during_a_refresh_leaves_no_secrets(
    service, connection, connections, secrets, expire, meanwhile
):
    made = connection("app")
    expire(made.id)
    meanwhile(lambda: ending.remove(service, made.id, "per_1"))
    with pytest.raises(NotConnected, match="not connected"):
        key_of(service, made.id)
    assert secrets(made.id) == {}
    assert connections()[0].status == "disconnected"


@pytest.mark.parametrize("is_void", [False, True], ids=["refreshed", "void"])
def test_a_reconnection_during_a_refresh_stays(
    service, connection, connections, secrets, expire, meanwhile, is_void
):
    made = connection("app")
    expire(made.id)
    fresh = {"access_token": "ak_fresh", "refresh_token": "rt_fresh"}

    def reconnect():
        with service.store.writing() as session:
            for name, value in fresh.items():
                service.vault.put(session, made.id, name, value)

    if is_void:
        with service.store.writing() as session:
            service.vault.put(session, made.id, "refresh_token", "rt_unknown")
    meanwhile(reconnect)
    assert key_of(service, made.id) == "ak_fresh"
    assert secrets(made.id) == fresh
    assert connections()[0].status == "connected"


def test_a_pause_during_a_refresh_keeps_the_new_token(
    service, connection, secrets, expire, meanwhile
):
    made = connection("app")
    expire(made.id)

    def pause():
        with service.store.writing() as session:
            session.get_one(type(made), made.id).status = "paused"

    meanwhile(pause)
    assert key_of(service, made.id) == secrets(made.id)["access_token"]


def test_removed_here_it_is_revoked_at_stripe_and_all_secrets_are_gone(
    service, owner, stripe_url, connection, connections, secrets
):
    made = connection()
    token = key_of(service, made.id)
    with service.store.writing() as session:
        service.vault.put(session, made.id, WEBHOOK_SECRET, SECRET)
    answer = owner.post(
        "/api/integrations/stripe/disconnect", params={"company_id": made.company_id}
    )
    assert answer.json() == {"detail": "Disconnected. What was read stays."}
    assert not lets_in(stripe_url, token)
    assert secrets(made.id) == {}
    [ended] = connections()
    assert ended.status == "disconnected"
    with service.store.reading() as session:
        assert session.get_one(Company, made.company_id).removed_at is None
        actions = session.scalars(select(AuditEntry.action)).all()
    assert actions[-1] == "connection.disconnected"


@pytest.mark.parametrize("company_id", ["com_0", "", None], ids=["unknown", "empty", "none"])
def test_nothing_is_disconnected_that_was_not_named(owner, connection, connections, company_id):
    connection()
    asked = {} if company_id is None else {"company_id": company_id}
    answer = owner.post("/api/integrations/stripe/disconnect", params=asked)
    assert (answer.status_code, connections()[0].status) == (404, "connected")
