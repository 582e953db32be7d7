"""Coupons that are given out for some months and then deleted, one of each kind."""

from __future__ import annotations

from fractions import Fraction

from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.catalogue import in_currencies
from stripe_sandbox.company.habits import DELETED_COUPONS
from stripe_sandbox.company.objects import catalog as objects
from stripe_sandbox.company.options import HOUR, MINUTE
from stripe_sandbox.company.valuation import Coupon
from stripe_sandbox.company.world import World

MONTHS_ON_OFFER = 4

# Name, duration, percent off, US cents off, months.
_KINDS: tuple[tuple[str, str, Fraction | None, int, int | None], ...] = (
    ("TENTH", "forever", Fraction(10), 0, None),
    ("SIXTH", "forever", Fraction("16.5"), 0, None),
    ("FEW", "forever", None, 300, None),
    ("MANY", "forever", None, 2000, None),
    ("SEASON", "repeating", Fraction(20), 0, 3),
    ("TERM", "repeating", None, 400, 4),
    ("HALF", "once", Fraction(50), 0, None),
    ("HELLO", "once", None, 1000, None),
)


class Pilots:
    """One generation of coupons after the other; those who have an old one keep it."""

    def __init__(self, world: World) -> None:
        """None yet."""
        self.world = world
        self.on_offer: list[Coupon] = []
        self._generation = 0

    def open(self) -> None:
        """Offers the first generation, if the company has the habit."""
        if DELETED_COUPONS in self.world.options.habits:
            self._begin()

    def lasting(self) -> list[Coupon]:
        """Those that go on for ever."""
        return [coupon for coupon in self.on_offer if coupon.duration == "forever"]

    def _begin(self) -> None:
        """Deletes the coupons on offer and makes new ones of the same kinds."""
        world = self.world
        for place, coupon in enumerate(self.on_offer):
            world.remove("coupon", coupon.id, "coupon.deleted")
            if place % 2 == self._generation % 2:
                world.store.purged.add(coupon.id)
        self._generation += 1
        self.on_offer = []
        for name, duration, percent, cents, months in _KINDS:
            amounts = {k: int(v) for k, v in in_currencies(cents).items()} if cents else {}
            identity = f"PILOT{self._generation}{name}"
            coupon = Coupon(identity, duration, percent, amounts, months=months)
            self.on_offer.append(coupon)
            world.create(objects.coupon(coupon, identity.title(), world.now), "coupon.created")
        due = add_months(world.now, MONTHS_ON_OFFER) + HOUR + 7 * MINUTE
        world.queue.at(due, self._begin)
