"""The stand-in's OAuth: a click, a code, tokens, and each way in which they end."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from stripe_sandbox.account import open_account
from stripe_sandbox.server import running_sandbox

BACK = "http://127.0.0.1/callback"
CONNECT = {"client_id": "ca_sandboxConnect", "client_secret": "sk_test_sandboxconnect0001"}
APP = {"client_id": "ca_sandboxApp", "client_secret": "sk_test_sandboxapp00000001"}
ENDPOINT = "http://127.0.0.1:1/never"


@pytest.fixture(scope="module")
def account():
    return open_account(customers=2, months=1, connected=1)


@pytest.fixture(scope="module")
def url(account):
    with running_sandbox(account) as url:
        yield url


def page(url, method="GET", app=CONNECT, data=None, **changed):
    asked = {
        "response_type": "code",
        "client_id": app["client_id"],
        "scope": "read_only",
        "state": "state 1",
        "redirect_uri": BACK,
        **changed,
    }
    address = f"{url}/oauth/authorize"
    return requests.request(
        method, address, params=asked, data=data, allow_redirects=False, timeout=10
    )


def came_back_with(reply):
    assert reply.status_code == 303
    location = reply.headers["Location"]
    assert location.startswith(f"{BACK}?")
    return {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}


def a_code(url, app=CONNECT, **form):
    return came_back_with(page(url, "POST", app, {"decision": "allow", **form}))["code"]


def exchanged(url, app=CONNECT, **form):
    return requests.post(
        f"{url}/oauth/token", data={"client_secret": app["client_secret"], **form}, timeout=10
    )


def tokens(url, app=CONNECT, **form):
    code = a_code(url, app, **form)
    reply = exchanged(url, app, grant_type="authorization_code", code=code)
    assert reply.status_code == 200, reply.text
    return reply.json()


def renewed(url, refresh_token, app=APP):
    return exchanged(url, app, grant_type="refresh_token", refresh_token=refresh_token)


def asked(url, token, path="account"):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{url}/v1/{path}", headers=headers, timeout=10)


def test_a_click_leads_back_with_a_code_and_the_state_that_was_sent(url):
    shown = page(url)
    assert (shown.status_code, 'value="deny"' in shown.text) == (200, True)
    back = came_back_with(page(url, "POST", data={"decision": "allow"}))
    assert back.keys() == {"code", "scope", "state"}
    assert (back["state"], back["scope"], back["code"][:3]) == ("state 1", "read_only", "ac_")


def test_who_denies_is_sent_back_without_a_code(url):
    assert came_back_with(page(url, "POST", data={"decision": "deny"})) == {
        "error": "access_denied",
        "error_description": "The user denied your request",
        "state": "state 1",
    }


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": f"{BACK}/"}, "invalid_redirect_uri"),
        ({"redirect_uri": "http://elsewhere.example/callback"}, "invalid_redirect_uri"),
        ({"client_id": "ca_unknown"}, "invalid_client"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
    ids=["a slash more", "elsewhere", "no such application", "response_type", "scope"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_request_is_shown_and_leads_nowhere(url, method, changed, error):
    reply = page(url, method, data={"decision": "allow"} if method == "POST" else None, **changed)
    assert (reply.status_code, reply.json()["error"]) == (400, error)


def test_a_code_gives_tokens_of_the_account_that_was_chosen(url, account):
    [other] = [name for name in account.connections.seeds if name.startswith("acct_1C")]
    for chosen in (account.account_id, other):
        given = tokens(url, account=chosen)
        assert given["stripe_user_id"] == chosen
        assert asked(url, given["access_token"]).json()["id"] == chosen
    customers = [
        {
            row["id"]
            for row in asked(url, tokens(url, account=one)["access_token"], "customers").json()[
                "data"
            ]
        }
        for one in (account.account_id, other)
    ]
    assert all(customers)
    assert customers[0].isdisjoint(customers[1])


def test_a_code_used_twice_revokes_what_it_gave(url):
    code = a_code(url)
    given = exchanged(url, grant_type="authorization_code", code=code).json()
    assert asked(url, given["access_token"]).status_code == 200
    again = exchanged(url, grant_type="authorization_code", code=code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert asked(url, given["access_token"]).status_code == 401
    assert renewed(url, given["refresh_token"], CONNECT).status_code == 400


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 400)], ids=["before", "after"])
def test_a_code_is_good_for_five_minutes(url, account, seconds, status):
    code = a_code(url)
    account.advance(seconds)
    assert exchanged(url, grant_type="authorization_code", code=code).status_code == status


def test_a_code_is_of_no_use_to_another_application(url):
    code = a_code(url)
    assert exchanged(url, APP, grant_type="authorization_code", code=code).status_code == 400
    assert exchanged(url, grant_type="authorization_code", code=code).status_code == 200


def test_an_app_s_token_stops_after_an_hour_and_its_refresh_token_after_one_use(url, account):
    first = tokens(url, APP)
    assert asked(url, first["access_token"]).status_code == 200
    account.advance(3600)
    refused = asked(url, first["access_token"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "api_key_expired")
    second = renewed(url, first["refresh_token"])
    assert asked(url, second.json()["access_token"]).status_code == 200
    assert renewed(url, first["refresh_token"]).json()["error"] == "invalid_grant"
    assert renewed(url, second.json()["refresh_token"]).status_code == 200


def test_connect_s_tokens_stay(url, account):
    given = tokens(url)
    account.advance(86_400)
    assert asked(url, given["access_token"]).status_code == 200
    assert [renewed(url, given["refresh_token"], CONNECT).status_code for _ in "ab"] == [200, 200]


def test_deauthorization_ends_the_tokens_and_is_delivered(url, account):
    endpoint = {
        "url": ENDPOINT,
        "secrets": ["whsec_1"],
        "types": ["account.application.deauthorized"],
    }
    assert requests.post(f"{url}/_sandbox/endpoints", json=endpoint, timeout=10).ok
    given = tokens(url, APP)
    form = {"client_id": APP["client_id"], "stripe_user_id": account.account_id}
    wrong = requests.post(
        f"{url}/oauth/deauthorize", data={**form, "client_secret": "sk_test_wrong"}, timeout=10
    )
    assert (wrong.status_code, asked(url, given["access_token"]).status_code) == (401, 200)
    right = requests.post(f"{url}/oauth/deauthorize", data=form | APP, timeout=10)
    assert right.json() == {"stripe_user_id": account.account_id}
    assert asked(url, given["access_token"]).status_code == 401
    assert renewed(url, given["refresh_token"]).status_code == 400
    again = requests.post(f"{url}/oauth/deauthorize", data=form | APP, timeout=10)
    assert again.status_code == 401
    sent = requests.post(f"{url}/_sandbox/deliver", timeout=30).json()
    assert sent == {"answers": {"0": 1}}


def test_an_application_that_is_registered_may_be_connected(url):
    ours = {"client_id": "ca_ours", "secret": "sk_test_ours00001", "redirect_uris": [BACK]}
    assert requests.post(f"{url}/_sandbox/applications", json=ours, timeout=10).ok
    app = {"client_id": "ca_ours", "client_secret": "sk_test_ours00001"}
    assert tokens(url, app)["scope"] == "read_only"
