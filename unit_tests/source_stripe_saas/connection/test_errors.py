"""A failure's text: which stream, what Stripe said, what it means, what to do; never a key."""

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.api.refusal import EventsForgotten, UnexpectedContent, Unreachable, refusal
from source_stripe_saas.config.settings import ConfigError
from source_stripe_saas.connection import errors
from unit_tests.builders import PLANS
from unit_tests.stripe_server import denied, failure

CONFIG, TRANSIENT = FailureType.config_error, FailureType.transient_error
SYSTEM = FailureType.system_error


def explained(stream, answer):
    status, body = answer
    return errors.explain(PLANS[stream], refusal(PLANS[stream].path, status, body, "req_9"))


def test_a_missing_permission_has_all_four_parts_and_the_request():
    trace = explained("charges", denied())
    assert trace.failure_type == CONFIG
    assert trace.message == (
        "Stream `charges` was not read to the end. "
        "Stripe said: The provided key '[key]' does not have the required permissions for this "
        "endpoint on account 'acct_1'. Having the 'rak_charge_read' permission would allow this "
        "request to continue (request req_9). "
        "The API key has no permission to read it. "
        "Tick Charges and Refunds: Read (`rak_charge_read`) for the key in the Stripe dashboard, "
        "or leave the stream out."
    )
    assert trace.internal_message.startswith("GET charges -> 403, request req_9: The provided key")


def test_what_stripe_refuses_for_an_unknown_reason_keeps_stripes_words():
    trace = explained("cards", failure(400, "Odd."))
    assert trace.failure_type == SYSTEM
    assert trace.message == (
        "Stream `cards` was not read to the end. Stripe said: Odd (request req_9). "
        "The connector does not know this refusal. If the message does not say what to change, "
        "report it with the request id. The other streams are not affected."
    )


def test_what_a_proxy_says_is_not_put_into_stripes_mouth():
    text = explained("charges", (403, "<html>denied</html>")).message
    assert "The server said: HTTP status 403" in text
    assert "Stripe said" not in text


def test_no_reply_is_transient_and_says_that_nothing_is_lost():
    trace = errors.explain(
        PLANS["charges"], Unreachable("charges", "status 503: down", 8, 503, "r")
    )
    assert trace.failure_type == TRANSIENT
    assert trace.message == (
        "Stream `charges` was not read to the end. The last attempt failed: status 503: down "
        "(request r). Stripe, or a proxy in between, failed in each of 8 attempts. Look at "
        "Stripe's status page. Run the sync again: it goes on where it stopped."
    )


def test_content_that_cannot_be_read_is_named_in_words_of_our_own():
    problem = "`created` of ch_1 is not a whole number"
    trace = errors.explain(PLANS["charges"], UnexpectedContent("charges", problem))
    assert trace.failure_type == SYSTEM
    assert trace.message.startswith(f"Stream `charges` was not read to the end: {problem}. ")
    assert "Stripe said" not in trace.message


@pytest.mark.parametrize(
    ("goes_on", "advice"),
    [(True, "Nothing can bring them back"), (False, "read anew")],
    ids=["the rest is read", "everything again"],
)
def test_events_that_are_gone_are_named(goes_on, advice):
    gone = EventsForgotten("events", "the events from a to b are gone", goes_on=goes_on)
    trace = errors.explain(PLANS["events"], gone)
    assert trace.message.startswith("Stream `events` is not complete: the events from a to b")
    assert advice in trace.message


def test_an_error_of_ours_owns_up_and_is_no_config_error():
    trace = errors.explain(PLANS["charges"], KeyError("created"))
    assert trace.failure_type == FailureType.system_error
    assert "Stream `charges` stopped on an unexpected KeyError" in trace.message
    assert "defect of the connector" in trace.message


def test_what_is_explained_already_stays():
    trace = AirbyteTracedException(message="known")
    assert errors.explain(PLANS["charges"], trace) is trace


@pytest.mark.parametrize(
    ("error", "failure_type", "part"),
    [
        (refusal("account", *failure(401, "Invalid API Key")), CONFIG, "wrong or was revoked"),
        (
            refusal("account", *failure(401, "x", code="api_key_expired")),
            CONFIG,
            "The key has expired",
        ),
        (Unreachable("account", "connection failed", 8), TRANSIENT, "could not be reached"),
        (
            refusal("account", *failure(400, "Odd.")),
            SYSTEM,
            "refused the first request. Stripe said: Odd",
        ),
    ],
)
def test_a_sync_that_cannot_begin_says_why(error, failure_type, part):
    trace = errors.refused_at_start(error)
    assert part in trace.message
    assert trace.failure_type == failure_type


def test_an_account_out_of_reach_names_the_field():
    no = refusal("account", *failure(403, "Only platforms can."))
    trace = errors.refused_account("acct_9", no)
    assert trace.message.startswith("Config field `account_id` names acct_9")
    assert "Only platforms can" in trace.message
    assert trace.failure_type == CONFIG


def test_a_config_problem_keeps_its_one_line():
    trace = errors.config_problem(ConfigError("mode", "is off."))
    assert (trace.message, trace.failure_type) == ("Config field `mode` is off.", CONFIG)
