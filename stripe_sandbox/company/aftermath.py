"""What happens to money after it was paid: refunds, disputes, credit notes, one-off charges."""

from __future__ import annotations

from stripe_sandbox.company.billing import Bill, Billing
from stripe_sandbox.company.catalogue import Catalogue
from stripe_sandbox.company.lines import waiting_lines
from stripe_sandbox.company.money import DISPUTE_FEE, Money
from stripe_sandbox.company.objects import credit_note as notes
from stripe_sandbox.company.objects import invoice as invoices
from stripe_sandbox.company.objects import payment as objects
from stripe_sandbox.company.options import DAY, HOUR
from stripe_sandbox.company.people import Customer, People
from stripe_sandbox.company.world import World
from stripe_sandbox.store import StripeObject


class Aftermath:
    """Gives money back, loses it, and asks for more."""

    def __init__(
        self,
        world: World,
        people: People,
        billing: Billing,
        money: Money,
        catalogue: Catalogue,
    ) -> None:
        """Shares the company's parts."""
        self.world = world
        self.people = people
        self.billing = billing
        self.money = money
        self.catalogue = catalogue

    # --- refunds and disputes ----------------------------------------------------------------

    def refund(self, bill: Bill, amount: int) -> str | None:
        """Gives back some of a paid invoice's charge; returns the refund's id."""
        charge = self._charge_of(bill)
        if charge is None or charge["disputed"]:
            return None
        amount = min(amount, charge["amount"] - charge["amount_refunded"])
        if amount <= 0:
            return None
        world, who = self.world, bill.customer
        identity = who.ids.new("re")
        transaction = self.money.book(
            who.ids, "refund", identity, -amount, charge["currency"], description="REFUND"
        )
        refund = objects.refund(identity, charge, world.now, amount, transaction)
        world.create(refund, "refund.created", parent=charge["id"])
        refunded = charge["amount_refunded"] + amount
        world.change(
            "charge",
            charge["id"],
            {"amount_refunded": refunded, "refunded": refunded == charge["amount"]},
            "charge.updated",
            "charge.refunded",
        )
        world.queue.at(world.now + 2 * DAY + 7 * HOUR, self._refund_arrives, identity)
        return identity

    def _refund_arrives(self, identity: str) -> None:
        details = {
            "card": {
                "reference": identity[-11:].upper(),
                "reference_status": "available",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        }
        self.world.change(
            "refund",
            identity,
            {"destination_details": details},
            "refund.updated",
            "charge.refund.updated",
        )

    def dispute(self, bill: Bill) -> bool:
        """The cardholder's bank takes a charge back; weeks later it is won or lost."""
        charge = self._charge_of(bill)
        if charge is None or charge["disputed"] or charge["amount_refunded"]:
            return False
        world, who = self.world, bill.customer
        identity = who.ids.new("du")
        transaction = self._dispute_transaction(who, identity, charge, is_won=False)
        dispute = objects.dispute(identity, charge, world.now, world.now + 9 * DAY, transaction)
        world.create(dispute, "charge.dispute.created", "charge.dispute.funds_withdrawn")
        world.change("charge", charge["id"], {"disputed": True}, "charge.updated")
        world.queue.at(world.now + 3 * DAY, self._contest, identity)
        world.queue.at(
            world.now + who.random.randrange(12, 25) * DAY, self._close_dispute, identity, who
        )
        return True

    def _dispute_transaction(
        self, who: Customer, dispute: str, charge: StripeObject, *, is_won: bool
    ) -> StripeObject:
        sign = 1 if is_won else -1
        identity = self.money.book(
            who.ids,
            "adjustment",
            dispute,
            sign * charge["amount"],
            charge["currency"],
            fee=0 if is_won else DISPUTE_FEE[charge["currency"]],
            at_once=True,
            category="dispute_reversal" if is_won else "dispute",
            description=f"Chargeback {'reversal' if is_won else 'withdrawal'} for {charge['id']}",
        )
        return self.world.get("balance_transaction", identity)

    def _contest(self, identity: str) -> None:
        dispute = self.world.get("dispute", identity)
        evidence = {**dispute["evidence"], "product_description": "Cloud software, by the month"}
        details = {**dispute["evidence_details"], "has_evidence": True, "submission_count": 1}
        self.world.change(
            "dispute",
            identity,
            {"evidence": evidence, "evidence_details": details, "status": "under_review"},
            "charge.dispute.updated",
        )

    def _close_dispute(self, identity: str, who: Customer) -> None:
        world = self.world
        dispute = world.get("dispute", identity)
        if who.random.random() < 0.4:
            charge = world.get("charge", dispute["charge"])
            back = self._dispute_transaction(who, identity, charge, is_won=True)
            world.change(
                "dispute",
                identity,
                {
                    "balance_transactions": [*dispute["balance_transactions"], back],
                    "status": "won",
                },
                "charge.dispute.updated",
                "charge.dispute.closed",
                "charge.dispute.funds_reinstated",
            )
        else:
            world.change(
                "dispute",
                identity,
                {"status": "lost"},
                "charge.dispute.updated",
                "charge.dispute.closed",
            )

    def _charge_of(self, bill: Bill) -> StripeObject | None:
        if bill.status != "paid" or bill.charge is None or bill.customer.is_deleted:
            return None
        return self.world.get("charge", bill.charge)

    # --- credit notes ------------------------------------------------------------------------

    def credit_paid(self, bill: Bill, share: int) -> None:
        """A credit note on a paid invoice, as a refund or to the customer's balance.

        Args:
            bill: the invoice.
            share: which part of it, 1 for all, 2 for half ...
        """
        world, who = self.world, bill.customer
        content = world.get("invoice", bill.id)
        amount = bill.amount_due // share - content["post_payment_credit_notes_amount"]
        if bill.status != "paid" or amount <= 0 or who.is_deleted:
            return
        identity = who.ids.new("cn")
        refund = self.refund(bill, amount) if who.random.random() < 0.5 else None
        refunds: list[tuple[str, int]] = []
        transaction = None
        if refund is not None:
            given = world.get("refund", refund)["amount"]
            refunds, amount = [(refund, given)], given
        else:
            transaction = self.people.move_balance(
                who, -amount, "credit_note", credit_note=identity
            )
        self._credit(bill, identity, amount, refunds, transaction)
        world.change(
            "invoice",
            bill.id,
            {
                "post_payment_credit_notes_amount": content["post_payment_credit_notes_amount"]
                + amount
            },
            "invoice.updated",
        )

    def credit_open(self, bill: Bill, share: int) -> None:
        """A credit note on an open invoice lowers what is due; sometimes it is taken back."""
        world, who = self.world, bill.customer
        amount = bill.amount_due // share
        if bill.status != "open" or amount <= 0 or amount >= bill.amount_due or bill.attempts:
            return
        identity = who.ids.new("cn")
        self._credit(bill, identity, amount, [], None)
        self._lower(bill, amount)
        if who.random.random() < 0.5:
            world.queue.at(world.now + HOUR, self._void_note, bill, identity, amount)

    def _lower(self, bill: Bill, amount: int) -> None:
        world = self.world
        content = world.get("invoice", bill.id)
        bill.amount_due -= amount
        noted = content["pre_payment_credit_notes_amount"] + amount
        world.change(
            "invoice",
            bill.id,
            {
                "amount_due": bill.amount_due,
                "amount_remaining": bill.amount_due,
                "pre_payment_credit_notes_amount": noted,
            },
            "invoice.updated",
        )
        if bill.intent is not None and bill.payment is not None:
            # Stripe has no event for a payment intent whose amount changes.
            world.change("payment_intent", bill.intent, {"amount": bill.amount_due})
            world.change("invoice_payment", bill.payment, {"amount_requested": bill.amount_due})

    def _void_note(self, bill: Bill, identity: str, amount: int) -> None:
        if bill.status != "open":
            return
        self.world.change(
            "credit_note",
            identity,
            {"status": "void", "voided_at": self.world.now},
            "credit_note.updated",
            "credit_note.voided",
        )
        self._lower(bill, -amount)

    def _credit(
        self,
        bill: Bill,
        identity: str,
        amount: int,
        refunds: list[tuple[str, int]],
        transaction: str | None,
    ) -> None:
        world, who = self.world, bill.customer
        content = world.get("invoice", bill.id)
        who.credit_notes += 1
        number = f"{content['number']}-CN-{who.credit_notes:02d}"
        note = notes.credit_note(
            identity,
            content,
            world.now,
            amount,
            number,
            memo=None,
            refunds=refunds,
            balance_transaction=transaction,
        )
        world.store.put(note)
        for line in self._credit_lines(bill, who, amount):
            world.store.put(line, parent=identity)
        world.journal.record("credit_note.created", note)
        if who.random.random() < 0.3:
            world.queue.at(world.now + 10, self._remember, identity)

    def _credit_lines(self, bill: Bill, who: Customer, amount: int) -> list[StripeObject]:
        """The amount spread over the invoice's lines, as far as they reach."""
        lines, left = [], amount
        billed = self.world.store.of_parent("line_item", bill.id)
        share = max(1, amount // max(1, len(billed)))
        for line in billed:
            part = min(share, line["amount"], left)
            if part > 0:
                left -= part
                lines.append(
                    notes.credit_note_line_item(
                        who.ids.new("cnli"), part, str(line["description"]), line["id"]
                    )
                )
        if left:
            lines.append(notes.credit_note_line_item(who.ids.new("cnli"), left, "Goodwill", None))
        return lines

    def _remember(self, identity: str) -> None:
        self.world.change(
            "credit_note", identity, {"memo": "Agreed by phone"}, "credit_note.updated"
        )

    # --- things billed once ------------------------------------------------------------------

    def add_loose_item(self, who: Customer, amount: int) -> str:
        """An amount that waits for the customer's next invoice."""
        world = self.world
        item = invoices.invoiceitem(
            who.ids.new("ii"),
            who.id,
            world.now,
            amount,
            who.currency,
            description="Extra help",
            period=(world.now, world.now),
            quantity=1,
            pricing_details=None,
        )
        world.create(item, "invoiceitem.created")
        who.loose_items.append(item["id"])
        return str(item["id"])

    def take_loose_item(self, who: Customer, identity: str) -> None:
        """Deletes a waiting amount, if it still waits."""
        if identity in who.loose_items:
            who.loose_items.remove(identity)
            self.world.remove("invoiceitem", identity, "invoiceitem.deleted")

    def bill_once(self, who: Customer, *, is_dropped: bool) -> None:
        """An invoice outside of any subscription, drafted now and sent off or deleted later."""
        world = self.world
        item = invoices.invoiceitem(
            who.ids.new("ii"),
            who.id,
            world.now,
            9900 if who.currency != "kwd" else 29_700,
            who.currency,
            description="Setup fee",
            period=(world.now, world.now),
            quantity=1,
            pricing_details=None,
        )
        if who.currency == "usd":
            product = world.get("price", self.catalogue.setup_fee)["product"]
            item["pricing"] = invoices.pricing(self.catalogue.setup_fee, product, "9900")
        world.create(item, "invoiceitem.created")
        invoice_id = self.billing.new_id(who)
        lines = waiting_lines(world, who, [item["id"]], invoice_id, names_subscription_item=False)
        bill = self.billing.draft(
            who,
            None,
            "manual",
            lines,
            identity=invoice_id,
            period=(world.now, world.now),
            is_held=True,
        )
        delay = who.random.randrange(HOUR, 3 * DAY)
        world.queue.at(
            world.now + delay, self._drop if is_dropped else self._send, bill, item["id"]
        )

    def _send(self, bill: Bill, _: str) -> None:
        if not bill.customer.is_deleted:
            self.billing.finalize(bill)
            self.billing.pay(bill)

    def _drop(self, bill: Bill, item: str) -> None:
        world = self.world
        self.billing.delete(bill)
        if world.store.get("invoiceitem", item) is not None:
            world.remove("invoiceitem", item, "invoiceitem.deleted")
