"""Signatures and events as Stripe makes them, written here once more."""

import hashlib
import hmac
import json

SECRET = "whsec_0123456789abcdef"
NOW = 1_800_000_000


def proof(body, secret=SECRET, at=NOW):
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def header(body, *secrets, at=NOW):
    proofs = ",".join(f"v1={proof(body, secret, at)}" for secret in secrets or (SECRET,))
    return f"t={at},{proofs},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"


def an_event(identity="evt_1", **fields):
    return {
        "id": identity,
        "object": "event",
        "type": "customer.updated",
        "created": NOW - 5,
        "livemode": False,
        "data": {"object": {"id": "cus_1", "object": "customer", "email": "x@example.com"}},
        **fields,
    }


def a_thin_event(identity="evt_2", **fields):
    return {
        "id": identity,
        "object": "v2.core.event",
        "type": "v1.customer.updated",
        "created": "2027-01-15T08:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"},
        **fields,
    }


def body_of(event):
    return json.dumps(event, indent=2).encode()
