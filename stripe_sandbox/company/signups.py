"""Who signs up when, for what, and how: the beginning of every customer's story."""

from __future__ import annotations

from collections.abc import Callable

from stripe_sandbox.company.births import Births
from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.catalogue import (
    CURRENCIES,
    CURRENCY_WEIGHTS,
    Catalogue,
)
from stripe_sandbox.company.habits import PREBILLING, SWAPS, TIERS
from stripe_sandbox.company.ids import random_stream
from stripe_sandbox.company.objects import checkout as objects
from stripe_sandbox.company.options import BUILD_END, DAY, HOUR, MINUTE
from stripe_sandbox.company.people import Customer, People
from stripe_sandbox.company.pilots import Pilots
from stripe_sandbox.company.standalone import Standalone
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.valuation import Coupon, Price
from stripe_sandbox.company.world import World

GROWTH = 0.65
"""Customer number i of N arrives after (i/N)**GROWTH of the company's age."""

MODULAR = 40
"""One customer in so many buys the product by modules: more items than Stripe embeds."""

Choice = tuple[Price, int | None]

_PLANS = (
    ("free.month", 6),
    ("starter.month", 17),
    ("starter.year", 8),
    ("starter.week", 3),
    ("starter.thirty", 2),
    ("pro.month", 18),
    ("pro.quarter", 7),
    ("pro.year", 9),
    ("pro.biennial", 1),
    ("business.month", 9),
    ("business.year", 3),
    ("scale.month", 7),
    ("contacts.month", 4),
    ("contacts.floor", 2),
    ("storage.month", 3),
    ("euro.month", 2),
)
_TIERED_PLANS = (("team.month", 6), ("team.year", 2), ("solo.month", 3), ("bulk.month", 3))


class Signups:
    """Brings customers in, one after the other, for ever."""

    def __init__(
        self,
        world: World,
        people: People,
        catalogue: Catalogue,
        births: Births,
        pilots: Pilots,
        standalone: Standalone,
    ) -> None:
        """Nobody has come yet."""
        self.world = world
        self.people = people
        self.catalogue = catalogue
        self.births = births
        self.pilots = pilots
        self.standalone = standalone
        self.start = world.now

    def open(self) -> None:
        """Expects the first customer."""
        self._expect(1)
        self.world.queue.at(self.start + 2 * DAY + 5 * HOUR, self._window_shopper, 1)

    def _moment(self, index: int) -> int:
        age = BUILD_END - self.start
        return self.start + int(age * (index / self.world.options.customers) ** GROWTH)

    def _expect(self, index: int) -> None:
        earliest, latest = self._moment(index - 1), self._moment(index)
        chance = random_stream(self.world.options.seed, f"arrival/{index}")
        when = latest - int((latest - earliest) * (0.05 + 0.9 * chance.random()))
        self.world.queue.at(max(when, self.start + HOUR), self._arrive, index)

    def _arrive(self, index: int) -> None:
        self._expect(index + 1)
        chance = random_stream(self.world.options.seed, f"arrival/{index}/who")
        currency = chance.choices(CURRENCIES, CURRENCY_WEIGHTS)[0]
        if index % MODULAR == MODULAR // 2:
            currency = "usd"
        who = self.people.arrive(index, currency, self.catalogue.tax_rates)
        if chance.random() < 0.08:
            self.people.give_source(who)
        if chance.random() < 0.03:
            for _ in range(chance.choice((1, 12))):
                self.people.give_source(who)
        if chance.random() < 0.05:
            self.people.abandon_setup(who)
        if chance.random() < 0.04:
            self.standalone.consider(who, has_subscription=False)
            return  # Never subscribes.
        self.standalone.consider(who, has_subscription=True)
        self.subscribe(who)
        if chance.random() < 0.08:
            delay = chance.randrange(10, 120) * DAY
            self.world.queue.at(self.world.now + delay, self._subscribe_again, who)

    def _subscribe_again(self, who: Customer) -> None:
        if not who.is_deleted:
            self.subscribe(who)

    def choose(self, who: Customer) -> list[Choice]:
        """Plans and quantities that a customer wants."""
        chance, prices = who.random, self.catalogue.prices
        if who.index % MODULAR == MODULAR // 2:
            # Enough items that Stripe no longer embeds them all.
            return [(price, 1) for price in self.catalogue.modules[: chance.choice((11, 12, 14))]]
        if chance.random() < 0.01:
            cents = chance.choice((1234, 2999, 7777))
            return [
                (
                    self.catalogue.inline_price(
                        self.world, who.ids.new("price"), cents, who.currency
                    ),
                    1,
                )
            ]
        plans = _PLANS + (_TIERED_PLANS if TIERS in self.world.options.habits else ())
        roles = [(role, weight) for role, weight in plans if prices[role].sells_in(who.currency)]
        role = chance.choices([r for r, _ in roles], [w for _, w in roles])[0]
        choices: list[Choice] = [(prices[role], self._quantity(who, role))]
        if role.endswith(".month") and role != "free.month":
            if chance.random() < 0.12:
                choices.append((prices["support.month"], 1))
            if chance.random() < 0.1:
                choices.append((prices["api.month"], None))
        elif role.endswith(".year") and chance.random() < 0.15:
            # Two intervals on one subscription.
            choices.append((prices["storage.month"], chance.randrange(1, 20)))
        return choices

    @staticmethod
    def _quantity(who: Customer, role: str) -> int:
        kind = role.split(".")[0]
        if kind in ("pro", "business", "team", "solo", "bulk"):
            return who.random.choice((1, 2, 3, 4, 5, 7, 9, 12, 18))
        if kind == "scale":
            return who.random.choice((4, 8, 10, 11, 30, 50, 60))
        if kind == "contacts":
            return who.random.choice((500, 1000, 1500, 4200, 12_000))
        if kind == "storage":
            return who.random.randrange(10, 200)
        return 1

    def subscribe(self, who: Customer) -> Subscription:
        """Starts a subscription of the customer's choice, in one of the many ways."""
        chance = who.random
        choices = self.choose(who)
        is_free = choices[0][0] is self.catalogue.prices["free.month"]
        wants_trial = not is_free and chance.random() < 0.22
        by_mail = not wants_trial and not is_free and chance.random() < 0.06
        if any(price.interval in ("week", "day") for price, _ in choices):
            by_mail = False  # Its 14 days would outlast the period.
        has_card = not is_free and not (wants_trial and chance.random() < 0.3)
        if has_card and who.method is None:
            self.people.give_card(who, via_setup=wants_trial or chance.random() < 0.2)
        coupons, item_coupon = self._coupons(who, choices, is_plain=wants_trial or is_free)
        roll = chance.random()
        outcome = "later" if roll < 0.03 else "never" if roll < 0.05 else "paid"
        term = chance.choice((3, 6, 12)) if chance.random() < 0.02 else None
        if term is not None and any(price.interval != "month" for price, _ in choices):
            term = None
        traceable = self.world.options.traceable
        habits = self.world.options.habits
        flexible = not habits.isdisjoint((SWAPS, PREBILLING)) and chance.random() < 0.4
        plain = not (wants_trial or is_free or by_mail or term or coupons or item_coupon)
        plain = plain and outcome == "paid"
        sub = self.births.begin(
            who,
            choices,
            trial_days=chance.choice((7, 14, 14, 30)) if wants_trial else 0,
            coupons=coupons,
            item_coupon=item_coupon,
            by_mail=by_mail,
            outcome=outcome,
            pauses_without_card=not traceable and chance.random() < 0.4,
            ends_after_months=term,
            codes=self.catalogue.codes if chance.random() < 0.5 else None,
            is_flexible=flexible,
            months_at_once=self._months_at_once(who, choices, flexible, plain),
        )
        if not by_mail and chance.random() < 0.35:
            self._remember_checkout(who, sub, choices)
        return sub

    def _months_at_once(
        self, who: Customer, choices: list[Choice], is_flexible: bool, is_plain: bool
    ) -> int:
        """How many months the first invoice bills; more than one where Stripe allows it."""
        if PREBILLING not in self.world.options.habits or not is_flexible or not is_plain:
            return 1
        price = choices[0][0]
        if (price.interval, price.interval_count) != ("month", 1) or who.discount is not None:
            return 1
        return who.random.choice((2, 3, 6)) if who.random.random() < 0.15 else 1

    def _coupons(
        self, who: Customer, choices: list[Choice], *, is_plain: bool
    ) -> tuple[list[Coupon], Coupon | None]:
        chance, coupons = who.random, self.catalogue.coupons
        traceable = self.world.options.traceable
        roll = chance.random()
        item_coupon = None
        if chance.random() < 0.02:
            item_coupon = coupons["PARTNER125"]
        if self.pilots.on_offer and not traceable and chance.random() < 0.12:
            if chance.random() < 0.35:
                return [], chance.choice(self.pilots.lasting())
            lasting = [one for one in self.pilots.on_offer if one.duration != "once"]
            return [chance.choice(lasting if is_plain else self.pilots.on_offer)], None
        if roll > 0.22:
            return [], item_coupon
        names = ["FRIENDS20", "SPRING3", "HALFYEAR", "LEGACY5OFF", "PARTNER125"]
        if not is_plain:
            names += ["WELCOME50", "TENOFF"]
        if any(
            price.product == self.catalogue.prices["support.month"].product for price, _ in choices
        ):
            names += ["SUPPORT30", "SUPPORT30"]
        chosen = [coupons[chance.choice(names)]]
        if chance.random() < 0.03:
            chosen = [coupons["NONPROFIT"]]
        elif chosen[0].id == "FRIENDS20" and chance.random() < 0.25:
            chosen.append(coupons["SPRING3"])
        return chosen, item_coupon

    # --- checkout ----------------------------------------------------------------------------

    def _basket(
        self, ids: object, choices: list[Choice], currency: str
    ) -> list[tuple[Choice, int]]:
        return [(choice, choice[0].charge_minor(choice[1] or 0, currency)) for choice in choices]

    def _remember_checkout(self, who: Customer, sub: Subscription, choices: list[Choice]) -> None:
        """The session through which a subscription was started."""
        world, now = self.world, self.world.now
        basket = self._basket(who.ids, choices, who.currency)
        subtotal = sum(amount for _, amount in basket)
        session = objects.checkout_session(
            who.ids.new("cs_test"),
            now - who.random.randrange(20, 9 * MINUTE),
            who.currency,
            subtotal,
            email=who.billing["email"],
        )
        invoice = world.get("invoice", str(sub.latest_invoice))
        session.update(
            amount_total=max(invoice["total"], 0),
            customer=who.id,
            customer_details={
                "address": who.billing["address"],
                "business_name": None,
                "email": who.billing["email"],
                "individual_name": None,
                "name": who.billing["name"],
                "phone": None,
                "tax_exempt": "none",
                "tax_ids": [],
            },
            invoice=invoice["id"],
            payment_status="paid" if invoice["total"] else "no_payment_required",
            status="complete",
            subscription=sub.id,
            url=None,
        )
        if invoice["status"] != "paid":
            session.update(payment_status="unpaid")
        session["total_details"] = {
            "amount_discount": sum(d["amount"] for d in invoice["total_discount_amounts"]),
            "amount_shipping": 0,
            "amount_tax": sum(tax["amount"] for tax in invoice["total_taxes"]),
        }
        self._put_session(session, basket, who.currency, who.ids.new)
        world.journal.record("checkout.session.completed", session)

    def _put_session(
        self,
        session: dict[str, object],
        basket: list[tuple[Choice, int]],
        currency: str,
        new_id: Callable[[str], str],
    ) -> None:
        world = self.world
        world.store.put(session)
        for (price, quantity), amount in basket:
            item = objects.session_item(
                new_id("li"),
                self.catalogue.price_object(price),
                currency,
                quantity,
                amount,
                price.name,
            )
            world.store.put(item, parent=str(session["id"]))

    def _window_shopper(self, number: int) -> None:
        """Somebody who opens a checkout and never comes back."""
        world = self.world
        chance = random_stream(world.options.seed, f"shopper/{number}")
        role = chance.choice(("starter.month", "pro.month", "pro.year", "scale.month"))
        price = self.catalogue.prices[role]
        choices: list[Choice] = [(price, chance.randrange(1, 5))]
        basket = self._basket(None, choices, "usd")
        session = objects.checkout_session(
            world.ids.new("cs_test"),
            world.now,
            "usd",
            sum(amount for _, amount in basket),
            email=None,
        )
        self._put_session(session, basket, "usd", world.ids.new)
        world.queue.at(world.now + DAY, self._session_expired, session["id"])
        gap = int(12 * DAY / (1 + world.options.customers / 50))
        world.queue.at(
            world.now + max(HOUR, gap) + chance.randrange(HOUR), self._window_shopper, number + 1
        )

    def _session_expired(self, identity: str) -> None:
        self.world.change(
            "checkout.session",
            identity,
            {"status": "expired", "url": None},
            "checkout.session.expired",
        )


def company_start(months: int) -> int:
    """When a company of that age was founded."""
    return add_months(BUILD_END, -months)
