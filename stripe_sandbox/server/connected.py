"""The Stripe-Account header in; whose data the call reads out, or Stripe's refusal."""

from __future__ import annotations

from stripe_sandbox.account import Account
from stripe_sandbox.refusals import Refusal
from stripe_sandbox.server.calls import Call
from stripe_sandbox.server.reading import Reading
from stripe_sandbox.store import Store


def reading_for(account: Account, own: Reading, call: Call) -> Reading:
    """What the call reads from: the account itself, or a connected one, which holds nothing.

    Raises:
        Refusal: the key has no access to the account that the header names.
    """
    named = call.headers.get("stripe-account")
    if named is None or named == account.account_id:
        return own
    if call.key.is_restricted and not call.key.may("connected_account_read"):
        raise Refusal(
            403,
            f"The provided key '{call.key.masked}' was used with the Stripe-Account header, but "
            "the restricted API key does not have any Connect permissions.",
            "more_permissions_required",
        )
    connected = account.store.get("account", named)
    if connected is None:
        raise Refusal(
            403,
            f"The provided key '{call.key.masked}' does not have access to account '{named}' (or "
            "that account does not exist). Application access may have been revoked.",
            "account_invalid",
        )
    store = Store(now=account.store.now, livemode=account.store.livemode)
    store.put(connected)
    return Reading(Account(store, named, {}))
