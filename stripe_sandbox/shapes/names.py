"""The name of a shape in; the account that has it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stripe_sandbox.account import Account
from stripe_sandbox.shapes import odd, refusing
from stripe_sandbox.shapes.clocks import add_clock
from stripe_sandbox.shapes.wire import Wire

Shape = Callable[[Account, Wire, int], None]
"""Puts the shape into an account and its wire; the number is the seed of what is made up."""


def test_clock(account: Account, wire: Wire, seed: int) -> None:
    """A test clock, with a customer and a subscription that it moves."""
    add_clock(account, seed)


SHAPES: Mapping[str, Shape] = {
    shape.__name__: shape
    for shape in (
        odd.accounts_without_created,
        odd.card_without_id,
        odd.odd_price,
        odd.old_invoice,
        odd.old_subscription,
        odd.own_tax_id,
        refusing.refusing_account,
        refusing.refusing_customer,
        refusing.refusing_invoice,
        test_clock,
    )
}
"""Name -> what puts the shape in."""


def put(name: str, account: Account, wire: Wire, seed: int = 7) -> None:
    """Puts a shape into an account.

    Raises:
        ValueError: there is no such shape, or the account cannot have it.
    """
    if name not in SHAPES:
        raise ValueError(f"there is no shape '{name}'; there are {', '.join(SHAPES)}")
    with account.lock:
        SHAPES[name](account, wire, seed)
        account.shelf.forget()
