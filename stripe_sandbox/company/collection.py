"""How invoices of running subscriptions are collected: cards, transfers, dunning, debts."""

from __future__ import annotations

from collections.abc import Callable

from stripe_sandbox.company.billing import Bill, Billing
from stripe_sandbox.company.options import DAY, HOUR
from stripe_sandbox.company.people import Customer, People
from stripe_sandbox.company.subscription import LIVE, Subscription
from stripe_sandbox.company.subscriptions import Subscriptions
from stripe_sandbox.company.world import World

RETRY_DAYS = (3, 5, 7)
WEEKLY_RETRY_DAYS = (1, 2, 2)
FAILURE_RATE = 0.045


class Collection:
    """Collects bills and updates their subscriptions."""

    def __init__(self, world: World, people: People, billing: Billing, subs: Subscriptions) -> None:
        """Shares the company's parts."""
        self.world = world
        self.people = people
        self.billing = billing
        self.subs = subs
        self.give_up: Callable[[Subscription], None] = lambda sub: None
        """Ends a subscription that was not paid."""
        self.after_sending: Callable[[Bill], None] = lambda bill: None
        billing.when_paid = self._paid

    def collect(self, bill: Bill) -> None:
        """Collects an open invoice of a running subscription, for better or worse."""
        sub = bill.sub
        if bill.amount_due == 0 or sub is None:
            self.billing.pay(bill)
        elif sub.base["collection_method"] == "send_invoice":
            self.await_transfer(bill)
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
            self.give_up(sub)
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
            self.give_up(sub)
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

    def await_transfer(self, bill: Bill) -> None:
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
            by_mail = sub.base["collection_method"] == "send_invoice"
            is_cycle = bill.reason == "subscription_cycle"
            is_seen = is_cycle and (bill.attempts > 1 or by_mail)
            self.subs.note(
                sub,
                "payment_recovered",
                untraceable=not is_seen,
                note="" if is_seen else "first invoice, or paid by hand after one attempt",
            )
            if is_seen:
                self.subs.clear_mark(sub.past_due_mark)
        else:
            self.subs.note(
                sub, "reactivated", untraceable=True, is_open=True, note="end of an unpaid phase"
            )
        self.subs.close_marks(sub, "unpaid", "reactivated")
        self.people.change(sub.customer, delinquent=False)
