"""Every route with nobody, each role, and a token of each scope, beside one table."""

import pytest
from fastapi.testclient import TestClient

from stripe_saas_service.access.policy import POLICY, Role, Scope
from stripe_saas_service.app import app_of, named_routes
from unit_tests.stripe_saas_service.conftest import URL

NOBODY = "nobody"
CALLERS = [NOBODY, *Role, *Scope]

EVERYBODY = set(CALLERS)
TEAM = set(Role)

WHO_MAY = {
    "GET /health": EVERYBODY,
    "GET /assets/{name}": EVERYBODY,
    "GET /login": EVERYBODY,
    "POST /login": EVERYBODY,
    "GET /invitation/{token}": EVERYBODY,
    "POST /invitation/{token}": EVERYBODY,
    "POST /hooks/stripe/{connection}": EVERYBODY,
    "GET /connect/stripe/callback": {Role.OWNER},
    "GET /api/integrations/stripe/start": {Role.OWNER},
    "POST /api/integrations/stripe/key": {Role.OWNER},
    "POST /api/integrations/stripe/webhook-secret": {Role.OWNER},
    "POST /api/integrations/stripe/disconnect": {Role.OWNER, Scope.MANAGE},
    "GET /": TEAM,
    "POST /logout": TEAM,
    "GET /api/integrations/stripe/status": TEAM | set(Scope),
    "POST /api/integrations/stripe/sync": {Role.OWNER, Role.ANALYST, Scope.SYNC, Scope.MANAGE},
    "POST /api/integrations/stripe/pause": {Role.OWNER, Scope.MANAGE},
    "POST /api/integrations/stripe/resume": {Role.OWNER, Scope.MANAGE},
    "GET /api/integrations/stripe/schedule": TEAM | set(Scope),
    "PUT /api/integrations/stripe/schedule": {Role.OWNER, Scope.MANAGE},
    "POST /api/integrations/stripe/delete-data": {Role.OWNER},
    "GET /api/integrations/stripe/progress": TEAM | set(Scope),
    "GET /api/customers": TEAM | {Scope.PEOPLE},
    "GET /api/customers/{customer}": TEAM | {Scope.PEOPLE},
    "GET /api/subscription-events": TEAM | {Scope.METRICS},
    "GET /api/mrr": TEAM | {Scope.METRICS},
    "GET /api/definitions": TEAM | {Scope.METRICS, Scope.PEOPLE},
    "GET /api/openapi.json": TEAM | set(Scope),
    "GET /api/docs": TEAM | set(Scope),
}
"""Written here once more, so that a change of the service's table is seen by whoever reviews it."""


@pytest.fixture
def call(app, service, company, browser_of, token_of):
    """Sends a request to a route as one of CALLERS; True if it passed the guard."""
    clients = {NOBODY: TestClient(app, base_url=URL, follow_redirects=False)}
    clients |= {role: browser_of(role) for role in Role}
    for scope in Scope:
        clients[scope] = TestClient(app, base_url=URL, follow_redirects=False)
        clients[scope].headers["authorization"] = f"Bearer {token_of(scope)}"

    def sent(name, who):
        method, path = name.split()
        return clients[who].request(method, path.replace("{", "x").replace("}", "x"))

    return sent


def passed(answer):
    """Whether the guard let it through; a form without the session's token was let through."""
    return answer.status_code != 401 and "Not allowed" not in answer.text


def test_a_route_lets_in_whom_the_table_says_and_nobody_else(call):
    let_in = {name: {who for who in CALLERS if passed(call(name, who))} for name in POLICY}
    assert let_in == WHO_MAY


def test_the_table_is_of_all_routes_and_no_others():
    assert {name for name, _ in named_routes()} == set(WHO_MAY) == set(POLICY)


def test_a_route_that_is_not_in_the_table_is_not_built(service, monkeypatch):
    monkeypatch.setattr(
        "stripe_saas_service.app.POLICY",
        {name: rule for name, rule in POLICY.items() if name != "GET /"},
    )
    with pytest.raises(RuntimeError, match=r"differ: GET /$"):
        app_of(service)


def test_an_application_that_asks_for_a_route_past_the_table_is_refused(service, app):
    """As if the check at the start were not there."""
    app.app.add_api_route("/new", lambda: "in", methods=["GET"])
    assert TestClient(app, base_url=URL).get("/new").status_code == 401
