"""Coupons given to and taken from running subscriptions, their items and their customers."""

from __future__ import annotations

from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.objects.catalog import discount as discount_object
from stripe_sandbox.company.people import People
from stripe_sandbox.company.subscription import Item, Subscription
from stripe_sandbox.company.subscriptions import Subscriptions
from stripe_sandbox.company.valuation import Coupon, Discount
from stripe_sandbox.company.world import World


class Discounts:
    """Gives and takes discounts; the caller has checked that it makes sense."""

    def __init__(
        self, world: World, people: People, subs: Subscriptions, catalogue: Catalogue
    ) -> None:
        """Shares the company's parts."""
        self.world = world
        self.people = people
        self.subs = subs
        self.catalogue = catalogue

    def give_discount(self, sub: Subscription, coupon: Coupon, *, item: Item | None = None) -> None:
        """A coupon on the subscription or on one of its items."""
        before = self.subs.picture(sub)
        discount = self.catalogue.redeem(sub.customer, coupon)
        self.subs.hold_discount(sub, discount, item=item.id if item else None)
        (sub.discounts if item is None else item.discounts).append(discount)
        if coupon.duration != "once":
            sub.discount_marks[discount.id] = self.subs.note(sub, "discount_applied")
        self.subs.show(sub, before, "customer.subscription.updated")

    def give_customer_discount(self, sub: Subscription, coupon: Coupon) -> None:
        """A coupon on the customer, for all subscriptions without one of their own."""
        who = sub.customer
        discount = self.catalogue.redeem(who, coupon)
        content = discount_object(discount, who.id)
        self.world.create(content, "customer.discount.created", parent=who.id)
        who.discount = discount
        self.people.set_discount(who, content)
        self._note_customer(sub, discount, "discount_applied")

    def _note_customer(self, sub: Subscription, discount: Discount, kind: str) -> None:
        is_gone = kind == "discount_removed"
        for other in sub.customer.subscriptions:
            if other.is_over or other.lasting_discounts:
                continue
            place = self.subs.note(other, kind, untraceable=is_gone, is_open=is_gone)
            if is_gone:
                self.subs.lose_unseen(other, discount)
            else:
                other.discount_marks[discount.id] = place

    def take_discount(self, sub: Subscription, discount: Discount) -> None:
        """Takes a discount of the subscription away before its end, now."""
        before = self.subs.picture(sub)
        sub.discounts.remove(discount)
        self.subs.note(
            sub, "discount_removed", untraceable=True, is_open=True, note="seen at the renewal"
        )
        self.subs.lose_unseen(sub, discount)
        self.world.remove("discount", discount.id, "customer.discount.deleted")
        self.subs.show(sub, before, "customer.subscription.updated")

    def take_discount_at_renewal(
        self, sub: Subscription, discount: Discount, *, item: Item | None = None
    ) -> None:
        """Takes a discount away at the next renewal, which then bills without it."""

        def at_boundary(_: Subscription) -> None:
            held = sub.discounts if item is None else item.discounts
            if discount in held:
                held.remove(discount)
                self.subs.note(sub, "discount_removed")
                self.world.remove("discount", discount.id, "customer.discount.deleted")

        sub.at_renewal.append(at_boundary)

    def take_customer_discount(self, sub: Subscription) -> None:
        """Takes the customer's discount away."""
        who = sub.customer
        if who.discount is None:
            return
        gone, who.discount = who.discount, None
        self._note_customer(sub, gone, "discount_removed")
        self.world.remove("discount", gone.id, "customer.discount.deleted")
        self.people.set_discount(who, None)
