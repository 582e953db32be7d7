"""A change in the middle of a period -> the credit and debit invoice items that settle it."""

from __future__ import annotations

from fractions import Fraction

from stripe_sandbox.company.ledger import half_up
from stripe_sandbox.company.lines import price_pricing
from stripe_sandbox.company.objects import invoice as objects
from stripe_sandbox.company.subscription import Ahead, Item, Subscription
from stripe_sandbox.company.world import World


class Prorations:
    """Makes proration invoice items, which wait on the subscription until they are billed."""

    def __init__(self, world: World) -> None:
        """None yet."""
        self.world = world

    def credit(self, sub: Subscription, item: Item) -> None:
        """Gives back the unused rest of what the item has been billed for."""
        self._settle(sub, item, sign=-1)

    def debit(self, sub: Subscription, item: Item) -> None:
        """Bills the rest of the period for what the item has become."""
        self._settle(sub, item, sign=1)

    def _settle(self, sub: Subscription, item: Item, *, sign: int) -> None:
        if item.price.is_metered:
            return
        self._put(sub, item, item, max(self.world.now, item.start), sign)
        if sub.settles_ahead:
            for period in item.ahead:
                self._put(sub, item, period, period.start, sign)

    def _put(
        self, sub: Subscription, item: Item, period: Item | Ahead, start: int, sign: int
    ) -> None:
        """One invoice item for the rest of a period that has been billed."""
        world, price, units = self.world, item.price, item.units
        left = Fraction(period.end - start, period.end - period.start)
        whole = price.charge(units, sub.currency) * self._kept_share(sub, item)
        amount = sign * half_up(whole * left)
        word = "Unused time on" if sign < 0 else "Remaining time on"
        content = objects.invoiceitem(
            sub.customer.ids.new("ii"),
            sub.customer.id,
            world.now,
            amount,
            sub.currency,
            description=f"{word} {units} x {price.name}",
            period=(start, period.end),
            quantity=units,
            pricing_details=price_pricing(price, units, sub.currency),
            subscription=sub.id,
            subscription_item=item.id,
            credited=period.billed if sign < 0 else None,
            credited_item=period.debited if sign < 0 else None,
        )
        world.create(content, "invoiceitem.created")
        if sign > 0:
            period.debited = content["id"]
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
