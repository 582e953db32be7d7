"""How subscriptions stop for a while or for good: pauses, cancellations, departures."""

from __future__ import annotations

from stripe_sandbox.company.calendar import step
from stripe_sandbox.company.lifecycle import Lifecycle
from stripe_sandbox.company.options import DAY, HOUR
from stripe_sandbox.company.people import Customer, People
from stripe_sandbox.company.queue import FIRST
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.subscriptions import Subscriptions
from stripe_sandbox.company.world import World

FEEDBACK = ("too_expensive", "unused", "missing_features", "switched_service", "other", None)


class Endings:
    """Pauses and ends subscriptions and lets customers go."""

    def __init__(
        self, world: World, people: People, subs: Subscriptions, lifecycle: Lifecycle
    ) -> None:
        """Shares the company's parts."""
        self.world = world
        self.people = people
        self.subs = subs
        self.lifecycle = lifecycle
        self.collection = lifecycle.collection

    # --- pauses ------------------------------------------------------------------------------

    def pause(self, sub: Subscription, behavior: str, resumes_at: int | None) -> None:
        """Pauses collection from now on."""
        before = self.subs.picture(sub)
        self._hold(sub, behavior, resumes_at, untraceable=True)
        self.subs.show(sub, before, "customer.subscription.updated")
        if resumes_at is None:
            delay = sub.customer.random.randrange(15, 100) * DAY
            self.world.queue.at(self.world.now + delay, self._unpause, sub)

    def pause_at_renewal(self, sub: Subscription, behavior: str, periods: int) -> None:
        """Pauses collection for so many whole periods, beginning with the next."""

        def at_boundary(_: Subscription) -> None:
            item = sub.items[0]
            price = item.price
            until = step(item.anchor, price.interval, price.interval_count, item.steps + periods)
            self._hold(sub, behavior, until, untraceable=False)

        sub.at_renewal.append(at_boundary)
        sub.is_busy = True

    def _hold(
        self, sub: Subscription, behavior: str, resumes_at: int | None, *, untraceable: bool
    ) -> None:
        sub.pause, sub.is_paused, sub.is_busy = (behavior, resumes_at), True, True
        # Drafts that are kept back never become evidence, so that pause is never seen.
        is_open = untraceable and behavior != "keep_as_draft"
        self.subs.note(sub, "paused", untraceable=untraceable, is_open=is_open)
        if resumes_at is not None:
            self.world.queue.at(resumes_at, self._ran_out, sub, resumes_at, rank=FIRST)

    def _ran_out(self, sub: Subscription, resumes_at: int) -> None:
        if sub.is_over or not sub.is_paused or sub.pause is None or sub.pause[1] != resumes_at:
            return
        was_kept = sub.pause[0] == "keep_as_draft"
        self.lifecycle.pause_ran_out(sub)
        if was_kept:
            self.collection.release_held(sub.customer)

    def _unpause(self, sub: Subscription) -> None:
        if sub.is_over or sub.pause is None:
            return
        before = self.subs.picture(sub)
        behavior = sub.pause[0]
        sub.pause, sub.is_paused, sub.is_busy = None, False, sub.waiting is not None
        self.subs.note(sub, "resumed", untraceable=True, is_open=behavior != "keep_as_draft")
        self.subs.show(sub, before, "customer.subscription.updated")
        if sub.customer.random.random() < 0.5:
            self.collection.release_held(sub.customer)
        else:
            self.collection.drop_held(sub.customer)

    # --- cancellations -----------------------------------------------------------------------

    def cancel_later(self, sub: Subscription, *, revokes: bool) -> None:
        """Asks for the end with the running period; some think better of it."""
        before = self.subs.picture(sub)
        world = self.world
        sub.is_busy = True
        sub.canceled_at, sub.reason = world.now, "cancellation_requested"
        sub.feedback = sub.customer.random.choice(FEEDBACK)
        if sub.base["billing_mode"]["type"] == "flexible":
            sub.cancel_at = sub.next_boundary
        else:
            # The object then also says when that is.
            sub.cancel_at_period_end, sub.cancel_at = True, sub.next_boundary
        place = self.subs.note(
            sub,
            "cancellation_scheduled",
            untraceable=revokes,
            note="revoked later" if revokes else "",
        )
        self.subs.show(sub, before, "customer.subscription.updated")
        if revokes:
            span = sub.next_boundary - world.now
            if span > 3 * HOUR:
                delay = sub.customer.random.randrange(HOUR, span - HOUR)
                world.queue.at(world.now + delay, self._revoke, sub)
            else:
                self.subs.clear_mark(place)

    def _revoke(self, sub: Subscription) -> None:
        if sub.is_over:
            return
        before = self.subs.picture(sub)
        sub.cancel_at, sub.cancel_at_period_end, sub.canceled_at = None, False, None
        sub.reason = sub.feedback = None
        sub.is_busy = sub.waiting is not None
        self.subs.note(sub, "cancellation_revoked", untraceable=True, note="leaves no trace")
        self.subs.show(sub, before, "customer.subscription.updated")

    def cancel_now(self, sub: Subscription) -> None:
        """Ends at once, in the middle of a paid period."""
        self.lifecycle.finish(
            sub, reason="cancellation_requested", feedback=sub.customer.random.choice(FEEDBACK)
        )

    def leave(self, who: Customer) -> None:
        """Deletes a customer whose subscriptions are over, unless something still hangs on it."""
        store = self.world.store
        if who.is_deleted or who.has_balance_history or who.held_bills or who.loose_items:
            return
        if who.discount is not None:
            return
        if any(not sub.is_over or sub.pending_items for sub in who.subscriptions):
            return
        for sub in who.subscriptions:
            invoice = store.get("invoice", str(sub.latest_invoice))
            if invoice is not None and invoice["status"] in ("draft", "open"):
                return
        self.people.delete(who)
