"""What happens beside the plan: refunds, disputes, credit, one-off charges, cards, addresses."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.company.aftermath import Aftermath
from stripe_sandbox.company.options import DAY
from stripe_sandbox.company.people import People
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.world import World


@dataclass
class ErrandActs:
    """Acts that leave the subscription as it is."""

    world: World
    people: People
    aftermath: Aftermath

    # --- money -------------------------------------------------------------------------------

    def refund(self, sub: Subscription) -> None:
        """All, half or a quarter of the last paid invoice goes back."""
        if sub.last_bill is not None:
            share = sub.customer.random.choice((1, 2, 4))
            self.aftermath.refund(sub.last_bill, sub.last_bill.amount_due // share)

    def dispute(self, sub: Subscription) -> None:
        """The bank takes the last payment back, if there was one by card."""
        if sub.last_bill is not None and sub.last_bill.attempts:
            self.aftermath.dispute(sub.last_bill)

    def credit_note(self, sub: Subscription) -> None:
        """A credit note on the last paid invoice."""
        if sub.last_bill is not None:
            self.aftermath.credit_paid(sub.last_bill, sub.customer.random.choice((1, 2, 5)))

    def balance(self, sub: Subscription) -> None:
        """Credit on the customer's balance, for the next invoice."""
        amount = sub.customer.random.choice((-500, -2000, -750))
        self.people.move_balance(sub.customer, amount, "adjustment")

    def loose_item(self, sub: Subscription) -> None:
        """An amount that waits for the next invoice; two in five are withdrawn before."""
        who = sub.customer
        if who.method is None:
            return
        identity = self.aftermath.add_loose_item(who, who.random.choice((300, 1200, 4500)))
        if who.random.random() < 0.4:
            self.world.queue.at(
                self.world.now + 2 * DAY, self.aftermath.take_loose_item, who, identity
            )

    def one_off(self, sub: Subscription) -> None:
        """A set-up fee on an invoice of its own; one draft in three is deleted."""
        if sub.customer.method is not None:
            is_dropped = sub.customer.random.random() < 0.35
            self.aftermath.bill_once(sub.customer, is_dropped=is_dropped)

    # --- the person --------------------------------------------------------------------------

    def profile(self, sub: Subscription) -> None:
        """Another segment in the customer's metadata."""
        who = sub.customer
        self.people.change(who, metadata={"segment": who.random.choice(("a", "b", "c"))})

    def new_card(self, sub: Subscription) -> None:
        """Another card becomes the default."""
        if sub.customer.method is not None:
            self.people.give_card(sub.customer, via_setup=True)

    def source(self, sub: Subscription) -> None:
        """A legacy card or bank account comes, changes or goes."""
        if not self.people.touch_source(sub.customer):
            self.people.give_source(sub.customer)

    def tax_id(self, sub: Subscription) -> None:
        """A tax id goes, or a European customer gets another."""
        who = sub.customer
        if not self.people.drop_tax_id(who) and who.currency == "eur":
            self.people.add_tax_id(who, "FR", f"FR{who.random.randrange(10**10, 10**11)}")
