"""Customers who are billed again and again by invoices of no subscription: usage, retainers."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from stripe_sandbox.company.billing import Bill, Billing
from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.habits import STANDALONE
from stripe_sandbox.company.ids import random_stream
from stripe_sandbox.company.lines import waiting_lines
from stripe_sandbox.company.objects import invoice as objects
from stripe_sandbox.company.options import DAY, HOUR
from stripe_sandbox.company.people import Customer, People
from stripe_sandbox.company.world import World

_KINDS = (("Usage", 1, 7), ("Retainer", 1, 3), ("Support hours", 3, 2), ("Licence", 12, 1))
"""Description, months between invoices, weight."""


@dataclass(frozen=True)
class StandaloneRevenue:
    """What one such invoice earned; it is not MRR, as nothing says that there will be a next."""

    customer_id: str
    invoice_id: str
    currency: str
    amount_minor: int
    start: int
    """Seconds; of the time that was paid for."""
    end: int
    paid_at: int
    months: int
    """How often the customer is billed."""


class Standalone:
    """Bills customers without a subscription, or beside it."""

    def __init__(self, world: World, people: People, billing: Billing) -> None:
        """Nobody yet."""
        self.world = world
        self.people = people
        self.billing = billing
        self.revenue: list[StandaloneRevenue] = []

    def consider(self, who: Customer, *, has_subscription: bool) -> None:
        """Decides whether a new customer is billed so."""
        if STANDALONE not in self.world.options.habits:
            return
        chance = random_stream(self.world.options.seed, f"standalone/{who.index}")
        if chance.random() > (0.02 if has_subscription else 0.6):
            return
        name, months, _ = chance.choices(_KINDS, [weight for *_, weight in _KINDS])[0]
        self._expect(who, chance, name, months, self.world.now, chance.randrange(900, 40_000))

    def _expect(
        self, who: Customer, chance: Random, name: str, months: int, start: int, amount: int
    ) -> None:
        end = add_months(start, months)
        when = end + chance.randrange(4 * HOUR, 2 * DAY)
        self.world.queue.at(when, self._bill, who, chance, name, months, (start, end), amount)

    def _bill(
        self,
        who: Customer,
        chance: Random,
        name: str,
        months: int,
        period: tuple[int, int],
        amount: int,
    ) -> None:
        """One more invoice, unless the customer is gone; one in thirty is the last."""
        world = self.world
        if who.is_deleted or chance.random() < 0.03:
            return
        if who.method is None:
            self.people.give_card(who)
        if name == "Usage":
            amount = chance.randrange(900, 40_000)
        item = objects.invoiceitem(
            who.ids.new("ii"),
            who.id,
            world.now,
            amount,
            who.currency,
            description=name,
            period=period,
            quantity=1,
            pricing_details=None,
        )
        world.create(item, "invoiceitem.created")
        invoice_id = self.billing.new_id(who)
        bill = self.billing.draft(
            who,
            None,
            "manual",
            waiting_lines(world, who, [item["id"]], invoice_id, names_subscription_item=False),
            identity=invoice_id,
            period=(world.now, world.now),
            is_held=True,
        )
        world.queue.at(world.now + HOUR, self._send, bill, amount, period, months)
        self._expect(who, chance, name, months, period[1], amount)

    def _send(self, bill: Bill, amount: int, period: tuple[int, int], months: int) -> None:
        self.billing.finalize(bill)
        self.billing.pay(bill)
        who = bill.customer
        self.revenue.append(
            StandaloneRevenue(
                who.id, bill.id, who.currency, amount, *period, self.world.now, months
            )
        )
