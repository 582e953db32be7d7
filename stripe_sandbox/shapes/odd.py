"""Single objects as old API versions and old accounts left them.

All are taken from recorded replies of strangers; that a current API version still sends them so is
not known for each of them.
"""

from __future__ import annotations

from stripe_sandbox.account import Account
from stripe_sandbox.samples.maker import QUIET_SECONDS, Maker
from stripe_sandbox.shapes.wire import Rewrite, Wire
from stripe_sandbox.store import StripeObject


def accounts_without_created(account: Account, wire: Wire, seed: int) -> None:
    """One connected account lacks `created`, another has it as null: it is optional."""
    first, second = _connected(account)[:2]
    wire.rewrites[first["id"]] = Rewrite(drop=("created",))
    wire.rewrites[second["id"]] = Rewrite(put={"created": None})


def card_without_id(account: Account, wire: Wire, seed: int) -> None:
    """A card (or bank account) in the sources of a customer has no id."""
    has_card = any(card.get("customer") for card in account.store.contents("card"))
    cards = account.store.contents("card" if has_card else "bank_account")
    # The newest: of a customer's sources no more than ten are embedded.
    card = [content for content in cards if content.get("customer")][-1]
    wire.rewrites[card["id"]] = Rewrite(drop=("id",))


def old_invoice(account: Account, wire: Wire, seed: int) -> None:
    """An invoice of before 2019: `date` in place of `created`, no `status`."""
    invoice = _oldest(account, "invoice")
    wire.rewrites[invoice["id"]] = Rewrite(
        drop=("created", "status"),
        put={
            "closed": invoice["status"] in ("paid", "void"),
            "date": invoice["created"],
            "forgiven": invoice["status"] == "uncollectible",
            "paid": invoice["status"] == "paid",
        },
    )


def old_subscription(account: Account, wire: Wire, seed: int) -> None:
    """A subscription of 2015: `start` in place of `created`."""
    subscription = _oldest(account, "subscription")
    start = {"start": subscription["created"]}
    wire.rewrites[subscription["id"]] = Rewrite(drop=("created",), put=start)


def odd_price(account: Account, wire: Wire, seed: int) -> None:
    """A price, and its plan, whose transformation of quantities is the text `null`."""
    item = _oldest(account, "subscription_item")
    identity = item["price"] if isinstance(item["price"], str) else item["price"]["id"]
    wire.rewrites[identity] = Rewrite(put={"transform_quantity": "null", "transform_usage": "null"})


def own_tax_id(account: Account, wire: Wire, seed: int) -> None:
    """The account's own tax id, and an event about it that names no customer."""
    store = account.store
    moment = store.now - QUIET_SECONDS
    maker = Maker(store, seed, "own tax id", moment)
    owner = {"type": "self"}
    fields = {"customer": None, "customer_account": None, "owner": owner}
    content = maker.make("tax_id", moment, fields)

    def move(seconds: int) -> None:
        if seconds > QUIET_SECONDS:
            at = store.now - QUIET_SECONDS
            telling = Maker(store, seed, f"own tax id/{at}", at)
            telling.emit("customer.tax_id.updated", content, at, {"verification": None})

    account.moves.append(move)


def _connected(account: Account) -> list[StripeObject]:
    found = [c for c in account.store.contents("account") if c["id"] != account.account_id]
    if len(found) < 2:
        raise ValueError("the account has fewer than two connected accounts")
    return found


def _oldest(account: Account, name: str) -> StripeObject:
    for content in account.store.contents(name):
        return content
    raise ValueError(f"the account has no {name}")
