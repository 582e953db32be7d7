"""Invoices and the items still there in, which items were gone from when on out (M39c)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.evidence import Observation, cycle_start, is_metered
from source_stripe_saas.mrr.invoice import CYCLE, UPDATE, Invoice
from source_stripe_saas.mrr.moment import DAY_SECONDS
from source_stripe_saas.mrr.price import Price
from source_stripe_saas.mrr.statement import proration_statements
from source_stripe_saas.mrr.step import EXACT, PERIOD_START


@dataclass(frozen=True)
class _Billed:
    """A stretch of time that an invoice billed an item for."""

    start: int
    end: int
    made: int
    invoice: str
    price: Price | None

    @property
    def is_usage(self) -> bool:
        return self.price is not None and self.price.is_metered


def removed_items(
    invoices: Sequence[Invoice], book: Book, present: Collection[str], until: int
) -> list[Observation]:
    """The items that an invoice would have billed, had they still been there.

    Args:
        invoices: all invoices of the subscription, oldest first.
        book: prices.
        present: the items of the subscription at `until`, or of its last object.
        until: up to where the past is rebuilt.
    """
    proofs = [invoice for invoice in invoices if invoice.is_evidence]
    if len({line.item for invoice in proofs for line in invoice.lines if line.item}) < 2:
        return []  # only what bills another item tells that one is gone
    billed = _billed(proofs, book)
    return [
        *_at_cycles(proofs, billed, book),
        *_at_restarts(proofs, billed, book, present),
        *_between_long_periods(billed, present, until),
    ]


def _billed(proofs: Sequence[Invoice], book: Book) -> dict[str, list[_Billed]]:
    """Item -> what was billed of it; a debit may come with the very renewal that lacks it."""
    found: dict[str, list[_Billed]] = {}
    for invoice in proofs:
        for one in [
            *invoice.statements,
            *proration_statements(invoice.lines, is_credit=False),
        ]:
            entry = _Billed(one.start, one.end, invoice.created, invoice.id, book.price(one.price))
            found.setdefault(one.item, []).append(entry)
    return found


def _at_cycles(
    proofs: Sequence[Invoice], billed: dict[str, list[_Billed]], book: Book
) -> Iterable[Observation]:
    """The first renewal of anything, once an item's last period is over, misses the item."""
    told: set[tuple[str, int]] = set()
    for invoice in proofs:
        if invoice.reason != CYCLE or not invoice.statements:
            continue
        start = cycle_start(invoice, book)
        here = {one.item for one in invoice.statements}
        for item, periods in billed.items():
            past = [one for one in periods if one.start < start]
            if item in here or not past:
                continue
            end = max(one.end for one in past)
            if end > start + DAY_SECONDS or (item, end) in told:
                continue
            if any(
                end - DAY_SECONDS <= one.start <= start + DAY_SECONDS < one.end for one in periods
            ):
                continue  # renewed on an invoice of its own
            told.add((item, end))
            # Usage is billed after its time: in the period that began there it was still there.
            is_due_now = end >= start - DAY_SECONDS or any(one.is_usage for one in past)
            at = start if is_due_now else end
            yield Observation(at, item, invoice.created, PERIOD_START, invoice.id)


def _at_restarts(
    proofs: Sequence[Invoice],
    billed: dict[str, list[_Billed]],
    book: Book,
    present: Collection[str],
) -> Iterable[Observation]:
    """An update that begins a new period for the whole bills everything that goes on."""
    for invoice in proofs:
        start = _restart(invoice, book)
        if start is None:
            continue
        here = {line.item for line in invoice.lines if not line.is_credit and line.start >= start}
        for item, periods in billed.items():
            if item in here or item in present:
                continue
            has_begun = any(one.start < start < one.end for one in periods)
            goes_on = any(one.made >= invoice.created and one.start >= start for one in periods)
            if has_begun and not goes_on:
                yield Observation(start, item, invoice.created, EXACT, invoice.id)


def _restart(invoice: Invoice, book: Book) -> int | None:
    """When a new period of the whole subscription begins, if an update's invoice bills one."""
    if invoice.reason != UPDATE:
        return None
    starts = [
        one.start
        for one in invoice.statements
        if not is_metered(one, book)
        and abs(one.start - invoice.created) <= DAY_SECONDS
        and _is_whole(one.end - one.start, book.price(one.price))
    ]
    return min(starts, default=None)


def _is_whole(length: int, price: Price | None) -> bool:
    """Whether a period is as long as its price's interval, not the stub before an anchor."""
    return price is None or length >= price.interval_seconds * 9 // 10


def _between_long_periods(
    billed: dict[str, list[_Billed]], present: Collection[str], until: int
) -> Iterable[Observation]:
    """A short interval that ended within a longer one of another item, and was not billed again.

    Its renewal would have had an invoice of its own, and the next one that there is may be the
    other item's, years away.
    """
    for item, periods in billed.items():
        last = max(periods, key=lambda one: one.end)
        if item in present or last.is_usage or last.end + DAY_SECONDS > until:
            continue
        others = (one for key, theirs in billed.items() if key != item for one in theirs)
        if any(
            one.start <= last.end < one.end - DAY_SECONDS and _is_longer(one.price, last.price)
            for one in others
        ):
            yield Observation(last.end, item, last.made, PERIOD_START, last.invoice)


def _is_longer(price: Price | None, than: Price | None) -> bool:
    if price is None or than is None or price.is_metered:
        return False
    return price.interval_seconds > than.interval_seconds
