"""The rebuilt rows of a subscription and its invoices in, what they disagree about out (M61).

Of the time before the events there is nothing but invoices, so more is held against them than what
each bills: items that nothing bills, changes that a proration tells, periods billed ahead.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from source_stripe_saas.mrr.billing_check import (
    DIFFERS,
    GRACE_SECONDS,
    Finding,
    Held,
    HeldItem,
    check_invoice,
    held_items,
    verdict,
)
from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.invoice import Invoice
from source_stripe_saas.mrr.moment import DAY_SECONDS, iso, seconds_of
from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.row import PAYMENT_ROWS
from source_stripe_saas.mrr.state import ENDED
from source_stripe_saas.mrr.statement import Statement, proration_statements

# Kinds of what is said of an item: its period, a proration that debits it, one that credits it.
_PERIOD, _DEBIT, _CREDIT = "period", "debit", "credit"


class _Said(NamedTuple):
    """What a line of an invoice says of an item from a moment on.

    `holding` is the price and the quantity; None where it does not say them.
    """

    item: str
    at: int
    end: int
    invoice: Invoice
    kind: str
    holding: tuple[str, int] | None = None

    @property
    def made(self) -> int:
        return self.invoice.created


class HistoryCheck:
    """Holds the rows of the rebuilt time against all invoices of the subscription."""

    def __init__(
        self,
        rows: Sequence[Mapping[str, Any]],
        invoices: Sequence[Invoice],
        book: Book,
        options: Options,
        until: int,
    ) -> None:
        """Reads the rows.

        Args:
            rows: of one subscription, in order, from its first on.
            invoices: all of it, oldest first.
            book: prices and discounts.
            options: how MRR is counted.
            until: up to where rows were rebuilt from invoices.
        """
        self._currency = rows[0]["currency"] if rows else ""
        self._held = list(_timeline(rows))
        self._proofs = [invoice for invoice in invoices if invoice.is_evidence]
        self._book, self._options, self._until = book, options, until
        self._times = [one.at for one in self._held]
        # What has been found to agree: most renewals are alike.
        self._agreed: set[Hashable] = set()

    def findings(self) -> dict[str, list[Finding]]:
        """Invoice id -> what differs, of the paid ones that could be compared; may be empty."""
        found: dict[str, list[Finding]] = {}
        if not self._held:
            return found
        for invoice in self._proofs:
            if invoice.paid_at is None or invoice.paid_at >= self._until:
                continue
            theirs = self._of(invoice)
            if theirs is not None:
                found[invoice.id] = theirs
        for one in self._unbilled():
            found.setdefault(one.invoice, []).append(one)
        return found

    @cached_property
    def _said(self) -> dict[str, list[_Said]]:
        """Item -> all that is said of it."""
        found: dict[str, list[_Said]] = {}
        for invoice in self._proofs:
            for said in self._said_by(invoice):
                found.setdefault(said.item, []).append(said)
        return found

    # --- what an invoice bills --------------------------------------------------------------

    def _of(self, invoice: Invoice) -> list[Finding] | None:
        found: list[Finding] = []
        is_compared = False
        starts: dict[int, list[Statement]] = {}
        for one in invoice.statements:
            if self._held[0].at - DAY_SECONDS < one.start < self._until:
                starts.setdefault(one.start, []).append(one)
        for start, statements in starts.items():
            plain = []
            for one in statements:
                if self._is_overtaken(invoice, one):
                    found += self._ahead(invoice, one)
                    is_compared = True
                else:
                    plain.append(one)
            theirs = self._plain(invoice, start, plain)
            if theirs is not None:
                found += theirs
                is_compared = True
        for said in self._said_by(invoice) if _has_prorations(invoice) else ():
            if said.kind == _DEBIT and said.holding and self._times[0] < said.at < self._until:
                found += self._change(said)
                is_compared = True
        return found if is_compared else None

    def _plain(
        self, invoice: Invoice, start: int, statements: Sequence[Statement]
    ) -> list[Finding] | None:
        held = self._at(start)
        # Rows that change no item share what they hold.
        alike = held.status, id(held.items), tuple(map(_terms, statements))
        if alike in self._agreed:
            return []
        found = self._checked(invoice, statements, [held])
        if found:
            return self._checked(invoice, statements, self._around(start, invoice))
        if found is not None and held.status not in ENDED:
            self._agreed.add(alike)
        return found

    def _checked(
        self, invoice: Invoice, statements: Sequence[Statement], held: Iterable[Held]
    ) -> list[Finding] | None:
        return check_invoice(invoice, statements, held, self._book, self._options, self._currency)

    def _around(self, start: int, invoice: Invoice) -> Iterator[Held]:
        """What the rows say at a moment and shortly after; a signup counts once it is paid."""
        first = self._at(start)
        yield first
        late = start + GRACE_SECONDS
        if first.status == "incomplete" and invoice.paid_at is not None:
            late = max(late, invoice.paid_at)
        yield from self._held[bisect_right(self._times, start) : bisect_right(self._times, late)]

    def _at(self, at: int) -> Held:
        return self._held[max(bisect_right(self._times, at) - 1, 0)]

    # --- periods billed ahead ---------------------------------------------------------------

    def _is_overtaken(self, invoice: Invoice, one: Statement) -> bool:
        """Whether something that was billed later changed the item before the period began."""
        if one.start <= invoice.created + DAY_SECONDS:
            return False
        return any(
            said.made > invoice.created and invoice.created <= said.at < one.start
            for said in self._said[one.item]
        )

    def _ahead(self, invoice: Invoice, one: Statement) -> Iterator[Finding]:
        before = self._at(one.start - 1).items.get(one.item)
        after = self._at(one.start).items.get(one.item)
        others = (said for said in self._said[one.item] if said.made > invoice.created)
        if before == after or any(said.at == one.start for said in others):
            return
        if after is not None and (after.price, after.quantity) == self._holding(one):
            note = f"{one.item}: back to what was billed ahead, before a change"
            yield Finding(one.start, invoice.id, note)

    # --- changes that prorations tell -------------------------------------------------------

    def _change(self, debit: _Said) -> Iterator[Finding]:
        """A debit says what its item is from then on."""
        alike = [one for one in self._said[debit.item] if one.at == debit.at]
        is_open = any(one.holding is None for one in alike)
        wanted = {one.holding for one in alike}
        for held in self._around(debit.at, debit.invoice):
            item = held.items.get(debit.item)
            if held.status in ENDED or (is_open and not item):
                return
            if item and (item.price, item.quantity) in wanted:
                return
        assert debit.holding is not None
        price, quantity = debit.holding
        item = self._at(debit.at).items.get(debit.item)
        has = "nothing" if item is None else f"{item.quantity} of {item.price}"
        note = f"{debit.item}: {quantity} of {price} prorated from then on, {has} in the ledger"
        yield Finding(debit.at, debit.invoice.id, note)

    def _said_by(self, invoice: Invoice) -> Iterator[_Said]:
        for one in invoice.statements:
            yield _Said(one.item, one.start, one.end, invoice, _PERIOD, self._holding(one))
        kinds = (_CREDIT, _DEBIT) if _has_prorations(invoice) else ()
        for kind in kinds:
            for one in proration_statements(invoice.lines, is_credit=kind == _CREDIT):
                price = self._book.price(one.price)
                is_told = kind == _DEBIT and not (price is not None and price.is_tiered)
                for line in one.lines:
                    quantity = 1 if line.quantity is None else line.quantity
                    holding = (one.price, quantity) if is_told else None
                    yield _Said(one.item, one.start, one.end, invoice, kind, holding)

    def _holding(self, one: Statement) -> tuple[str, int]:
        return one.price, one.units(self._book.price(one.price), self._currency)

    # --- items that nothing bills -----------------------------------------------------------

    def _unbilled(self) -> Iterator[Finding]:
        """Items that count though their last period is over, while others of it are billed."""
        if len({line.item for one in self._proofs for line in one.lines if line.item}) < 2:
            return
        for item, said in self._said.items():
            periods = sorted((one for one in said if one.kind != _CREDIT), key=lambda one: one.at)
            for start, end in self._spans_of(item):
                for gap, until in _gaps([(one.at, one.end) for one in periods], start, end):
                    last = [one for one in periods if one.end <= gap + DAY_SECONDS]
                    if not last or until <= gap + DAY_SECONDS or not self._is_billed(gap, item):
                        continue
                    if last[-1].invoice.paid_at is not None or self._is_invoiced(gap, until):
                        note = f"{item}: billed until {iso(gap)}, in the ledger until {iso(until)}"
                        yield Finding(gap, last[-1].invoice.id, note)

    def _spans_of(self, item: str) -> Iterator[tuple[int, int]]:
        """The stretches in which the rows count something for an item."""
        start: int | None = None
        for one in self._held:
            if one.at >= self._until:
                break
            found = one.items.get(item)
            counts = found is not None and found.quantity is not None and found.mrr_minor > 0
            if counts and start is None:
                start = one.at
            elif not counts and start is not None:
                yield start, one.at
                start = None
        if start is not None:
            yield start, self._until

    def _is_billed(self, at: int, item: str) -> bool:
        """Whether another item was billed for this time, so that no invoice is missing.

        Usage is billed after its time, so it speaks for the end of its period.
        """
        return any(
            abs(one.end - at) <= DAY_SECONDS
            if self._is_usage(one)
            else one.at <= at and at + DAY_SECONDS < one.end
            for other, said in self._said.items()
            if other != item
            for one in said
            if one.kind != _CREDIT
        )

    def _is_usage(self, said: _Said) -> bool:
        price = self._book.price(said.holding[0]) if said.holding else None
        return price is not None and price.is_metered

    def _is_invoiced(self, since: int, until: int) -> bool:
        """Whether an invoice was made then; after one that is not paid Stripe may make drafts."""
        return any(since - DAY_SECONDS <= one.created < until for one in self._proofs)


def _has_prorations(invoice: Invoice) -> bool:
    return any(line.is_proration for line in invoice.lines)


def _terms(one: Statement) -> Hashable:
    """What a comparison reads of a statement, its moment apart."""
    length = one.end - one.start
    return one.item, one.price, length, one.amount, len(one.lines), tuple(one.discounts.items())


def _timeline(rows: Iterable[Mapping[str, Any]]) -> Iterator[Held]:
    is_paused = False
    listed: Sequence[Mapping[str, Any]] | None = None
    items: Mapping[str, HeldItem] = {}
    for row in rows:
        if row["event_type"] in ("paused", "resumed"):
            is_paused = row["event_type"] == "paused" and row["status_after"] != "paused"
        if row["items_after"] != listed:  # most rows change no item
            listed = row["items_after"]
            items = held_items(listed)
        at = seconds_of(row["occurred_at"])
        yield Held(at, row["status_after"], row["mrr_after"], items, is_paused)


def _gaps(periods: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a stretch that no period covers."""
    at = start
    for since, until in periods:
        if since > end:
            break
        if since > at:
            yield at, since
        at = max(at, until)
    if at < end:
        yield at, end


def note_findings(rows: Sequence[dict[str, Any]], found: Mapping[str, Sequence[Finding]]) -> None:
    """Writes what was found into the rows of the invoices.

    What is wrong with an invoice that has no row is noted in the row that was in force: it is the
    one in doubt.
    """
    own = {row["invoice_id"]: row for row in rows if row["event_type"] in PAYMENT_ROWS}
    for invoice, findings in found.items():
        check, note = verdict(findings)
        row = own.get(invoice)
        if row is None and check == DIFFERS:
            at = iso(min(one.at for one in findings if one.reason is None))
            row = next((one for one in reversed(rows) if one["occurred_at"] <= at), rows[0])
        if row is not None and row["billing_check"] != DIFFERS:
            row.update(billing_check=check, billing_note=note)
        elif row is not None and check == DIFFERS:
            row["billing_note"] = f"{row['billing_note']}; {note}"
