"""Credits that customers may use up: grants, what was drawn from them, and cash balances."""

from __future__ import annotations

from stripe_sandbox.samples.maker import DAY, Maker
from stripe_sandbox.store import StripeObject

_GRANTED = 10_000


def credits(maker: Maker) -> None:
    """Fills credit grants, with the transaction that each begins with and some that draw on it.

    Stripe's specification names an event for a grant's birth alone.
    """
    for number, moment in enumerate(maker.moments(12)):
        fields = {
            "amount": _money(_GRANTED),
            "category": ("paid", "promotional")[number % 2],
            "customer": _customer(maker)["id"],
            "expires_at": moment + 365 * DAY,
            "metadata": {"number": str(number)},
            "name": f"Credit {number}",
            "voided_at": moment + 120 if number % 5 == 4 else None,
        }
        grant = maker.make("billing.credit_grant", moment, fields)
        maker.emit("billing.credit_grant.created", grant, moment)
        credit = {"amount": _money(_GRANTED), "type": "credits_granted"}
        _transaction(maker, grant, moment, {"type": "credit", "credit": credit, "debit": None})
        for index in range(12 if number == 0 else number % 3):
            draw(maker, grant, moment + 60 + index)


def draw(maker: Maker, grant: StripeObject, moment: int) -> None:
    """An invoice uses up a part of a grant."""
    invoice = maker.any("invoice")
    applied = {"invoice": invoice["id"], "invoice_line_item": maker.identity("il")}
    debit = {"amount": _money(500), "credits_applied": applied, "type": "credits_applied"}
    _transaction(maker, grant, moment, {"type": "debit", "credit": None, "debit": debit})


def _transaction(maker: Maker, grant: StripeObject, moment: int, fields: dict[str, object]) -> None:
    maker.make(
        "billing.credit_balance_transaction", moment, {"credit_grant": grant["id"], **fields}
    )


def _money(cents: int) -> StripeObject:
    return {"monetary": {"currency": "usd", "value": cents}, "type": "monetary"}


def _customer(maker: Maker) -> StripeObject:
    customers = [each for each in maker.all("customer") if each.get("test_clock") is None]
    return maker.random.choice(customers)


def cash_balances(maker: Maker) -> None:
    """Fills what arrived by bank transfer in the cash balances of a few customers."""
    customers = [each for each in maker.all("customer") if each.get("test_clock") is None][:4]
    for number, customer in enumerate(customers):
        for index in range(12 if number == 0 else number):
            fund(maker, customer["id"], maker.start + (30 * number + index) * DAY, index)


def fund(maker: Maker, customer: str, moment: int, number: int) -> None:
    """Money arrives in a customer's cash balance."""
    fields = {"customer": customer, "net_amount": 500, "ending_balance": 500 * (number + 1)}
    maker.make(
        "customer_cash_balance_transaction",
        moment,
        fields,
        event="customer_cash_balance_transaction.created",
    )
