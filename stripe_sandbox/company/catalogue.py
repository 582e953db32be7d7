"""What the company sells and gives away: plans in five currencies, coupons, codes, taxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.habits import TIERS
from stripe_sandbox.company.objects import catalog as objects
from stripe_sandbox.company.options import DAY, HOUR
from stripe_sandbox.company.people import Customer
from stripe_sandbox.company.valuation import Coupon, Discount, Price, Tier
from stripe_sandbox.company.world import World
from stripe_sandbox.store import StripeObject

CURRENCIES = ("usd", "eur", "gbp", "jpy", "kwd")
CURRENCY_WEIGHTS = (62, 18, 10, 6, 4)

# Price of one US cent in each currency's smallest unit.
_RATES = {
    "usd": Fraction(1),
    "eur": Fraction(9, 10),
    "gbp": Fraction(8, 10),
    "jpy": Fraction(3, 2),
    "kwd": Fraction(3),
}


def in_currencies(cents: int | Fraction) -> dict[str, Fraction]:
    """A round price in every currency."""
    if isinstance(cents, Fraction) and cents.denominator != 1:
        return {currency: cents * rate for currency, rate in _RATES.items()}
    return {
        currency: Fraction(
            int(cents * rate) // 10 * 10 if cents * rate > 100 else int(cents * rate)
        )
        for currency, rate in _RATES.items()
    }


@dataclass
class Catalogue:
    """Everything on offer, by the roles that customers choose from."""

    world: World
    prices: dict[str, Price] = field(default_factory=dict)
    """Role ("starter.month") -> price."""
    coupons: dict[str, Coupon] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    """Coupon id -> promotion code id."""
    tax_rates: list[StripeObject] = field(default_factory=list)
    spare_products: list[str] = field(default_factory=list)
    modules: list[Price] = field(default_factory=list)
    setup_fee: str = ""
    redeemed: dict[str, int] = field(default_factory=dict)
    """Coupon id -> times redeemed; shown when the coupon is edited for another reason, so that it
    never drifts without an event."""
    _ticks: int = 0
    _roles: dict[str, str] = field(default_factory=dict)

    def role_of(self, price: Price) -> str | None:
        """The role of a price; a price that was replaced may have none any more."""
        if price.id not in self._roles:
            self._roles = {p.id: role for role, p in self.prices.items()}
        return self._roles.get(price.id)

    def price_object(self, price: Price) -> StripeObject:
        """The price as items embed it: as it stands now."""
        return self.world.get("price", price.id)

    def open(self) -> None:
        """Puts the first offer on sale."""
        offer = _OFFER + (_INCLUDING_SEATS if TIERS in self.world.options.habits else ())
        for role, name, label, rows in offer:
            product = self._product(name, label)
            for key, interval, count, cents, extra in rows:
                self._price(f"{role}.{key}", product, name, interval, count, cents, **extra)
        product = self._product("Modules", None)
        for number in range(1, 15):
            role = f"module.{number}"
            self._price(role, product, f"Module {number}", "month", 1, 200 + 50 * number)
            self.modules.append(self.prices[role])
        fee = self._product("Setup", None)
        self.setup_fee = self.world.ids.new("price")
        self.world.create(
            objects.one_time_price(self.setup_fee, fee, "usd", 9900, "Setup fee", self.world.now),
            "price.created",
        )
        for name in ("Workshop", "Printed handbook", "Old desktop edition"):
            self.spare_products.append(self._product(name, None))
        self._open_coupons()
        for name, country, percentage, inclusive in (
            ("VAT", "DE", 19.0, False),
            ("VAT", "GB", 20.0, True),
            ("VAT", "FR", 20.0, False),
            ("Old VAT", "NL", 19.0, False),
        ):
            identity = self.world.ids.new("txr")
            rate = objects.tax_rate(
                identity, name, country, percentage, self.world.now, inclusive=inclusive
            )
            self.tax_rates.append(self.world.create(rate, "tax_rate.created"))
        start = self.world.now
        self.world.queue.at(add_months(start, 7) + HOUR, self._raise_starter)
        self.world.queue.at(start + 3 * DAY + 9 * HOUR, self._tick)

    def _product(self, name: str, unit_label: str | None) -> str:
        identity = self.world.ids.short("prod")
        self.world.create(
            objects.product(
                identity, name, self.world.now, description=None, unit_label=unit_label
            ),
            "product.created",
        )
        return identity

    def _price(
        self,
        role: str,
        product: str,
        name: str,
        interval: str,
        count: int,
        cents: int | Fraction | None,
        *,
        tiers: Sequence[tuple[int | None, int, int | None]] = (),
        mode: str | None = None,
        divide_by: int = 1,
        round_up: bool = True,
        is_metered: bool = False,
        currencies: Sequence[str] = CURRENCIES,
        tax_behavior: str = "unspecified",
    ) -> None:
        units: Mapping[str, Fraction] = {}
        if cents is not None:
            units = {c: v for c, v in in_currencies(cents).items() if c in currencies}
        steps = {
            currency: tuple(
                Tier(
                    top,
                    in_currencies(unit)[currency],
                    None if flat is None else in_currencies(flat)[currency],
                )
                for top, unit, flat in tiers
            )
            for currency in currencies
            if tiers
        }
        price = Price(
            id=self.world.ids.new("price"),
            product=product,
            currency=currencies[0],
            interval=interval,
            interval_count=count,
            units=units,
            tiers=steps,
            tiers_mode=mode,
            divide_by=divide_by,
            round_up=round_up,
            is_metered=is_metered,
            name=f"{name} {role.split('.')[-1]}",
        )
        self.prices[role] = price
        self.world.create(objects.plan(price, self.world.now), "plan.created")
        self.world.create(
            objects.price(price, self.world.now, tax_behavior=tax_behavior), "price.created"
        )

    def inline_price(self, world: World, identity: str, cents: int, currency: str) -> Price:
        """A price made for one customer, which no list shows."""
        base = self.prices["starter.month"]
        price = Price(
            id=identity,
            product=base.product,
            currency=currency,
            interval="month",
            interval_count=1,
            units={currency: Fraction(cents)},
            name="Custom",
        )
        world.create(objects.price(price, world.now), "price.created", hidden=True)
        return price

    def redeem(self, who: Customer, coupon: Coupon) -> Discount:
        """A discount of this coupon, from now on."""
        now = self.world.now
        self.redeemed[coupon.id] = self.redeemed.get(coupon.id, 0) + 1
        end = add_months(now, coupon.months) if coupon.months else None
        return Discount(who.ids.new("di"), coupon, now, end)

    def _open_coupons(self) -> None:
        everything = in_currencies
        support = frozenset({self.prices["support.month"].product})
        for coupon, name in (
            (Coupon("FRIENDS20", "forever", Fraction(20)), "Friends, 20% off"),
            (Coupon("PARTNER125", "forever", Fraction(25, 2)), "Partner, 12.5% off"),
            (Coupon("LEGACY5OFF", "forever", None, _whole(everything(500))), "Five off, old"),
            (Coupon("NONPROFIT", "forever", Fraction(100)), "Nonprofit, free"),
            (Coupon("SPRING3", "repeating", Fraction(25), months=3), "Spring, three months"),
            (
                Coupon("HALFYEAR", "repeating", None, _whole(everything(800)), months=6),
                "Eight off for half a year",
            ),
            (Coupon("WELCOME50", "once", Fraction(50)), "Half the first invoice"),
            (Coupon("TENOFF", "once", None, _whole(everything(1000))), "Ten off once"),
            (Coupon("SUPPORT30", "forever", Fraction(30), products=support), "Cheaper support"),
        ):
            self.coupons[coupon.id] = coupon
            self.world.create(objects.coupon(coupon, name, self.world.now), "coupon.created")
            if coupon.id in ("FRIENDS20", "SPRING3", "WELCOME50"):
                code = objects.promotion_code(
                    self.world.ids.new("promo"), f"{coupon.id}NOW", coupon.id, self.world.now
                )
                self.codes[coupon.id] = code["id"]
                self.world.create(code, "promotion_code.created")

    def _raise_starter(self) -> None:
        """A dearer Starter plan; those who have the old one keep it."""
        old = self.prices["starter.month"]
        self._price("starter.month", old.product, "Starter 2", "month", 1, 1900)
        for name in ("plan", "price"):
            self.world.change(name, old.id, {"active": False}, f"{name}.updated")

    def _tick(self) -> None:
        """Housekeeping: now and then something in the catalog is edited, made or thrown away."""
        self._ticks += 1
        number, world = self._ticks, self.world
        chance = Random(f"{world.options.seed}/catalog/{number}")
        choice = number % 6
        if choice == 0:
            price = self.prices["support.month"]
            changes = {"nickname": f"Support (list {number})"}
            world.change("plan", price.id, changes, "plan.updated")
            world.change("price", price.id, changes, "price.updated")
        elif choice == 1:
            identity = self.prices["pro.month"].product
            world.change(
                "product",
                identity,
                {"description": f"For teams, edition {number}", "updated": world.now},
                "product.updated",
            )
        elif choice == 2:
            coupon = Coupon(f"CAMPAIGN{number}", "once", Fraction(chance.choice((5, 10, 15))))
            world.create(objects.coupon(coupon, coupon.id.title(), world.now), "coupon.created")
            code = objects.promotion_code(
                world.ids.new("promo"), f"GO{number}", coupon.id, world.now
            )
            world.create(code, "promotion_code.created")
            world.queue.at(world.now + 8 * DAY, self._close_campaign, coupon.id, code["id"])
        elif choice == 3:
            spare = objects.product(
                world.ids.short("prod"),
                f"Event {number}",
                world.now,
                description=None,
                unit_label=None,
            )
            world.create(spare, "product.created")
            world.queue.at(world.now + 12 * DAY, self._drop_product, spare["id"])
        elif choice == 4:
            rate = self.tax_rates[-1]["id"]
            world.change("tax_rate", rate, {"description": f"Review {number}"}, "tax_rate.updated")
        else:
            coupons = sorted(self.coupons)
            identity = coupons[number // 6 % len(coupons)]
            shown: dict[str, object] = {
                "metadata": {"reviewed": str(number)},
                "times_redeemed": self.redeemed.get(identity, 0),
            }
            world.change("coupon", identity, shown, "coupon.updated")
        world.queue.at(world.now + 3 * DAY + chance.randrange(HOUR), self._tick)

    def _close_campaign(self, coupon: str, code: str) -> None:
        self.world.change("promotion_code", code, {"active": False}, "promotion_code.updated")
        self.world.remove("coupon", coupon, "coupon.deleted")

    def _drop_product(self, identity: str) -> None:
        self.world.remove("product", identity, "product.deleted")


def _whole(amounts: Mapping[str, Fraction]) -> dict[str, int]:
    return {currency: int(amount) for currency, amount in amounts.items()}


_GRADUATED = {"tiers": ((5, 700, 1000), (10, 650, 500), (None, 600, None)), "mode": "graduated"}
_VOLUME = {"tiers": ((10, 1000, None), (50, 800, None), (None, 500, 2000)), "mode": "volume"}
_YEARLY_TIERS = {
    "tiers": ((5, 7000, 10_000), (10, 6500, 5_000), (None, 6000, None)),
    "mode": "graduated",
}

_Offer = tuple[
    str,
    str,
    str | None,
    tuple[tuple[str, str, int, int | Fraction | None, dict[str, Any]], ...],
]

# Role, product name, unit label, then key, interval, count, US cents, the rest.
_OFFER: tuple[_Offer, ...] = (
    ("free", "Free", None, (("month", "month", 1, 0, {}),)),
    (
        "starter",
        "Starter",
        None,
        (
            ("month", "month", 1, 1500, {}),
            ("year", "year", 1, 15_000, {}),
            ("week", "week", 1, 450, {}),
            ("thirty", "day", 30, 1400, {"currencies": ("usd",)}),
        ),
    ),
    (
        "pro",
        "Pro",
        "seat",
        (
            ("month", "month", 1, 1500, {"tax_behavior": "exclusive"}),
            ("quarter", "month", 3, 4200, {}),
            ("year", "year", 1, 14_400, {}),
            ("biennial", "year", 2, 25_000, {"currencies": ("usd",)}),
        ),
    ),
    (
        "business",
        "Business",
        "seat",
        (("month", "month", 1, None, _GRADUATED), ("year", "year", 1, None, _YEARLY_TIERS)),
    ),
    ("scale", "Scale", "seat", (("month", "month", 1, None, _VOLUME),)),
    (
        "contacts",
        "Contacts",
        "contact",
        (
            ("month", "month", 1, 1000, {"divide_by": 1000}),
            ("floor", "month", 1, 900, {"divide_by": 1000, "round_up": False}),
        ),
    ),
    (
        "support",
        "Support",
        None,
        (("month", "month", 1, 5000, {}), ("year", "year", 1, 50_000, {})),
    ),
    ("api", "API calls", "call", (("month", "month", 1, Fraction(2, 5), {"is_metered": True}),)),
    ("storage", "Storage", "GB", (("month", "month", 1, Fraction(25, 2), {}),)),
    ("euro", "Euro plan", None, (("month", "month", 1, 2500, {"currencies": ("eur",)}),)),
)

_INCLUDED = {"tiers": ((10, 0, 9900), (None, 990, 0)), "mode": "graduated"}
_FREE_FIRST = {"tiers": ((3, 0, None), (None, 1200, None)), "mode": "graduated"}
_YEARLY_INCLUDED = {"tiers": ((10, 0, 99_000), (None, 9900, 0)), "mode": "graduated"}
_VOLUME_FEES = {"tiers": ((20, 900, 0), (None, 600, 3000)), "mode": "volume"}

# Prices with seats included in a first tier that costs nothing, and fees of 0, which are shown.
_INCLUDING_SEATS: tuple[_Offer, ...] = (
    (
        "team",
        "Team",
        "seat",
        (("month", "month", 1, None, _INCLUDED), ("year", "year", 1, None, _YEARLY_INCLUDED)),
    ),
    ("solo", "Solo", "seat", (("month", "month", 1, None, _FREE_FIRST),)),
    ("bulk", "Bulk", "seat", (("month", "month", 1, None, _VOLUME_FEES),)),
)
