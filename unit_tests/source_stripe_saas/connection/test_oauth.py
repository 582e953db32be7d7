"""Access tokens: renewed when due, printed before use, and never in a log."""

import io
import json
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
import requests_mock
from airbyte_cdk.models import AirbyteConnectionStatus, Status
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets, update_secrets

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import GrantEnded, KeyRefused, Unreachable
from source_stripe_saas.config.settings import ConfigError, parse_settings
from source_stripe_saas.connection.account import access_of
from source_stripe_saas.connection.errors import refused_at_start
from source_stripe_saas.connection.oauth import tokens_of
from source_stripe_saas.protocol.entrypoint import PageEntrypoint
from source_stripe_saas.protocol.line_writer import LineWriter

A_STATUS = AirbyteConnectionStatus(status=Status.SUCCEEDED)
APP_URL = "https://api.stripe.com/v1/oauth/token"
CONNECT_URL = "https://connect.stripe.com/oauth/token"
ACCOUNT_URL = "https://api.stripe.com/v1/account"

CREDENTIALS = {
    "auth_type": "stripe_app",
    "client_id": "ca_1",
    "client_secret": "sk_test_app",
    "access_token": "sk_test_old",
    "refresh_token": "rt_1",
}


def a_config(**credentials):
    kept = {name: v for name, v in {**CREDENTIALS, **credentials}.items() if v is not None}
    return {"start_date": "2024-01-01", "credentials": kept}


def in_minutes(minutes):
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).isoformat()


class Endpoint:
    """Gives tokens 1, 2, 3 …; each refresh token counts once."""

    def __init__(self):
        self.valid, self.given, self.forms, self.keys = "rt_1", 0, [], []

    def __call__(self, request, context):
        self.forms.append({name: value for name, [value] in parse_qs(request.text).items()})
        self.keys.append(request.headers["Authorization"])
        if self.forms[-1]["refresh_token"] != self.valid:
            context.status_code = 400
            return {"error": "invalid_grant", "error_description": "Used before."}
        self.given += 1
        self.valid = f"rt_{self.given + 1}"
        return {"access_token": f"sk_test_new{self.given}", "refresh_token": self.valid}


@pytest.fixture
def stripe():
    update_secrets([])
    with requests_mock.Mocker() as mocker:
        endpoint = Endpoint()
        mocker.post(APP_URL, json=endpoint)
        mocker.post(CONNECT_URL, json=endpoint)
        mocker.endpoint = endpoint
        yield mocker
    update_secrets([])


def controls(capsys):
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["type"] for line in lines} <= {"CONTROL"}
    return [line["control"]["connectorConfig"]["config"] for line in lines]


@pytest.mark.parametrize("expires", [None, in_minutes(-1)], ids=["unknown", "past"])
def test_a_token_that_is_due_is_renewed_and_the_whole_config_printed(stripe, capsys, expires):
    config = a_config(token_expiry_date=expires)
    tokens = tokens_of(parse_settings(config))
    assert tokens.current() == "sk_test_new1"
    assert stripe.endpoint.forms == [{"grant_type": "refresh_token", "refresh_token": "rt_1"}]
    assert stripe.endpoint.keys == ["Bearer sk_test_app"]
    [printed] = controls(capsys)
    kept = printed["credentials"]
    assert (kept["access_token"], kept["refresh_token"]) == ("sk_test_new1", "rt_2")
    seconds = datetime.fromisoformat(kept["token_expiry_date"].replace("Z", "+00:00")).timestamp()
    assert abs(seconds - datetime.now(timezone.utc).timestamp() - 3600) < 60
    # What was given stays as it was, and is all there.
    assert {**printed, "credentials": None} == {**config, "credentials": None}
    assert config["credentials"]["refresh_token"] == "rt_1"
    parse_settings(printed)


def test_a_token_that_is_good_is_used_as_it_is(stripe, capsys):
    tokens = tokens_of(parse_settings(a_config(token_expiry_date=in_minutes(5))))
    assert tokens.current() == "sk_test_old"
    assert (stripe.endpoint.forms, controls(capsys)) == ([], [])


def test_tokens_of_connect_stay_until_one_is_refused(stripe, capsys):
    tokens = tokens_of(parse_settings(a_config(auth_type="stripe_connect")))
    assert tokens.current() == "sk_test_old"
    tokens.renew("sk_test_old")
    tokens.renew("sk_test_old")  # another thread was refused with the same one
    assert tokens.current() == "sk_test_new1"
    assert [request.url for request in stripe.request_history] == [CONNECT_URL]
    assert len(controls(capsys)) == 1


def test_a_read_that_lasts_longer_than_its_token_goes_on_with_the_next(stripe, capsys):
    sent = []

    def account(request, context):
        token = request.headers["Authorization"].removeprefix("Bearer ")
        sent.append(token)
        if token == "sk_test_old" and sent.count(token) > 2:
            context.status_code = 401
            return {"error": {"message": "Expired API Key provided", "code": "api_key_expired"}}
        return {"id": "acct_1", "object": "account"}

    stripe.get(ACCOUNT_URL, json=account)
    settings = parse_settings(a_config(token_expiry_date=in_minutes(5)))
    client = StripeClient(access_of(settings, tokens_of(settings)), sleep=lambda seconds: None)
    assert [client.get("account").body["id"] for _ in range(4)] == ["acct_1"] * 4
    assert sent == ["sk_test_old"] * 3 + ["sk_test_new1"] * 2
    assert [config["credentials"]["refresh_token"] for config in controls(capsys)] == ["rt_2"]


def test_a_new_token_that_is_refused_too_is_not_renewed_again(stripe):
    refused = {"error": {"message": "Invalid API Key provided"}}
    stripe.get(ACCOUNT_URL, json=refused, status_code=401)
    settings = parse_settings(a_config(token_expiry_date=in_minutes(5)))
    client = StripeClient(access_of(settings, tokens_of(settings)), sleep=lambda seconds: None)
    with pytest.raises(KeyRefused):
        client.get("account")
    assert len(stripe.endpoint.forms) == 1


def test_a_refresh_token_that_is_void_asks_to_connect_anew_in_one_line(stripe):
    with pytest.raises(GrantEnded) as raised:
        tokens_of(parse_settings(a_config(refresh_token="rt_0"))).current()
    error = refused_at_start(raised.value)
    assert error.failure_type.value == "config_error"
    assert error.message == (
        "Stripe refused to renew the access token. Stripe said: invalid_grant. The connection to "
        "Stripe has ended: its refresh token was revoked, has expired or was used before. Connect "
        "to Stripe anew."
    )
    for secret in ("rt_0", "sk_test"):
        assert secret not in f"{error.message} {error.internal_message}"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ({"status_code": 401, "json": {"error": {"message": "No such key"}}}, GrantEnded),
        ({"status_code": 404, "text": "no"}, GrantEnded),
        ({"status_code": 200, "text": "<html>"}, Unreachable),
        ({"status_code": 200, "json": {"token_type": "bearer"}}, Unreachable),
    ],
    ids=["a wrong secret", "no such place", "no JSON", "no token"],
)
def test_whatever_else_comes_is_no_token(stripe, reply, kind):
    stripe.post(APP_URL, **reply)
    with pytest.raises(kind):
        tokens_of(parse_settings(a_config())).current()


def test_an_apps_tokens_are_refused_where_nothing_keeps_the_next_ones():
    with pytest.raises(ConfigError, match="`credentials` of a Stripe App"):
        access_of(parse_settings(a_config()))
    settings = parse_settings(a_config(auth_type="stripe_connect"))
    assert access_of(settings).key == "sk_test_old"


def test_a_connection_opens_one_account():
    with pytest.raises(ConfigError, match="`accounts` need a platform's key"):
        parse_settings({**a_config(), "accounts": "all_connected"})


def test_the_mode_is_that_of_the_access_token():
    assert parse_settings(a_config()).key_mode == "test"
    assert parse_settings(a_config(access_token=None)).key_mode == "unknown"
    with pytest.raises(ConfigError, match="mode"):
        parse_settings({**a_config(), "mode": "live"})


def test_a_key_goes_before_whatever_else_there_is():
    settings = parse_settings({"client_secret": "rk_test_1", **a_config()})
    assert (settings.key, settings.oauth) == ("rk_test_1", None)
    assert tokens_of(settings) is None


def test_settings_show_no_secret():
    text = repr(parse_settings(a_config()))
    for secret in ("rt_1", "sk_test_old", "sk_test_app"):
        assert secret not in text


def test_what_a_config_holds_and_what_comes_later_is_hidden_in_logs(stripe):
    config = a_config(access_token="sk_test_accesssecret", refresh_token="rt_1")
    source = SimpleNamespace(logger=None, check=lambda logger, config: A_STATUS)
    PageEntrypoint(source, LineWriter(io.StringIO())).check(config)
    shown = filter_secrets("sk_test_app, sk_test_accesssecret, rt_1")
    assert shown == "****, ****, ****"
    tokens_of(parse_settings(config)).current()
    assert filter_secrets("sk_test_new1, rt_2") == "****, ****"
