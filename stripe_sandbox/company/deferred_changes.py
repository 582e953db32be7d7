"""Changes that wait: for the next renewal by a schedule, or for a payment that never comes."""

from __future__ import annotations

from stripe_sandbox.company.billing import Bill
from stripe_sandbox.company.births import EXPIRES_AFTER
from stripe_sandbox.company.changes import Changes
from stripe_sandbox.company.objects import subscription as objects
from stripe_sandbox.company.options import DAY
from stripe_sandbox.company.subscription import Item, Subscription
from stripe_sandbox.company.valuation import Price
from stripe_sandbox.company.world import World


class DeferredChanges:
    """Subscription schedules and pending updates."""

    def __init__(self, world: World, changes: Changes) -> None:
        """Shares the company's parts."""
        self.world = world
        self.changes = changes

    def schedule_price(self, sub: Subscription, item: Item, price: Price) -> None:
        """A schedule that changes the price at the next renewal and lets go one period later."""
        world = self.world
        before = self.changes.subs.picture(sub)
        sub.is_busy = True
        items = [(i.price.id, i.quantity) for i in sub.items]
        later = [
            ((price.id, i.quantity) if i is item else (i.price.id, i.quantity)) for i in sub.items
        ]
        second_end = item.end + (item.end - item.start)
        schedule = objects.subscription_schedule(
            sub.customer.ids.new("sub_sched"),
            sub.customer.id,
            sub.id,
            world.now,
            [
                objects.schedule_phase(item.start, item.end, sub.currency, items),
                objects.schedule_phase(item.end, second_end, sub.currency, later),
            ],
            is_flexible=sub.base["billing_mode"]["type"] == "flexible",
        )
        sub.schedule = schedule["id"]
        world.create(schedule, "subscription_schedule.created")
        self.changes.subs.show(sub, before, "customer.subscription.updated")

        def second_phase(_: Subscription) -> None:
            item.price, item.content = price, self.changes.catalogue.price_object(price)
            self.changes.note_items(sub)
            phase = {"end_date": second_end, "start_date": item.end}
            world.change(
                "subscription_schedule",
                schedule["id"],
                {"current_phase": phase},
                "subscription_schedule.updated",
            )
            world.queue.at(world.now + 5 * DAY, self._release, sub, schedule["id"])

        sub.at_renewal.append(second_phase)

    def _release(self, sub: Subscription, schedule: str) -> None:
        world = self.world
        if sub.schedule != schedule or sub.is_over:
            return
        before = self.changes.subs.picture(sub)
        sub.schedule, sub.is_busy = None, sub.waiting is not None
        world.change(
            "subscription_schedule",
            schedule,
            {
                "current_phase": None,
                "released_at": world.now,
                "released_subscription": sub.id,
                "status": "released",
                "subscription": None,
            },
            "subscription_schedule.released",
        )
        self.changes.subs.show(sub, before, "customer.subscription.updated")

    def try_unpaid_upgrade(self, sub: Subscription, item: Item, quantity: int) -> None:
        """More seats that would have to be paid first, and are not within a day."""
        world = self.world
        before = self.changes.subs.picture(sub)
        old = item.quantity
        held, sub.pending_items = sub.pending_items, []
        self.changes.prorations.credit(sub, item)
        item.quantity = quantity
        self.changes.prorations.debit(sub, item)
        item.quantity = old
        wanted = {**world.get("subscription_item", item.id), "quantity": quantity}
        invoice_id = self.changes.billing.new_id(sub.customer)
        unbilled, sub.unbilled = sub.unbilled, []
        loose, sub.customer.loose_items = sub.customer.loose_items, []
        lines = self.changes.lifecycle.waiting(sub, invoice_id, names_subscription_item=True)
        sub.pending_items, sub.unbilled, sub.customer.loose_items = held, unbilled, loose
        bill = self.changes.billing.draft(
            sub.customer,
            sub,
            "subscription_update",
            lines,
            identity=invoice_id,
            period=(world.now, world.now),
        )
        sub.latest_invoice, sub.is_busy = invoice_id, True
        sub.pending_update = {
            "billing_cycle_anchor": None,
            "expires_at": world.now + EXPIRES_AFTER,
            "subscription_items": [wanted],
            "trial_end": None,
            "trial_from_plan": None,
        }
        self.changes.subs.show(sub, before, "customer.subscription.updated")
        self.changes.billing.finalize(bill)
        self.changes.billing.fail(bill, None)
        self.changes.subs.note(
            sub, "payment_failed", untraceable=True, note="of an update never applied"
        )
        world.queue.at(world.now + EXPIRES_AFTER, self._update_expired, sub, bill)

    def _update_expired(self, sub: Subscription, bill: Bill) -> None:
        before = self.changes.subs.picture(sub)
        self.changes.billing.void(bill)
        if sub.is_over:
            return
        sub.pending_update, sub.is_busy = None, False
        self.changes.subs.show(
            sub,
            before,
            "customer.subscription.updated",
            "customer.subscription.pending_update_expired",
        )
