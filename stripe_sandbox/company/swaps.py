"""Items of another interval: plans replaced without proration, add-ons that come and go."""

from __future__ import annotations

from collections.abc import Callable

from stripe_sandbox.company.calendar import step
from stripe_sandbox.company.changes import NONE, Changes
from stripe_sandbox.company.lines import period_lines, usage_line
from stripe_sandbox.company.subscription import Item, Subscription
from stripe_sandbox.company.valuation import Price
from stripe_sandbox.company.world import World


class Swaps:
    """Changes after which the items of a subscription have other periods than before."""

    def __init__(self, world: World, changes: Changes) -> None:
        """Shares the company's parts."""
        self.world = world
        self.changes = changes
        self.catalogue = changes.catalogue

    # --- the plan itself ---------------------------------------------------------------------

    def reprice(self, sub: Subscription, item: Item, price: Price) -> None:
        """The item gets a price of another interval: billed anew from today, without a credit."""

        def mutate() -> None:
            item.price, item.content = price, self.catalogue.price_object(price)

        self._start_all_anew(sub, mutate)

    def replace(self, sub: Subscription, item: Item, price: Price, quantity: int) -> None:
        """The item is deleted and one of another interval added, without proration.

        The billing cycle is moved to today, so that every item that is left is billed anew.
        """
        new = self._item(sub, price, quantity)
        self._start_all_anew(sub, lambda: sub.items.__setitem__(sub.items.index(item), new))

    def _start_all_anew(self, sub: Subscription, mutate: Callable[[], None]) -> None:
        changes, now = self.changes, self.world.now
        before = changes.subs.picture(sub)
        mutate()
        past = {item.id: (item.start, now) for item in sub.items}
        sub.anchor = now
        for item in sub.items:
            item.anchor, item.steps, item.start = now, 1, now
        # The invoice of this moment bills every item there is, and not the one that is gone.
        changes.note_items(sub)
        changes.subs.close_marks(sub)
        invoice_id = changes.billing.new_id(sub.customer)
        drafts = []
        for item in reversed(sub.items):
            if item.price.is_metered:
                usage = sub.customer.random.randrange(0, 9_000)
                drafts.append(usage_line(sub, item, invoice_id, past[item.id], usage))
            else:
                period = (item.start, item.end)
                drafts.extend(period_lines(self.world, sub, item, invoice_id, period))
        bill = changes.draft_update(sub, drafts, identity=invoice_id)
        changes.subs.show(sub, before, "customer.subscription.updated")
        changes.lifecycle.plan_renewal(sub)
        changes.billing.finalize(bill)
        changes.billing.pay(bill)

    # --- add-ons of another interval ---------------------------------------------------------

    def attach(self, sub: Subscription, price: Price, quantity: int, behavior: str) -> None:
        """One more item, whose periods follow the billing cycle anchor by its own interval.

        Without proration its first whole period is the first that is billed.
        """
        item = self._item(sub, price, quantity)
        item.anchor = sub.anchor
        while item.end <= self.world.now:
            item.steps += 1
        item.start = step(item.anchor, price.interval, price.interval_count, item.steps - 1)
        self.changes.apply(
            sub, lambda: sub.items.append(item), behavior, added=item, seen_by=item.end
        )
        self.changes.lifecycle.plan_renewal(sub)

    def detach(self, sub: Subscription, item: Item, behavior: str) -> None:
        """One item less; what it paid for ends with its period, whenever others are billed."""
        is_unbilled = item.billed is None and item.debited is None
        self.changes.apply(
            sub,
            lambda: sub.items.remove(item),
            NONE if is_unbilled else behavior,
            removed=item,
            seen_by=item.billed_until or item.end,
        )
        self.changes.lifecycle.plan_renewal(sub)

    def _item(self, sub: Subscription, price: Price, quantity: int) -> Item:
        now = self.world.now
        return Item(
            sub.customer.ids.short("si"),
            price,
            self.catalogue.price_object(price),
            quantity,
            now,
            anchor=now,
            start=now,
        )
