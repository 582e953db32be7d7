"""What acts ask about a subscription before they touch it."""

from __future__ import annotations

from stripe_sandbox.company.subscription import Item, Subscription


def licensed(sub: Subscription) -> Item:
    """Its first item that is billed by quantity."""
    return next(item for item in sub.items if not item.price.is_metered)


def is_small(sub: Subscription) -> bool:
    """False for subscriptions with more items than an event shows."""
    return len(sub.items) <= 8


def is_uniform(sub: Subscription) -> bool:
    """True when every renewal bills all items, so that it shows what became of each."""
    if sub.is_prebilled:
        return False
    return len({(i.price.interval, i.price.interval_count) for i in sub.items}) == 1
