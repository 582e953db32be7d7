"""An account and what changed in it -> the fewest requests that bring all of it, item by item.

Some lists have to be read again on every sync, since Stripe sends no event of their changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.account import Account
from benchmarks.changes import Changes

DAY_SECONDS = 86_400

_LOOK_BACK_DAYS = {
    "payment_intents": 2,
    "setup_intents": 2,
    "checkout/sessions": 2,
    "topups": 2,
    "balance_transactions": 1,
    "files": 1,
}
"""Lists whose youngest objects may have changed without an event."""

_READ_WHOLE = (
    "account",
    "accounts",
    "shipping_rates",
    "billing/meters",
    "entitlements/features",
    "file_links",
    "invoiceitems?pending",
    "quotes?draft",
    "quotes?open",
    "products for their features",
)
"""Short lists whose changes have no events; a page each, or as many as there are."""


@dataclass(frozen=True)
class Need:
    """Some of the requests."""

    what: str
    requests: int


def needed_requests(account: Account, changes: Changes, since: int) -> list[Need]:
    """The fewest requests for all streams, in words and numbers.

    Args:
        account: as it is now.
        changes: since the last sync.
        since: what the last sync covered.
    """
    subscriptions = account.collections["subscriptions"]
    listed = [name for name in changes.revisions if changes.paths[name] == "subscriptions"]
    return [
        Need("the change feed, once", _pages(len(changes.events))),
        Need("the events stream itself", _pages(len(changes.events))),
        # The ledger compares each with its rows (M51); those that changed are among them.
        Need("live subscriptions, all of them", _pages(len(subscriptions))),
        Need("other changed objects", len(changes.revisions) - len(listed)),
        *_children(account, changes),
        *_look_backs(account, since),
        Need("lists read whole", sum(_whole(account, name) for name in _READ_WHOLE)),
        Need("features of each product", len(account.collections["products"])),
    ]


def _pages(objects: int) -> int:
    return max(1, -(-objects // 100))


def _children(account: Account, changes: Changes) -> Iterator[Need]:
    """Lists of children that no reply for the parent holds."""
    invoices = [name for name in changes.revisions if changes.paths[name] == "invoices"]
    yield Need("payments of changed invoices", len(invoices))
    yield Need("items of changed invoices", len(invoices))
    customers = {
        name
        for name, types in changes.types.items()
        if changes.paths[name] == "customers" and "customer.updated" in types
    }
    rows = account.collections["invoices"]
    customers |= {rows.decoded(rows.number(name))["customer"] for name in invoices}
    yield Need("balance transactions of customers", len(customers - set(changes.gone)))
    paid = [name for name, types in changes.types.items() if "payout.paid" in types]
    yield Need("balance transactions of payouts", len(paid))


def _look_backs(account: Account, since: int) -> Iterator[Need]:
    pages = 0
    for path, days in _LOOK_BACK_DAYS.items():
        collection = account.collections.get(path)
        young = [
            created
            for created in (collection.created if collection else ())
            if created >= since - days * DAY_SECONDS
        ]
        pages += _pages(len(young))
    yield Need("look-backs", pages)


def _whole(account: Account, name: str) -> int:
    collection = account.collections.get(name.partition(" ")[0])
    return _pages(len(collection)) if collection else 1
