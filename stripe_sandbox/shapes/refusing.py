"""Single objects that Stripe refuses to show, or to list the children of, whatever the key may."""

from __future__ import annotations

from stripe_sandbox.account import Account
from stripe_sandbox.shapes.wire import NoEntry, Wire


def no_platform_controls(account_id: str) -> str:
    """Stripe's text for a connected account that the platform does not control."""
    return (
        "You cannot access this resource as you do not have Platform Controls, which are required "
        f"to access this resource, on the account {account_id}."
    )


def refusing_account(account: Account, wire: Wire, seed: int) -> None:
    """One connected account refuses its external accounts: 403 without a permission in its text."""
    identity = [n for n in account.store.rows["account"] if n != account.account_id][-1]
    wire.refused.append(NoEntry(identity, 403, no_platform_controls(identity)))


def refusing_customer(account: Account, wire: Wire, seed: int) -> None:
    """All lists of one customer answer 400."""
    identity = list(account.store.rows["customer"])[-1]
    wire.refused.append(NoEntry(identity, 400, "This customer cannot be read at the moment."))


def refusing_invoice(account: Account, wire: Wire, seed: int) -> None:
    """One invoice, and whatever is listed for it, answers 400."""
    identity = list(account.store.rows["invoice"])[-1]
    text = "This invoice cannot be retrieved."
    wire.refused.append(NoEntry(identity, 400, text, only_children=False))
