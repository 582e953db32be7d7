"""Prices and quantities -> what an invoice line costs and what a month is worth, in fractions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from stripe_sandbox.company.ledger import half_up

MONTHS_PER_YEAR = 12
WEEKS_PER_YEAR = 52
DAYS_PER_YEAR = 365


@dataclass(frozen=True)
class Tier:
    """One step of a tiered price; `up_to` None has no end."""

    up_to: int | None
    unit: Fraction
    flat: Fraction | None = None
    """Fee for entering the step; a fee of 0 is shown on invoices, none is not."""

    def charge(self, units: int) -> Fraction:
        """What so many units of this step cost, its fee included."""
        return units * self.unit + (self.flat or 0)


@dataclass(frozen=True)
class Price:
    """The facts of a price that decide amounts."""

    id: str
    product: str
    currency: str
    interval: str
    interval_count: int
    units: Mapping[str, Fraction]
    """Currency -> unit amount; empty when tiered."""
    tiers: Mapping[str, Sequence[Tier]] = field(default_factory=dict)
    tiers_mode: str | None = None
    divide_by: int = 1
    round_up: bool = True
    is_metered: bool = False
    name: str = ""

    @property
    def monthly_factor(self) -> Fraction:
        """How much of one charge falls on one month."""
        per_year = {
            "month": MONTHS_PER_YEAR,
            "year": 1,
            "week": WEEKS_PER_YEAR,
            "day": DAYS_PER_YEAR,
        }[self.interval]
        return Fraction(per_year, MONTHS_PER_YEAR * self.interval_count)

    def sells_in(self, currency: str) -> bool:
        """True when this price has amounts in the currency."""
        return currency in self.units or currency in self.tiers

    def charge(self, quantity: int, currency: str) -> Fraction:
        """What one interval of so many units costs, unrounded."""
        if not self.tiers:
            packs = -(-quantity // self.divide_by) if self.round_up else quantity // self.divide_by
            return packs * self.units[currency]
        reached = self.tiers_reached(quantity, currency)
        return sum((tier.charge(units) for _, tier, units in reached), Fraction(0))

    def tiers_reached(self, quantity: int, currency: str) -> list[tuple[int, Tier, int]]:
        """Number (from 1), tier and units in it, for each tier that a quantity pays for.

        A volume price charges all units by the tier reached; a graduated one fills tier after
        tier, and enters the first even with no unit.
        """
        tiers = list(enumerate(self.tiers[currency], 1))
        if self.tiers_mode == "volume":
            number, tier = next((n, t) for n, t in tiers if t.up_to is None or quantity <= t.up_to)
            return [(number, tier, quantity)]
        found, below = [], 0
        for number, tier in tiers:
            if number > 1 and quantity <= below:
                break
            top = quantity if tier.up_to is None else min(quantity, tier.up_to)
            found.append((number, tier, top - below))
            below = top
        return found

    def charge_minor(self, quantity: int, currency: str) -> int:
        """The amount of an invoice line: one interval, rounded as Stripe rounds a line."""
        return half_up(self.charge(quantity, currency))


@dataclass(frozen=True)
class Coupon:
    """The facts of a coupon that decide amounts."""

    id: str
    duration: str
    percent_off: Fraction | None = None
    amounts_off: Mapping[str, int] = field(default_factory=dict)
    """Currency -> amount off per invoice."""
    products: frozenset[str] | None = None
    months: int | None = None

    def covers(self, price: Price) -> bool:
        """True when the coupon applies to this price's product."""
        return self.products is None or price.product in self.products


@dataclass(frozen=True)
class Taken:
    """What a discount took off one line of an invoice."""

    invoice: str
    product: str | None
    base: int
    """The line's amount that earlier discounts had left, in the currency's smallest unit."""
    amount: int


@dataclass
class Discount:
    """A coupon at work on a customer, a subscription or an item."""

    id: str
    coupon: Coupon
    start: int
    end: int | None
    is_expired: bool = False
    """Its end has passed, though the subscription shows it until its next renewal."""
    is_seen: bool = False
    """Whether it took something off an invoice, which then shows it."""
    taken: list[Taken] = field(default_factory=list)
    """All that it took off invoices, drafts included."""

    def lives_at(self, at: int) -> bool:
        """False from its end on."""
        return self.end is None or at < self.end


@dataclass(frozen=True)
class Part:
    """One item as its value is worked out: price, quantity and the discounts of its own."""

    price: Price
    quantity: int
    discounts: tuple[Discount, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """All that decides a subscription's MRR at one moment."""

    parts: tuple[Part, ...]
    group: tuple[Discount, ...]
    """The discounts of all its items together, in order."""
    currency: str
    counts: bool
    """Whether its status and its pause let it count."""
    cap: Fraction | None = None
    """In a free period: the most that it may be worth."""
    is_held_back: bool = False
    """Whether a pause gives its invoices up."""
    is_leaving: bool = False
    """Whether its customer has asked for its end."""
    tax_percent: Fraction = Fraction(0)
    """Tax on top of its prices."""

    def discounts(self) -> list[Discount]:
        """All discounts, each once."""
        held = [*self.group, *(one for part in self.parts for one in part.discounts)]
        return list({one.id: one for one in held}.values())

    def value(self) -> Fraction:
        """Exact MRR, under default options."""
        if not self.counts:
            return Fraction(0)
        value = net_value(self.parts, self.group, self.currency)
        return value if self.cap is None else min(value, self.cap)


def list_value(parts: Sequence[Part], currency: str) -> Fraction:
    """Monthly value of licensed items before discounts."""
    return sum(
        (
            part.price.charge(part.quantity, currency) * part.price.monthly_factor
            for part in parts
            if not part.price.is_metered
        ),
        Fraction(0),
    )


def our_month(price: Price) -> Fraction:
    """How much of one charge of a price falls on one month."""
    return price.monthly_factor


def net_value(
    parts: Sequence[Part],
    group: Sequence[Discount],
    currency: str,
    month: Callable[[Price], Fraction] = our_month,
) -> Fraction:
    """Monthly value of licensed items after discounts that last forever.

    `month` says how much of one charge falls on one month, where that is not as we count it.
    """
    licensed = [part for part in parts if not part.price.is_metered]
    values = [p.price.charge(p.quantity, currency) * month(p.price) for p in licensed]
    for index, part in enumerate(licensed):
        for discount in part.discounts:
            _take(values, licensed, discount, [index], currency, month)
    for discount in group:
        scope = [i for i, part in enumerate(licensed) if discount.coupon.covers(part.price)]
        _take(values, licensed, discount, scope, currency, month)
    return sum(values, Fraction(0))


def _take(
    values: list[Fraction],
    parts: Sequence[Part],
    discount: Discount,
    scope: Sequence[int],
    currency: str,
    month: Callable[[Price], Fraction],
) -> None:
    coupon = discount.coupon
    if coupon.duration != "forever":
        return
    if coupon.percent_off is not None:
        for i in scope:
            if coupon.covers(parts[i].price):
                values[i] *= 1 - coupon.percent_off / 100
        return
    amount = coupon.amounts_off.get(currency)
    alive = [i for i in scope if values[i] > 0 and coupon.covers(parts[i].price)]
    if amount is None or not alive:
        return
    # An amount comes off every invoice, so it counts as often as the shortest interval bills.
    factor = max(month(parts[i].price) for i in alive)
    alive = [i for i in alive if month(parts[i].price) == factor]
    total = sum((values[i] for i in alive), Fraction(0))
    taken = min(amount * factor, total)
    for i in alive:
        values[i] -= taken * values[i] / total
