"""A change in the middle of a period -> the credit and debit invoice items that settle it."""

from __future__ import annotations

from fractions import Fraction

from stripe_sandbox.company.ledger import half_up
from stripe_sandbox.company.lines import price_pricing
from stripe_sandbox.company.objects import invoice as objects
from stripe_sandbox.company.subscriptions import Item, Subscription
from stripe_sandbox.company.valuation import Price
from stripe_sandbox.company.world import World


class Prorations:
    """Makes proration invoice items, which wait on the subscription until they are billed."""

    def __init__(self, world: World) -> None:
        """None yet."""
        self.world = world

    def credit(self, sub: Subscription, item: Item) -> None:
        """Gives back the unused rest of what the item has been billed for."""
        if not item.price.is_metered:
            self._put(sub, item, item.price, item.units, sign=-1)

    def debit(self, sub: Subscription, item: Item) -> None:
        """Bills the rest of the period for what the item has become."""
        if not item.price.is_metered:
            self._put(sub, item, item.price, item.units, sign=1)

    def _put(self, sub: Subscription, item: Item, price: Price, units: int, *, sign: int) -> None:
        world, now = self.world, self.world.now
        left = Fraction(item.end - now, item.end - item.start)
        whole = price.charge(units, sub.currency) * self._kept_share(sub, item)
        amount = sign * half_up(whole * left)
        word = "Unused time on" if sign < 0 else "Remaining time on"
        content = objects.invoiceitem(
            sub.customer.ids.new("ii"),
            sub.customer.id,
            now,
            amount,
            sub.currency,
            description=f"{word} {units} x {price.name}",
            period=(now, item.end),
            quantity=units,
            pricing_details=price_pricing(price, units, sub.currency),
            subscription=sub.id,
            subscription_item=item.id,
            credited=item.billed if sign < 0 else None,
            credited_item=item.debited if sign < 0 else None,
        )
        world.create(content, "invoiceitem.created")
        if sign > 0:
            item.debited = content["id"]
        sub.pending_items.append(content["id"])

    def _kept_share(self, sub: Subscription, item: Item) -> Fraction:
        """What percent discounts leave of an amount; prorations are net of them."""
        share = Fraction(1)
        for discount in [*item.discounts, *sub.billed_discounts(self.world.now)]:
            coupon = discount.coupon
            if (
                coupon.percent_off is not None
                and coupon.duration != "once"
                and coupon.covers(item.price)
                and discount.lives_at(self.world.now)
            ):
                share *= 1 - coupon.percent_off / 100
        return share
