"""Prorations that wait in, an invoice made by hand out: the subscription's or the customer's."""

from __future__ import annotations

from stripe_sandbox.company.billing import Bill, Billing
from stripe_sandbox.company.lines import waiting_lines
from stripe_sandbox.company.objects import invoice as objects
from stripe_sandbox.company.options import DAY, HOUR, MINUTE
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.subscriptions import Subscriptions
from stripe_sandbox.company.world import World


class HandBilling:
    """Bills by hand what waits on a subscription."""

    def __init__(self, world: World, billing: Billing, subs: Subscriptions) -> None:
        """Shares the company's parts."""
        self.world = world
        self.billing = billing
        self.subs = subs

    def expect(self, sub: Subscription) -> None:
        """Somebody makes the invoice within minutes or days."""
        chance = sub.customer.random
        delay = chance.choice((5 * MINUTE, 4 * HOUR, DAY, 3 * DAY))
        self.world.queue.at(
            self.world.now + delay,
            self.bill,
            sub,
            chance.random() < 0.7,
            chance.random() < 0.6,
            chance.random() < 0.3,
        )

    def bill(
        self,
        sub: Subscription,
        names_subscription: bool,
        names_item: bool,
        has_fee: bool,
    ) -> None:
        """Puts what waits on an invoice with `billing_reason` manual.

        Args:
            sub: the subscription.
            names_subscription: the invoice is the subscription's; else only the customer's.
            names_item: lines name the subscription item; else the invoice item, which names it.
            has_fee: something billed once stands on it too.
        """
        if sub.is_over or not sub.pending_items or sub.status != "active":
            return
        world, who = self.world, sub.customer
        waiting, sub.pending_items = sub.pending_items, []
        places, sub.unbilled = sub.unbilled, []
        if has_fee:
            waiting = [*waiting, self._fee(sub)]
        invoice_id = self.billing.new_id(who)
        bill = self.billing.draft(
            who,
            sub if names_subscription else None,
            "manual",
            waiting_lines(world, who, waiting, invoice_id, names_subscription_item=names_item),
            identity=invoice_id,
            period=(world.now, world.now),
            is_held=True,
        )
        world.queue.at(world.now + 10 * MINUTE, self._send, sub, bill, places)

    def _fee(self, sub: Subscription) -> str:
        item = objects.invoiceitem(
            sub.customer.ids.new("ii"),
            sub.customer.id,
            self.world.now,
            2500,
            sub.currency,
            description="Training",
            period=(self.world.now, self.world.now),
            quantity=1,
            pricing_details=None,
        )
        self.world.create(item, "invoiceitem.created")
        return str(item["id"])

    def _send(self, sub: Subscription, bill: Bill, places: list[int]) -> None:
        self.billing.finalize(bill)
        for place in places:
            self.subs.clear_mark(place)
        self.billing.pay(bill, is_attempt=False)
