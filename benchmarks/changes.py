"""An account and a span of time -> objects that changed in it, and the events of the changes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.account import Account, AccountOptions
from benchmarks.samples import event_sample

_TYPES: dict[str, tuple[str, ...]] = {
    "customers": ("customer.updated", "customer.discount.updated"),
    "subscriptions": (
        "customer.subscription.updated",
        "customer.subscription.pending_update_applied",
        "customer.subscription.deleted",
    ),
    "invoices": (
        "invoice.updated",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
    ),
    "charges": ("charge.updated", "charge.succeeded", "charge.refunded"),
    "refunds": ("refund.updated", "charge.refund.updated"),
    "payouts": ("payout.updated", "payout.paid"),
    "payment_intents": ("payment_intent.processing", "payment_intent.succeeded"),
    "products": ("product.updated",),
    "prices": ("price.updated",),
    "payment_methods": ("payment_method.updated",),
}
_SHARES = {
    "customers": 24,
    "subscriptions": 22,
    "invoices": 22,
    "charges": 14,
    "refunds": 6,
    "payouts": 2,
    "payment_intents": 7,
    "products": 1,
    "prices": 1,
    "payment_methods": 1,
}
"""Percent of all changed objects."""

_OLDER_VERSION = "2022-11-15"
"""What the account's events are rendered in: no payload can stand for a fetched object."""


@dataclass(frozen=True)
class Changes:
    """What happened."""

    revisions: dict[str, int]
    """Id of a changed object -> how often."""
    gone: tuple[str, ...]
    """Ids of deleted objects."""
    paths: dict[str, str]
    """Id -> collection, of all of them."""
    types: dict[str, frozenset[str]]
    """Id -> types of its events."""
    events: list[dict[str, Any]]
    """Newest first."""


def changes_of(
    options: AccountOptions,
    objects: int,
    events: int,
    span: tuple[int, int],
    *,
    deletions: int,
    seed: int = 11,
) -> Changes:
    """Lets things happen to objects chosen at random.

    Args:
        options: the account as it was.
        objects: how many of its objects change, deleted ones included.
        events: how many events there are, at least one an object.
        span: the first and the last second.
        deletions: how many of the changed customers are deleted.
        seed: for the choice.
    """
    chance = random.Random(seed)
    account = Account(options)
    chosen = list(_chosen(account, objects, chance))
    customers = [identity for path, identity in chosen if path == "customers"]
    gone = tuple(customers[:deletions])
    revisions: dict[str, int] = {}
    changes: list[tuple[int, str, str, str]] = []
    types: dict[str, set[str]] = {}
    for number in range(events):
        # Each object once, then more for some.
        path, identity = chosen[number] if number < objects else chance.choice(chosen)
        if identity in gone:
            if number >= objects:
                path, identity = chosen[-1]
            else:
                changes.append((span[1], "customer.deleted", path, identity))
                continue
        kind = chance.choice(_TYPES[path])
        revisions[identity] = revisions.get(identity, 0) + 1
        types.setdefault(identity, set()).add(kind)
        changes.append((chance.randrange(*span), kind, path, identity))
    changes.sort(key=lambda entry: entry[0], reverse=True)
    return Changes(
        revisions=revisions,
        gone=gone,
        paths={identity: path for path, identity in chosen},
        types={identity: frozenset(kinds) for identity, kinds in types.items()},
        events=[_event(account, number, *entry) for number, entry in enumerate(changes)],
    )


def _chosen(account: Account, objects: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    counts = {path: objects * share // 100 for path, share in _SHARES.items()}
    counts["customers"] += objects - sum(counts.values())
    for path, count in counts.items():
        collection = account.collections[path]
        for number in sorted(chance.sample(range(len(collection)), count)):
            yield path, collection.identity(number)


def _event(
    account: Account, number: int, created: int, kind: str, path: str, identity: str
) -> dict[str, Any]:
    collection = account.collections[path]
    subject = collection.decoded(collection.number(identity))
    if kind.startswith("customer.discount"):
        subject = {"id": f"di_{number:014d}", "object": "discount", "customer": identity}
    return {
        **event_sample(),
        "id": f"evt_{number:014d}",
        "api_version": _OLDER_VERSION,
        "created": created,
        "type": kind,
        "data": {"object": subject},
    }
