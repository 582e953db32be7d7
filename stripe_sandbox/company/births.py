"""How a subscription begins: its items, discounts and first invoice, and whether that is paid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stripe_sandbox.company.billing import Bill, Billing
from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.collection import Collection
from stripe_sandbox.company.lifecycle import Lifecycle
from stripe_sandbox.company.lines import ahead_lines, is_monthly, period_lines
from stripe_sandbox.company.objects import subscription as objects
from stripe_sandbox.company.options import DAY, HOUR
from stripe_sandbox.company.people import Customer, People
from stripe_sandbox.company.queue import FIRST
from stripe_sandbox.company.subscription import Item, Subscription
from stripe_sandbox.company.subscriptions import Subscriptions
from stripe_sandbox.company.valuation import Coupon, Discount, Price
from stripe_sandbox.company.world import World

EXPIRES_AFTER = 23 * HOUR
"""How long a first payment may take before the subscription expires."""


class Births:
    """Starts subscriptions."""

    def __init__(
        self,
        world: World,
        people: People,
        billing: Billing,
        subs: Subscriptions,
        catalogue: Catalogue,
        lifecycle: Lifecycle,
        collection: Collection,
    ) -> None:
        """Shares the company's parts."""
        self.world = world
        self.people = people
        self.billing = billing
        self.subs = subs
        self.catalogue = catalogue
        self.lifecycle = lifecycle
        self.collection = collection
        self.after_birth: Callable[[Subscription], None] = lambda sub: None

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
        is_flexible: bool = False,
        months_at_once: int = 1,
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
            is_flexible: flexible billing mode, which several intervals need anyway.
            months_at_once: what the first invoice bills of monthly items.
        """
        world, now = self.world, self.world.now
        currency = who.currency
        base = objects.subscription(
            who.ids.new("sub"),
            who.id,
            now,
            currency,
            is_flexible=is_flexible or _needs_flexible(choices),
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
            world.queue.at(sub.cancel_at, self.lifecycle.cancel_at, sub, sub.cancel_at, rank=FIRST)
        if world.get("customer", who.id)["currency"] is None:
            self.people.change(who, currency=currency)
        who.subscriptions.append(sub)
        once = self._give_first_discounts(sub, coupons, item_coupon, codes or {})
        self._bill_first(sub, once, outcome, by_mail=by_mail, months=months_at_once)
        world.queue.at(sub.next_boundary, self.lifecycle.renew, sub, sub.next_boundary)
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
            discount = self.catalogue.redeem(sub.customer, coupon)
            self.subs.hold_discount(sub, discount, code=codes.get(coupon.id))
            (once if coupon.duration == "once" else sub.discounts).append(discount)
        if item_coupon is not None:
            discount = self.catalogue.redeem(sub.customer, item_coupon)
            self.subs.hold_discount(sub, discount, item=sub.items[0].id)
            sub.items[0].discounts.append(discount)
        return once

    def _bill_first(
        self,
        sub: Subscription,
        once: list[Discount],
        outcome: str,
        *,
        by_mail: bool,
        months: int,
    ) -> None:
        world, who = self.world, sub.customer
        is_trial = sub.status == "trialing"
        invoice_id = self.billing.new_id(who)
        drafts = [
            line
            for item in reversed(sub.items)
            if not item.price.is_metered
            for line in period_lines(
                world, sub, item, invoice_id, (item.start, item.end), is_free=is_trial
            )
            + (ahead_lines(world, sub, item, invoice_id, months - 1) if is_monthly(item) else [])
        ]
        if months > 1:
            sub.show_prebilling(months)
        bill = self.billing.draft(
            who,
            sub,
            "subscription_create",
            drafts,
            identity=invoice_id,
            period=(world.now, world.now),
            group=once + sub.billed_discounts(self.world.now),
        )
        sub.latest_invoice = invoice_id
        # What the customer's balance pays needs no card.
        is_due = bill.total > max(-who.balance, 0)
        if is_due and outcome != "paid" and not by_mail:
            sub.status = "incomplete"
        self.subs.show(sub, None, "customer.subscription.created")
        birth = {"trialing": "trial_started", "incomplete": "signup_incomplete"}
        self.subs.note(sub, birth.get(sub.status, "activated"))
        for discount in once:
            self.lifecycle.use_up(sub, discount, drafts)
        self.billing.finalize(bill)
        if sub.status == "incomplete":
            self._wait_for_first(sub, bill, outcome)
        elif by_mail and bill.total > 0:
            self.collection.await_transfer(bill)
        else:
            self.billing.pay(bill)

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
        self.lifecycle.after_end(sub)


def _needs_flexible(choices: Sequence[tuple[Price, int | None]]) -> bool:
    return len({(price.interval, price.interval_count) for price, _ in choices}) > 1
