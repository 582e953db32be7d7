"""Which account a key opens, and when another one must be named in a header."""

import time

import pytest

from source_stripe_saas.api.access import Access
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import KeyRefused, Unreachable
from source_stripe_saas.connection.account import Account, AccountRefused, access_of, open_account
from unit_tests.builders import NOW, some_settings
from unit_tests.stripe_server import ACCOUNT, denied, failure, serving

pytestmark = pytest.mark.usefixtures("no_waiting")

UNKNOWN = failure(403, "The provided key does not have access to account 'acct_9'.")
CONNECTED = {"id": "acct_2", "object": "account", "created": 5}


def opened(**config):
    settings = some_settings(**config)
    client = StripeClient(access_of(settings))
    return client, open_account(client, settings)


def test_a_client_gets_its_key_address_and_caps_from_the_config():
    settings = some_settings(
        client_secret="rk_live_1",
        api_url="https://stripe.example.com/",
        call_rate_limit=7,
        endpoint_rate_limit=3,
    )
    assert access_of(settings) == Access("rk_live_1", "https://stripe.example.com", 7, 3)
    assert access_of(some_settings()).is_stripe


def by_account(answers):
    return lambda request: answers[request.headers.get("Stripe-Account")]


def test_without_an_account_in_the_config_the_keys_own_is_read():
    with serving() as stripe:
        _, account = opened()
    assert account == Account("acct_1", "Example Ltd", ACCOUNT["created"], NOW)
    assert stripe.headers("Stripe-Account") == {None}


def test_the_keys_own_account_in_the_config_is_not_sent():
    with serving() as stripe:
        client, account = opened(account_id="acct_1")
        client.get("customers")
    assert account.id == "acct_1"
    assert stripe.headers("Stripe-Account") == {None}


def test_a_refusal_to_describe_the_account_names_it_so_it_is_not_sent_either():
    with serving(answers={"account": denied("rak_connected_account_read")}) as stripe:
        client, account = opened(account_id="acct_1")
        client.get("customers")
    assert account == Account("acct_1", None, 0, NOW)
    assert stripe.headers("Stripe-Account") == {None}


def test_another_account_is_sent_with_every_request_after_the_first():
    answers = by_account({None: (200, ACCOUNT), "acct_2": (200, CONNECTED)})
    with serving(answers={"account": answers}) as stripe:
        client, account = opened(account_id="acct_2")
        client.get("customers")
    assert account == Account("acct_2", None, 5, NOW)
    assert [sent.headers.get("Stripe-Account") for sent in stripe.sent] == [
        None,
        "acct_2",
        "acct_2",
    ]


def test_another_account_that_only_lacks_its_description_is_within_reach():
    answers = by_account(
        {None: (200, ACCOUNT), "acct_2": denied("rak_connected_account_read", "acct_2")}
    )
    with serving(answers={"account": answers}):
        _, account = opened(account_id="acct_2")
    assert account == Account("acct_2", None, 0, NOW)


@pytest.mark.parametrize(
    "answer",
    [
        UNKNOWN,
        failure(403, "Only Stripe Connect platforms can work with other accounts."),
        failure(404, "No such account."),
    ],
    ids=["no access", "no platform", "missing"],
)
def test_an_account_out_of_reach_is_told_apart_from_a_bad_key(answer):
    answers = by_account({None: (200, ACCOUNT), "acct_9": answer})
    with serving(answers={"account": answers}), pytest.raises(AccountRefused) as raised:
        opened(account_id="acct_9")
    assert raised.value.account_id == "acct_9"


@pytest.mark.parametrize("account_id", [None, "acct_2"])
def test_a_bad_key_is_a_bad_key(account_id):
    refused = failure(401, "Invalid API Key provided: rk_test_*1")
    with serving(answers={"account": refused}), pytest.raises(KeyRefused):
        opened(account_id=account_id)


def test_no_answer_is_no_verdict_on_the_key():
    with serving(answers={"account": failure(503, "down")}), pytest.raises(Unreachable):
        opened()


def test_an_organizations_key_names_the_account_in_its_own_header_from_the_start():
    with serving() as stripe:
        client, account = opened(client_secret="sk_org_1", account_id="acct_1")
        client.get("customers")
    assert account.id == "acct_1"
    assert stripe.headers("Stripe-Context") == {"acct_1"}
    assert stripe.headers("Stripe-Account") == {None}


def test_now_is_stripes_whatever_the_machine_says(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 86_400.0)
    with serving():
        assert opened()[1].now == NOW
    with serving(answers={"account": denied()}):
        assert opened()[1].now == NOW
