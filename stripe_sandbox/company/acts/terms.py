"""What changes how long and how dearly a subscription runs: coupons, pauses, free time, its end."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.company.acts.traits import is_small, licensed
from stripe_sandbox.company.aftermath import Aftermath
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.discounts import Discounts
from stripe_sandbox.company.endings import Endings
from stripe_sandbox.company.options import DAY
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.trials import Trials
from stripe_sandbox.company.world import World


@dataclass
class TermActs:
    """Acts upon discounts, pauses, free periods and ends."""

    world: World
    catalogue: Catalogue
    trials: Trials
    discounts: Discounts
    endings: Endings
    aftermath: Aftermath

    # --- discounts ---------------------------------------------------------------------------

    def discount(self, sub: Subscription) -> None:
        """A coupon for the subscription, its plan or the customer, where there is none yet."""
        if sub.discounts or sub.customer.discount or any(item.discounts for item in sub.items):
            return
        if not is_small(sub) or _pays_ahead(sub):
            return
        chance, coupons = sub.customer.random, self.catalogue.coupons
        roll = chance.random()
        if roll < 0.2:
            self.discounts.give_discount(sub, coupons["PARTNER125"], item=licensed(sub))
        elif roll < 0.35:
            self.discounts.give_customer_discount(sub, coupons["FRIENDS20"])
        else:
            names = ["FRIENDS20", "PARTNER125", "LEGACY5OFF", "SPRING3", "HALFYEAR"]
            if not any(item.price.is_metered for item in sub.items):
                # Usage is billed for the past, plans for the future: no one span would be right.
                names.append("WELCOME50")
            self.discounts.give_discount(sub, coupons[chance.choice(names)])

    def undiscount(self, sub: Subscription) -> None:
        """A discount that would last forever is taken away, now or at the renewal."""
        traceable = self.world.options.traceable
        lasting = [d for d in sub.discounts if d.coupon.duration == "forever"]
        if _pays_ahead(sub):
            return
        if sub.customer.discount is not None and not lasting and not traceable:
            self.discounts.take_customer_discount(sub)
            return
        if not lasting or sub.true_list() == 0:
            return
        discount = lasting[0]
        is_billed = discount.start <= min(item.start for item in sub.items)
        is_seen = discount.coupon.products is None
        if is_billed and is_seen and (traceable or sub.customer.random.random() < 0.5):
            self.discounts.take_discount_at_renewal(sub, discount)
        elif not traceable:
            self.discounts.take_discount(sub, discount)

    # --- endings -----------------------------------------------------------------------------

    def cancel_later(self, sub: Subscription) -> None:
        """The end with the running period; one in four is revoked."""
        revokes = not self.world.options.traceable and sub.customer.random.random() < 0.25
        self.endings.cancel_later(sub, revokes=revokes)

    def cancel_now(self, sub: Subscription) -> None:
        """The end at once, three in ten with a refund of half."""
        if self.world.options.traceable and sub.pending_items:
            return
        bill = sub.last_bill
        self.endings.cancel_now(sub)
        if bill is not None and sub.customer.random.random() < 0.3:
            self.aftermath.refund(bill, bill.amount_due // 2)

    def pause(self, sub: Subscription) -> None:
        """Collection pauses, from now or the renewal on."""
        chance = sub.customer.random
        intervals = {(i.price.interval, i.price.interval_count) for i in sub.items}
        if intervals != {("month", 1)} or sub.pending_items or sub.true_list() == 0:
            return
        if self.world.options.traceable or chance.random() < 0.3:
            behavior = chance.choice(("void", "mark_uncollectible"))
            self.endings.pause_at_renewal(sub, behavior, chance.choice((1, 2, 3)))
            return
        behavior = chance.choice(("void", "void", "mark_uncollectible", "keep_as_draft"))
        resumes_at = None
        if chance.random() < 0.4:
            resumes_at = self.world.now + chance.randrange(20, 80) * DAY
        self.endings.pause(sub, behavior, resumes_at)

    def free_time(self, sub: Subscription) -> None:
        """A trial for a paying customer, who keeps the value."""
        if sub.pending_items or len({i.price.interval for i in sub.items}) > 1:
            return
        if sub.true_list() > 0 and sub.customer.method is not None and sub.ever_paid:
            self.trials.give_free_time(sub, sub.customer.random.choice((14, 30)))


def _pays_ahead(sub: Subscription) -> bool:
    """Whether a subscription of the customer is billed ahead, so that discounts show late."""
    others = sub.customer.subscriptions
    return any(other.is_prebilled and not other.is_over for other in others)
