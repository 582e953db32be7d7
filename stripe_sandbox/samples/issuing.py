"""Cards that the company gives its own people, and what they buy with them."""

from __future__ import annotations

from stripe_sandbox.samples.maker import Maker
from stripe_sandbox.store import StripeObject


def issuing(maker: Maker) -> None:
    """Fills everything of Issuing."""
    for number, moment in enumerate(maker.moments(12)):
        holder = maker.make(
            "issuing.cardholder",
            moment,
            {
                "email": f"holder{number}@example.com",
                "name": f"Holder {number}",
                "status": ("active", "inactive")[number % 5 == 4],
                "type": ("individual", "company")[number % 4 == 3],
            },
            event="issuing_cardholder.created",
        )
        card = maker.make(
            "issuing.card",
            moment + 60,
            {
                "cardholder": holder,
                "last4": f"{4240 + number:04}",
                "status": ("active", "inactive", "canceled")[number % 3],
                "type": ("virtual", "physical")[number % 2],
            },
            event="issuing_card.created",
        )
        purchase(maker, card, 500 + number, moment + 120, disputed=number % 2 == 0)


def purchase(
    maker: Maker, card: StripeObject, amount: int, moment: int, *, disputed: bool = False
) -> None:
    """One purchase with a card: authorized, captured and, if so wanted, disputed."""
    holder = card["cardholder"]["id"]
    authorization = maker.make(
        "issuing.authorization",
        moment,
        {
            "amount": amount,
            "merchant_amount": amount,
            # Authorizations keep the card as it was; later changes of it are not theirs.
            "card": card,
            "cardholder": holder,
            "status": "pending",
            "transactions": [],
        },
        event="issuing_authorization.created",
    )
    transaction = maker.make(
        "issuing.transaction",
        moment + 30,
        {
            "amount": -amount,
            "merchant_amount": -amount,
            "authorization": authorization["id"],
            "card": card["id"],
            "cardholder": holder,
        },
        event="issuing_transaction.created",
    )
    changes = {"amount": 0, "status": "closed", "transactions": [transaction]}
    maker.change(authorization, changes, moment + 30, "issuing_authorization.updated")
    if disputed:
        fields = {"amount": amount, "transaction": transaction["id"], "status": "unsubmitted"}
        maker.make("issuing.dispute", moment + 60, fields, event="issuing_dispute.created")
