"""The course of a subscription: birth, renewals, collection and dunning, its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from source_stripe_saas.sandbox.company.billing import Bill, Billing
from source_stripe_saas.sandbox.company.calendar import add_months
from source_stripe_saas.sandbox.company.catalogue import Catalogue
from source_stripe_saas.sandbox.company.lines import period_line, usage_line, waiting_lines
from source_stripe_saas.sandbox.company.objects import subscription as objects
from source_stripe_saas.sandbox.company.options import DAY, HOUR
from source_stripe_saas.sandbox.company.people import Customer, People
from source_stripe_saas.sandbox.company.pricing import DraftLine
from source_stripe_saas.sandbox.company.queue import FIRST
from source_stripe_saas.sandbox.company.subscriptions import (
    LIVE,
    Item,
    Subscription,
    Subscriptions,
)
from source_stripe_saas.sandbox.company.valuation import Coupon, Discount, Price
from source_stripe_saas.sandbox.company.world import World

EXPIRES_AFTER = 23 * HOUR
RETRY_DAYS = (3, 5, 7)
WEEKLY_RETRY_DAYS = (1, 2, 2)
FAILURE_RATE = 0.045


class Lifecycle:
    """Starts, renews, collects and ends subscriptions."""

    def __init__(
        self,
        world: World,
        people: People,
        billing: Billing,
        subs: Subscriptions,
        catalogue: Catalogue,
    ) -> None:
        """None yet."""
        self.world = world
        self.people = people
        self.billing = billing
        self.subs = subs
        self.catalogue = catalogue
        self.after_end: Callable[[Subscription], None] = lambda sub: None
        self.after_birth: Callable[[Subscription], None] = lambda sub: None
        self.after_sending: Callable[[Bill], None] = lambda bill: None
        billing.when_paid = self._paid

    # --- birth -------------------------------------------------------------------------------

    def begin(
        self,
        who: Customer,
        choices: Sequence[tuple[Price, int | None]],
        *,
        trial_days: int = 0,
        coupons: Sequence[Coupon] = (),
        item_coupon: Coupon | None = None,
        by_mail: bool = False,
        outcome: str = "paid",
        pauses_without_card: bool = False,
        ends_after_months: int | None = None,
        codes: dict[str, str] | None = None,
    ) -> Subscription:
        """A new subscription with its first invoice.

        Args:
            who: the customer.
            choices: prices with quantities (None for metered ones).
            trial_days: 0 for none.
            coupons: on the whole subscription; those for one invoice are used up by the first.
            item_coupon: on the first item.
            by_mail: invoices are sent and paid by hand.
            outcome: of the first payment: "paid", "later" or "never".
            pauses_without_card: a trial without a card ends in a pause.
            ends_after_months: a fixed term.
            codes: coupon id -> promotion code id used.
        """
        world, now = self.world, self.world.now
        currency = who.currency
        base = objects.subscription(
            who.ids.new("sub"), who.id, now, currency, is_flexible=_needs_flexible(choices)
        )
        if who.tax_rate is not None:
            base["default_tax_rates"] = [who.tax_rate]
        if by_mail:
            base["collection_method"], base["days_until_due"] = "send_invoice", 14
        if trial_days and who.method is None:
            behavior = "pause" if pauses_without_card else "cancel"
            base["trial_settings"] = {"end_behavior": {"missing_payment_method": behavior}}
        sub = Subscription(base["id"], who, currency, now, base, anchor=now)
        end = now + trial_days * DAY
        if trial_days:
            sub.status, sub.anchor, sub.trial, sub.trial_until = "trialing", end, (now, end), end
        for price, quantity in choices:
            item = Item(
                who.ids.short("si"),
                price,
                self.catalogue.price_object(price),
                quantity,
                now,
                anchor=sub.anchor,
                steps=0 if trial_days else 1,
                start=now,
            )
            sub.items.append(item)
        if ends_after_months is not None:
            sub.cancel_at = add_months(sub.anchor, ends_after_months)
            world.queue.at(sub.cancel_at, self._cancel_at, sub, sub.cancel_at, rank=FIRST)
        if world.get("customer", who.id)["currency"] is None:
            self.people.change(who, currency=currency)
        who.subscriptions.append(sub)
        once = self._give_first_discounts(sub, coupons, item_coupon, codes or {})
        self._bill_first(sub, once, outcome, by_mail=by_mail)
        world.queue.at(sub.next_boundary, self.renew, sub, sub.next_boundary)
        self.after_birth(sub)
        return sub

    def _give_first_discounts(
        self,
        sub: Subscription,
        coupons: Sequence[Coupon],
        item_coupon: Coupon | None,
        codes: dict[str, str],
    ) -> list[Discount]:
        once: list[Discount] = []
        for coupon in coupons:
            discount = self.new_discount(sub.customer, coupon)
            self.subs.hold_discount(sub, discount, code=codes.get(coupon.id))
            (once if coupon.duration == "once" else sub.discounts).append(discount)
        if item_coupon is not None:
            discount = self.new_discount(sub.customer, item_coupon)
            self.subs.hold_discount(sub, discount, item=sub.items[0].id)
            sub.items[0].discounts.append(discount)
        return once

    def new_discount(self, who: Customer, coupon: Coupon) -> Discount:
        """A discount that starts now."""
        world = self.world
        end = add_months(world.now, coupon.months) if coupon.months else None
        self.catalogue.redeemed[coupon.id] = self.catalogue.redeemed.get(coupon.id, 0) + 1
        return Discount(who.ids.new("di"), coupon, world.now, end)

    def _bill_first(
        self, sub: Subscription, once: list[Discount], outcome: str, *, by_mail: bool
    ) -> None:
        world, who = self.world, sub.customer
        is_trial = sub.status == "trialing"
        invoice_id = self.billing.new_id(who)
        drafts = [
            period_line(sub, item, invoice_id, (item.start, item.end), is_free=is_trial)
            for item in reversed(sub.items)
            if not item.price.is_metered
        ]
        bill = self.billing.draft(
            who,
            sub,
            "subscription_create",
            drafts,
            identity=invoice_id,
            period=(world.now, world.now),
            group=once + self.billed_discounts(sub),
        )
        sub.latest_invoice = invoice_id
        if bill.total > 0 and outcome != "paid" and not by_mail:
            sub.status = "incomplete"
        self.subs.show(sub, None, "customer.subscription.created")
        birth = {"trialing": "trial_started", "incomplete": "signup_incomplete"}
        self.subs.note(sub, birth.get(sub.status, "activated"))
        for discount in once:
            self._use_up(sub, discount, drafts)
        self.billing.finalize(bill)
        if sub.status == "incomplete":
            self._wait_for_first(sub, bill, outcome)
        elif by_mail and bill.total > 0:
            self._await_transfer(bill)
        else:
            self.billing.pay(bill)

    def _use_up(self, sub: Subscription, discount: Discount, drafts: Sequence[DraftLine]) -> None:
        """A discount for one invoice lasts as long as what that invoice bills."""
        ends = {draft.content["period"]["end"] for draft in drafts if discount.id in draft.taken}
        for end in sorted(ends):
            self.world.queue.at(end, self._used_up, sub, end, rank=FIRST)

    def _used_up(self, sub: Subscription, end: int) -> None:
        if not sub.is_over:
            self.subs.note(sub, "discount_expired", at=end)

    def billed_discounts(self, sub: Subscription) -> list[Discount]:
        """What comes off an invoice made now: the subscription's own discounts, or the customer's."""
        now = self.world.now
        own = [d for d in sub.discounts if d.lives_at(now)]
        lasting = [d for d in own if d.coupon.duration != "once"]
        if lasting or sub.customer.discount is None:
            return own
        return [*own, sub.customer.discount]

    def _wait_for_first(self, sub: Subscription, bill: Bill, outcome: str) -> None:
        world = self.world
        if sub.customer.random.random() < 0.5:
            self.billing.ask_for_action(bill)
        else:
            self.billing.fail(bill, None)
            self.subs.note(
                sub, "payment_failed", untraceable=True, note="attempt of an old invoice"
            )
        if outcome == "later":
            delay = 600 + sub.customer.random.randrange(18 * HOUR)
            world.queue.at(world.now + delay, self.billing.pay, bill)
        else:
            world.queue.at(sub.created + EXPIRES_AFTER, self._expire, sub, bill)

    def _expire(self, sub: Subscription, bill: Bill) -> None:
        before = self.subs.picture(sub)
        self.billing.void(bill)
        sub.status, sub.ended_at = "incomplete_expired", self.world.now
        self.subs.show(sub, before, "customer.subscription.updated")
        self.subs.note(sub, "signup_expired")
        self.after_end(sub)

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
        for item in due:
            item.start = item.end
            item.steps += 1
        sub.discounts = [d for d in sub.discounts if d.lives_at(boundary)]
        bill = self._bill_cycle(sub, due, past, boundary)
        self.subs.show(sub, before, "customer.subscription.updated")
        self.plan_renewal(sub)
        if not bill.is_held:
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
        group = self.billed_discounts(sub)
        drafts = self.waiting(sub, invoice_id)
        for item in reversed(due):
            if item.price.is_metered:
                usage = who.random.randrange(200, 40_000)
                drafts.append(usage_line(sub, item, invoice_id, past[item.id], usage))
            else:
                drafts.append(period_line(sub, item, invoice_id, (item.start, item.end)))
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
        for discount in [d for d in sub.discounts if d.coupon.duration == "once"]:
            sub.discounts.remove(discount)
            starts = [
                draft.content["period"]["start"] for draft in drafts if discount.id in draft.taken
            ]
            if starts:
                self.subs.note(sub, "discount_applied", at=min(starts))
                self._use_up(sub, discount, drafts)
        if is_held:
            sub.customer.held_bills.append(bill)
        else:
            for draft in drafts:
                for identity in draft.taken:
                    sub.discount_marks.pop(identity, None)
            self.subs.close_marks(sub)
        return bill

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
            self.collect(bill)

    # --- collection --------------------------------------------------------------------------

    def collect(self, bill: Bill) -> None:
        """Collects an open invoice of a running subscription, for better or worse."""
        sub = bill.sub
        if bill.amount_due == 0 or sub is None:
            self.billing.pay(bill)
        elif sub.base["collection_method"] == "send_invoice":
            self._await_transfer(bill)
        elif sub.customer.random.random() < FAILURE_RATE and sub.status in LIVE:
            self._begin_dunning(bill, sub)
        else:
            self.billing.pay(bill)

    def _begin_dunning(self, bill: Bill, sub: Subscription) -> None:
        chance = sub.customer.random
        recovers = chance.random() < 0.68
        tries = chance.choice((2, 2, 3, 4)) if recovers else 5
        sub.waiting, sub.is_busy = bill, True
        self._dun(bill, tries)

    def _dun(self, bill: Bill, tries: int) -> None:
        """One automatic try; the one numbered `tries` succeeds."""
        sub, world = bill.sub, self.world
        if sub is None or sub.is_over or bill.status != "open":
            return
        if bill.attempts + 1 == tries:
            if sub.customer.random.random() < 0.6:
                self.people.give_card(sub.customer)
            self.billing.pay(bill)
            return
        is_weekly = any(item.price.interval == "week" for item in sub.items)
        days = WEEKLY_RETRY_DAYS if is_weekly else RETRY_DAYS
        is_last = bill.attempts == len(days)
        again = None if is_last else world.now + days[bill.attempts] * DAY
        self.billing.fail(bill, again)
        if sub.status == "active":
            self._set_past_due(sub)
        self.subs.note(
            sub, "payment_failed", untraceable=True, note="attempts leave no trace but a count"
        )
        if again is not None:
            if not self.world.options.traceable and sub.customer.random.random() < 0.06:
                # Paid by hand before the next try: the count stays at one.
                world.queue.at(world.now + DAY, self._pay_by_hand, bill)
                return
            world.queue.at(again, self._dun, bill, tries)
            return
        if not world.options.traceable and sub.customer.random.random() < 0.3:
            self._set_unpaid(sub, bill)
        else:
            self.finish(sub, reason="payment_failed")
            if sub.customer.random.random() < 0.5:
                world.queue.at(world.now + 5 * DAY, self.billing.write_off, bill)

    def _pay_by_hand(self, bill: Bill) -> None:
        if bill.sub is not None and not bill.sub.is_over:
            self.billing.pay(bill, is_attempt=False)

    def _set_past_due(self, sub: Subscription) -> None:
        before = self.subs.picture(sub)
        sub.status = "past_due"
        sub.past_due_mark = self.subs.note(
            sub, "past_due", untraceable=True, note="seen later only if the invoice was retried"
        )
        self.subs.show(sub, before, "customer.subscription.updated")
        self.people.change(sub.customer, delinquent=True)

    def _set_unpaid(self, sub: Subscription, bill: Bill) -> None:
        world = self.world
        before = self.subs.picture(sub)
        sub.status = "unpaid"
        self.subs.note(
            sub, "unpaid", untraceable=True, is_open=True, note="phases of unpaid leave no trace"
        )
        self.subs.show(sub, before, "customer.subscription.updated")
        chance = sub.customer.random
        if chance.random() < 0.5:
            world.queue.at(
                world.now + chance.randrange(5, 40) * DAY, self._pay_after_all, sub, bill
            )
        else:
            world.queue.at(world.now + chance.randrange(20, 70) * DAY, self._lose, sub)

    def _pay_after_all(self, sub: Subscription, bill: Bill) -> None:
        if sub.is_over:
            return
        self.people.give_card(sub.customer)
        self.billing.pay(bill, is_attempt=False)
        self.release_held(sub.customer)

    def _lose(self, sub: Subscription) -> None:
        if sub.status == "unpaid":
            self.finish(sub, reason="payment_failed")
            self.drop_held(sub.customer)

    def release_held(self, who: Customer) -> None:
        """Drafts that were kept back become final and are paid."""
        held, who.held_bills = who.held_bills, []
        for bill in held:
            self.billing.finalize(bill)
            self.billing.pay(bill)

    def drop_held(self, who: Customer) -> None:
        """Drafts that were kept back are deleted."""
        held, who.held_bills = who.held_bills, []
        for bill in held:
            self.billing.delete(bill)

    def _await_transfer(self, bill: Bill) -> None:
        """An invoice sent by mail: paid within its 14 days, or some days late."""
        sub, world = bill.sub, self.world
        if sub is None:
            return
        self.after_sending(bill)
        due_date = world.get("invoice", bill.id)["due_date"]
        chance = sub.customer.random
        if chance.random() < 0.85:
            world.queue.at(world.now + chance.randrange(HOUR, 12 * DAY), self._pay_by_hand, bill)
            return
        world.queue.at(due_date, self._overdue, bill)
        world.queue.at(due_date + chance.randrange(DAY, 8 * DAY), self._pay_by_hand, bill)

    def _overdue(self, bill: Bill) -> None:
        sub = bill.sub
        if sub is None or bill.status != "open" or sub.status != "active":
            return
        content = self.world.get("invoice", bill.id)
        self.world.journal.record("invoice.overdue", content)
        sub.waiting, sub.is_busy = bill, True
        self._set_past_due(sub)

    def _paid(self, bill: Bill) -> None:
        """What a payment does to its subscription."""
        sub = bill.sub
        if sub is None:
            return
        if bill.amount_due > 0:
            sub.last_bill = bill
        if not sub.is_over:
            before = self.subs.picture(sub)
            was = sub.status
            if was == "incomplete":
                sub.status = "active"
                self.subs.note(sub, "activated")
            elif was in ("past_due", "unpaid") and sub.waiting is bill:
                sub.status, sub.waiting, sub.is_busy = "active", None, False
                self._recovered(sub, bill, was)
            if sub.status != was:
                self.subs.show(sub, before, "customer.subscription.updated")
        if bill.total > 0 and not sub.ever_paid:
            sub.ever_paid = True
            self.subs.note(sub, "first_payment")
        elif bill.reason == "subscription_cycle":
            self.subs.note(sub, "renewed")

    def _recovered(self, sub: Subscription, bill: Bill, was: str) -> None:
        if was == "past_due":
            self.subs.note(sub, "payment_recovered")
            if bill.attempts > 1 or sub.base["collection_method"] == "send_invoice":
                self.subs.clear_mark(sub.past_due_mark)
        else:
            self.subs.note(
                sub, "reactivated", untraceable=True, is_open=True, note="end of an unpaid phase"
            )
        self.subs.close_marks(sub)
        self.people.change(sub.customer, delinquent=False)

    # --- trials and pauses that end ----------------------------------------------------------

    def _end_trial_without_card(self, sub: Subscription, before: Any) -> bool:
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
            period_line(sub, item, invoice_id, (item.start, item.end))
            for item in reversed(sub.items)
            if not item.price.is_metered
        ]
        bill = self.billing.draft(
            sub.customer,
            sub,
            "subscription_update",
            drafts,
            identity=invoice_id,
            period=(now, now),
            group=self.billed_discounts(sub),
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

    def _cancel_at(self, sub: Subscription, moment: int) -> None:
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
        drafts = self.waiting(sub, invoice_id)
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

    def _close_rest(self, bill: Bill) -> None:
        self.billing.finalize(bill)
        self.billing.pay(bill)


def _needs_flexible(choices: Sequence[tuple[Price, int | None]]) -> bool:
    return len({(price.interval, price.interval_count) for price, _ in choices}) > 1
