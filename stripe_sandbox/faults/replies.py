"""A kind of fault in; the reply that comes instead of the right one, or the way it is sent, out."""

from __future__ import annotations

from random import Random

from stripe_sandbox.faults.kinds import FaultOptions
from stripe_sandbox.refusals import Refusal
from stripe_sandbox.server.calls import Call, Reply, json_reply
from stripe_sandbox.server.limits import too_many
from stripe_sandbox.server.sending import Manner
from stripe_sandbox.shapes.refusing import no_platform_controls

_REASONS = {
    "global_rate": "global-rate",
    "global_concurrency": "global-concurrency",
    "endpoint_rate": "endpoint-rate",
    "endpoint_concurrency": "endpoint-concurrency",
    "resource_specific": "resource-specific",
}

_LOCKED = (
    "This object cannot be accessed right now because another API request or Stripe process is "
    "currently accessing it. If you see this error intermittently, retry the request."
)

_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>%b</title></head>"
    b"<body><h1>%b</h1><hr>nginx</body></html>\n"
)


def refusal(kind: str) -> Refusal | None:
    """The refusal of a kind, None if it is not one of these."""
    if kind in _REASONS:
        return too_many(_REASONS[kind])
    if kind in ("lock_429", "lock_timeout"):
        return Refusal(429 if kind == "lock_429" else 409, _LOCKED, "lock_timeout")
    if kind in ("status_500", "status_503"):
        text = "An unknown error occurred" if kind == "status_500" else "Service unavailable"
        return Refusal(int(kind[-3:]), text, type="api_error")
    return None


def of_object(identity: str, share: float) -> Refusal:
    """The refusal of one object, one that names no permission.

    Args:
        identity: its id.
        share: from 0 to 1; decides what kind of refusal.
    """
    if share < 0.5:
        return Refusal(403, no_platform_controls(identity))
    return Refusal(400, "This object cannot be read at the moment.")


def instead(kind: str, call: Call, random: Random) -> Reply | None:
    """The reply of a kind, None if it cannot hit this call."""
    if kind in ("status_502", "status_504"):
        name = b"502 Bad Gateway" if kind == "status_502" else b"504 Gateway Time-out"
        return _html(int(kind[-3:]), name)
    if kind == "proxy_html":
        return _html(200, b"Please sign in")
    if kind == "no_list":
        things: tuple[object, ...] = ({"status": "ok"}, [], "ok", 0, None, {"data": {}}, {})
        return json_reply(random.choice(things))
    if kind == "empty_page" and call.route.is_list:
        url = call.raw_path
        return json_reply({"object": "list", "data": [], "has_more": True, "url": url})
    return None


def _html(status: int, title: bytes) -> Reply:
    headers = {"Content-Type": "text/html; charset=utf-8"}
    return Reply(status, _PAGE % (title, title), headers)


def manner(kind: str, options: FaultOptions, random: Random) -> Manner:
    """How a good reply is sent under a kind of fault."""
    part = random.uniform(0.05, 0.95)
    return {
        "refused": Manner(part=None, ends="reset", closes_port_seconds=options.refused_seconds),
        "reset": Manner(part=None, ends="reset"),
        "reset_in_body": Manner(part=part, ends="reset"),
        "cut_short": Manner(part=part, ends="closed"),
        "cut_as_declared": Manner(part=part, declares_part=True),
        "slow_body": Manner(pieces=10, seconds=options.slow_seconds),
    }[kind]
