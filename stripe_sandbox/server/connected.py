"""The header that names an account -> whose data the call reads, or Stripe's refusal."""

from __future__ import annotations

from stripe_sandbox.account import Account
from stripe_sandbox.connections import AccessRevoked
from stripe_sandbox.refusals import Refusal
from stripe_sandbox.server.calls import Call
from stripe_sandbox.server.reading import Reading


def reading_for(account: Account, own: Reading, call: Call) -> Reading:
    """What the call reads from: the account itself, or a connected one.

    Raises:
        Refusal: the key has no access to the account that the header names, or an organization's
            key comes without a header that it needs.
    """
    named = call.key.account_id or _named(call)
    if named is None or named == account.account_id:
        return own
    if call.key.is_restricted and not call.key.may("connected_account_read"):
        raise Refusal(
            403,
            f"The provided key '{call.key.masked}' was used with the Stripe-Account header, but "
            "the restricted API key does not have any Connect permissions.",
            "more_permissions_required",
        )
    account.connections.count_request(named)
    try:
        connected = account.connections.account(named)
    except AccessRevoked:
        connected = None
    if connected is None:
        raise Refusal(
            403,
            f"The provided key '{call.key.masked}' does not have access to account '{named}' (or "
            "that account does not exist). Application access may have been revoked.",
            "account_invalid",
        )
    return Reading(connected)


def _named(call: Call) -> str | None:
    context = call.headers.get("stripe-context")
    if call.key.is_of_organization:
        if not context:
            raise Refusal(
                400,
                "The Stripe-Context header is required when using an organization API key.",
            )
        if "stripe-version" not in call.headers:
            raise Refusal(
                400,
                "The Stripe-Version header is required when using an organization API key.",
            )
    named = context or call.headers.get("stripe-account")
    # A path of accounts leads from the organization's member to an account connected to that.
    return named.rpartition("/")[2] if named else None
