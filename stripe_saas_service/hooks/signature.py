"""A body and its header `Stripe-Signature` -> why it is not Stripe's, or nothing. No I/O.

Stripe signs `"{t}.{raw body}"` by HMAC-SHA256 with the endpoint's secret as text:
https://docs.stripe.com/webhooks/signature. Its library `stripe` takes one secret and bounds the
past alone; here several may be right, as while a secret is rolled, and the future is bounded too.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from enum import Enum

TOLERANCE_SECONDS = 300
"""How far a signature's time may be from ours, either way; of Stripe's libraries."""

_MOST_PROOFS = 16
"""Of one header; Stripe sends one, and two while a secret is rolled."""
_TIME = re.compile(r"[0-9]{1,12}")


class Refused(str, Enum):
    """Why a delivery is refused."""

    UNSIGNED = "unsigned"
    """There is no header, or it has no time and no `v1`."""
    WRONG = "wrong_signature"
    TOO_OLD = "too_old"
    AHEAD = "ahead"
    UNREADABLE = "unreadable"
    """Signed rightly, and no event."""


def refusal_of(header: str | None, body: bytes, secrets: Sequence[str], now: int) -> Refused | None:
    """Why a delivery is refused; None if it is Stripe's and of this moment.

    Takes the same time whether and which secret is right, for as many secrets and proofs.

    Args:
        header: `t=…,v1=…[,v1=…]`, as it was sent.
        body: as it was sent, unparsed.
        secrets: of the endpoint (`whsec_…`), any of which may have signed.
        now: Unix seconds.
    """
    at, proofs = _parts(header or "")
    signed = at.encode() + b"." + body
    is_right = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        for proof in proofs:
            is_right |= hmac.compare_digest(expected, proof.encode())
    if not at or not proofs:
        return Refused.UNSIGNED
    if not is_right:
        return Refused.WRONG
    if now - int(at) > TOLERANCE_SECONDS:
        return Refused.TOO_OLD
    if int(at) - now > TOLERANCE_SECONDS:
        return Refused.AHEAD
    return None


def _parts(header: str) -> tuple[str, list[str]]:
    """The time as it was written, empty if there is none, and what stands under `v1`."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t" and _TIME.fullmatch(value)]
    proofs = [value for name, _, value in pairs if name == "v1"]
    return (times[0] if len(times) == 1 else ""), proofs[:_MOST_PROOFS]
