"""What customers do to their plans: seats, prices, items, intervals.

Each act looks whether it makes sense for the subscription, and does nothing where it does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.company.acts.traits import is_small, is_uniform, licensed
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.changes import BY_HAND, INVOICE, NONE, PRORATE, Changes
from stripe_sandbox.company.deferred_changes import DeferredChanges
from stripe_sandbox.company.habits import HAND_BILLING, PREBILLING, SWAPS
from stripe_sandbox.company.options import DAY
from stripe_sandbox.company.people import People
from stripe_sandbox.company.subscription import Item, Subscription
from stripe_sandbox.company.swaps import Swaps
from stripe_sandbox.company.valuation import Price
from stripe_sandbox.company.world import World

_LADDERS = (
    ("starter.month", "pro.month", "business.month", "scale.month"),
    ("starter.year", "pro.year", "business.year"),
)
_SWITCHES = {
    "starter.month": "starter.year",
    "pro.month": "pro.quarter",
    "pro.quarter": "pro.year",
    "pro.year": "pro.month",
    "starter.week": "starter.month",
    "business.month": "business.year",
}
_SEATED = ("pro", "business", "scale", "contacts", "storage", "team", "solo", "bulk")


@dataclass
class PlanActs:
    """Acts upon seats, plans and items."""

    world: World
    people: People
    catalogue: Catalogue
    changes: Changes
    swaps: Swaps
    deferred: DeferredChanges

    def _behavior(self, sub: Subscription) -> str:
        """How a change in mid-period is settled."""
        chance = sub.customer.random.random()
        if HAND_BILLING in self.world.options.habits and sub.customer.random.random() < 0.15:
            return BY_HAND
        if not self.world.options.traceable:
            if chance < 0.5:
                return PRORATE
            # Of several intervals it would stay open which renewal is the first to show it.
            return INVOICE if chance < 0.85 or not is_uniform(sub) else NONE
        # Prorations that wait long are on no invoice when the events about them are gone.
        is_soon = sub.next_boundary - self.world.now < 25 * DAY
        is_plain = sub.items[0].price.interval in ("month", "week")
        return PRORATE if is_soon and is_plain and chance < 0.5 else INVOICE

    # --- seats and plans ---------------------------------------------------------------------

    def _has_seats(self, sub: Subscription) -> Item | None:
        if not is_small(sub):
            return None
        item = licensed(sub)
        role = self.catalogue.role_of(item.price) or ""
        kind = role.split(".")[0]
        return item if kind in _SEATED else None

    def set_seats(self, sub: Subscription, item: Item, direction: int) -> None:
        """Moves the quantity by a tenth to the whole of it, now or at the renewal."""
        chance = sub.customer.random
        move = max(1, int(item.units * chance.choice((0.1, 0.3, 0.6, 1.0)))) * direction
        quantity = max(1, item.units + move)
        if quantity == item.units:
            return
        if chance.random() < 0.25 and sub.status == "active" and is_uniform(sub):
            self.changes.swap_at_renewal(sub, item, None, quantity)
        else:
            self.changes.set_quantity(sub, item, quantity, self._behavior(sub))

    def more_seats(self, sub: Subscription) -> None:
        """More seats, on plans that have seats."""
        item = self._has_seats(sub)
        if item is not None:
            self.set_seats(sub, item, 1)

    def fewer_seats(self, sub: Subscription) -> None:
        """Fewer seats, at least one."""
        item = self._has_seats(sub)
        if item is not None:
            self.set_seats(sub, item, -1)

    def _neighbour(self, sub: Subscription, direction: int) -> tuple[Item, Price] | None:
        if not is_small(sub):
            return None
        item = licensed(sub)
        role = self.catalogue.role_of(item.price)
        for ladder in _LADDERS:
            if role in ladder:
                place = ladder.index(role) + direction
                if 0 <= place < len(ladder):
                    price = self.catalogue.prices[ladder[place]]
                    if price.sells_in(sub.currency):
                        return item, price
        return None

    def climb(self, sub: Subscription) -> None:
        """The next dearer plan of the same interval; from the free plan, a paid one from today."""
        if self.catalogue.role_of(licensed(sub).price) == "free.month" and len(sub.items) == 1:
            if sub.customer.method is None:
                self.people.give_card(sub.customer)
            self.changes.start_afresh(sub, self.catalogue.prices["starter.month"])
            return
        found = self._neighbour(sub, 1)
        if found is not None:
            self.changes.set_price(sub, *found, self._behavior(sub))

    def descend(self, sub: Subscription) -> None:
        """The next cheaper plan of the same interval, now or at the renewal."""
        found = self._neighbour(sub, -1)
        if found is None:
            return
        if sub.customer.random.random() < 0.5 and is_uniform(sub):
            item, price = found
            self.changes.swap_at_renewal(sub, item, price, item.units)
        else:
            self.changes.set_price(sub, *found, self._behavior(sub))

    def to_free(self, sub: Subscription) -> None:
        """A monthly plan becomes the free one at the renewal."""
        item = licensed(sub)
        if (
            len(sub.items) == 1
            and self.catalogue.role_of(item.price) != "free.month"
            and item.price.interval == "month"
            and item.price.interval_count == 1
        ):
            self.changes.swap_at_renewal(sub, item, self.catalogue.prices["free.month"], 1)

    def switch_interval(self, sub: Subscription) -> None:
        """Another interval, billed from today, with a credit for what was paid."""
        role = self.catalogue.role_of(licensed(sub).price)
        if role in _SWITCHES and len(sub.items) == 1:
            price = self.catalogue.prices[_SWITCHES[role]]
            if price.sells_in(sub.currency):
                self.changes.start_afresh(sub, price)

    def schedule(self, sub: Subscription) -> None:
        """A schedule that changes the plan at the renewal."""
        found = self._neighbour(sub, sub.customer.random.choice((-1, 1)))
        if found is not None and sub.schedule is None and is_uniform(sub):
            self.deferred.schedule_price(sub, *found)

    def unpaid_update(self, sub: Subscription) -> None:
        """Three more seats that are applied only when paid, and are not."""
        item = self._has_seats(sub)
        if item is None or sub.next_boundary - self.world.now < 2 * DAY:
            return
        dearer = item.price.charge(item.units + 3, sub.currency)
        costs_more = dearer > item.price.charge(item.units, sub.currency) + 200 and sub.mrr > 0
        if costs_more and sub.customer.method is not None and sub.customer.balance == 0:
            self.deferred.try_unpaid_upgrade(sub, item, item.units + 3)

    # --- items -------------------------------------------------------------------------------

    def add(self, sub: Subscription) -> None:
        """One more item of the plan's interval."""
        held = {self.catalogue.role_of(item.price) for item in sub.items}
        item = licensed(sub)
        if not is_small(sub) or self.catalogue.role_of(item.price) == "free.month":
            return
        key = f"{item.price.interval}.{item.price.interval_count}"
        role = {"month.1": "support.month", "year.1": "support.year"}.get(key)
        if role == "support.month" and sub.customer.random.random() < 0.4:
            role = sub.customer.random.choice(("api.month", "storage.month"))
        if role is None or role in held:
            return
        if role == "api.month" and self.world.options.traceable:
            return
        price = self.catalogue.prices[role]
        quantity = None if price.is_metered else 1 if "support" in role else 15
        self.changes.add_item(sub, price, quantity, self._behavior(sub))

    def drop(self, sub: Subscription) -> None:
        """The newest licensed item beside the plan goes."""
        extra = [item for item in sub.items[1:] if not item.price.is_metered]
        if extra and is_small(sub):
            item, behavior = extra[-1], self._behavior(sub)
            if is_uniform(sub) or self.world.options.habits.isdisjoint((SWAPS, PREBILLING)):
                self.changes.drop_item(sub, item, behavior)
            else:
                self.swaps.detach(sub, item, behavior)
