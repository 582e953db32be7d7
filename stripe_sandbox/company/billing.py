"""Invoices from draft to their end: made, finalized, collected, voided, written off, deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox.company.money import Money
from stripe_sandbox.company.objects import invoice as objects
from stripe_sandbox.company.objects import payment as payments
from stripe_sandbox.company.people import Customer, People
from stripe_sandbox.company.pricing import DraftLine, finish
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.valuation import Discount
from stripe_sandbox.company.world import World
from stripe_sandbox.store import StripeObject


@dataclass
class Bill:
    """One invoice as the simulation knows it."""

    id: str
    customer: Customer
    sub: Subscription | None
    reason: str
    lines: list[str] = field(default_factory=list)
    total: int = 0
    amount_due: int = 0
    attempts: int = 0
    intent: str | None = None
    payment: str | None = None
    charge: str | None = None
    status: str = "draft"
    is_held: bool = False
    """Kept as a draft until it is finalized by hand."""


class Billing:
    """Makes invoices and collects them."""

    def __init__(self, world: World, people: People, money: Money) -> None:
        """None yet."""
        self.world = world
        self.people = people
        self.money = money
        self.when_paid: Callable[[Bill], None] = lambda bill: None

    def draft(
        self,
        who: Customer,
        sub: Subscription | None,
        reason: str,
        drafts: Sequence[DraftLine],
        *,
        identity: str,
        period: tuple[int, int],
        group: Sequence[Discount] = (),
        is_held: bool = False,
    ) -> Bill:
        """Makes a draft invoice with all its lines.

        The drafted lines already carry its `identity`. `group` are the discounts of the
        subscription or customer, in order. Nothing happens by itself to a draft that `is_held`.
        """
        world = self.world
        by_mail = sub is not None and sub.base["collection_method"] == "send_invoice"
        content = objects.invoice(
            identity,
            world.get("customer", who.id),
            world.now,
            sub.currency if sub else who.currency,
            billing_reason=reason,
            period=period,
            subscription=sub.id if sub else None,
            collection_method="send_invoice" if by_mail else "charge_automatically",
            default_tax_rates=[who.tax_rate] if who.tax_rate else [],
        )
        lines, totals = finish(drafts, group, who.tax_rate)
        held = list(dict.fromkeys(d.id for draft in drafts for d in draft.own))
        content.update(totals.as_fields())
        content["amount_due"] = content["amount_remaining"] = max(totals.total, 0)
        content["starting_balance"] = who.balance
        content["discounts"] = [d.id for d in group] + held
        content["auto_advance"] = not is_held
        if by_mail and sub is not None:
            content["due_date"] = world.now + sub.base["days_until_due"] * 86_400
        bill = Bill(identity, who, sub, reason, total=totals.total, is_held=is_held)
        world.store.put(content)
        # Lists are newest first, so the line to be shown first is stored last.
        for line in reversed(lines):
            world.store.put(line, parent=identity)
        bill.lines = [line["id"] for line in lines]
        world.journal.record("invoice.created", content)
        return bill

    def new_id(self, who: Customer) -> str:
        """An id for an invoice that is about to be drafted."""
        return who.ids.new("in")

    def finalize(self, bill: Bill) -> None:
        """Closes the draft: number, what is due, and the intent to collect it."""
        if bill.status != "draft":
            return
        world, who, now = self.world, bill.customer, self.world.now
        content = world.get("invoice", bill.id)
        due = max(bill.total, 0)
        used = min(-who.balance, due) if who.balance < 0 else 0
        moved = used if used else min(bill.total, 0)
        starting = who.balance
        who.invoices += 1
        bill.status = "open"
        bill.amount_due = due - used
        prefix = world.get("customer", who.id)["invoice_prefix"]
        changes: dict[str, Any] = {
            "amount_due": bill.amount_due,
            "amount_remaining": bill.amount_due,
            "auto_advance": True,
            "effective_at": now,
            "ending_balance": starting + moved,
            "hosted_invoice_url": f"https://invoice.example.com/i/{bill.id}",
            "invoice_pdf": f"https://invoice.example.com/i/{bill.id}/pdf",
            "number": f"{prefix}-{who.invoices:04d}",
            "starting_balance": starting,
            "status": "open",
            "status_transitions": {**content["status_transitions"], "finalized_at": now},
        }
        if bill.amount_due > 0:
            self._open_payment(bill)
        kinds = ["invoice.updated", "invoice.finalized"]
        if content["collection_method"] == "send_invoice":
            kinds.append("invoice.sent")
        world.change("invoice", bill.id, changes, *kinds)
        if bill.payment is not None:
            intent = world.get("payment_intent", str(bill.intent))
            world.journal.record("payment_intent.created", intent)
        if moved:
            kind = "applied_to_invoice" if used else "invoice_too_small"
            self.people.move_balance(who, moved, kind, invoice=bill.id)

    def _open_payment(self, bill: Bill) -> None:
        world, who = self.world, bill.customer
        bill.intent = who.ids.new("pi")
        bill.payment = who.ids.new("inpay")
        currency = world.get("invoice", bill.id)["currency"]
        text = (
            "Subscription creation"
            if bill.reason == "subscription_create"
            else "Subscription update"
        )
        world.store.put(
            payments.payment_intent(bill.intent, who.id, world.now, bill.amount_due, currency, text)
        )
        world.store.put(
            objects.invoice_payment(
                bill.payment, bill.id, bill.intent, world.now, bill.amount_due, currency
            ),
            parent=bill.id,
        )

    def pay(self, bill: Bill, *, is_attempt: bool = True) -> None:
        """Pays an open invoice: by the customer's card, or at once when nothing is due.

        Args:
            bill: the invoice.
            is_attempt: False when a person pays by hand, which counts as no automatic attempt.
        """
        world, now = self.world, self.world.now
        if bill.status != "open":
            return
        if is_attempt:
            bill.attempts += 1
        if bill.amount_due > 0:
            self._succeed(bill)
        bill.status = "paid"
        content = world.get("invoice", bill.id)
        kinds = ["invoice.updated", "invoice.paid"]
        if bill.amount_due > 0 or bill.total == 0:
            kinds.append("invoice.payment_succeeded")
        world.change(
            "invoice",
            bill.id,
            {
                "amount_paid": bill.amount_due,
                "amount_remaining": 0,
                "attempt_count": bill.attempts if bill.amount_due > 0 else 0,
                "attempted": True,
                "auto_advance": False,
                "next_payment_attempt": None,
                "status": "paid",
                "status_transitions": {**content["status_transitions"], "paid_at": now},
            },
            *kinds,
        )
        self.when_paid(bill)

    def _succeed(self, bill: Bill) -> None:
        world, who, now = self.world, bill.customer, self.world.now
        intent = world.get("payment_intent", str(bill.intent))
        bill.charge = who.ids.new("ch")
        transaction = self.money.book_charge(
            who.ids, bill.charge, intent["amount"], intent["currency"], intent["description"]
        )
        self._show_charge(bill, intent, transaction, "charge.succeeded")
        world.change(
            "payment_intent",
            intent["id"],
            {
                "amount_received": intent["amount"],
                "last_payment_error": None,
                "latest_charge": bill.charge,
                "next_action": None,
                "payment_method": who.method,
                "status": "succeeded",
            },
            "payment_intent.succeeded",
        )
        world.change(
            "invoice_payment",
            str(bill.payment),
            {
                "amount_paid": intent["amount"],
                "status": "paid",
                "status_transitions": {"canceled_at": None, "paid_at": now},
            },
            "invoice_payment.paid",
        )

    def _show_charge(
        self, bill: Bill, intent: StripeObject, transaction: str | None, kind: str
    ) -> None:
        who = bill.customer
        charge = payments.charge(
            str(bill.charge),
            intent,
            self.world.now,
            billing=who.billing,
            method=str(who.method),
            method_details=who.card_details or {},
            balance_transaction=transaction,
        )
        self.world.create(charge, kind)

    def fail(self, bill: Bill, next_attempt: int | None) -> None:
        """A try to collect an open invoice that the bank declines.

        Args:
            bill: the invoice.
            next_attempt: when it will be tried again, None: never.
        """
        world = self.world
        bill.attempts += 1
        intent = world.get("payment_intent", str(bill.intent))
        bill.charge = bill.customer.ids.new("ch")
        self._show_charge(bill, intent, None, "charge.failed")
        world.change(
            "payment_intent",
            intent["id"],
            {
                "last_payment_error": {**payments.DECLINED, "charge": bill.charge},
                "latest_charge": bill.charge,
                "status": "requires_payment_method",
            },
            "payment_intent.payment_failed",
        )
        world.change(
            "invoice",
            bill.id,
            {
                "attempt_count": bill.attempts,
                "attempted": True,
                "next_payment_attempt": next_attempt,
            },
            "invoice.updated",
            "invoice.payment_failed",
        )

    def ask_for_action(self, bill: Bill) -> None:
        """A first payment that waits for the customer to confirm it."""
        world = self.world
        intent = world.get("payment_intent", str(bill.intent))
        world.change(
            "payment_intent",
            intent["id"],
            {"payment_method": bill.customer.method, "status": "requires_action"},
            "payment_intent.requires_action",
        )
        world.change(
            "invoice",
            bill.id,
            {"attempted": True, "attempt_count": 0},
            "invoice.updated",
            "invoice.payment_action_required",
        )

    def void(self, bill: Bill) -> None:
        """Takes an open invoice back: nothing is owed any more."""
        if bill.status != "open":
            return
        world = self.world
        bill.status = "void"
        if bill.intent is not None and bill.payment is not None:
            world.change(
                "payment_intent",
                bill.intent,
                {
                    "canceled_at": world.now,
                    "cancellation_reason": "void_invoice",
                    "next_action": None,
                    "status": "canceled",
                },
                "payment_intent.canceled",
            )
            world.change(
                "invoice_payment",
                bill.payment,
                {
                    "status": "canceled",
                    "status_transitions": {"canceled_at": world.now, "paid_at": None},
                },
            )
        content = world.get("invoice", bill.id)
        world.change(
            "invoice",
            bill.id,
            {
                "auto_advance": False,
                "next_payment_attempt": None,
                "status": "void",
                "status_transitions": {**content["status_transitions"], "voided_at": world.now},
            },
            "invoice.updated",
            "invoice.voided",
        )

    def write_off(self, bill: Bill) -> None:
        """Gives an open invoice up as uncollectible."""
        if bill.status != "open":
            return
        content = self.world.get("invoice", bill.id)
        transitions = {**content["status_transitions"], "marked_uncollectible_at": self.world.now}
        self.world.change(
            "invoice",
            bill.id,
            {
                "auto_advance": False,
                "next_payment_attempt": None,
                "status": "uncollectible",
                "status_transitions": transitions,
            },
            "invoice.updated",
            "invoice.marked_uncollectible",
        )
        bill.status = "uncollectible"

    def delete(self, bill: Bill) -> None:
        """Deletes a draft with its lines."""
        if bill.status != "draft":
            return
        world = self.world
        world.remove("invoice", bill.id, "invoice.deleted")
        for identity in list(world.store.children.get(("line_item", bill.id), [])):
            world.store.remove("line_item", identity)
        bill.status = "deleted"
