"""Stripe's error bodies, and bodies of whatever else answers, become one kind of no."""

import pytest

from source_stripe_saas.api.refusal import (
    CursorGone,
    KeyRefused,
    NotFound,
    PermissionRefused,
    Refusal,
    Unreachable,
    refusal,
)


def said(message="no", **error):
    return {"error": {"message": message, **error}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, said(), Refusal),
        (400, said(param="limit"), Refusal),
        (400, said(param="starting_after", code="resource_missing"), CursorGone),
        (404, said(param="starting_after"), CursorGone),
        (400, said(param="ending_before"), CursorGone),
        (400, said(param="invoice", code="resource_missing"), NotFound),
        (401, said(), KeyRefused),
        (402, said(), Refusal),
        (403, said(), PermissionRefused),
        (403, said(param="starting_after"), PermissionRefused),
        (404, said(code="resource_missing", param="id"), NotFound),
        (404, None, NotFound),
        (500, said(), Refusal),
    ],
)
def test_status_and_body_tell_the_kind(status, body, kind):
    assert type(refusal("things", status, body)) is kind


@pytest.mark.parametrize("body", [None, [], "x", 5, {}, {"error": "text"}, {"error": {}}], ids=repr)
def test_a_body_of_any_shape_is_borne(body):
    assert refusal("things", 418, body).message == "HTTP status 418"


@pytest.mark.parametrize("key", ["sk_live_51abc", "rk_test_51abcDEF", "pk_live_9", "sk_org_live_a"])
def test_no_key_stays_in_a_text(key):
    no = refusal("things", 403, said(f"The key '{key}' may not."), "req_1")
    assert no.message == "The key '[key]' may not."
    assert key not in str(no)


def test_a_masked_key_goes_too():
    assert "rk_" not in refusal("t", 401, said("Invalid API Key: rk_test_****abcd")).message


def test_the_internal_text_has_route_status_and_request():
    assert (
        str(refusal("things", 400, said("Bad."), "req_1"))
        == "GET things -> 400, request req_1: Bad."
    )
    assert str(Unreachable("things", "gone", 8)) == "GET things, 8 attempts: gone"
    lost = Unreachable("things", "status 500", 8, 500, "req_2")
    assert str(lost) == "GET things -> 500, request req_2, 8 attempts: status 500"


@pytest.mark.parametrize(
    ("message", "permission", "account"),
    [
        (
            "The provided key 'rk_1' does not have the required permissions for this endpoint on "
            "account 'acct_1Ab'. Having the 'rak_charge_read' permission would allow this request.",
            "rak_charge_read",
            "acct_1Ab",
        ),
        ("Only Stripe Connect platforms can work with other accounts.", None, None),
        (
            "The key does not have access to account 'acct_9' (or it does not exist).",
            None,
            "acct_9",
        ),
    ],
)
def test_a_refused_permission_and_the_account_are_read_from_the_text(message, permission, account):
    no = refusal("charges", 403, said(message))
    assert (no.permission, no.account_id) == (permission, account)


def test_an_expired_key_is_told_from_a_wrong_one():
    assert refusal("t", 401, said(code="api_key_expired")).is_expired
    assert not refusal("t", 401, said()).is_expired
