"""Options in; a store full of a company's billing life out, which moves on with the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from stripe_sandbox.company.aftermath import Aftermath
from stripe_sandbox.company.billing import Billing
from stripe_sandbox.company.births import Births
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.changes import Changes
from stripe_sandbox.company.collection import Collection
from stripe_sandbox.company.discounts import Discounts
from stripe_sandbox.company.endings import Endings
from stripe_sandbox.company.ids import Ids
from stripe_sandbox.company.journal import Journal, horizon
from stripe_sandbox.company.knowable import Doubts
from stripe_sandbox.company.ledger import LedgerEntry
from stripe_sandbox.company.lifecycle import Lifecycle
from stripe_sandbox.company.lives import Lives
from stripe_sandbox.company.money import Money
from stripe_sandbox.company.options import BUILD_END, QUIET_SECONDS, CompanyOptions
from stripe_sandbox.company.other_books import as_csv, mrr_per_subscriber
from stripe_sandbox.company.people import People
from stripe_sandbox.company.pilots import Pilots
from stripe_sandbox.company.signups import Signups, company_start
from stripe_sandbox.company.standalone import Standalone, StandaloneRevenue
from stripe_sandbox.company.subscriptions import Subscriptions
from stripe_sandbox.company.world import World
from stripe_sandbox.store import Store, StripeObject


@dataclass(frozen=True)
class Parts:
    """What a company consists of."""

    world: World
    money: Money
    catalogue: Catalogue
    people: People
    billing: Billing
    lifecycle: Lifecycle
    births: Births
    changes: Changes
    discounts: Discounts
    signups: Signups
    pilots: Pilots
    standalone: Standalone


class Company:
    """A simulated SaaS company and its Stripe account."""

    def __init__(
        self,
        options: CompanyOptions,
        emit_shape: Callable[[StripeObject], StripeObject] | None = None,
    ) -> None:
        """Founds the company; nothing is in the store before `build`.

        Args:
            options: what to simulate.
            emit_shape: normalised object -> what an event payload carries; by default what the
                server sends for the object without expansions.
        """
        self.options = options
        self.store = Store(now=company_start(options.months))
        world = World(options, self.store, Journal(self.store, emit_shape or self._render))
        money = Money(world, Ids(options.seed, "money"))
        catalogue = Catalogue(world)
        people, subs = People(world), Subscriptions(world)
        billing = Billing(world, people, money)
        collection = Collection(world, people, billing, subs)
        lifecycle = Lifecycle(world, people, billing, subs, collection)
        births = Births(world, people, billing, subs, catalogue, lifecycle, collection)
        pilots = Pilots(world)
        standalone = Standalone(world, people, billing)
        signups = Signups(world, people, catalogue, births, pilots, standalone)
        changes = Changes(world, people, billing, subs, catalogue, lifecycle)
        discounts = Discounts(world, people, subs, catalogue)
        lives = Lives(
            world,
            people,
            catalogue,
            changes,
            discounts,
            Endings(world, people, subs, lifecycle),
            Aftermath(world, people, billing, money, catalogue),
            signups,
            pilots,
        )
        births.after_birth = lives.follow
        lifecycle.after_end = lives.ended
        collection.after_sending = lives.sent
        self.parts = Parts(
            world,
            money,
            catalogue,
            people,
            billing,
            lifecycle,
            births,
            changes,
            discounts,
            signups,
            pilots,
            standalone,
        )
        self._world = world
        self._floor = 0

    @property
    def payout_transactions(self) -> dict[str, list[str]]:
        """Payout id -> ids of the balance transactions that it paid out, oldest first.

        They add up to the payout's amount; its own transaction (the money leaving) is not one.
        """
        return self.parts.money.payout_transactions

    @property
    def standalone_revenue(self) -> list[StandaloneRevenue]:
        """What invoices of no subscription earned, oldest first; none of it is MRR."""
        return self.parts.standalone.revenue

    def build(self) -> None:
        """Simulates from the founding to the fixed end of the build."""
        self._world.journal.forget_before(horizon(BUILD_END))
        self.parts.money.open()
        self.parts.catalogue.open()
        self.parts.pilots.open()
        self.parts.signups.open()
        self.run_until(BUILD_END)

    def advance(self, seconds: int) -> None:
        """Moves the clock on and simulates; the last two minutes before the new now stay quiet.

        Raises:
            ValueError: the clock cannot go back.
        """
        if seconds < 0:
            raise ValueError(f"the clock cannot go back by {-seconds} seconds")
        self.run_until(self.store.now + seconds)

    def run_until(self, now: int) -> None:
        """Simulates up to a moment of the account's clock, seconds."""
        world = self._world
        world.journal.forget_before(horizon(now))
        last = now - QUIET_SECONDS
        while (due := world.queue.next_due()) is not None and due <= last:
            due, handler, arguments = world.queue.pop()
            # What a quiet end held back happens after it, never before what was already seen.
            world.store.now = max(due, self._floor)
            handler(*arguments)
        world.store.now = now
        self._floor = now + 1
        self.parts.money.settle()

    def ledger(self, known_from: int | None = None) -> list[LedgerEntry]:
        """What truly happened to MRR, oldest first.

        Args:
            known_from: when the account was first read, if not now: what later invoices show of
                the terms of deleted coupons was not known then.
        """
        world = self._world
        doubts = Doubts(world, self.parts.people.everybody, known_from or world.now)
        pairs = zip(world.ledger.entries, world.ledger.snapshots, strict=True)
        return sorted((doubts.judged(*pair) for pair in pairs), key=lambda entry: entry.at)

    def ledger_as_json(self) -> list[dict[str, Any]]:
        """The ledger with fractions as "a/b" text."""
        return [entry.as_json() for entry in self.ledger()]

    def truth_mrr(self, at_seconds: int) -> dict[str, Fraction]:
        """Exact MRR of every subscription that existed at a moment, changes of it included."""
        return self._world.ledger.truth_at(at_seconds)

    def other_books(self, ends_at: int, month: str) -> str:
        """MRR by customer just before a moment as another tool would count it, as a CSV file."""
        return as_csv(mrr_per_subscriber(self._world.ledger, ends_at), month)

    def _render(self, obj: StripeObject) -> StripeObject:
        from stripe_sandbox.render import render

        return render(self.store, obj)
