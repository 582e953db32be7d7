"""Customers: who they are, how they pay, what is kept about them, and how they leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from stripe_sandbox.company.ids import Ids, random_stream
from stripe_sandbox.company.objects import customer as objects
from stripe_sandbox.company.objects.common import address
from stripe_sandbox.company.objects.payment import DECLINED
from stripe_sandbox.company.valuation import Discount
from stripe_sandbox.company.world import World
from stripe_sandbox.store import StripeObject

if TYPE_CHECKING:
    from stripe_sandbox.company.billing import Bill
    from stripe_sandbox.company.subscription import Subscription

_NAMES = (
    *("Ada", "Bela", "Chidi", "Dana", "Emre", "Fumi", "Gita", "Hugo", "Ines", "Jomo", "Kaia"),
    *("Lars", "Mina", "Noor", "Otis", "Pia", "Quim", "Rosa", "Sven", "Tala", "Uma", "Vik"),
)
_FIRMS = ("Bakery", "Clinic", "Design", "Energy", "Films", "Garage", "Hotel", "Labs", "Media")
_PLACES = {
    "usd": ("US", "Springfield", "62701"),
    "eur": ("DE", "Bremen", "28195"),
    "gbp": ("GB", "Leeds", "LS1 4AP"),
    "jpy": ("JP", "Kyoto", "600-8216"),
    "kwd": ("KW", "Hawally", "30000"),
}
_BRANDS = (("visa", "4242"), ("mastercard", "4444"), ("amex", "8431"))


@dataclass
class Customer:
    """A customer as the simulation knows it; the store has what Stripe shows."""

    index: int
    id: str
    random: Random
    ids: Ids
    currency: str
    method: str | None = None
    card_details: StripeObject | None = None
    billing: StripeObject = field(default_factory=dict)
    balance: int = 0
    discount: Discount | None = None
    tax_rate: StripeObject | None = None
    subscriptions: list[Subscription] = field(default_factory=list)
    loose_items: list[str] = field(default_factory=list)
    """Pending invoice items that belong to no subscription."""
    held_bills: list[Bill] = field(default_factory=list)
    """Drafts that were kept back, by a pause or because the subscription is unpaid."""
    invoices: int = 0
    credit_notes: int = 0
    has_balance_history: bool = False
    is_deleted: bool = False


class People:
    """Makes and changes customers."""

    def __init__(self, world: World) -> None:
        """Nobody yet."""
        self.world = world
        self.everybody: list[Customer] = []

    def arrive(self, index: int, currency: str, tax_rates: list[StripeObject]) -> Customer:
        """A new customer without a way to pay."""
        world = self.world
        ids = Ids(world.options.seed, f"customer/{index}")
        random = random_stream(world.options.seed, f"customer/{index}")
        name = f"{random.choice(_NAMES)} {random.choice(_FIRMS)}"
        email = f"{name.lower().replace(' ', '.')}.{index}@example.com"
        where = address(*_PLACES[currency])
        who = Customer(index, ids.short("cus"), random, ids, currency)
        who.billing = objects.billing_details(name, email, where)
        prefix = ids.text(7).upper()
        content = objects.customer(who.id, name, email, world.now, where, prefix)
        world.create(content, "customer.created")
        if currency in ("eur", "gbp") and random.random() < 0.4:
            who.tax_rate = tax_rates[1 if currency == "gbp" else random.choice((0, 2))]
            country = "GB" if currency == "gbp" else "DE"
            value = f"{country}{random.randrange(10**8, 10**9)}"
            self.add_tax_id(who, country, value)
        self.everybody.append(who)
        return who

    def change(self, who: Customer, **changes: object) -> None:
        """Changes the customer object, with its event."""
        self.world.change("customer", who.id, changes, "customer.updated")

    def add_tax_id(self, who: Customer, country: str, value: str) -> None:
        """A tax id, verified some seconds later if ever."""
        identity = who.ids.new("txi")
        self.world.create(
            objects.tax_id(identity, who.id, self.world.now, country, value),
            "customer.tax_id.created",
            parent=who.id,
        )
        if who.random.random() < 0.7:
            self.world.queue.at(self.world.now + 40, self._verify_tax_id, who, identity)

    def _verify_tax_id(self, who: Customer, identity: str) -> None:
        content = self.world.store.get("tax_id", identity)
        if content is None:
            return
        verification = {
            "status": "verified",
            "verified_address": None,
            "verified_name": who.billing["name"],
        }
        self.world.change(
            "tax_id", identity, {"verification": verification}, "customer.tax_id.updated"
        )

    def drop_tax_id(self, who: Customer) -> bool:
        """Removes the customer's first tax id, if it has one."""
        held = self.world.store.children.get(("tax_id", who.id), [])
        if not held:
            return False
        self.world.remove("tax_id", held[0], "customer.tax_id.deleted")
        return True

    def give_card(self, who: Customer, *, via_setup: bool = False) -> None:
        """Attaches a card and makes it the default; detaches the one before.

        Args:
            who: whose card.
            via_setup: collect it by a setup intent, which may fail once before it succeeds.
        """
        world = self.world
        brand, last4 = who.random.choice(_BRANDS)
        year = 2028 + who.random.randrange(5)
        identity = who.ids.new("pm")
        method = objects.payment_method(
            identity,
            who.id,
            world.now,
            who.billing,
            brand=brand,
            last4=last4,
            exp_year=year,
            fingerprint=who.ids.text(16),
        )
        if via_setup:
            self._set_up(who, identity)
        world.create(method, "payment_method.attached")
        old = who.method
        who.method, who.card_details = identity, objects.card_details(method)
        customer = world.get("customer", who.id)
        settings = {**customer["invoice_settings"], "default_payment_method": identity}
        self.change(who, invoice_settings=settings)
        if old is not None:
            world.change("payment_method", old, {"customer": None}, "payment_method.detached")

    def _set_up(self, who: Customer, method: str) -> None:
        world = self.world
        identity = who.ids.new("seti")
        intent = objects.setup_intent(identity, who.id, world.now, None, "requires_payment_method")
        world.create(intent, "setup_intent.created")
        if who.random.random() < 0.15:
            error = {**DECLINED}
            first = objects.setup_attempt(
                who.ids.new("setatt"), intent, world.now, method, error=error
            )
            world.create(first, parent=identity)
            intent = world.change(
                "setup_intent",
                identity,
                {"last_setup_error": error, "latest_attempt": first["id"]},
                "setup_intent.setup_failed",
            )
        attempt = objects.setup_attempt(
            who.ids.new("setatt"), intent, world.now, method, error=None
        )
        world.create(attempt, parent=identity)
        world.change(
            "setup_intent",
            identity,
            {
                "last_setup_error": None,
                "latest_attempt": attempt["id"],
                "payment_method": method,
                "status": "succeeded",
            },
            "setup_intent.succeeded",
        )

    def abandon_setup(self, who: Customer) -> None:
        """A setup intent that is made and given up the day after."""
        intent = objects.setup_intent(
            who.ids.new("seti"), who.id, self.world.now, None, "requires_payment_method"
        )
        self.world.create(intent, "setup_intent.created")
        self.world.queue.at(self.world.now + 70_000, self._cancel_setup, intent["id"])

    def _cancel_setup(self, identity: str) -> None:
        self.world.change(
            "setup_intent",
            identity,
            {"cancellation_reason": "abandoned", "status": "canceled"},
            "setup_intent.canceled",
        )

    def give_source(self, who: Customer) -> None:
        """Adds a card or bank account of the older kind."""
        name, last4 = who.billing["name"], f"{who.random.randrange(10_000):04d}"
        if who.random.random() < 0.6:
            source = objects.source_card(who.ids.new("card"), who.id, name, last4, 2030)
        else:
            source = objects.source_bank_account(who.ids.new("ba"), who.id, name, last4)
        self.world.create(source, "customer.source.created", parent=who.id)

    def touch_source(self, who: Customer) -> bool:
        """Changes or removes the customer's oldest source, if it has one."""
        for name in ("card", "bank_account"):
            held = self.world.store.children.get((name, who.id), [])
            if held and who.random.random() < 0.5:
                self.world.remove(name, held[0], "customer.source.deleted")
                return True
            if held:
                changes: dict[str, object] = {"metadata": {"seen": str(self.world.now)}}
                if name == "bank_account":
                    changes = {"status": "verified", **changes}
                self.world.change(name, held[0], changes, "customer.source.updated")
                return True
        return False

    def move_balance(
        self,
        who: Customer,
        amount: int,
        kind: str,
        *,
        invoice: str | None = None,
        credit_note: str | None = None,
    ) -> str:
        """Adds to the customer's balance (negative: credit) and returns the entry's id."""
        who.balance += amount
        who.has_balance_history = True
        identity = who.ids.new("cbtxn")
        self.world.create(
            objects.customer_balance_transaction(
                identity,
                who.id,
                self.world.now,
                who.currency,
                amount,
                who.balance,
                kind,
                invoice=invoice,
                credit_note=credit_note,
            ),
            parent=who.id,
        )
        self.change(who, balance=who.balance)
        return identity

    def set_discount(self, who: Customer, content: StripeObject | None) -> None:
        """Shows a discount on the customer, or none."""
        self.change(who, discount=content)

    def delete(self, who: Customer) -> None:
        """Deletes the customer with its sources, tax ids and cards; subscriptions have ended."""
        world = self.world
        for name, kind in (
            ("card", "customer.source.deleted"),
            ("bank_account", "customer.source.deleted"),
            ("tax_id", "customer.tax_id.deleted"),
        ):
            for identity in list(world.store.children.get((name, who.id), [])):
                world.remove(name, identity, kind)
        if who.method is not None:
            world.change(
                "payment_method", who.method, {"customer": None}, "payment_method.detached"
            )
            who.method = None
        world.remove("customer", who.id, "customer.deleted")
        who.is_deleted = True
