"""A company in which nothing happens by chance: tests say who does what and when."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

from stripe_sandbox.company import Company, CompanyOptions
from stripe_sandbox.company.ledger import LedgerEntry
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.valuation import Price

JANUARY_2025 = 1_735_696_800  # 2025-01-01T02:00:00Z, outside of the quiet minutes
DAY = 86_400


class _Lucky(Random):
    """Every payment succeeds at once, and nobody does anything unasked."""

    def random(self) -> float:
        return 0.99


class Bench:
    """Parts of a company with habits, its clock at the beginning of 2025."""

    def __init__(self, *habits: str) -> None:
        self.company = Company(CompanyOptions(seed=1, customers=1, habits=frozenset(habits)))
        self.parts = self.company.parts
        self.world = self.parts.world
        self.world.store.now = JANUARY_2025
        self.parts.money.open()
        self.parts.catalogue.open()
        self.parts.births.after_birth = self.parts.lifecycle.after_end = lambda sub: None
        self._customers = 0

    def price(self, role: str) -> Price:
        """A price of the catalogue."""
        return self.parts.catalogue.prices[role]

    def customer(self, currency: str = "usd") -> Any:
        """A new customer with a card."""
        self._customers += 1
        who = self.parts.people.arrive(self._customers, currency, [])
        who.random = _Lucky()
        self.parts.people.give_card(who)
        return who

    def subscribe(self, *choices: tuple[str, int], **details: Any) -> Subscription:
        """A new customer's subscription to roles with quantities."""
        chosen = [(self.price(role), quantity) for role, quantity in choices]
        return self.parts.births.begin(self.customer(), chosen, **details)

    def run_until(self, at: int) -> None:
        """Lets time pass."""
        self.company.run_until(at)

    def invoices(self, sub: Subscription) -> list[dict[str, Any]]:
        """The customer's invoices, oldest first."""
        return [
            content
            for content in self.world.store.contents("invoice")
            if content["customer"] == sub.customer.id
        ]

    def lines(self, invoice: dict[str, Any]) -> list[dict[str, Any]]:
        """An invoice's lines as they are shown."""
        return self.world.store.of_parent("line_item", invoice["id"])[::-1]

    def ledger(self, sub: Subscription) -> list[LedgerEntry]:
        """The subscription's entries."""
        return [e for e in self.company.ledger() if e.subscription_id == sub.id]

    def mrr_at(self, sub: Subscription, at: int) -> Fraction:
        """Its true MRR."""
        return self.company.truth_mrr(at)[sub.id]


def shown(line: dict[str, Any]) -> tuple[int, int]:
    """Quantity and amount of a line."""
    return line["quantity"], line["amount"]
