"""Trials of running subscriptions: free periods, longer and shorter trials, early ends."""

from __future__ import annotations

from stripe_sandbox.company.billing import Billing
from stripe_sandbox.company.lifecycle import Lifecycle
from stripe_sandbox.company.lines import period_lines
from stripe_sandbox.company.options import DAY
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.subscriptions import Subscriptions
from stripe_sandbox.company.world import World


class Trials:
    """Changes trials, and bills what they cost: nothing, until they end."""

    def __init__(
        self, world: World, billing: Billing, subs: Subscriptions, lifecycle: Lifecycle
    ) -> None:
        """Shares the company's parts."""
        self.world = world
        self.billing = billing
        self.subs = subs
        self.lifecycle = lifecycle

    def give_free_time(self, sub: Subscription, days: int) -> None:
        """A trial put on a paying subscription, which keeps its value."""
        before = self.subs.picture(sub)
        sub.free_cap = sub.mrr
        self._set(sub, self.world.now, self.world.now + days * DAY)
        sub.status = "trialing"
        self.subs.note(sub, "free_period_started")
        self._bill(sub, before)

    def extend(self, sub: Subscription, days: int) -> None:
        """More time to try."""
        if sub.trial is None or sub.trial_until is None:
            return
        before = self.subs.picture(sub)
        self._set(sub, sub.trial[0], sub.trial_until + days * DAY)
        self.subs.note(sub, "trial_extended")
        self._bill(sub, before)

    def shorten(self, sub: Subscription) -> None:
        """Half of the time that is left."""
        if sub.trial is None or sub.trial_until is None:
            return
        before = self.subs.picture(sub)
        left = sub.trial_until - self.world.now
        self._set(sub, sub.trial[0], self.world.now + left // 2)
        self.subs.note(sub, "trial_shortened")
        self._bill(sub, before)

    def end_now(self, sub: Subscription) -> None:
        """A trial cut short: it is billed from this moment on."""
        if sub.trial is None or sub.trial_until is None:
            return
        planned = sub.trial_until
        self._set(sub, sub.trial[0], self.world.now)
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

    def _set(self, sub: Subscription, start: int, end: int) -> None:
        sub.trial, sub.trial_until, sub.anchor = (start, end), end, end
        for item in sub.items:
            item.anchor, item.steps, item.start = end, 0, self.world.now

    def _bill(self, sub: Subscription, before: dict[str, object] | None) -> None:
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
