"""Rows and the invoices of a subscription in, where MRR is not what was billed out (M61).

A check on the rules by other means: what an invoice's own lines come to a month, against what the
rows say at the start of its period. It changes no amount; a difference that an option or a known
fact explains is named with it, the rest are findings.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.context import RECENT_SECONDS
from source_stripe_saas.mrr.exact import ZERO
from source_stripe_saas.mrr.invoice import Invoice
from source_stripe_saas.mrr.mrr_amounts import MrrAmounts
from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.price import Price
from source_stripe_saas.mrr.standing import Standing
from source_stripe_saas.mrr.state import ENDED, PLAN_ITEM
from source_stripe_saas.mrr.statement import Statement

AGREES, EXPLAINED, DIFFERS = "agrees", "explained", "differs"
# A change at the start of a period may be told a little later.
GRACE_SECONDS = 3_600
_HALF = Fraction(1, 2)
_ENDED_BEFORE = "it ended before this period, which had been billed ahead"


class HeldItem(NamedTuple):
    """An item as a row shows it: its quantity is None where it has usage."""

    price: str
    quantity: int | None
    mrr_minor: int


class Held(NamedTuple):
    """What the rows say from a moment on."""

    at: int
    status: str
    mrr_minor: int
    items: Mapping[str, HeldItem]
    is_paused: bool = False


class Finding(NamedTuple):
    """A difference between an invoice and the rows.

    Attributes:
        at: when the rows say what the invoice does not, Unix seconds.
        invoice: its id.
        note: what was billed and what the ledger says, a month, in minor units.
        reason: the option or the fact that explains it; None: nothing does.
    """

    at: int
    invoice: str
    note: str
    reason: str | None = None


def held_items(listed: Iterable[Mapping[str, Any]]) -> dict[str, HeldItem]:
    """The items of a row by id."""
    return {one["id"]: HeldItem(one["price"], one["quantity"], one["mrr"]) for one in listed}


def verdict(findings: Sequence[Finding] | None) -> tuple[str | None, str | None]:
    """The two columns of a row: agrees, explained or differs, and what there is to say."""
    if not findings:
        return (None, None) if findings is None else (AGREES, None)
    wrong = [one for one in findings if one.reason is None]
    shown = [f"{one.invoice} {one.note}" for one in wrong] or [
        f"{one.invoice} {one.note}: {one.reason}" for one in findings
    ]
    return DIFFERS if wrong else EXPLAINED, "; ".join(dict.fromkeys(shown)) or None


def check_invoice(
    invoice: Invoice,
    statements: Sequence[Statement],
    held: Iterable[Held],
    book: Book,
    options: Options,
    currency: str,
) -> list[Finding] | None:
    """Holds what an invoice bills of whole periods against the rows.

    Args:
        invoice: a paid one.
        statements: those of its statements to look at.
        held: what the rows say at the start of the period, and shortly after it: that one of them
            agrees is enough.
        book: prices and discounts.
        options: how MRR is counted.
        currency: of the subscription.

    Returns:
        What differs; None if there is nothing to compare.
    """
    looked_at = [one for one in statements if _is_comparable(one, book)]
    if not looked_at:
        return None
    first: list[Finding] | None = None
    for one in held:
        found = _Comparison(invoice, looked_at, one, book, options, currency).findings()
        if all(finding.reason is not None for finding in found):
            return found
        first = first or found
    return first


def _is_comparable(statement: Statement, book: Book) -> bool:
    """False for usage, and for the stub of a period, which may cost a part of it or nothing."""
    price = book.price(statement.price)
    if price is None or price.is_metered:
        return False
    length = statement.end - statement.start
    return abs(length - price.interval_seconds) * 10 <= price.interval_seconds


class _Comparison(NamedTuple):
    """One invoice against what the rows say at one moment."""

    invoice: Invoice
    statements: Sequence[Statement]
    held: Held
    book: Book
    options: Options
    currency: str

    def findings(self) -> list[Finding]:
        found = [one for statement in self.statements for one in self._of(statement)]
        if any(one.reason is None for one in found) and self._agrees_as_a_whole():
            return [one for one in found if one.reason is not None]
        return found

    def _of(self, statement: Statement) -> list[Finding]:
        price, item = self.book.price(statement.price), self._item(statement)
        assert price is not None
        if not statement.amount and self.held.status == "trialing":
            return []
        listed = self._a_month(statement.amount, price)
        if self.held.status in ENDED and self.invoice.created < self.held.at:
            return [self._finding(statement, listed, ZERO, _ENDED_BEFORE)]
        if item is None or item.quantity is None:
            return [self._finding(statement, listed, None)] if listed else []
        slack = self._a_month(Fraction(len(statement.lines), 2), price)
        ledger = self._list_value(item)
        if ledger is not None and abs(listed - ledger) > slack:
            reason = self._why_list(statement, price, listed - ledger)
            return [self._finding(statement, listed, ledger, reason)]
        return self._net(statement, price, item, slack)

    def _item(self, statement: Statement) -> HeldItem | None:
        """The item as the rows have it; a payload without items names its only one otherwise."""
        items = self.held.items
        return items.get(statement.item) or (items.get(PLAN_ITEM) if len(items) == 1 else None)

    def _net(
        self, statement: Statement, price: Price, item: HeldItem, slack: Fraction
    ) -> list[Finding]:
        counted, others = self._discounts(statement)
        billed = self._a_month(statement.amount - sum(counted.values()), price)
        slack += len(statement.discounts) * len(statement.lines) * self._a_month(_HALF, price) + 1
        if abs(billed - item.mrr_minor) > slack:
            is_nothing = not self.held.mrr_minor
            reason = self._why_nothing() if is_nothing else None
            if self._is_share_of_rest(statement, counted, others, item, slack):
                reason = (
                    f"{', '.join(others)} came first and is not counted by the option discounts"
                )
            reason = reason or self._why_net(statement, counted)
            return [self._finding(statement, billed, Fraction(item.mrr_minor), reason)]
        if others and not counted:
            net = self._a_month(statement.amount - sum(others.values()), price)
            names = ", ".join(others)
            reason = f"{names} is not counted by the option discounts"
            return [self._finding(statement, net, Fraction(item.mrr_minor), reason)]
        return []

    def _is_share_of_rest(
        self,
        statement: Statement,
        counted: Mapping[str, int],
        others: Mapping[str, int],
        item: HeldItem,
        slack: Fraction,
    ) -> bool:
        """Whether percentages were taken of what discounts that do not count had left (M18)."""
        known = [self.book.discount(found) for found in counted]
        left = statement.amount - sum(others.values())
        if not others or left <= 0 or any(one is None or one.percent_off is None for one in known):
            return False
        # As much more, had they been taken of the whole.
        growth = Fraction(statement.amount, left)
        price = self.book.price(statement.price)
        assert price is not None
        whole = self._a_month(statement.amount - sum(counted.values()) * growth, price)
        return abs(whole - item.mrr_minor) <= slack * growth

    def _agrees_as_a_whole(self) -> bool:
        """A discount on all items may be split otherwise than Stripe splits it, rounding too."""
        billed, ledger, slack = ZERO, ZERO, Fraction(1)
        for one in self.statements:
            price, item = self.book.price(one.price), self._item(one)
            if price is None or item is None or self._list_differs(one, price, item):
                return False
            counted, _ = self._discounts(one)
            billed += self._a_month(one.amount - sum(counted.values()), price)
            ledger += item.mrr_minor
            slack += len(one.lines) * (1 + len(one.discounts)) * self._a_month(_HALF, price)
        return abs(billed - ledger) <= slack

    def _list_differs(self, statement: Statement, price: Price, item: HeldItem) -> bool:
        ledger = self._list_value(item)
        difference = abs(self._a_month(statement.amount, price) - (ledger or 0))
        return difference > self._a_month(Fraction(len(statement.lines), 2), price)

    def _discounts(self, statement: Statement) -> tuple[dict[str, int], dict[str, int]]:
        """What is taken off by discounts that the options count, and by others."""
        counted: dict[str, int] = {}
        others: dict[str, int] = {}
        for found, amount in statement.discounts.items():
            known = self.book.discount(found)
            is_counted = known is not None and known.duration in self.options.counted_durations
            (counted if is_counted else others)[found] = amount
        return counted, {key: amount for key, amount in others.items() if amount}

    def _a_month(self, amount: Fraction | int, price: Price) -> Fraction:
        """An amount of one interval, brought to a month (M12)."""
        if price.interval == "month":
            return Fraction(amount) / price.interval_count
        if price.interval == "year":
            return Fraction(amount) / (12 * price.interval_count)
        is_week = price.interval == "week"
        per_year = self.options.weeks_per_year if is_week else self.options.days_per_year
        return Fraction(amount) * per_year / (12 * price.interval_count)

    def _list_value(self, item: HeldItem) -> Fraction | None:
        price = self.book.price(item.price)
        if price is None or item.quantity is None:
            return None
        return price.list_value(item.quantity, self.currency, self.options)

    def _why_list(self, statement: Statement, price: Price, surplus: Fraction) -> str | None:
        if price.is_tax_inclusive:
            return "the price includes tax"
        if price.uses_other_currency(self.currency):
            return "the price's amount in another currency may have been edited"
        fees = price.flat_amounts_minor(self.currency)
        extra = [one for one in statement.lines if not one.quantity and one.amount not in fees]
        minimum = self._a_month(sum(line.amount for line in extra), price)
        if extra and abs(minimum - surplus) <= self._a_month(len(statement.lines), price):
            return "a minimum was billed"
        return None

    def _why_net(self, statement: Statement, counted: Mapping[str, int]) -> str | None:
        price = self.book.price(statement.price)
        if price is not None and price.is_tax_inclusive:
            return "the price includes tax"
        prices = (self.book.price(one.price) for one in self.invoice.statements)
        intervals = {one.interval_seconds for one in prices if one is not None}
        for found in counted:
            known = self.book.discount(found)
            if known is None or not known.amounts_off_minor:
                continue
            if len(intervals) > 1:
                return f"{found} is taken off the shortest interval, and was off all of them"
            on_items = sum(one.discounts.get(found, 0) for one in self.statements)
            taken = self.invoice.discounts.get(found)
            if taken is not None and taken.amount != on_items:
                return f"{found} was taken off other charges too"
        if self.held.status == "trialing":
            return "a free period keeps no more than was paid before"
        return None

    def _why_nothing(self) -> str | None:
        """Which option makes a subscription count 0 that is billed."""
        status, options = self.held.status, self.options
        if (status, "exclude") in (("past_due", options.past_due), ("unpaid", options.unpaid)):
            return f"{status} is not counted"
        if self.held.is_paused and options.pause_collection != "count":
            return "its collection was paused"
        if status == "incomplete" or (status == "active" and options.new_mrr_at != "status"):
            return "nothing had been paid yet"
        if status in ("active", "past_due") and options.churn_at == "request":
            return "its end had been requested"
        return None

    def _finding(
        self,
        statement: Statement,
        billed: Fraction,
        ledger: Fraction | None,
        reason: str | None = None,
    ) -> Finding:
        told = "nothing" if ledger is None else _short(ledger)
        note = f"{statement.item}: {_short(billed)} billed a month, {told} in the ledger"
        return Finding(statement.start, self.invoice.id, note, reason)


def _short(amount: Fraction) -> str:
    text = f"{float(amount):.2f}"
    return text.rstrip("0").rstrip(".")


def check_payment(
    invoice: Invoice,
    standing: Standing,
    amounts: MrrAmounts,
    moved_at: int,
    book: Book,
    options: Options,
) -> list[Finding] | None:
    """What a paid invoice bills against what is in force, unless that moved since (M61).

    Args:
        invoice: paid.
        standing: what is in force.
        amounts: its MRR.
        moved_at: when that last changed, Unix seconds.
        book: prices and discounts.
        options: how MRR is counted.

    Returns:
        The findings; None if it cannot be said what was in force when it was billed.
    """
    starts = [one.start for one in invoice.statements]
    paid_at = invoice.paid_at or 0
    if not starts or paid_at - max(starts) > RECENT_SECONDS - GRACE_SECONDS:
        return None  # too long ago to know that nothing moved
    if moved_at > max(starts) + GRACE_SECONDS:
        return None
    is_paused = standing.pause is not None
    held = Held(paid_at, standing.status, amounts.mrr_minor, held_items(amounts.items), is_paused)
    found = check_invoice(invoice, invoice.statements, [held], book, options, standing.currency)
    is_wrong = any(one.reason is None for one in found or ())
    return None if is_wrong and moved_at > max(starts) else found


def has_moved(before: MrrAmounts, after: MrrAmounts) -> bool:
    """Whether a row changed what an invoice of the period could be held against."""
    return before is not after and _billed(before) != _billed(after)


def _billed(amounts: MrrAmounts) -> tuple[Any, ...]:
    items = [(one["id"], one["price"], one["quantity"]) for one in amounts.items]
    return amounts.mrr_minor, amounts.list_minor, items
