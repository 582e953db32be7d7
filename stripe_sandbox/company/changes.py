"""What customers do to the items of a running subscription: seats, plans, intervals."""

from __future__ import annotations

from collections.abc import Callable

from stripe_sandbox.company.billing import Bill, Billing
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.hand_billing import HandBilling
from stripe_sandbox.company.lifecycle import Lifecycle
from stripe_sandbox.company.lines import period_lines
from stripe_sandbox.company.people import People
from stripe_sandbox.company.pricing import DraftLine
from stripe_sandbox.company.prorations import Prorations
from stripe_sandbox.company.subscription import Item, Subscription
from stripe_sandbox.company.subscriptions import Subscriptions
from stripe_sandbox.company.valuation import Price
from stripe_sandbox.company.world import World

NONE, PRORATE, INVOICE = "none", "create_prorations", "always_invoice"
BY_HAND = "by_hand"
"""Prorations that wait for an invoice made by hand."""


class Changes:
    """Carries out changes; the caller has checked that they make sense."""

    def __init__(
        self,
        world: World,
        people: People,
        billing: Billing,
        subs: Subscriptions,
        catalogue: Catalogue,
        lifecycle: Lifecycle,
    ) -> None:
        """Shares the company's parts."""
        self.world = world
        self.people = people
        self.billing = billing
        self.subs = subs
        self.catalogue = catalogue
        self.lifecycle = lifecycle
        self.prorations = Prorations(world)
        self.hand = HandBilling(world, billing, subs)

    # --- items -------------------------------------------------------------------------------

    def set_quantity(self, sub: Subscription, item: Item, quantity: int, behavior: str) -> None:
        """More or fewer seats."""
        kind = "quantity_increased" if quantity > item.units else "quantity_decreased"

        def mutate() -> None:
            item.quantity = quantity

        self.apply(sub, mutate, behavior, changed=item, kind=kind)

    def set_price(self, sub: Subscription, item: Item, price: Price, behavior: str) -> None:
        """Another price of the same interval."""

        def mutate() -> None:
            item.price, item.content = price, self.catalogue.price_object(price)
            if item.quantity is None:
                item.quantity = 1

        self.apply(sub, mutate, behavior, changed=item)

    def add_item(
        self, sub: Subscription, price: Price, quantity: int | None, behavior: str
    ) -> None:
        """One more price, billed together with the others of its interval."""
        model = next(
            i
            for i in sub.items
            if (i.price.interval, i.price.interval_count) == (price.interval, price.interval_count)
        )
        item = Item(
            sub.customer.ids.short("si"),
            price,
            self.catalogue.price_object(price),
            quantity,
            self.world.now,
            anchor=model.anchor,
            steps=model.steps,
            start=model.start,
        )
        self.apply(sub, lambda: sub.items.append(item), behavior, added=item)

    def drop_item(self, sub: Subscription, item: Item, behavior: str) -> None:
        """One price less."""
        self.apply(sub, lambda: sub.items.remove(item), behavior, removed=item)

    def apply(
        self,
        sub: Subscription,
        mutate: Callable[[], None],
        behavior: str,
        *,
        changed: Item | None = None,
        added: Item | None = None,
        removed: Item | None = None,
        kind: str | None = None,
        seen_by: int | None = None,
    ) -> int:
        """Carries out one change of items and settles it.

        Args:
            sub: the subscription.
            mutate: changes its items.
            behavior: how the running period is settled.
            changed: the item that becomes another.
            added: the item that comes.
            removed: the item that goes.
            kind: the ledger's word for it, if not that of a changed plan.
            seen_by: by when at the latest invoices show that it happened; by default the next
                renewal does, or the invoice that has its prorations.

        Returns:
            Its place in the ledger.
        """
        before = self.subs.picture(sub)
        settles = behavior != NONE and sub.status == "active"
        gone = changed or removed
        if settles and gone is not None:
            self.prorations.credit(sub, gone)
        mutate()
        come = changed or added
        if settles and come is not None:
            self.prorations.debit(sub, come)
        # A metered price is on no invoice before it has been used.
        is_silent = not settles or (added is not None and added.price.is_metered)
        place = self.note_items(
            sub, kind, untraceable=is_silent, shown_on=gone or come, seen_by=seen_by
        )
        bill = None
        if settles and behavior == INVOICE:
            bill = self.draft_update(sub, [])
        self.subs.show(sub, before, "customer.subscription.updated")
        if bill is not None:
            self.billing.finalize(bill)
            self.billing.pay(bill)
            if bill.total > 0 and sub.is_held_back:
                self.subs.reopen_mark(sub, place, "paid in a pause, as if collection went on")
        elif settles and sub.pending_items:
            self.subs.mark_unbilled(sub, place, seen_by)
            if behavior == BY_HAND:
                self.hand.expect(sub)
        return place

    def note_items(
        self,
        sub: Subscription,
        kind: str | None = None,
        *,
        untraceable: bool = False,
        shown_on: Item | None = None,
        seen_by: int | None = None,
    ) -> int:
        """Writes a change of items into the ledger; up or down follows from the list value."""
        if kind is None:
            difference = sub.true_list() - sub.list_mrr
            kind = "upgraded" if difference > 0 else "downgraded" if difference < 0 else None
        return self.subs.note(
            sub,
            kind or "plan_changed",
            untraceable=untraceable,
            is_open=untraceable and seen_by is None,
            shown_on=shown_on,
            seen_by=seen_by if untraceable else None,
            note="no proration: a later renewal shows it" if untraceable else "",
        )

    def draft_update(self, sub: Subscription, drafts: list[DraftLine], **new: str) -> Bill:
        """A draft for a change, with everything that waits and lines of its own."""
        invoice_id = new.get("identity") or self.billing.new_id(sub.customer)
        waiting = self.lifecycle.waiting(sub, invoice_id, names_subscription_item=True)
        bill = self.billing.draft(
            sub.customer,
            sub,
            "subscription_update",
            [*waiting, *drafts],
            identity=invoice_id,
            period=(self.world.now, self.world.now),
            group=[d for d in sub.billed_discounts(self.world.now) if d.coupon.duration != "once"],
        )
        sub.latest_invoice = invoice_id
        return bill

    def swap_at_renewal(
        self, sub: Subscription, item: Item, price: Price | None, quantity: int
    ) -> None:
        """A change that the next renewal carries out and bills, without any proration."""

        def at_boundary(_: Subscription) -> None:
            kind = None
            if price is None:
                kind = "quantity_increased" if quantity > item.units else "quantity_decreased"
                if quantity == item.units:
                    return
            else:
                item.price, item.content = price, self.catalogue.price_object(price)
            item.quantity = quantity
            self.note_items(sub, kind)

        sub.at_renewal.append(at_boundary)

    def start_afresh(self, sub: Subscription, price: Price) -> None:
        """Another interval, or a paid plan after a free one: billing begins anew today."""
        (item,) = sub.items
        before = self.subs.picture(sub)
        now = self.world.now
        if item.price.charge(item.units, sub.currency) > 0:
            self.prorations.credit(sub, item)
        item.price, item.content = price, self.catalogue.price_object(price)
        item.anchor, item.steps, item.start, sub.anchor = now, 1, now, now
        self.note_items(sub)
        invoice_id = self.billing.new_id(sub.customer)
        lines = period_lines(self.world, sub, item, invoice_id, (item.start, item.end))
        bill = self.draft_update(sub, lines, identity=invoice_id)
        self.subs.show(sub, before, "customer.subscription.updated")
        self.lifecycle.plan_renewal(sub)
        self.billing.finalize(bill)
        self.billing.pay(bill)
