"""The dice: what each customer does next with a running subscription, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stripe_sandbox.company.acts.errands import ErrandActs
from stripe_sandbox.company.acts.pilots import PilotActs
from stripe_sandbox.company.acts.plans import PlanActs
from stripe_sandbox.company.acts.prebilling import PrebillingActs
from stripe_sandbox.company.acts.swaps import SwapActs
from stripe_sandbox.company.acts.terms import TermActs
from stripe_sandbox.company.acts.traits import is_small, licensed
from stripe_sandbox.company.aftermath import Aftermath
from stripe_sandbox.company.billing import Bill
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.changes import Changes
from stripe_sandbox.company.deferred_changes import DeferredChanges
from stripe_sandbox.company.discounts import Discounts
from stripe_sandbox.company.endings import Endings
from stripe_sandbox.company.habits import DELETED_COUPONS, PREBILLING, SWAPS
from stripe_sandbox.company.options import DAY, HOUR
from stripe_sandbox.company.people import People
from stripe_sandbox.company.pilots import Pilots
from stripe_sandbox.company.prebilling import Prebilling
from stripe_sandbox.company.signups import Signups
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.swaps import Swaps
from stripe_sandbox.company.trials import Trials
from stripe_sandbox.company.world import World

SETTLED = 3 * HOUR
"""How far from a renewal a customer stays, so that its invoice is final."""


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
    pilots: Pilots

    def __post_init__(self) -> None:
        """Lists what can happen, with weights per thousand months."""
        swaps = Swaps(self.world, self.changes)
        deferred = DeferredChanges(self.world, self.changes)
        self._trials = Trials(
            self.world, self.changes.billing, self.changes.subs, self.changes.lifecycle
        )
        self._plans = plans = PlanActs(
            self.world, self.people, self.catalogue, self.changes, swaps, deferred
        )
        terms = TermActs(
            self.world,
            self.catalogue,
            self._trials,
            self.discounts,
            self.endings,
            self.aftermath,
        )
        errands = ErrandActs(self.world, self.people, self.aftermath)
        self._acts: list[tuple[Callable[[Subscription], object], int]] = [
            (plans.more_seats, 75),
            (plans.fewer_seats, 40),
            (plans.climb, 40),
            (plans.descend, 22),
            (plans.switch_interval, 14),
            (plans.add, 20),
            (plans.drop, 14),
            (terms.discount, 22),
            (terms.undiscount, 16),
            (terms.cancel_later, 26),
            (terms.cancel_now, 9),
            (terms.pause, 12),
            (terms.free_time, 8),
            (plans.schedule, 10),
            (plans.unpaid_update, 4),
            (errands.refund, 10),
            (errands.dispute, 5),
            (errands.credit_note, 9),
            (errands.balance, 6),
            (errands.profile, 30),
            (errands.new_card, 20),
            (errands.source, 12),
            (errands.tax_id, 10),
            (errands.loose_item, 8),
            (errands.one_off, 12),
            (plans.to_free, 5),
        ]
        habits = self.world.options.habits
        if SWAPS in habits:
            swapping = SwapActs(self.world, self.catalogue, swaps)
            self._acts += [
                (swapping.swap_plan, 12),
                (swapping.attach, 14),
                (swapping.detach, 12),
            ]
        if DELETED_COUPONS in habits and not self.world.options.traceable:
            piloting = PilotActs(self.discounts, self.pilots)
            self._acts += [(piloting.give, 10), (piloting.take, 10)]
        if PREBILLING in habits:
            ahead = PrebillingActs(Prebilling(self.world, self.changes))
            self._acts.append((ahead.prebill, 12))
        # Who has paid ahead is left in peace by what needs a renewal, or what Stripe refuses.
        self._when_prebilled = {
            plans.more_seats,
            plans.fewer_seats,
            plans.climb,
            plans.descend,
            plans.add,
            plans.drop,
            terms.cancel_later,
            terms.cancel_now,
            errands.refund,
            errands.credit_note,
            errands.loose_item,
            errands.one_off,
            errands.profile,
        }
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
        act = chance.choices(acts, weights)[0]
        if not sub.is_prebilled or act in self._when_prebilled:
            act(sub)

    def _in_trial(self, sub: Subscription) -> None:
        if sub.status != "trialing" or sub.is_busy or sub.free_cap is not None:
            return
        roll = sub.customer.random.random()
        if roll < 0.03 and sub.next_boundary - self.world.now > 3 * DAY:
            self._trials.shorten(sub)
        elif roll < 0.12:
            self._trials.extend(sub, 7)
        elif roll < 0.2 and sub.customer.method is not None:
            self.endings.cancel_later(sub, revokes=False)
        elif roll < 0.26 and not self.world.options.traceable and sub.customer.method:
            self._trials.end_now(sub)
        elif roll < 0.32 and not self.world.options.traceable and is_small(sub):
            self._plans.set_seats(sub, licensed(sub), 1)
