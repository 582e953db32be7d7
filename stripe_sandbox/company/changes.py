"""What customers do to a running subscription: seats, plans, items, trials."""

from __future__ import annotations

from collections.abc import Callable

from stripe_sandbox.company.billing import Bill, Billing
from stripe_sandbox.company.births import EXPIRES_AFTER
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.hand_billing import HandBilling
from stripe_sandbox.company.lifecycle import Lifecycle
from stripe_sandbox.company.lines import period_lines
from stripe_sandbox.company.objects import subscription as objects
from stripe_sandbox.company.options import DAY
from stripe_sandbox.company.people import People
from stripe_sandbox.company.pricing import DraftLine
from stripe_sandbox.company.prorations import Prorations
from stripe_sandbox.company.subscriptions import Item, Subscription, Subscriptions
from stripe_sandbox.company.valuation import Price
from stripe_sandbox.company.world import World

NONE, PRORATE, INVOICE = "none", "create_prorations", "always_invoice"
BY_HAND = "by_hand"
"""Prorations that wait, until somebody puts them on an invoice made by hand."""


class Changes:
    """Carries out changes; whoever calls has made sure that they make sense."""

    def __init__(
        self,
        world: World,
        people: People,
        billing: Billing,
        subs: Subscriptions,
        catalogue: Catalogue,
        lifecycle: Lifecycle,
    ) -> None:
        """Shares the company's parts."""
        self.world = world
        self.people = people
        self.billing = billing
        self.subs = subs
        self.catalogue = catalogue
        self.lifecycle = lifecycle
        self.prorations = Prorations(world)
        self.hand = HandBilling(world, billing, subs)

    # --- items -------------------------------------------------------------------------------

    def set_quantity(self, sub: Subscription, item: Item, quantity: int, behavior: str) -> None:
        """More or fewer seats."""
        kind = "quantity_increased" if quantity > item.units else "quantity_decreased"

        def mutate() -> None:
            item.quantity = quantity

        self.apply(sub, mutate, behavior, changed=item, kind=kind)

    def set_price(self, sub: Subscription, item: Item, price: Price, behavior: str) -> None:
        """Another price of the same interval."""

        def mutate() -> None:
            item.price, item.content = price, self.catalogue.price_object(price)
            if item.quantity is None:
                item.quantity = 1

        self.apply(sub, mutate, behavior, changed=item)

    def add_item(
        self, sub: Subscription, price: Price, quantity: int | None, behavior: str
    ) -> None:
        """One more price, billed together with the others of its interval."""
        model = next(
            i
            for i in sub.items
            if (i.price.interval, i.price.interval_count) == (price.interval, price.interval_count)
        )
        item = Item(
            sub.customer.ids.short("si"),
            price,
            self.catalogue.price_object(price),
            quantity,
            self.world.now,
            anchor=model.anchor,
            steps=model.steps,
            start=model.start,
        )
        self.apply(sub, lambda: sub.items.append(item), behavior, added=item)

    def drop_item(self, sub: Subscription, item: Item, behavior: str) -> None:
        """One price less."""
        self.apply(sub, lambda: sub.items.remove(item), behavior, removed=item)

    def apply(
        self,
        sub: Subscription,
        mutate: Callable[[], None],
        behavior: str,
        *,
        changed: Item | None = None,
        added: Item | None = None,
        removed: Item | None = None,
        kind: str | None = None,
        seen_by: int | None = None,
    ) -> int:
        """Carries out one change of items and settles it.

        Args:
            sub: the subscription.
            mutate: changes its items.
            behavior: how the running period is settled.
            changed: the item that becomes another.
            added: the item that comes.
            removed: the item that goes.
            kind: the ledger's word for it, if not that of a changed plan.
            seen_by: by when at the latest invoices tell that it happened; by default the next
                renewal does, or the invoice that has its prorations.

        Returns:
            Its place in the ledger.
        """
        before = self.subs.picture(sub)
        settles = behavior != NONE and sub.status == "active"
        gone = changed or removed
        if settles and gone is not None:
            self.prorations.credit(sub, gone)
        mutate()
        come = changed or added
        if settles and come is not None:
            self.prorations.debit(sub, come)
        # A metered price is on no invoice before it has been used.
        is_silent = not settles or (added is not None and added.price.is_metered)
        place = self.note_items(sub, kind, untraceable=is_silent, seen_by=seen_by)
        bill = None
        if settles and behavior == INVOICE:
            bill = self.draft_update(sub, [])
        self.subs.show(sub, before, "customer.subscription.updated")
        if bill is not None:
            self.billing.finalize(bill)
            self.billing.pay(bill)
        elif settles and sub.pending_items:
            self.subs.mark_unbilled(sub, place, seen_by)
            if behavior == BY_HAND:
                self.hand.expect(sub)
        return place

    def note_items(
        self,
        sub: Subscription,
        kind: str | None = None,
        *,
        untraceable: bool = False,
        seen_by: int | None = None,
    ) -> int:
        """Writes a change of items into the ledger; up or down follows from the list value."""
        if kind is None:
            difference = sub.true_list() - sub.list_mrr
            kind = "upgraded" if difference > 0 else "downgraded" if difference < 0 else None
        return self.subs.note(
            sub,
            kind or "plan_changed",
            untraceable=untraceable,
            is_open=untraceable and seen_by is None,
            seen_by=seen_by if untraceable else None,
            note="no proration: a later renewal shows it" if untraceable else "",
        )

    def draft_update(self, sub: Subscription, drafts: list[DraftLine], **new: str) -> Bill:
        """A draft for a change, with everything that waits and lines of its own."""
        invoice_id = new.get("identity") or self.billing.new_id(sub.customer)
        waiting = self.lifecycle.waiting(sub, invoice_id, names_subscription_item=True)
        bill = self.billing.draft(
            sub.customer,
            sub,
            "subscription_update",
            [*waiting, *drafts],
            identity=invoice_id,
            period=(self.world.now, self.world.now),
            group=[d for d in sub.billed_discounts(self.world.now) if d.coupon.duration != "once"],
        )
        sub.latest_invoice = invoice_id
        return bill

    def swap_at_renewal(
        self, sub: Subscription, item: Item, price: Price | None, quantity: int
    ) -> None:
        """A change that the next renewal carries out and bills, without any proration."""

        def at_boundary(_: Subscription) -> None:
            kind = None
            if price is None:
                kind = "quantity_increased" if quantity > item.units else "quantity_decreased"
                if quantity == item.units:
                    return
            else:
                item.price, item.content = price, self.catalogue.price_object(price)
            item.quantity = quantity
            self.note_items(sub, kind)

        sub.at_renewal.append(at_boundary)

    def start_afresh(self, sub: Subscription, price: Price) -> None:
        """Another interval, or a paid plan after a free one: billing begins anew today."""
        (item,) = sub.items
        before = self.subs.picture(sub)
        now = self.world.now
        if item.price.charge(item.units, sub.currency) > 0:
            self.prorations.credit(sub, item)
        item.price, item.content = price, self.catalogue.price_object(price)
        item.anchor, item.steps, item.start, sub.anchor = now, 1, now, now
        self.note_items(sub)
        invoice_id = self.billing.new_id(sub.customer)
        lines = period_lines(self.world, sub, item, invoice_id, (item.start, item.end))
        bill = self.draft_update(sub, lines, identity=invoice_id)
        self.subs.show(sub, before, "customer.subscription.updated")
        self.lifecycle.plan_renewal(sub)
        self.billing.finalize(bill)
        self.billing.pay(bill)

    # --- trials and free periods -------------------------------------------------------------

    def give_free_time(self, sub: Subscription, days: int) -> None:
        """A trial put on a paying subscription, which keeps its value."""
        before = self.subs.picture(sub)
        sub.free_cap = sub.mrr
        self._start_trial(sub, self.world.now, self.world.now + days * DAY)
        sub.status = "trialing"
        self.subs.note(sub, "free_period_started")
        self._bill_trial(sub, before)

    def extend_trial(self, sub: Subscription, days: int) -> None:
        """More time to try."""
        if sub.trial is None or sub.trial_until is None:
            return
        before = self.subs.picture(sub)
        self._start_trial(sub, sub.trial[0], sub.trial_until + days * DAY)
        self.subs.note(sub, "trial_extended")
        self._bill_trial(sub, before)

    def shorten_trial(self, sub: Subscription) -> None:
        """Half of the time that is left."""
        if sub.trial is None or sub.trial_until is None:
            return
        before = self.subs.picture(sub)
        left = sub.trial_until - self.world.now
        self._start_trial(sub, sub.trial[0], self.world.now + left // 2)
        self.subs.note(sub, "trial_shortened")
        self._bill_trial(sub, before)

    def end_trial_now(self, sub: Subscription) -> None:
        """A trial cut short: it is billed from this moment on."""
        if sub.trial is None or sub.trial_until is None:
            return
        planned = sub.trial_until
        self._start_trial(sub, sub.trial[0], self.world.now)
        marks = [self.subs.note(sub, "trial_shortened", untraceable=True)]
        first = len(self.world.ledger.entries)
        self.lifecycle.renew(sub, self.world.now)
        # Who sees only invoices takes the trial to have run as long as its own line says.
        marks += range(first, len(self.world.ledger.entries))
        for place in marks:
            self.world.ledger.amend(
                place,
                untraceable=True,
                visible_from=self.world.now,
                visible_until=planned,
                note="trial cut short",
            )

    def _start_trial(self, sub: Subscription, start: int, end: int) -> None:
        sub.trial, sub.trial_until, sub.anchor = (start, end), end, end
        for item in sub.items:
            item.anchor, item.steps, item.start = end, 0, self.world.now

    def _bill_trial(self, sub: Subscription, before: dict[str, object] | None) -> None:
        invoice_id = self.billing.new_id(sub.customer)
        lines = [
            line
            for item in reversed(sub.items)
            if not item.price.is_metered
            for line in period_lines(
                self.world, sub, item, invoice_id, (item.start, item.end), is_free=True
            )
        ]
        bill = self.billing.draft(
            sub.customer,
            sub,
            "subscription_update",
            lines,
            identity=invoice_id,
            period=(self.world.now, self.world.now),
        )
        sub.latest_invoice = invoice_id
        self.subs.show(sub, before, "customer.subscription.updated")
        self.lifecycle.plan_renewal(sub)
        self.billing.finalize(bill)
        self.billing.pay(bill)

    # --- schedules and updates that wait for payment -----------------------------------------

    def schedule_price(self, sub: Subscription, item: Item, price: Price) -> None:
        """A schedule that changes the price at the next renewal and lets go one period later."""
        world = self.world
        before = self.subs.picture(sub)
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
        self.subs.show(sub, before, "customer.subscription.updated")

        def second_phase(_: Subscription) -> None:
            item.price, item.content = price, self.catalogue.price_object(price)
            self.note_items(sub)
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
        before = self.subs.picture(sub)
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
        self.subs.show(sub, before, "customer.subscription.updated")

    def try_unpaid_upgrade(self, sub: Subscription, item: Item, quantity: int) -> None:
        """More seats that would have to be paid first, and are not within a day."""
        world = self.world
        before = self.subs.picture(sub)
        old = item.quantity
        held, sub.pending_items = sub.pending_items, []
        self.prorations.credit(sub, item)
        item.quantity = quantity
        self.prorations.debit(sub, item)
        item.quantity = old
        wanted = {**world.get("subscription_item", item.id), "quantity": quantity}
        invoice_id = self.billing.new_id(sub.customer)
        unbilled, sub.unbilled = sub.unbilled, []
        loose, sub.customer.loose_items = sub.customer.loose_items, []
        lines = self.lifecycle.waiting(sub, invoice_id, names_subscription_item=True)
        sub.pending_items, sub.unbilled, sub.customer.loose_items = held, unbilled, loose
        bill = self.billing.draft(
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
        self.subs.show(sub, before, "customer.subscription.updated")
        self.billing.finalize(bill)
        self.billing.fail(bill, None)
        self.subs.note(sub, "payment_failed", untraceable=True, note="of an update never applied")
        world.queue.at(world.now + EXPIRES_AFTER, self._update_expired, sub, bill)

    def _update_expired(self, sub: Subscription, bill: Bill) -> None:
        before = self.subs.picture(sub)
        self.billing.void(bill)
        if sub.is_over:
            return
        sub.pending_update, sub.is_busy = None, False
        self.subs.show(
            sub,
            before,
            "customer.subscription.updated",
            "customer.subscription.pending_update_expired",
        )
