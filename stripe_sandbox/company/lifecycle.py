"""The course of a subscription: its renewals, the end of its trial, its own end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stripe_sandbox.company.billing import Bill, Billing
from stripe_sandbox.company.collection import Collection
from stripe_sandbox.company.lines import (
    ahead_lines,
    is_monthly,
    period_lines,
    usage_line,
    waiting_lines,
)
from stripe_sandbox.company.options import DAY, HOUR
from stripe_sandbox.company.people import People
from stripe_sandbox.company.pricing import DraftLine
from stripe_sandbox.company.queue import FIRST, LAST
from stripe_sandbox.company.subscription import Item, Subscription
from stripe_sandbox.company.subscriptions import Subscriptions
from stripe_sandbox.company.valuation import Discount
from stripe_sandbox.company.world import World
from stripe_sandbox.store import StripeObject


class Lifecycle:
    """Renews and ends subscriptions."""

    def __init__(
        self,
        world: World,
        people: People,
        billing: Billing,
        subs: Subscriptions,
        collection: Collection,
    ) -> None:
        """Shares the company's parts."""
        self.world = world
        self.people = people
        self.billing = billing
        self.subs = subs
        self.collection = collection
        self.after_end: Callable[[Subscription], None] = lambda sub: None
        collection.give_up = lambda sub: self.finish(sub, reason="payment_failed")

    # --- renewal -----------------------------------------------------------------------------

    def plan_renewal(self, sub: Subscription) -> None:
        """Sees to it that the next boundary is met, after the periods have moved."""
        self.world.queue.at(sub.next_boundary, self.renew, sub, sub.next_boundary)

    def renew(self, sub: Subscription, boundary: int) -> None:
        """Meets a boundary: ends, pauses or bills, unless things have changed meanwhile."""
        if sub.is_over or sub.next_boundary != boundary or sub.status in ("paused", "incomplete"):
            return
        if sub.cancel_at_period_end or (sub.cancel_at is not None and sub.cancel_at <= boundary):
            self.finish(sub, at_period_end=True)
            return
        if sub.trial_until is not None and sub.customer.method is None:
            before = self.subs.picture(sub)
            if self._end_trial_without_card(sub, before):
                return
        before = self.subs.picture(sub)
        if sub.pause is not None and sub.pause[1] is not None and sub.pause[1] <= boundary:
            self.pause_ran_out(sub)
            sub.pause = None
        for call in sub.at_renewal:
            call(sub)
        sub.at_renewal.clear()
        self._convert(sub)
        due = [item for item in sub.items if item.end <= boundary]
        past = {item.id: (item.start, item.end) for item in due}
        due = [item for item in due if item.advance()]
        if not any(item.billed_until for item in sub.items):
            sub.prebilling = None
        sub.discounts = [d for d in sub.discounts if d.lives_at(boundary)]
        bill = None
        if due or sub.pending_items:
            bill = self._bill_cycle(sub, due, past, boundary)
        self.subs.show(sub, before, "customer.subscription.updated")
        self.plan_renewal(sub)
        if bill is not None and not bill.is_held:
            fate = sub.pause[0] if sub.is_paused and sub.pause else None
            self.world.queue.at(self.world.now + HOUR, self._close, bill, fate)

    def _convert(self, sub: Subscription) -> None:
        """A trial or a free period that ends here with a way to pay."""
        if sub.trial_until is None:
            return
        was_free = sub.free_cap is not None
        ended = sub.trial_until
        sub.status, sub.trial_until, sub.free_cap = "active", None, None
        self.subs.note(sub, "free_period_ended" if was_free else "trial_converted", at=ended)

    def _bill_cycle(
        self,
        sub: Subscription,
        due: Sequence[Item],
        past: dict[str, tuple[int, int]],
        boundary: int,
    ) -> Bill:
        who = sub.customer
        invoice_id = self.billing.new_id(who)
        group = sub.billed_discounts(self.world.now)
        changes = tuple(sub.unbilled)
        drafts = self.waiting(sub, invoice_id)
        self.subs.mark_drafted(changes)
        periods, sub.prebills_next = max(sub.prebills_next, 1), 0
        for item in reversed(due):
            if item.price.is_metered:
                usage = who.random.randrange(200, 40_000)
                drafts.append(usage_line(sub, item, invoice_id, past[item.id], usage))
            else:
                period = (item.start, item.end)
                drafts.extend(period_lines(self.world, sub, item, invoice_id, period))
                if is_monthly(item):
                    drafts.extend(ahead_lines(self.world, sub, item, invoice_id, periods - 1))
        if periods > 1:
            sub.show_prebilling(periods)
        is_held = sub.status == "unpaid" or (
            sub.is_paused and sub.pause is not None and sub.pause[0] == "keep_as_draft"
        )
        bill = self.billing.draft(
            who,
            sub,
            "subscription_cycle",
            drafts,
            identity=invoice_id,
            period=(min(start for start, _ in past.values()), boundary),
            group=group,
            is_held=is_held,
        )
        sub.latest_invoice = invoice_id
        self.world.queue.at(self.world.now + HOUR, self._shown, bill, changes, rank=LAST)
        for discount in [d for d in sub.discounts if d.coupon.duration == "once"]:
            sub.discounts.remove(discount)
            if any(discount.id in draft.taken for draft in drafts):
                # Not when the earliest line begins: the value of now was not yet so then.
                self.subs.note(sub, "discount_applied", at=boundary)
                self.use_up(sub, discount, drafts)
        if is_held:
            sub.customer.held_bills.append(bill)
        else:
            for draft in drafts:
                for identity in draft.taken:
                    sub.discount_marks.pop(identity, None)
            self.subs.close_marks(sub, billed=due)
        return bill

    def use_up(self, sub: Subscription, discount: Discount, drafts: Sequence[DraftLine]) -> None:
        """A discount for one invoice lasts as long as what that invoice bills."""
        ends = {draft.content["period"]["end"] for draft in drafts if discount.id in draft.taken}
        for end in sorted(ends):
            if end > self.world.now:
                self.world.queue.at(end, self._used_up, sub, end, rank=FIRST)

    def _used_up(self, sub: Subscription, end: int) -> None:
        if sub.lives_on_at(end):
            self.subs.note(sub, "discount_expired", at=end)

    def waiting(
        self, sub: Subscription, invoice_id: str, *, names_subscription_item: bool = False
    ) -> list[DraftLine]:
        """Lines for everything that waits for the subscription's next invoice."""
        who = sub.customer
        names = sub.pending_items + who.loose_items
        sub.pending_items, who.loose_items = [], []
        self.subs.billed(sub)
        return waiting_lines(
            self.world, who, names, invoice_id, names_subscription_item=names_subscription_item
        )

    def _close(self, bill: Bill, fate: str | None) -> None:
        """An hour after the renewal: the invoice is final, and collected unless paused."""
        if bill.status != "draft":
            return
        self.billing.finalize(bill)
        if fate == "void":
            self.billing.void(bill)
        elif fate == "mark_uncollectible":
            self.billing.write_off(bill)
        else:
            self.collection.collect(bill)

    # --- trials and pauses that end ----------------------------------------------------------

    def _end_trial_without_card(self, sub: Subscription, before: StripeObject | None) -> bool:
        behavior = sub.base["trial_settings"]["end_behavior"]["missing_payment_method"]
        if behavior == "pause":
            sub.status = "paused"
            self.subs.note(
                sub,
                "paused",
                at=sub.trial_until,
                untraceable=True,
                is_open=True,
                note="status leaves no trace",
            )
            self.subs.show(
                sub, before, "customer.subscription.updated", "customer.subscription.paused"
            )
            chance = sub.customer.random
            if chance.random() < 0.5:
                delay = chance.randrange(2, 20) * DAY
                self.world.queue.at(self.world.now + delay, self._resume_status, sub)
            else:
                self.world.queue.at(self.world.now + 45 * DAY, self._give_up_paused, sub)
            return True
        self.finish(sub)
        return True

    def _resume_status(self, sub: Subscription) -> None:
        """A paused trial gets a card: billing starts anew, today."""
        if sub.status != "paused":
            return
        self.people.give_card(sub.customer, via_setup=True)
        before = self.subs.picture(sub)
        now = self.world.now
        sub.status, sub.trial_until, sub.anchor = "active", None, now
        for item in sub.items:
            item.anchor, item.steps, item.start = now, 1, now
        invoice_id = self.billing.new_id(sub.customer)
        drafts = [
            line
            for item in reversed(sub.items)
            if not item.price.is_metered
            for line in period_lines(self.world, sub, item, invoice_id, (item.start, item.end))
        ]
        bill = self.billing.draft(
            sub.customer,
            sub,
            "subscription_update",
            drafts,
            identity=invoice_id,
            period=(now, now),
            group=sub.billed_discounts(self.world.now),
        )
        sub.latest_invoice = invoice_id
        self.subs.note(
            sub, "resumed", untraceable=True, is_open=True, note="status leaves no trace"
        )
        self.subs.close_marks(sub)
        self.subs.show(
            sub, before, "customer.subscription.updated", "customer.subscription.resumed"
        )
        self.billing.finalize(bill)
        self.billing.pay(bill)
        self.plan_renewal(sub)

    def _give_up_paused(self, sub: Subscription) -> None:
        if sub.status == "paused":
            self.finish(sub)

    def pause_ran_out(self, sub: Subscription) -> None:
        """The moment at which collection resumes by itself."""
        if sub.is_paused and sub.pause is not None:
            resumes_at = sub.pause[1]
            sub.is_paused = False
            exact = resumes_at == sub.next_boundary
            self.subs.note(sub, "resumed", at=resumes_at, untraceable=not exact, is_open=not exact)
            sub.is_busy = False

    # --- the end -----------------------------------------------------------------------------

    def cancel_at(self, sub: Subscription, moment: int) -> None:
        """The end of a fixed term, unless it was moved."""
        if not sub.is_over and sub.cancel_at == moment:
            self.finish(sub, at_period_end=True)

    def finish(
        self,
        sub: Subscription,
        *,
        reason: str | None = None,
        feedback: str | None = None,
        at_period_end: bool = False,
    ) -> None:
        """Ends a subscription now.

        Args:
            sub: the subscription.
            reason: why, as the object says it; None keeps the reason of an earlier request.
            feedback: what the customer said.
            at_period_end: bill what still waits; an immediate end leaves it.
        """
        if sub.is_over:
            return
        world = self.world
        before = self.subs.picture(sub)
        never_began = sub.trial is not None and not sub.was_live
        sub.status = "canceled"
        # The end is where it was planned to be, even if it is worked off a little later.
        sub.ended_at = world.now
        if sub.canceled_at is None:
            sub.canceled_at = world.now
        if reason is not None:
            sub.reason = reason
        if feedback is not None:
            sub.feedback = feedback
        sub.trial_until = sub.free_cap = None
        if at_period_end and (sub.pending_items or sub.customer.loose_items):
            self._bill_rest(sub)
        for place in sub.unbilled:
            world.ledger.amend(place, visible_until=world.now)
        sub.unbilled.clear()
        self.subs.close_marks(sub)
        self.subs.note(sub, "trial_expired" if never_began else "canceled")
        self.subs.show(sub, before, "customer.subscription.deleted")
        if sub.schedule is not None:
            self._cancel_schedule(sub)
        self.after_end(sub)

    def _cancel_schedule(self, sub: Subscription) -> None:
        held = self.world.get("subscription_schedule", str(sub.schedule))
        if held["status"] == "active":
            self.world.change(
                "subscription_schedule",
                held["id"],
                {"canceled_at": self.world.now, "current_phase": None, "status": "canceled"},
                "subscription_schedule.canceled",
            )

    def _bill_rest(self, sub: Subscription) -> None:
        world = self.world
        invoice_id = self.billing.new_id(sub.customer)
        changes = tuple(sub.unbilled)
        drafts = self.waiting(sub, invoice_id)
        self.subs.mark_drafted(changes)
        bill = self.billing.draft(
            sub.customer,
            sub,
            "automatic_pending_invoice_item_invoice",
            drafts,
            identity=invoice_id,
            period=(world.now, world.now),
        )
        sub.latest_invoice = invoice_id
        world.queue.at(world.now + HOUR, self._close_rest, bill)
        world.queue.at(world.now + HOUR, self._shown, bill, changes, rank=LAST)

    def _shown(self, bill: Bill, changes: Sequence[int]) -> None:
        if bill.status != "draft":
            for place in changes:
                self.subs.clear_mark(place)

    def _close_rest(self, bill: Bill) -> None:
        self.billing.finalize(bill)
        self.billing.pay(bill)
