"""Charges, refunds, balance transactions, payouts and discounts of the samples account."""

from __future__ import annotations

from stripe_sandbox.samples.maker import DAY, Maker
from stripe_sandbox.store import StripeObject


def balance_transaction(
    maker: Maker, source: str, kind: str, amount: int, fee: int, moment: int, *, days: int = 2
) -> StripeObject:
    """A movement of the account's balance, available after so many days."""
    available_on = moment + days * DAY
    return maker.make(
        "balance_transaction",
        moment,
        {
            "amount": amount,
            "available_on": available_on,
            "fee": fee,
            "fee_details": [],
            "net": amount - fee,
            "source": source,
            "status": "available" if available_on <= maker.store.now else "pending",
            "type": kind,
        },
    )


def pay(maker: Maker, invoice: StripeObject, amount: int, moment: int) -> StripeObject:
    """Pays an invoice by card; the charge is what comes back."""
    owned = {"customer": invoice["customer"]}
    methods = [m for m in maker.all("payment_method") if m["customer"] == invoice["customer"]]
    method = methods[0]["id"] if methods else None
    fields = {**owned, "amount": amount, "payment_method": method, "status": "processing"}
    intent = maker.make("payment_intent", moment, fields, event="payment_intent.created")
    charge = maker.make(
        "charge",
        moment,
        {
            **owned,
            "amount": amount,
            "amount_captured": amount,
            "amount_refunded": 0,
            "balance_transaction": None,
            "captured": True,
            "failure_code": None,
            "failure_message": None,
            "paid": True,
            "payment_intent": intent["id"],
            "payment_method": method,
            "refunded": False,
            "source": None,
            "status": "succeeded",
        },
    )
    made = balance_transaction(maker, charge["id"], "charge", amount, 59, moment)
    charge = maker.change(charge, {"balance_transaction": made["id"]}, moment, "charge.succeeded")
    changes = {"latest_charge": charge["id"], "status": "succeeded", "amount_received": amount}
    maker.change(intent, changes, moment, "payment_intent.succeeded")
    changes = {
        "amount_paid": amount,
        "amount_remaining": 0,
        "status": "paid",
        "status_transitions.finalized_at": moment - 30,
        "status_transitions.paid_at": moment,
    }
    paid = maker.change(invoice, changes, moment)
    for event in ("invoice.finalized", "invoice.paid", "invoice.payment_succeeded"):
        maker.emit(event, paid, moment)
    fields = {
        "amount_paid": amount,
        "amount_requested": amount,
        "invoice": invoice["id"],
        "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
        "status": "paid",
        "status_transitions.paid_at": moment,
    }
    maker.make("invoice_payment", moment, fields, event="invoice_payment.paid")
    return charge


def refund(maker: Maker, charge: StripeObject, amount: int, moment: int) -> None:
    """Gives back a part of a charge."""
    fields = {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "customer": charge["customer"],
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "status": "succeeded",
    }
    made = maker.make("refund", moment, fields)
    taken = balance_transaction(maker, made["id"], "refund", -amount, 0, moment)
    made = maker.change(made, {"balance_transaction": taken["id"]}, moment, "refund.created")
    maker.emit("charge.refund.updated", made, moment)
    known = maker.store.rows["charge"][charge["id"]].content
    changes = {"amount_refunded": known["amount_refunded"] + amount}
    maker.change(known, changes, moment, "charge.refunded")


def payouts(maker: Maker) -> dict[str, list[str]]:
    """Fills payouts, and records which balance transactions each automatic one paid out."""
    paid_out: dict[str, list[str]] = {}
    waiting = maker.all("balance_transaction")
    moments = maker.moments(14)
    for number, moment in enumerate(moments):
        automatic = number % 5 != 4
        covered = [t for t in waiting if t["created"] < moment - 60] if automatic else []
        waiting = [t for t in waiting if t not in covered]
        amount = max(100, sum(t["net"] for t in covered))
        fields = {
            "amount": amount,
            "arrival_date": moment - moment % DAY + 2 * DAY,
            "automatic": automatic,
            "balance_transaction": None,
            "destination": None,
            "reconciliation_status": "completed" if automatic else "not_applicable",
            "status": "paid" if number < len(moments) - 1 else "in_transit",
        }
        payout = maker.make("payout", moment, fields)
        own = balance_transaction(maker, payout["id"], "payout", -amount, 0, moment)
        payout = maker.change(payout, {"balance_transaction": own["id"]}, moment, "payout.created")
        if automatic:
            paid_out[payout["id"]] = [own["id"], *(t["id"] for t in covered)]
            maker.emit("payout.reconciliation_completed", payout, moment + 30)
        if payout["status"] == "paid":
            maker.emit("payout.paid", payout, moment + 60)
    return paid_out


def a_discount(maker: Maker, subscription: StripeObject, moment: int) -> StripeObject:
    """A coupon put to use on a subscription."""
    fields = {
        "customer": subscription["customer"],
        "end": None,
        "source": {"type": "coupon", "coupon": maker.any("coupon")["id"]},
        "start": moment,
        "subscription": subscription["id"],
    }
    return maker.make("discount", moment, fields, event="customer.discount.created")
