"""Months billed ahead by billing schedules: at the start, in between, or from a renewal on."""

from __future__ import annotations

from stripe_sandbox.company.changes import Changes
from stripe_sandbox.company.lines import ahead_lines, is_monthly
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.world import World


class Prebilling:
    """Bills running subscriptions for months that have not begun."""

    def __init__(self, world: World, changes: Changes) -> None:
        """Shares the company's parts."""
        self.world = world
        self.changes = changes

    def bill_now(self, sub: Subscription, months: int) -> None:
        """Bills so many months after the current one on an invoice of their own."""
        changes = self.changes
        before = changes.subs.picture(sub)
        invoice_id = changes.billing.new_id(sub.customer)
        drafts = [
            line
            for item in reversed(sub.items)
            if is_monthly(item)
            for line in ahead_lines(self.world, sub, item, invoice_id, months)
        ]
        sub.show_prebilling(months + 1)
        bill = changes.draft_update(sub, drafts, identity=invoice_id)
        changes.subs.show(sub, before, "customer.subscription.updated")
        changes.billing.finalize(bill)
        changes.billing.pay(bill)

    def bill_at_renewal(self, sub: Subscription, months: int) -> None:
        """Lets the next renewal bill so many months in all."""

        def at_boundary(_: Subscription) -> None:
            sub.prebills_next = months

        sub.at_renewal.append(at_boundary)
