"""What customers do with intervals: a month for a year and back, add-ons of another interval."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.company.acts.traits import is_small, licensed
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.changes import INVOICE, NONE, PRORATE
from stripe_sandbox.company.subscription import Item, Subscription
from stripe_sandbox.company.swaps import Swaps
from stripe_sandbox.company.world import World

_PLANS = ("starter", "pro", "business", "team")
_ADD_ONS = {"month": ("support.year",), "year": ("support.month", "storage.month")}


@dataclass
class SwapActs:
    """Acts that change which periods a subscription has."""

    world: World
    catalogue: Catalogue
    swaps: Swaps

    def swap_plan(self, sub: Subscription) -> None:
        """A monthly plan becomes a yearly one or the other way round, without proration."""
        item = licensed(sub)
        kind, _, key = (self.catalogue.role_of(item.price) or "").partition(".")
        other = {"month": "year", "year": "month"}.get(key)
        if kind not in _PLANS or other is None or item.discounts or not is_small(sub):
            return
        price = self.catalogue.prices[f"{kind}.{other}"]
        if not price.sells_in(sub.currency):
            return
        if is_flexible(sub) and sub.customer.random.random() < 0.7:
            self.swaps.replace(sub, item, price, item.units)
        elif len(sub.items) == 1:
            self.swaps.reprice(sub, item, price)

    def attach(self, sub: Subscription) -> None:
        """One more item of another interval than the plan's."""
        item = licensed(sub)
        held = {self.catalogue.role_of(other.price) for other in sub.items}
        roles = _ADD_ONS.get(item.price.interval, ())
        free = [role for role in roles if role not in held]
        if not is_flexible(sub) or item.price.interval_count != 1 or not free or sub.mrr == 0:
            return
        price = self.catalogue.prices[sub.customer.random.choice(free)]
        quantity = 15 if price is self.catalogue.prices["storage.month"] else 1
        self.swaps.attach(sub, price, quantity, self._behavior(sub))

    def detach(self, sub: Subscription) -> None:
        """An item of another interval than the plan's goes."""
        plan = licensed(sub)
        extra = [item for item in sub.items if _differs(item, plan)]
        if extra:
            self.swaps.detach(sub, extra[-1], self._behavior(sub))

    def _behavior(self, sub: Subscription) -> str:
        if self.world.options.traceable:
            return INVOICE
        return sub.customer.random.choice((NONE, NONE, PRORATE, INVOICE))


def is_flexible(sub: Subscription) -> bool:
    """True for a subscription that may have items of several intervals."""
    return bool(sub.base["billing_mode"]["type"] == "flexible")


def _differs(item: Item, plan: Item) -> bool:
    return not item.price.is_metered and item.price.interval != plan.price.interval
