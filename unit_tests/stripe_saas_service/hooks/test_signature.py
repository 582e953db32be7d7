"""A signature is Stripe's if its time is near and one secret made one of its proofs."""

import pytest
import stripe

from stripe_saas_service.hooks.signature import Refused, refusal_of
from unit_tests.stripe_saas_service.hooks.signing import NOW, SECRET, header, proof

BODY = b'{\n  "id": "evt_1"\n}'
OTHER = "whsec_other"


def refused(sent, body=BODY, secrets=(SECRET,), now=NOW):
    return refusal_of(sent, body, secrets, now)


def test_a_signature_of_now_is_accepted():
    assert refused(header(BODY)) is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW - 300, None),
        (NOW - 301, Refused.TOO_OLD),
        (NOW + 300, None),
        (NOW + 301, Refused.AHEAD),
    ],
    ids=["300 s ago", "301 s ago", "in 300 s", "in 301 s"],
)
def test_time_is_bounded_both_ways(at, expected):
    assert refused(header(BODY, at=at)) is expected


@pytest.mark.parametrize(
    ("signing", "known"),
    [
        ((SECRET,), (OTHER, SECRET)),
        ((OTHER, SECRET), (SECRET,)),
        ((SECRET, OTHER), (OTHER, SECRET)),
    ],
    ids=["two are known", "two sign", "both"],
)
def test_while_a_secret_is_rolled_any_of_them_will_do(signing, known):
    assert refused(header(BODY, *signing), secrets=known) is None


@pytest.mark.parametrize(
    "sent",
    [
        header(BODY, OTHER),
        header(BODY + b" "),
        header(BODY).replace(f"t={NOW}", f"t={NOW + 1}"),
        f"t={NOW},v1={proof(BODY)[:-1]}",
        f"t={NOW},v1=",
        f"t={NOW},v1=\u00fc",
        f"t=0{NOW},v1={proof(BODY)}",
    ],
    ids=["secret", "body", "time", "cut", "empty", "no ASCII", "a zero before the time"],
)
def test_a_proof_of_anything_else_is_wrong(sent):
    assert refused(sent) is Refused.WRONG


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "t=,v1=",
        f"t={NOW}",
        f"v1={proof(BODY)}",
        f"t={NOW},v0={proof(BODY)}",
        f"t=now,v1={proof(BODY)}",
        f"t=-{NOW},v1={proof(BODY)}",
        f"t={NOW},t={NOW},v1={proof(BODY)}",
        f"t={'9' * 400},v1={proof(BODY)}",
        "\x00" * 50,
    ],
    ids=range(11),
)
def test_what_has_no_time_or_no_proof_is_unsigned(sent):
    assert refused(sent) is Refused.UNSIGNED


def test_of_very_many_proofs_only_the_first_are_looked_at():
    wrong = ",".join(["v1=00"] * 16)
    assert refused(f"t={NOW},{wrong},v1={proof(BODY)}") is Refused.WRONG


@pytest.mark.parametrize("at", [NOW, NOW - 300, NOW - 301], ids=["now", "near", "old"])
@pytest.mark.parametrize("secret", [SECRET, OTHER], ids=["right", "wrong"])
def test_the_official_library_says_the_same(monkeypatch, at, secret):
    monkeypatch.setattr("time.time", lambda: float(NOW))
    sent = header(BODY, secret, at=at)
    try:
        stripe.WebhookSignature.verify_header(BODY.decode(), sent, SECRET, tolerance=300)
    except stripe.SignatureVerificationError:
        assert refused(sent) is not None
    else:
        assert refused(sent) is None
