"""A body, a moment and secrets in; the header `Stripe-Signature` out."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

HEADER = "Stripe-Signature"


def signature_header(secrets: Iterable[str], body: bytes, at: int) -> str:
    """One `v1` for each secret, as while a secret is rolled, and the `v0` of test mode.

    Args:
        secrets: of the endpoint, each used whole, with its prefix `whsec_`.
        body: as it is sent.
        at: Unix seconds of the machine that receives.
    """
    signed = b"%d." % at + body
    proofs = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={proof}" for proof in proofs), f"v0={'6' * 64}"])
