"""Subscriptions and schedules, invoices and their lines, and what is charged for them."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.samples.maker import DAY, Maker
from stripe_sandbox.samples.money import (
    a_discount,
    balance_transaction,
    pay,
    refund,
)
from stripe_sandbox.samples.offers import a_line
from stripe_sandbox.store import StripeObject

STATUSES = ("active", "canceled", "past_due", "trialing", "unpaid")
MANY = 12


def subscriptions(maker: Maker) -> None:
    """Fills subscriptions with items, one with more than Stripe embeds, and schedules."""
    prices = [price for price in maker.all("price") if price["type"] == "recurring"]
    customers = maker.all("customer")
    for number, moment in enumerate(maker.moments(15)):
        status = STATUSES[number % len(STATUSES)]
        canceled_at = moment + 5 * DAY if status == "canceled" else None
        subscription = maker.make(
            "subscription",
            moment,
            {
                "cancel_at": None,
                "cancel_at_period_end": False,
                "canceled_at": canceled_at,
                "customer": customers[number]["id"],
                "discounts": [],
                "ended_at": canceled_at,
                "pending_update": None,
                "pause_collection": None,
                "status": status,
                "trial_end": None,
                "trial_start": None,
            },
        )
        for index in range(MANY if number == 1 else 1 + number % 3):
            price = prices[(number + index) % len(prices)]
            add_item(maker, subscription, price, moment + index)
        if number % 2 == 0:
            fields = {"discounts": [a_discount(maker, subscription, moment)["id"]]}
            subscription = maker.change(subscription, fields, moment)
        maker.emit("customer.subscription.created", subscription, moment)
    for number, moment in enumerate(maker.moments(12)):
        subscription = maker.all("subscription")[number]
        schedule_fields = {
            "canceled_at": None,
            "completed_at": None,
            "current_phase": {"start_date": moment, "end_date": moment + 30 * DAY},
            "customer": subscription["customer"],
            "released_at": None,
            "status": "active",
            "subscription": subscription["id"],
        }
        event = "subscription_schedule.created"
        schedule = maker.make("subscription_schedule", moment, schedule_fields, event=event)
        maker.change(subscription, {"schedule": schedule["id"]}, moment)


def add_item(maker: Maker, subscription: StripeObject, price: StripeObject, moment: int) -> None:
    """Adds a price to a subscription."""
    plan = maker.store.rows["plan"][price["id"]].content
    fields = {
        "billing_thresholds": None,
        "created": moment,
        "current_period_start": moment,
        "current_period_end": moment + 30 * DAY,
        "price": price["id"],
        "plan": {key: value for key, value in plan.items() if key != "tiers"},
        "quantity": 1,
        "subscription": subscription["id"],
    }
    maker.make("subscription_item", moment, fields, parent=subscription["id"])


def invoices(maker: Maker) -> None:
    """Fills invoices with lines, payments, refunds, credit notes and disputes."""
    subscriptions_ = maker.all("subscription")
    for number, moment in enumerate(maker.moments(15)):
        lines = MANY if number == 2 else 1 + number % 3
        invoice = bill(maker, subscriptions_[number], number, lines, moment)
        if number % 5 == 4:
            continue
        charge = pay(maker, invoice, 1_000 * lines, moment + 60)
        # One charge holds more refunds than Stripe embeds.
        if number == 3:
            for index in range(MANY):
                refund(maker, charge, 10, moment + 120 + index)
        elif number % 2:
            refund(maker, charge, 50, moment + 120)
        _credit_note(maker, invoice, number, moment + 200)
        _dispute(maker, charge, moment + 300)
    customers = maker.all("customer")
    for number, moment in enumerate(maker.moments(12)):
        # Pending ones wait for the customer's next invoice.
        invoice_id = None if number % 3 == 0 else maker.any("invoice")["id"]
        fields = {"customer": customers[number]["id"], "date": moment, "invoice": invoice_id}
        pending_item(maker, fields, moment)


def bill(
    maker: Maker, subscription: StripeObject, number: int, lines: int, moment: int
) -> StripeObject:
    """An open invoice for a subscription, with so many lines of ten each."""
    invoice = _invoice(maker, subscription, number, 1_000 * lines, moment)
    items = maker.store.of_parent("subscription_item", subscription["id"])
    for index in range(lines):
        _line(maker, invoice, subscription, items[index % len(items)], index == 0, moment)
    maker.emit("invoice.created", invoice, moment)
    return invoice


def _invoice(
    maker: Maker, subscription: StripeObject, number: int, amount: int, moment: int
) -> StripeObject:
    details = {"metadata": {}, "subscription": subscription["id"]}
    fields: dict[str, Any] = {
        "amount_due": amount,
        "amount_overpaid": 0,
        "amount_remaining": amount,
        "billing_reason": "subscription_cycle",
        "customer": subscription["customer"],
        "discounts": subscription["discounts"],
        "due_date": None,
        "from_invoice": None,
        "last_finalization_error": None,
        "next_payment_attempt": None,
        "number": f"SAMPLE-{number:04}",
        "parent": {
            "quote_details": None,
            "subscription_details": details,
            "type": "subscription_details",
        },
        "status": "open",
        "subtotal": amount,
        "total": amount,
        "period_end": moment,
        "period_start": moment - 30 * DAY,
    }
    invoice = maker.make("invoice", moment, fields)
    latest = {"latest_invoice": invoice["id"]}
    maker.change(subscription, latest, moment, "customer.subscription.updated")
    return invoice


def _line(
    maker: Maker,
    invoice: StripeObject,
    subscription: StripeObject,
    item: StripeObject,
    of_invoice_item: bool,
    moment: int,
) -> None:
    proration = {"proration": False, "proration_details": {"credited_items": None}}
    if of_invoice_item:
        made = pending_item(
            maker,
            {"customer": invoice["customer"], "date": moment, "invoice": invoice["id"]},
            moment,
        )
        details = {"invoice_item": made["id"], "subscription": None, **proration}
        parent = {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        }
    else:
        details = {
            "invoice_item": None,
            "subscription": subscription["id"],
            "subscription_item": item["id"],
            **proration,
        }
        parent = {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        }
    price = item["price"] if isinstance(item["price"], str) else item["price"]["id"]
    product = maker.store.rows["price"][price].content["product"]
    fields = {
        "amount": 1_000,
        "invoice": invoice["id"],
        "parent": parent,
        "period": {"start": moment - 30 * DAY, "end": moment},
        "pricing": {
            "price_details": {"price": price, "product": product},
            "type": "price_details",
            "unit_amount_decimal": "1000",
        },
        "discounts": [],
        "subtotal": 1_000,
    }
    maker.make("line_item", moment, fields, parent=invoice["id"])


def pending_item(maker: Maker, fields: dict[str, Any], moment: int) -> StripeObject:
    """An invoice item, pending unless it names an invoice."""
    period = {"start": moment - 30 * DAY, "end": moment}
    return maker.make(
        "invoiceitem",
        moment,
        {**fields, "discounts": [], "parent": None, "period": period},
        event="invoiceitem.created",
    )


def _credit_note(maker: Maker, invoice: StripeObject, number: int, moment: int) -> None:
    fields = {
        "amount": 500,
        "customer": invoice["customer"],
        "customer_balance_transaction": None,
        "invoice": invoice["id"],
        "number": f"SAMPLE-CN-{number:04}",
        "refunds": [],
        "voided_at": None,
    }
    note = maker.make("credit_note", moment, fields)
    line = maker.store.of_parent("line_item", invoice["id"])[0]
    for _ in range(MANY if number == 1 else 1 + number % 2):
        fields = {"amount": 100, "invoice_line_item": line["id"], "tax_rates": []}
        maker.make("credit_note_line_item", moment, fields, parent=note["id"])
    maker.emit("credit_note.created", note, moment)


def _dispute(maker: Maker, charge: StripeObject, moment: int) -> None:
    taken = balance_transaction(maker, charge["id"], "adjustment", -1_000, 1_500, moment, days=0)
    fields = {
        "amount": 1_000,
        "balance_transactions": [taken["id"]],
        "charge": charge["id"],
        "evidence_details.due_by": moment + 14 * DAY,
        "payment_intent": charge["payment_intent"],
    }
    maker.make("dispute", moment, fields, event="charge.dispute.created")


def checkouts(maker: Maker) -> None:
    """Fills checkout sessions of every status, one with many lines."""
    prices = maker.all("price")
    for number, moment in enumerate(maker.moments(12)):
        status = ("complete", "open", "expired")[number % 3]
        session = maker.make(
            "checkout.session",
            moment,
            {
                "customer": maker.any("customer")["id"],
                "expires_at": moment + DAY,
                "mode": "payment",
                "payment_intent": maker.any("payment_intent")["id"],
                "payment_status": "paid" if status == "complete" else "unpaid",
                "status": status,
            },
        )
        for index in range(MANY if number == 1 else 1 + number % 2):
            price = prices[(number + index) % len(prices)]
            a_line(maker, price["id"], moment, parent=session["id"])
        if status == "complete":
            maker.emit("checkout.session.completed", session, moment)
        elif status == "expired":
            maker.emit("checkout.session.expired", session, moment)
