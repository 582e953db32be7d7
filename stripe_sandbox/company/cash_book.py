"""The company's objects in; what was billed, owed, collected and paid out by month out.

Kept as a bookkeeper would from the papers: an invoice's totals for discounts and tax, entries of
the customers' balances, charges for what was collected, refunds, disputes and payouts for what
left. What is owed at a month's end is counted invoice by invoice. No arithmetic is shared with any
reader.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from stripe_sandbox.company.clients import day_of
from stripe_sandbox.store import Store, StripeObject

Month = tuple[str, date]
"""Currency and the first day of a month, UTC."""
_LONG_DAYS = 31


def month_of(currency: str, at: int) -> Month:
    """The month of a moment in Unix seconds."""
    return currency, day_of(at).replace(day=1)


class CashBook:
    """Amounts in minor units by month, each under the name of its line."""

    def __init__(self, store: Store) -> None:
        """Reads the store as it is."""
        self.store = store
        self.months: dict[Month, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.metered = {
            price["id"]
            for price in store.contents("price")
            if (price["recurring"] or {}).get("usage_type") == "metered"
        }
        self.invoices = [one for one in store.contents("invoice") if one["status"] != "draft"]
        self.notes: dict[str, list[StripeObject]] = defaultdict(list)
        for note in store.contents("credit_note"):
            if note["type"] == "pre_payment":
                self.notes[note["invoice"]].append(note)
        self.applied: dict[str, int] = defaultdict(int)
        for entry in store.contents("customer_balance_transaction"):
            if entry["type"] in ("applied_to_invoice", "invoice_too_small"):
                self.applied[entry["invoice"]] += entry["amount"]
        for invoice in self.invoices:
            self._invoice(invoice)
        self._credit_notes()
        self._charges()
        self._balance()

    def receivables(self, month: Month) -> int:
        """What customers owe in a currency at a month's end."""
        currency, first = month
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        return sum(
            self._owed(one, after)
            for one in self.invoices
            if one["currency"] == currency and not _has_ended(one, after)
        )

    def _owed(self, invoice: StripeObject, after: date) -> int:
        """What an invoice asks for before a day, unless it was settled."""
        transitions = invoice["status_transitions"]
        if day_of(transitions["finalized_at"]) >= after:
            return 0
        standing = sum(
            note["pre_payment_amount"]
            for note in self.notes[invoice["id"]]
            if day_of(note["created"]) < after
            and (note["voided_at"] is None or day_of(note["voided_at"]) >= after)
        )
        return int(invoice["total"] - self.applied[invoice["id"]] - standing)

    def _add(self, currency: str, at: int, name: str, amount: int) -> None:
        self.months[month_of(currency, at)][name] += amount

    def _invoice(self, invoice: StripeObject) -> None:
        currency, transitions = invoice["currency"], invoice["status_transitions"]
        at = transitions["finalized_at"]
        self._add(currency, at, "invoiced", invoice["total"])
        off = sum(each["amount"] for each in invoice["total_discount_amounts"])
        self._add(currency, at, "discounts", -off)
        self._add(currency, at, "tax", sum(each["amount"] for each in invoice["total_taxes"]))
        self._add(currency, at, "customer_balance", -self.applied[invoice["id"]])
        for line in self.store.of_parent("line_item", invoice["id"]):
            inside = sum(
                tax["amount"] for tax in line["taxes"] if tax["tax_behavior"] == "inclusive"
            )
            kind = self._kind(line)
            self._add(currency, at, kind, line["amount"] - inside)
            seconds = line["period"]["end"] - line["period"]["start"]
            if kind == "recurring" and seconds > _LONG_DAYS * 86_400:
                self._add(currency, at, "prepayments", line["amount"] - inside)
        for status, name, moment in (
            ("void", "voids", transitions["voided_at"]),
            ("uncollectible", "write_offs", transitions["marked_uncollectible_at"]),
        ):
            if invoice["status"] == status:
                owed = self._owed(invoice, date.max)
                self._add(currency, moment, name, -owed)

    def _kind(self, line: StripeObject) -> str:
        parent = line["parent"] or {}
        held = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
        if held.get("proration"):
            return "prorations"
        price = ((line["pricing"] or {}).get("price_details") or {}).get("price")
        if price in self.metered:
            return "usage"
        return "recurring" if parent.get("type") == "subscription_item_details" else "one_off"

    def _credit_notes(self) -> None:
        for notes in self.notes.values():
            for note in notes:
                amount = note["amount"]
                self._add(note["currency"], note["created"], "credit_notes", -amount)
                if note["status"] == "void":
                    self._add(note["currency"], note["voided_at"], "credit_notes", amount)

    def _charges(self) -> None:
        billed = {
            each["payment"]["payment_intent"] for each in self.store.contents("invoice_payment")
        }
        for charge in self.store.contents("charge"):
            if charge["status"] != "succeeded":
                continue
            currency, at, amount = charge["currency"], charge["created"], charge["amount_captured"]
            self._add(currency, at, "charged", amount)
            is_billed = charge["payment_intent"] in billed
            self._add(currency, at, "collected" if is_billed else "other_charges", amount)

    def _balance(self) -> None:
        for refund in self.store.contents("refund"):
            self._add(refund["currency"], refund["created"], "refunds", -refund["amount"])
        for dispute in self.store.contents("dispute"):
            for entry in dispute["balance_transactions"]:
                self._add(entry["currency"], entry["created"], "disputes", entry["amount"])
        for entry in self.store.contents("balance_transaction"):
            self._add(entry["currency"], entry["created"], "fees", -entry["fee"])
            self._add(entry["currency"], entry["created"], "balance_change", entry["net"])
        for payout in self.store.contents("payout"):
            self._add(payout["currency"], payout["created"], "payouts", -payout["amount"])
            back = self.store.get(
                "balance_transaction", payout.get("failure_balance_transaction") or ""
            )
            if back is not None:
                self._add(back["currency"], back["created"], "payouts", back["amount"])


def _has_ended(invoice: StripeObject, after: date) -> bool:
    """Whether an invoice was paid, void or written off before a day."""
    moments = invoice["status_transitions"]
    if invoice["status"] == "open":
        return False
    ended = {"paid": "paid_at", "void": "voided_at", "uncollectible": "marked_uncollectible_at"}
    return day_of(moments[ended[invoice["status"]]]) < after
