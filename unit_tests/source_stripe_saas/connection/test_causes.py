"""Stripe's words -> what they mean and what to do, by cause and not by status."""

import pytest

from source_stripe_saas.api.refusal import GrantEnded, UnexpectedContent, Unreachable, refusal
from source_stripe_saas.connection.causes import CAUSES, advice_for
from unit_tests.stripe_server import denied, failure

CONFIG, TRANSIENT, SYSTEM = "config_error", "transient_error", "system_error"

NAMED = denied("rak_charge_read")[1]["error"]["message"]
CONNECT = (
    "The provided key 'rk_live_***' does not have access to account 'acct_2' (or that account does "
    "not exist). Application access may have been revoked."
)
CONTROLS = (
    "You cannot perform this request as you do not have Platform Controls for this on the account "
    "acct_2."
)
HEADER = (
    "The provided key 'rk_test_***' attempted to access account 'acct_2' with the Stripe-Account "
    "header, but the restricted API key does not have any Connect permissions."
)

TABLE = {
    "expired key": (failure(401, "Expired", code="api_key_expired"), CONFIG, "has expired"),
    "wrong key": (failure(401, "Invalid API Key provided"), CONFIG, "wrong or was revoked"),
    "key removed on the way": (
        failure(401, "You did not provide an API key."),
        CONFIG,
        "without the key",
    ),
    "unknown address": (
        failure(403, "The API key provided does not allow requests from your IP address."),
        CONFIG,
        "some IP addresses only",
    ),
    "organization key": (
        failure(400, "Organization API keys must send the Stripe-Context header."),
        CONFIG,
        "which account is meant",
    ),
    "named permission": (failure(403, NAMED), CONFIG, "no permission to read it"),
    "unnamed permission": (
        failure(403, "The provided key does not have the required permissions."),
        CONFIG,
        "no permission to read it",
    ),
    "permission by code": (
        failure(403, "No.", code="more_permissions_required"),
        CONFIG,
        "no permission to read it",
    ),
    "no platform": (
        failure(403, "Only Stripe Connect platforms can work with other accounts."),
        CONFIG,
        "not a platform",
    ),
    "another platform": (failure(403, CONNECT), CONFIG, "not the platform of the account"),
    "no Connect permissions": (failure(403, HEADER), CONFIG, "connected accounts"),
    "platform controls": (failure(403, CONTROLS), CONFIG, "does not control"),
    "other 403": (failure(403, "You may not."), CONFIG, "names no permission"),
    "event gone": (
        failure(404, "No such event: 'evt_1'", code="resource_missing"),
        TRANSIENT,
        "older than Stripe keeps events",
    ),
    "object gone": (
        failure(400, "No such customer: 'cus_1'", code="resource_missing"),
        SYSTEM,
        "was deleted while it was read",
    ),
    "no such route": (
        failure(404, "Unrecognized request URL (GET: /v1/things)."),
        CONFIG,
        "does not have this part",
    ),
    "product not used": (
        failure(400, "Your account is not set up to use Issuing."),
        CONFIG,
        "does not use this product",
    ),
    "product not enabled": (
        failure(400, "Reviews are not enabled for your account."),
        CONFIG,
        "does not use this product",
    ),
    "unknown parameter": (
        failure(400, "Received unknown parameter: foo", code="parameter_unknown", param="foo"),
        SYSTEM,
        "defect of the connector",
    ),
    "cannot expand": (
        failure(400, "This property cannot be expanded (a)."),
        SYSTEM,
        "defect of the connector",
    ),
    "any other 400": (failure(400, "Odd."), SYSTEM, "does not know this refusal"),
    "402": (failure(402, "Your card was declined."), SYSTEM, "does not know this refusal"),
    "a proxy's 403": ((403, "<html>denied</html>"), CONFIG, "not Stripe's"),
    "a proxy's 401": ((401, None), CONFIG, "not Stripe's"),
    "a redirect": ((302, {}), CONFIG, "not Stripe's"),
}


@pytest.mark.parametrize(("answer", "failure_type", "means"), TABLE.values(), ids=TABLE)
def test_a_refusal_is_explained_by_its_cause(answer, failure_type, means):
    advice = advice_for(refusal("things", *answer), "charge_read")
    assert means in advice.means
    assert advice.failure_type == failure_type


UNREACHABLE = {
    "certificate": ("the server's certificate is not trusted", None, CONFIG, "REQUESTS_CA_BUNDLE"),
    "rate limit": ("status 429: Slow down", 429, TRANSIENT, "`call_rate_limit`"),
    "Stripe's fault": ("status 500: Sorry", 500, TRANSIENT, "status page"),
    "another 404": ("status 404: HTTP status 404", 404, CONFIG, "`api_url`"),
    "no connection": ("connection failed (ReadTimeoutError)", None, TRANSIENT, "goes on"),
    "not a list": ("the reply is not a Stripe list", 200, TRANSIENT, "goes on"),
}


@pytest.mark.parametrize(
    ("message", "status", "failure_type", "do"), UNREACHABLE.values(), ids=UNREACHABLE
)
def test_no_reply_is_explained_by_its_cause(message, status, failure_type, do):
    advice = advice_for(Unreachable("things", message, 9, status), "charge_read")
    assert do in advice.do
    assert advice.failure_type == failure_type


def test_content_that_cannot_be_read_will_not_be_different_next_time():
    advice = advice_for(UnexpectedContent("things", "`created` of th_1 is not a whole number"), "x")
    assert advice.failure_type == SYSTEM
    assert "running the sync again does not help" in advice.means


def test_only_a_missing_permission_says_what_to_tick():
    ticked = {
        name
        for name, (answer, *_) in TABLE.items()
        if advice_for(refusal("things", *answer), "invoice_read").box is not None
    }
    assert ticked == {"named permission", "unnamed permission", "permission by code"}
    for answer, *_ in TABLE.values():
        advice = advice_for(refusal("things", *answer), "invoice_read")
        assert ("tick" in advice.do.lower()) == (advice.box is not None)


@pytest.mark.parametrize(
    ("message", "box"),
    [
        (NAMED, "Charges and Refunds: Read (`rak_charge_read`)"),
        ("Having the 'rak_invoice_item_read' permission would", "`rak_invoice_item_read`"),
        ("The key does not have the required permissions.", "Invoices: Read (`rak_invoice_read`)"),
    ],
    ids=["named", "unknown to the table", "not named"],
)
def test_the_permission_in_stripes_words_counts_before_the_streams_own(message, box):
    advice = advice_for(refusal("things", *failure(403, message)), "invoice_read")
    assert box in advice.do


def test_leaving_the_stream_out_is_not_the_advice_for_what_has_another_remedy():
    for name in ("expired key", "wrong key", "organization key", "any other 400", "event gone"):
        advice = advice_for(refusal("things", *TABLE[name][0]), "charge_read")
        assert "leave the stream out" not in advice.do.lower()


def test_every_row_of_the_table_decides_about_something():
    errors = [refusal("things", *answer) for answer, *_ in TABLE.values()]
    errors += [Unreachable("t", message, 9, status) for message, status, *_ in UNREACHABLE.values()]
    errors += [UnexpectedContent("things", "odd"), GrantEnded("oauth/token", "invalid_grant")]
    used = {id(next(row for row in CAUSES if row.fits(error))) for error in errors}
    assert [row.means for row in CAUSES if id(row) not in used] == []
