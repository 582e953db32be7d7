"""The dice: what each customer does next with a running subscription, and when.

Longer than most files: it is one table of acts with a few lines for each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stripe_sandbox.company.aftermath import Aftermath
from stripe_sandbox.company.billing import Bill
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.changes import INVOICE, NONE, PRORATE, Changes
from stripe_sandbox.company.discounts import Discounts
from stripe_sandbox.company.endings import Endings
from stripe_sandbox.company.options import DAY, HOUR
from stripe_sandbox.company.people import People
from stripe_sandbox.company.signups import Signups
from stripe_sandbox.company.subscriptions import Item, Subscription
from stripe_sandbox.company.valuation import Price
from stripe_sandbox.company.world import World

SETTLED = 3 * HOUR
"""How far from a renewal a customer stays, so that its invoice is final."""

_LADDERS = (
    ("starter.month", "pro.month", "business.month", "scale.month"),
    ("starter.year", "pro.year", "business.year"),
)
_SWITCHES = {
    "starter.month": "starter.year",
    "pro.month": "pro.quarter",
    "pro.quarter": "pro.year",
    "pro.year": "pro.month",
    "starter.week": "starter.month",
    "business.month": "business.year",
}


@dataclass
class Lives:
    """Rolls the dice about once a month for every subscription."""

    world: World
    people: People
    catalogue: Catalogue
    changes: Changes
    discounts: Discounts
    endings: Endings
    aftermath: Aftermath
    signups: Signups

    def __post_init__(self) -> None:
        """Lists what can happen, with weights per thousand months."""
        self._roles: dict[str, str] = {}
        self._acts: list[tuple[Callable[[Subscription], object], int]] = [
            (self._more_seats, 75),
            (self._fewer_seats, 40),
            (self._climb, 40),
            (self._descend, 22),
            (self._switch_interval, 14),
            (self._add, 20),
            (self._drop, 14),
            (self._discount, 22),
            (self._undiscount, 16),
            (self._cancel_later, 26),
            (self._cancel_now, 9),
            (self._pause, 12),
            (self._free_time, 8),
            (self._schedule, 10),
            (self._unpaid_update, 4),
            (self._refund, 10),
            (self._dispute, 5),
            (self._credit_note, 9),
            (self._balance, 6),
            (self._profile, 30),
            (self._new_card, 20),
            (self._source, 12),
            (self._tax_id, 10),
            (self._loose_item, 8),
            (self._one_off, 12),
            (self._to_free, 5),
        ]
        self._idle = 1000 - sum(weight for _, weight in self._acts)

    def follow(self, sub: Subscription) -> None:
        """Begins to roll for a new subscription."""
        chance = sub.customer.random
        if sub.status == "trialing":
            assert sub.trial_until is not None
            span = sub.trial_until - sub.created
            self.world.queue.at(
                sub.created + chance.randrange(DAY, span - DAY), self._in_trial, sub
            )
        self._again(sub)

    def sent(self, bill: Bill) -> None:
        """An invoice went out by mail; some are too high and are lowered."""
        who = bill.customer
        if who.random.random() < 0.15:
            when = self.world.now + who.random.randrange(2 * HOUR, 3 * DAY)
            self.world.queue.at(when, self.aftermath.credit_open, bill, 4)

    def ended(self, sub: Subscription) -> None:
        """What follows the end of a subscription: a return, a departure, or nothing."""
        who = sub.customer
        roll = who.random.random()
        if roll < 0.2:
            delay = who.random.randrange(5, 150) * DAY
            self.world.queue.at(self.world.now + delay, self._return, sub)
        elif roll < 0.35:
            delay = who.random.randrange(3, 40) * DAY
            self.world.queue.at(self.world.now + delay, self.endings.leave, who)

    def _return(self, sub: Subscription) -> None:
        who = sub.customer
        if not who.is_deleted and all(other.is_over for other in who.subscriptions):
            self.signups.subscribe(who)

    def _again(self, sub: Subscription) -> None:
        delay = int(DAY * (18 + 24 * sub.customer.random.random()))
        self.world.queue.at(self.world.now + delay, self._roll, sub)

    def _roll(self, sub: Subscription) -> None:
        """Picks one act, or none, and does it if the subscription is at rest."""
        if sub.is_over:
            return
        now = self.world.now
        if sub.next_boundary - now < SETTLED or now - max(i.start for i in sub.items) < SETTLED:
            self.world.queue.at(now + 2 * SETTLED, self._roll, sub)
            return
        self._again(sub)
        chance = sub.customer.random
        roll = chance.randrange(1000)
        if roll < self._idle or sub.status != "active" or sub.is_busy or sub.at_renewal:
            return
        acts, weights = [a for a, _ in self._acts], [w for _, w in self._acts]
        chance.choices(acts, weights)[0](sub)

    def _in_trial(self, sub: Subscription) -> None:
        if sub.status != "trialing" or sub.is_busy or sub.free_cap is not None:
            return
        roll = sub.customer.random.random()
        if roll < 0.03 and sub.next_boundary - self.world.now > 3 * DAY:
            self.changes.shorten_trial(sub)
        elif roll < 0.12:
            self.changes.extend_trial(sub, 7)
        elif roll < 0.2 and sub.customer.method is not None:
            self.endings.cancel_later(sub, revokes=False)
        elif roll < 0.26 and not self.world.options.traceable and sub.customer.method:
            self.changes.end_trial_now(sub)
        elif roll < 0.32 and not self.world.options.traceable and self._is_small(sub):
            self._set_seats(sub, self._licensed(sub), 1)

    # --- helpers -----------------------------------------------------------------------------

    def _behavior(self, sub: Subscription) -> str:
        """How a change in mid-period is settled."""
        chance = sub.customer.random.random()
        if not self.world.options.traceable:
            if chance < 0.5:
                return PRORATE
            # Of several intervals it would stay open which renewal is the first to show it.
            return INVOICE if chance < 0.85 or not self._is_uniform(sub) else NONE
        # Prorations that wait long are on no invoice when the events about them are gone.
        is_soon = sub.next_boundary - self.world.now < 25 * DAY
        is_plain = sub.items[0].price.interval in ("month", "week")
        return PRORATE if is_soon and is_plain and chance < 0.5 else INVOICE

    @staticmethod
    def _licensed(sub: Subscription) -> Item:
        return next(item for item in sub.items if not item.price.is_metered)

    @staticmethod
    def _is_small(sub: Subscription) -> bool:
        """False for subscriptions with more items than an event shows."""
        return len(sub.items) <= 8

    @staticmethod
    def _is_uniform(sub: Subscription) -> bool:
        """True when every renewal bills all items, so that it shows what became of each."""
        return len({(i.price.interval, i.price.interval_count) for i in sub.items}) == 1

    def _role(self, price: Price) -> str | None:
        if not self._roles or price.id not in self._roles:
            self._roles = {p.id: role for role, p in self.catalogue.prices.items()}
        return self._roles.get(price.id)

    # --- seats and plans ---------------------------------------------------------------------

    def _has_seats(self, sub: Subscription) -> Item | None:
        if not self._is_small(sub):
            return None
        item = self._licensed(sub)
        role = self._role(item.price) or ""
        kind = role.split(".")[0]
        return item if kind in ("pro", "business", "scale", "contacts", "storage") else None

    def _set_seats(self, sub: Subscription, item: Item, direction: int) -> None:
        chance = sub.customer.random
        move = max(1, int(item.units * chance.choice((0.1, 0.3, 0.6, 1.0)))) * direction
        quantity = max(1, item.units + move)
        if quantity == item.units:
            return
        if chance.random() < 0.25 and sub.status == "active" and self._is_uniform(sub):
            self.changes.swap_at_renewal(sub, item, None, quantity)
        else:
            self.changes.set_quantity(sub, item, quantity, self._behavior(sub))

    def _more_seats(self, sub: Subscription) -> None:
        item = self._has_seats(sub)
        if item is not None:
            self._set_seats(sub, item, 1)

    def _fewer_seats(self, sub: Subscription) -> None:
        item = self._has_seats(sub)
        if item is not None:
            self._set_seats(sub, item, -1)

    def _neighbour(self, sub: Subscription, direction: int) -> tuple[Item, Price] | None:
        if not self._is_small(sub):
            return None
        item = self._licensed(sub)
        role = self._role(item.price)
        for ladder in _LADDERS:
            if role in ladder:
                place = ladder.index(role) + direction
                if 0 <= place < len(ladder):
                    price = self.catalogue.prices[ladder[place]]
                    if price.sells_in(sub.currency):
                        return item, price
        return None

    def _climb(self, sub: Subscription) -> None:
        if self._role(self._licensed(sub).price) == "free.month" and len(sub.items) == 1:
            if sub.customer.method is None:
                self.people.give_card(sub.customer)
            self.changes.start_afresh(sub, self.catalogue.prices["starter.month"])
            return
        found = self._neighbour(sub, 1)
        if found is not None:
            self.changes.set_price(sub, *found, self._behavior(sub))

    def _descend(self, sub: Subscription) -> None:
        found = self._neighbour(sub, -1)
        if found is None:
            return
        if sub.customer.random.random() < 0.5 and self._is_uniform(sub):
            item, price = found
            self.changes.swap_at_renewal(sub, item, price, item.units)
        else:
            self.changes.set_price(sub, *found, self._behavior(sub))

    def _to_free(self, sub: Subscription) -> None:
        item = self._licensed(sub)
        if (
            len(sub.items) == 1
            and self._role(item.price) != "free.month"
            and item.price.interval == "month"
            and item.price.interval_count == 1
        ):
            self.changes.swap_at_renewal(sub, item, self.catalogue.prices["free.month"], 1)

    def _switch_interval(self, sub: Subscription) -> None:
        role = self._role(self._licensed(sub).price)
        if role in _SWITCHES and len(sub.items) == 1:
            price = self.catalogue.prices[_SWITCHES[role]]
            if price.sells_in(sub.currency):
                self.changes.start_afresh(sub, price)

    def _schedule(self, sub: Subscription) -> None:
        found = self._neighbour(sub, sub.customer.random.choice((-1, 1)))
        if found is not None and sub.schedule is None and self._is_uniform(sub):
            self.changes.schedule_price(sub, *found)

    def _unpaid_update(self, sub: Subscription) -> None:
        item = self._has_seats(sub)
        if item is None or sub.next_boundary - self.world.now < 2 * DAY:
            return
        dearer = item.price.charge(item.units + 3, sub.currency)
        costs_more = dearer > item.price.charge(item.units, sub.currency) + 200 and sub.mrr > 0
        if costs_more and sub.customer.method is not None and sub.customer.balance == 0:
            self.changes.try_unpaid_upgrade(sub, item, item.units + 3)

    # --- items -------------------------------------------------------------------------------

    def _add(self, sub: Subscription) -> None:
        held = {self._role(item.price) for item in sub.items}
        item = self._licensed(sub)
        if not self._is_small(sub) or self._role(item.price) == "free.month":
            return
        key = f"{item.price.interval}.{item.price.interval_count}"
        role = {"month.1": "support.month", "year.1": "support.year"}.get(key)
        if role == "support.month" and sub.customer.random.random() < 0.4:
            role = sub.customer.random.choice(("api.month", "storage.month"))
        if role is None or role in held:
            return
        if role == "api.month" and self.world.options.traceable:
            return
        price = self.catalogue.prices[role]
        quantity = None if price.is_metered else 1 if "support" in role else 15
        self.changes.add_item(sub, price, quantity, self._behavior(sub))

    def _drop(self, sub: Subscription) -> None:
        extra = [item for item in sub.items[1:] if not item.price.is_metered]
        if extra and self._is_small(sub):
            self.changes.drop_item(sub, extra[-1], self._behavior(sub))

    # --- discounts ---------------------------------------------------------------------------

    def _discount(self, sub: Subscription) -> None:
        if sub.discounts or sub.customer.discount or any(item.discounts for item in sub.items):
            return
        if not self._is_small(sub):
            return
        chance, coupons = sub.customer.random, self.catalogue.coupons
        roll = chance.random()
        if roll < 0.2:
            self.discounts.give_discount(sub, coupons["PARTNER125"], item=self._licensed(sub))
        elif roll < 0.35:
            self.discounts.give_customer_discount(sub, coupons["FRIENDS20"])
        else:
            names = ["FRIENDS20", "PARTNER125", "LEGACY5OFF", "SPRING3", "HALFYEAR"]
            if not any(item.price.is_metered for item in sub.items):
                # Usage is billed for the past, plans for the future: no one span would be right.
                names.append("WELCOME50")
            self.discounts.give_discount(sub, coupons[chance.choice(names)])

    def _undiscount(self, sub: Subscription) -> None:
        traceable = self.world.options.traceable
        lasting = [d for d in sub.discounts if d.coupon.duration == "forever"]
        if sub.customer.discount is not None and not lasting and not traceable:
            self.discounts.take_customer_discount(sub)
            return
        if not lasting or sub.true_list() == 0:
            return
        discount = lasting[0]
        is_billed = discount.start <= min(item.start for item in sub.items)
        is_seen = discount.coupon.products is None
        if is_billed and is_seen and (traceable or sub.customer.random.random() < 0.5):
            self.discounts.take_discount_at_renewal(sub, discount)
        elif not traceable:
            self.discounts.take_discount(sub, discount)

    # --- endings -----------------------------------------------------------------------------

    def _cancel_later(self, sub: Subscription) -> None:
        revokes = not self.world.options.traceable and sub.customer.random.random() < 0.25
        self.endings.cancel_later(sub, revokes=revokes)

    def _cancel_now(self, sub: Subscription) -> None:
        if self.world.options.traceable and sub.pending_items:
            return
        bill = sub.last_bill
        self.endings.cancel_now(sub)
        if bill is not None and sub.customer.random.random() < 0.3:
            self.aftermath.refund(bill, bill.amount_due // 2)

    def _pause(self, sub: Subscription) -> None:
        chance = sub.customer.random
        intervals = {(i.price.interval, i.price.interval_count) for i in sub.items}
        if intervals != {("month", 1)} or sub.pending_items or sub.true_list() == 0:
            return
        if self.world.options.traceable or chance.random() < 0.3:
            behavior = chance.choice(("void", "mark_uncollectible"))
            self.endings.pause_at_renewal(sub, behavior, chance.choice((1, 2, 3)))
            return
        behavior = chance.choice(("void", "void", "mark_uncollectible", "keep_as_draft"))
        resumes_at = None
        if chance.random() < 0.4:
            resumes_at = self.world.now + chance.randrange(20, 80) * DAY
        self.endings.pause(sub, behavior, resumes_at)

    def _free_time(self, sub: Subscription) -> None:
        if sub.pending_items or len({i.price.interval for i in sub.items}) > 1:
            return
        if sub.true_list() > 0 and sub.customer.method is not None and sub.ever_paid:
            self.changes.give_free_time(sub, sub.customer.random.choice((14, 30)))

    # --- money -------------------------------------------------------------------------------

    def _refund(self, sub: Subscription) -> None:
        if sub.last_bill is not None:
            share = sub.customer.random.choice((1, 2, 4))
            self.aftermath.refund(sub.last_bill, sub.last_bill.amount_due // share)

    def _dispute(self, sub: Subscription) -> None:
        if sub.last_bill is not None and sub.last_bill.attempts:
            self.aftermath.dispute(sub.last_bill)

    def _credit_note(self, sub: Subscription) -> None:
        if sub.last_bill is not None:
            self.aftermath.credit_paid(sub.last_bill, sub.customer.random.choice((1, 2, 5)))

    def _balance(self, sub: Subscription) -> None:
        amount = sub.customer.random.choice((-500, -2000, -750))
        self.people.move_balance(sub.customer, amount, "adjustment")

    def _loose_item(self, sub: Subscription) -> None:
        who = sub.customer
        if who.method is None:
            return
        identity = self.aftermath.add_loose_item(who, who.random.choice((300, 1200, 4500)))
        if who.random.random() < 0.4:
            self.world.queue.at(
                self.world.now + 2 * DAY, self.aftermath.take_loose_item, who, identity
            )

    def _one_off(self, sub: Subscription) -> None:
        if sub.customer.method is not None:
            is_dropped = sub.customer.random.random() < 0.35
            self.aftermath.bill_once(sub.customer, is_dropped=is_dropped)

    # --- the person --------------------------------------------------------------------------

    def _profile(self, sub: Subscription) -> None:
        who = sub.customer
        self.people.change(who, metadata={"segment": who.random.choice(("a", "b", "c"))})

    def _new_card(self, sub: Subscription) -> None:
        if sub.customer.method is not None:
            self.people.give_card(sub.customer, via_setup=True)

    def _source(self, sub: Subscription) -> None:
        if not self.people.touch_source(sub.customer):
            self.people.give_source(sub.customer)

    def _tax_id(self, sub: Subscription) -> None:
        who = sub.customer
        if not self.people.drop_tax_id(who) and who.currency == "eur":
            self.people.add_tax_id(who, "FR", f"FR{who.random.randrange(10**10, 10**11)}")
