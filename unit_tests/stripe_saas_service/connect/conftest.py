"""A service that knows two apps of the sandbox, and a browser that clicks on Stripe's page."""

from dataclasses import replace

import pytest
import requests
from sqlalchemy import select

from stripe_saas_service.access.policy import Role
from stripe_saas_service.connect.webhook import WEBHOOK_SECRET
from stripe_saas_service.settings import OAuthApp, settings_of
from stripe_saas_service.store.tables import BrowserSession, Connection
from stripe_sandbox.account import open_account
from stripe_sandbox.server import running_sandbox
from unit_tests.stripe_saas_service.conftest import URL

APPS = (
    OAuthApp("connect", "ca_ours", "sk_test_ours00000001"),
    OAuthApp("app", "ca_oursapp", "sk_test_oursapp00001"),
)
BACK = f"{URL}/connect/stripe/callback"


@pytest.fixture(scope="package")
def account():
    return open_account(customers=2, months=1, connected=1)


@pytest.fixture(scope="package")
def stripe_url(account):
    with running_sandbox(account) as url:
        for app in APPS:
            described = {
                "client_id": app.client_id,
                "secret": app.client_secret,
                "redirect_uris": [BACK],
                "kind": app.kind,
            }
            assert requests.post(f"{url}/_sandbox/applications", json=described, timeout=10).ok
        yield url


@pytest.fixture
def settings(tmp_path, stripe_url):
    return replace(
        settings_of(data=tmp_path / "data", environment={}),
        password_memory_kib=64,
        oauth_apps=APPS,
        api_url=stripe_url,
        connect_url=stripe_url,
    )


@pytest.fixture
def owner(service, browser_of):
    """A browser of an owner, which sends its session's token with each request."""
    browser = browser_of(Role.OWNER)
    with service.store.reading() as session:
        browser.headers["x-csrf-token"] = session.scalars(select(BrowserSession.csrf_token)).one()
    return browser


@pytest.fixture
def consent(stripe_url):
    """Presses a button on Stripe's page; where that leads, without the address of the service."""

    def pressed(location, decision="allow", **form):
        assert location.startswith(f"{stripe_url}/oauth/")
        reply = requests.post(
            location, data={"decision": decision, **form}, allow_redirects=False, timeout=10
        )
        assert reply.status_code == 303, reply.text
        back = reply.headers["Location"]
        assert back.startswith(f"{BACK}?")
        return back.removeprefix(URL)

    return pressed


@pytest.fixture
def connect(owner, consent):
    """Connects by a click; the answer to the way back."""

    def connected(kind="connect", company_id=None, **form):
        asked = {"kind": kind} | ({"company_id": company_id} if company_id else {})
        answer = owner.get("/api/integrations/stripe/start", params=asked)
        assert answer.status_code == 303, answer.text
        return owner.get(consent(answer.headers["location"], **form))

    return connected


@pytest.fixture
def connections(service):
    """All connections, oldest first."""

    def listed():
        with service.store.reading() as session:
            return session.scalars(select(Connection).order_by(Connection.created_at)).all()

    return listed


@pytest.fixture
def secrets(service):
    """The secrets of a connection, by their names."""

    def opened(connection_id):
        names = ("api_key", "access_token", "refresh_token", WEBHOOK_SECRET)
        with service.store.reading() as session:
            found = {name: service.vault.value(session, connection_id, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    return opened
