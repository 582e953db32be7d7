"""A failure's text: which stream, what Stripe said, what it means, what to do; never a key."""

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_stripe_saas.api.refusal import Unreachable, refusal
from source_stripe_saas.config.settings import ConfigError
from source_stripe_saas.connection import errors
from unit_tests.builders import PLANS
from unit_tests.stripe_server import denied, failure

CONFIG, TRANSIENT = FailureType.config_error, FailureType.transient_error


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
        "The API key has no right to read it. "
        "Tick Charges and Refunds: Read (`rak_charge_read`) for the key in the Stripe dashboard, "
        "or leave the stream out."
    )
    assert trace.internal_message.startswith("GET charges -> 403, request req_9: The provided key")


def test_a_refusal_that_names_no_permission_gets_the_manifests():
    text = explained("invoices", failure(403, "You may not.")).message
    assert "Tick Invoices: Read (`rak_invoice_read`)" in text


@pytest.mark.parametrize(
    ("answer", "failure_type", "means", "do"),
    [
        (failure(401, "Invalid API Key"), CONFIG, "not valid any more", "`client_secret`"),
        (
            failure(401, "Expired API Key", code="api_key_expired"),
            CONFIG,
            "has expired",
            "`client_secret`",
        ),
        (
            failure(404, "Unrecognized URL"),
            CONFIG,
            "does not have this part",
            "Leave the stream out",
        ),
        (
            failure(400, "Not enabled."),
            CONFIG,
            "does not answer this list",
            "report the request id",
        ),
    ],
)
def test_every_refusal_says_what_it_means_and_what_to_do(answer, failure_type, means, do):
    trace = explained("cards", answer)
    assert trace.failure_type == failure_type
    for part in ("Stream `cards`", answer[1]["error"]["message"].rstrip("."), "req_9", means, do):
        assert part in trace.message


def test_no_answer_is_transient_and_says_that_nothing_is_lost():
    trace = errors.explain(
        PLANS["charges"], Unreachable("charges", "status 503: down", 8, 503, "r")
    )
    assert trace.failure_type == TRANSIENT
    assert "in 8 attempts" in trace.message
    assert "(request r)" in trace.message
    assert "goes on where it stopped" in trace.message


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
            "The API key has expired",
        ),
        (Unreachable("account", "connection failed", 8), TRANSIENT, "could not be reached"),
        (refusal("account", *failure(400, "Odd.")), CONFIG, "refused the first request: Odd."),
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
