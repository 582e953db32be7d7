"""What customers do with coupons that will be deleted: they get them, and some lose them again."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.company.acts.traits import is_small, is_uniform, licensed
from stripe_sandbox.company.discounts import Discounts
from stripe_sandbox.company.pilots import Pilots
from stripe_sandbox.company.subscription import Subscription


@dataclass
class PilotActs:
    """Acts upon discounts whose coupons do not stay."""

    discounts: Discounts
    pilots: Pilots

    def give(self, sub: Subscription) -> None:
        """A coupon for the plan, the customer or the subscription, where there is none yet."""
        held = sub.discounts or sub.customer.discount or any(i.discounts for i in sub.items)
        if held or not is_small(sub) or not is_uniform(sub) or sub.mrr == 0:
            return
        chance = sub.customer.random
        roll = chance.random()
        lasting = [one for one in self.pilots.on_offer if one.duration != "once"]
        if roll < 0.35:
            coupon = chance.choice(self.pilots.lasting())
            self.discounts.give_discount(sub, coupon, item=licensed(sub))
        elif roll < 0.5:
            self.discounts.give_customer_discount(sub, chance.choice(self.pilots.lasting()))
        else:
            self.discounts.give_discount(sub, chance.choice(lasting))

    def take(self, sub: Subscription) -> None:
        """A discount of an item goes with the next renewal, which bills without it."""
        items = [item for item in sub.items if item.discounts]
        if items and is_uniform(sub):
            item = items[0]
            discount = item.discounts[0]
            if discount.start <= item.start and discount.coupon.duration == "forever":
                self.discounts.take_discount_at_renewal(sub, discount, item=item)
