"""Asking until there is an answer: what is sent, what is tried again, what is not."""

import base64
import socket

import pytest
import requests
import requests_mock
from urllib3.exceptions import MaxRetryError, NewConnectionError

from source_stripe_saas.api.client import (
    ATTEMPTS,
    StripeClient,
    backoff_seconds,
    is_worth_retrying,
)
from source_stripe_saas.api.limits import RateLimits
from source_stripe_saas.api.raw_object import head_decoder
from source_stripe_saas.api.refusal import CursorGone, PermissionRefused, Refusal, Unreachable
from source_stripe_saas.api.transport import STRIPE_VERSION
from unit_tests.builders import NOW, some_access

URL = "https://api.stripe.com/v1/things"
DATE = {"Date": "Sun, 15 Jun 2025 15:06:40 GMT"}
GOOD = {"json": {"object": "list", "data": [{"id": "th_1"}], "has_more": False}, "headers": DATE}


@pytest.fixture
def stripe():
    with requests_mock.Mocker() as mocker:
        yield mocker


def a_client(pauses=None, **access):
    return StripeClient(
        some_access(**access),
        limits=RateLimits(1e6, 1e6),
        sleep=(pauses if pauses is not None else []).append,
    )


def failing(status, message="no", headers=None, **error):
    return {
        "status_code": status,
        "json": {"error": {"message": message, **error}},
        "headers": {"Request-Id": "req_7", **DATE, **(headers or {})},
    }


def test_a_request_carries_the_key_the_pinned_version_and_no_account(stripe):
    stripe.get(URL, **GOOD)
    a_client().get("things", [("expand[]", "data.a"), ("expand[]", "data.b"), ("limit", "1")])
    (sent,) = stripe.request_history
    assert sent.method == "GET"
    assert sent.headers["Authorization"] == "Bearer rk_test_1"
    assert sent.headers["Stripe-Version"] == STRIPE_VERSION == "2026-05-27.dahlia"
    assert "Stripe-Account" not in sent.headers
    assert "Stripe-Context" not in sent.headers
    assert sent.url == URL + "?expand%5B%5D=data.a&expand%5B%5D=data.b&limit=1"


def test_a_reply_carries_stripes_clock(stripe):
    stripe.get(URL, **GOOD)
    reply = a_client().get("things")
    assert reply.moment == NOW
    assert reply.body["data"] == [{"id": "th_1"}]


@pytest.mark.parametrize("date", [None, "yesterday", ""])
def test_a_reply_without_a_readable_clock_is_a_reply(stripe, date):
    stripe.get(URL, json={"id": "th_1"}, headers={"Date": date} if date is not None else {})
    assert a_client().get("things").moment is None


@pytest.mark.parametrize(
    ("key", "header"), [("rk_test_1", "Stripe-Account"), ("sk_org_1", "Stripe-Context")]
)
def test_another_account_is_named_in_the_header_that_the_key_needs(stripe, key, header):
    stripe.get(URL, **GOOD)
    client = a_client(key=key)
    client.act_on("acct_2")
    client.get("things")
    (sent,) = stripe.request_history
    named = {name: sent.headers.get(name) for name in ("Stripe-Account", "Stripe-Context")}
    assert named == {"Stripe-Account": None, "Stripe-Context": None, header: "acct_2"}


@pytest.mark.parametrize(
    "failure",
    [
        failing(429),
        failing(409),
        failing(424),
        failing(500),
        failing(503),
        {"exc": requests.ConnectionError},
        {"exc": requests.ReadTimeout},
        {"text": "<html>a proxy's idea</html>"},
        {"text": '["no", "object"]'},
        {"text": '{"cut": '},
    ],
    ids=lambda failure: str(failure.get("status_code") or failure.get("exc") or failure["text"]),
)
def test_what_passes_is_tried_again(stripe, failure):
    stripe.get(URL, [failure, failure, GOOD])
    pauses = []
    client = a_client(pauses)
    assert client.get("things").body["data"] == [{"id": "th_1"}]
    assert len(pauses) == 2
    assert client.requests_sent == {"things": 3}


def test_a_list_that_is_none_is_tried_again(stripe):
    no_list = {"json": {"object": "thing", "id": "th_1"}}
    stripe.get(URL, [no_list, GOOD])
    rows, has_more = a_client().get("things", head=head_decoder(())).listed
    assert [row["id"] for row in rows] == ["th_1"]
    assert not has_more


@pytest.mark.parametrize("status", [301, 302, 400, 402, 403, 404])
def test_a_plain_no_is_not_asked_twice(stripe, status):
    stripe.get(URL, [failing(status), GOOD])
    with pytest.raises(Refusal) as raised:
        a_client().get("things")
    assert (raised.value.status, raised.value.request_id, raised.value.moment) == (
        status,
        "req_7",
        NOW,
    )
    assert len(stripe.request_history) == 1


def test_stripes_own_advice_counts_more_than_the_status(stripe):
    stripe.get(URL, [failing(400, headers={"Stripe-Should-Retry": "true"}), GOOD])
    assert a_client().get("things").body["data"]
    stripe.get(URL, [failing(500, headers={"Stripe-Should-Retry": "false"}), GOOD])
    with pytest.raises(Refusal) as raised:
        a_client().get("things")
    assert raised.value.status == 500


@pytest.mark.parametrize(
    ("status", "advice", "again"),
    [
        (500, None, True),
        (502, None, True),
        (409, None, True),
        (424, None, True),
        (429, None, True),
        (400, None, False),
        (404, None, False),
        (302, None, False),
        (400, "true", True),
        (429, "false", False),
        (500, "nonsense", True),
        (400, "nonsense", False),
    ],
)
def test_what_is_worth_a_second_attempt(status, advice, again):
    assert is_worth_retrying(status, advice) == again


def test_a_redirect_is_not_followed_so_no_other_host_sees_the_key(stripe):
    stripe.get(URL, status_code=302, headers={"Location": "https://example.com/v1/things"})
    other = stripe.get("https://example.com/v1/things", **GOOD)
    with pytest.raises(Refusal):
        a_client().get("things")
    assert not other.called


def test_a_netrc_entry_does_not_replace_the_key(stripe, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.stripe.com login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    stripe.get(URL, **GOOD)
    a_client().get("things")
    sent = stripe.request_history[0].headers["Authorization"]
    assert sent == "Bearer rk_test_1"
    assert base64.b64encode(b"me:mine").decode() not in sent


def test_no_answer_after_all_attempts_is_unreachable(stripe):
    stripe.get(URL, **failing(503, "Down for a moment"))
    pauses = []
    with pytest.raises(Unreachable) as raised:
        a_client(pauses).get("things")
    assert len(stripe.request_history) == ATTEMPTS == 9
    assert len(pauses) == ATTEMPTS - 1, "no pause after the last"
    assert (raised.value.status, raised.value.attempts) == (503, 9)
    assert raised.value.request_id == "req_7"
    assert raised.value.message == "status 503: Down for a moment"


def test_a_dead_network_is_unreachable_and_says_what_kind(stripe):
    stripe.get(URL, exc=requests.ConnectTimeout)
    with pytest.raises(Unreachable) as raised:
        a_client().get("things")
    assert raised.value.message == "connection failed (ConnectTimeout)"
    assert (raised.value.status, raised.value.request_id) == (None, None)


def a_closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_a_refused_connection_costs_stripe_nothing_so_it_is_soon_tried_again():
    pauses = []
    client = StripeClient(
        some_access(url=f"http://127.0.0.1:{a_closed_port()}"),
        attempts=2,
        limits=RateLimits(1e6, 1e6),
        sleep=pauses.append,
    )
    with pytest.raises(Unreachable) as raised:
        client.get("things")
    assert raised.value.attempts == 2
    assert client.requests_sent == {}
    assert len(pauses) == 8 + 1 + 8, (
        "connect retries, the backoff between two attempts, connect retries"
    )
    assert all(0.1 <= pause <= 0.2 for pause in [*pauses[:8], *pauses[9:]])
    assert pauses[8] >= 0.25


def test_a_server_that_is_back_soon_has_cost_no_attempt(stripe):
    refused = requests.ConnectionError(
        MaxRetryError(None, URL, NewConnectionError(None, "Connection refused"))
    )
    stripe.get(URL, [{"exc": refused}, {"exc": refused}, GOOD])
    taken_back = []
    client = a_client()
    client.limits.take_back = taken_back.append
    client._attempts = 1
    assert client.get("things").body["data"] == [{"id": "th_1"}]
    assert taken_back == ["things", "things"]
    assert client.requests_sent == {"things": 1}


@pytest.mark.parametrize("broken", [requests.ConnectionError("reset"), requests.ReadTimeout()])
def test_a_connection_that_broke_may_have_brought_the_request_and_is_an_attempt(stripe, broken):
    stripe.get(URL, [{"exc": broken}, GOOD])
    pauses = []
    client = a_client(pauses)
    client.get("things")
    assert client.requests_sent == {"things": 2}
    assert len(pauses) == 1


def test_pauses_double_from_the_third_failure_up_to_half_a_minute_and_half_of_each_is_chance():
    assert [backoff_seconds(attempt, 1.0) for attempt in range(1, 10)] == [
        0.5, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0,
    ]  # fmt: skip
    assert backoff_seconds(1, 0.0) == 0.25
    assert backoff_seconds(9, 0.0) == 15.0


def test_the_latency_counts_the_pauses_for_they_hold_the_reader_as_well(stripe):
    stripe.get(URL, [{"status_code": 500}, {"status_code": 500}, GOOD])
    client = a_client(pauses := [])
    client.get("things")
    assert client.latency_seconds >= sum(pauses) >= 0.5


def test_refusals_know_their_kind(stripe):
    stripe.get(URL, **failing(403, "Having the 'rak_charge_read' permission would allow this"))
    with pytest.raises(PermissionRefused) as raised:
        a_client().get("things")
    assert raised.value.permission == "rak_charge_read"
    stripe.get(URL, **failing(400, "No such thing", param="starting_after"))
    with pytest.raises(CursorGone):
        a_client().get("things")


def test_a_refusal_that_is_no_json_is_a_refusal_all_the_same(stripe):
    stripe.get(URL, status_code=403, text="<html>denied</html>")
    with pytest.raises(PermissionRefused, match="HTTP status 403"):
        a_client().get("things")


@pytest.mark.parametrize("text", ["", "<html>no such page</html>", '{"error": "no"}'])
def test_a_404_that_is_not_stripes_does_not_say_that_an_object_is_gone(stripe, text):
    """`http.client` takes headers that are cut off for whole ones, and the body for empty."""
    stripe.get(URL, [{"status_code": 404, "text": text}, GOOD])
    assert a_client().get("things").body["data"] == [{"id": "th_1"}]
    stripe.get(URL, status_code=404, text=text)
    with pytest.raises(Unreachable) as raised:
        a_client().get("things")
    assert raised.value.status == 404


def test_lone_surrogates_in_metadata_do_no_harm(stripe):
    stripe.get(
        URL, text='{"object": "list", "data": [{"id": "a", "m": "\\ud800"}], "has_more": false}'
    )
    assert a_client().get("things").body["data"][0]["m"] == "\ud800"
    rows, _ = a_client().get("things", head=head_decoder(())).listed
    assert rows[0]["m"] == "\ud800"


def test_a_refusal_for_the_rate_makes_the_named_bucket_smaller(stripe):
    told = []
    limits = RateLimits(1e6, 1e6)
    limits.refused = lambda endpoint, reason: told.append((endpoint, reason))
    client = StripeClient(some_access(), limits=limits, sleep=lambda seconds: None)
    limited = failing(429, headers={"Stripe-Rate-Limited-Reason": "endpoint-rate"})
    stripe.get("https://api.stripe.com/v1/things/th_1", [limited, failing(429), GOOD])
    client.get("things/th_1", endpoint="things/*")
    assert told == [("things/*", "endpoint-rate"), ("things/*", None)]
    assert client.requests_sent == {"things/*": 3}


def test_another_address_gets_the_requests(stripe):
    stripe.get("http://127.0.0.1:8421/v1/things", **GOOD)
    assert a_client(url="http://127.0.0.1:8421").get("things").body["data"]


NO_PAGES = [
    {"status": "ok"},
    {"object": "list", "data": {}, "has_more": False},
    {"object": "list", "data": [], "has_more": True},
    {"object": "list", "data": [{"name": "no id"}], "has_more": False},
    [],
]


@pytest.mark.parametrize("body", NO_PAGES)
@pytest.mark.parametrize("head", [None, head_decoder(("created",))], ids=["whole", "head"])
def test_what_is_no_page_of_a_list_is_asked_for_again(stripe, body, head):
    stripe.get(URL, [{"json": body}, GOOD])
    reply = a_client().get("things", head=head, is_list=True)
    objects = reply.listed[0] if reply.listed else reply.body["data"]
    assert [row["id"] for row in objects] == ["th_1"]


@pytest.mark.parametrize("body", [{"status": "ok"}, {}, [], "ok", None, 0])
def test_what_is_no_object_of_stripes_is_asked_for_again(stripe, body):
    stripe.get(URL, [{"json": body}, {"json": {"id": "th_1"}}])
    assert a_client().get("things").body == {"id": "th_1"}


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30])
def test_integers_beyond_64_bits_keep_every_digit(stripe, number):
    stripe.get(URL, text=f'{{"id": "th_1", "metadata": {{"n": {number}}}}}')
    assert a_client().get("things").body["metadata"]["n"] == number


def test_what_only_python_takes_for_json_is_asked_for_again(stripe):
    stripe.get(URL, [{"text": '{"id": "th_1", "x": NaN, "y": "\\ud800"}'}, {"json": {"id": "a"}}])
    assert a_client().get("things").body == {"id": "a"}


def test_a_client_goes_on_with_the_connections_that_another_has_handed_on(stripe):
    stripe.get(URL, **GOOD)
    spare = []
    first = StripeClient(some_access(), limits=RateLimits(1e6, 1e6), spare=spare)
    first.get("things")
    assert spare == [], "it is still in use"
    first.hand_on()
    [connection] = spare
    second = StripeClient(some_access(), limits=RateLimits(1e6, 1e6), spare=spare)
    second.act_on("acct_2")
    second.get("things")
    assert spare == []
    assert stripe.last_request.headers["Stripe-Account"] == "acct_2"
    second.hand_on()
    assert spare == [connection]
    second.hand_on()
    assert spare == [connection], "nothing is handed on twice"


def test_a_client_alone_keeps_its_connections(stripe):
    stripe.get(URL, **GOOD)
    client = a_client()
    client.get("things")
    client.hand_on()
    assert client.get("things").body["data"] == [{"id": "th_1"}]
