"""The company's invoices in; revenue by the day that it is for, and what is deferred, out.

Each amount is laid out day by day, in fractions, and what has been earned by a day is that day's
running total, rounded. No arithmetic is shared with any reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from stripe_sandbox.company.clients import day_of
from stripe_sandbox.store import Store, StripeObject


@dataclass(frozen=True)
class Promise:
    """An amount for some days; what of them lies before `since` is earned on that day."""

    kind: str
    currency: str
    line: str
    amount: int
    since: date
    first: date
    days: int

    def earned_before(self, day: date) -> int:
        """What is earned up to the beginning of a day; halves go away from zero."""
        if day <= self.since:
            return 0
        passed = min(max((day - self.first).days, 0), self.days)
        exact = Fraction(abs(self.amount) * passed, self.days)
        whole = exact.numerator // exact.denominator
        whole += exact - whole >= Fraction(1, 2)
        return whole if self.amount > 0 else -whole


class DeferralBook:
    """What is deferred by month and currency."""

    def __init__(self, store: Store) -> None:
        """Reads the store as it is."""
        self.store = store
        self.promises = [each for each in self._promises() if each.amount]

    def months(self) -> dict[tuple[str, date], dict[str, int]]:
        """Currency and first day of a month -> what is billed, earned and left in it.

        The names are `billed`, `credit_notes`, `voids`, `recognised` and `closing`, for every
        month in which something is billed or earned.
        """
        found: dict[tuple[str, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for promise in self.promises:
            month, last = promise.since.replace(day=1), promise.first + timedelta(promise.days - 1)
            found[promise.currency, month][promise.kind] += promise.amount
            while True:
                after = _next(month)
                earned = promise.earned_before(after) - promise.earned_before(month)
                found[promise.currency, month]["recognised"] += earned
                if after > last:
                    break
                month = after
        for (currency, month), row in found.items():
            after = _next(month)
            row["closing"] = sum(
                each.amount - each.earned_before(after)
                for each in self.promises
                if each.currency == currency and each.since < after
            )
        return found

    def _promises(self) -> Iterator[Promise]:
        notes: dict[str, list[StripeObject]] = defaultdict(list)
        for note in self.store.contents("credit_note"):
            notes[note["invoice"]].append(note)
        for invoice in self.store.contents("invoice"):
            if invoice["status"] == "draft":
                continue
            given = [*self._lines(invoice)]
            given += [each for note in notes[invoice["id"]] for each in self._note(note, given)]
            yield from given
            if invoice["status"] == "void":
                day = day_of(invoice["status_transitions"]["voided_at"])
                for each in given:
                    yield Promise(
                        "voids", each.currency, each.line, -each.amount, day, each.first, each.days
                    )

    def _lines(self, invoice: StripeObject) -> Iterator[Promise]:
        since = day_of(invoice["status_transitions"]["finalized_at"])
        for line in self.store.of_parent("line_item", invoice["id"]):
            inside = [t["amount"] for t in line["taxes"] if t["tax_behavior"] == "inclusive"]
            off = [each["amount"] for each in line["discount_amounts"]]
            first, end = day_of(line["period"]["start"]), day_of(line["period"]["end"])
            yield Promise(
                "billed",
                invoice["currency"],
                line["id"],
                line["amount"] - sum(off) - sum(inside),
                since,
                first,
                max((end - first).days, 1),
            )

    def _note(self, note: StripeObject, billed: list[Promise]) -> Iterator[Promise]:
        lines = {each.line: each for each in billed if each.kind == "billed"}
        largest = min(lines.values(), key=lambda each: (-each.amount, each.line))
        parts: dict[str, int] = defaultdict(int)
        for part in self.store.of_parent("credit_note_line_item", note["id"]):
            parts[part.get("invoice_line_item") or largest.line] += part["amount"]
        for line, amount in parts.items():
            of = lines[line]
            days = [(-amount, note["created"])]
            if note["status"] == "void":
                days.append((amount, note["voided_at"]))
            for each, at in days:
                yield Promise(
                    "credit_notes", of.currency, line, each, day_of(at), of.first, of.days
                )


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
