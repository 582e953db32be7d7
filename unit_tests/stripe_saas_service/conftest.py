"""A service in a folder of its own, called in this process."""

import shutil
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from stripe_saas_service.access import people, sessions, tokens
from stripe_saas_service.access.policy import Role
from stripe_saas_service.app import app_of
from stripe_saas_service.hooks import receiving
from stripe_saas_service.service import open_service
from stripe_saas_service.settings import settings_of
from stripe_saas_service.store.migrate import migrate
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Company, Connection

PASSWORD = "correct horse battery"
URL = "http://127.0.0.1:8090"


@pytest.fixture(autouse=True)
def connections_known_anew(monkeypatch):
    """What a delivery is verified by counts at once, not within a second."""
    monkeypatch.setattr(receiving, "KNOWN_SECONDS", 0.0)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """A store that was migrated once, to be copied."""
    path = tmp_path_factory.mktemp("store") / "store.sqlite"
    store = Store(f"sqlite:///{path}")
    migrate(store)
    store.close()
    return path


@pytest.fixture
def settings(tmp_path, empty_store):
    made = settings_of(data=tmp_path / "data", environment={})
    shutil.copy(empty_store, made.folder.store)
    return replace(made, password_memory_kib=64)


@pytest.fixture
def service(settings):
    opened = open_service(settings)
    yield opened
    opened.store.close()


@pytest.fixture
def app(service):
    return app_of(service)


@pytest.fixture
def client(app):
    """A browser that nobody has logged in with."""
    return TestClient(app, base_url=URL, follow_redirects=False)


@pytest.fixture
def person_of(service):
    """Makes people: a role in, somebody of it out, whose password is PASSWORD."""

    def made(role, email=None):
        with service.store.writing() as session:
            token = people.invite(session, role, "command")
        return people.accept_invitation(
            service, token, email or f"{role.value}@example.com", "", PASSWORD
        )

    return made


@pytest.fixture
def browser_of(app, service, person_of):
    """A role in, a browser that somebody of it is logged in with out."""

    def made(role=Role.OWNER):
        browser = TestClient(app, base_url=URL, follow_redirects=False)
        browser.cookies.set("session", sessions.begin(service, person_of(role)))
        return browser

    return made


@pytest.fixture
def company(service):
    """A connected company in test mode."""
    with service.store.writing() as session:
        row = Company(name="Acme", mode="test")
        session.add(row)
        session.flush()
        session.add(
            Connection(company_id=row.id, account_id="acct_1", mode="test", auth_kind="key")
        )
    return row


@pytest.fixture
def token_of(service, company):
    """Scopes in, a token with them out."""

    def made(*scopes):
        with service.store.writing() as session:
            token, _ = tokens.make(session, company.id, "test", scopes, actor="command")
        return token

    return made
