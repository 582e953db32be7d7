"""Invoice lines and the current object in, the trials and free periods of the past out (M41)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.evidence import is_metered
from source_stripe_saas.mrr.invoice import Invoice
from source_stripe_saas.mrr.moment import BIRTH_SECONDS, DAY_SECONDS
from source_stripe_saas.mrr.state import State
from source_stripe_saas.mrr.statement import Statement


@dataclass(frozen=True)
class TrialSpan:
    """One stretch of `trialing`; `ends` lists the announced ends with when they were set."""

    start: int
    ends: tuple[tuple[int, int], ...]
    trial_start: int
    cut_at: int | None = None

    @property
    def end(self) -> int:
        """When it ended, or is to end."""
        announced = self.ends[-1][1]
        return announced if self.cut_at is None else min(announced, self.cut_at)

    def end_known_at(self, at: int) -> int:
        """The end as announced at a moment."""
        return [end for since, end in self.ends if since <= at][-1]


def past_trials(anchor: State, invoices: Sequence[Invoice], book: Book) -> list[TrialSpan]:
    """The trials, oldest first; the first of them may be one at creation (M24, M41).

    A period that costs nothing, of an item with a price, is the sign. Without a `trial_start` on
    the object there never was a trial (it is not cleared): such a period is the stub before a
    future billing anchor.
    """
    if anchor.trial_start is None:
        return []
    proofs = [invoice for invoice in invoices if invoice.is_evidence]
    spans: list[TrialSpan] = []
    free = [one for invoice in proofs for one in invoice.statements if _is_free(one, invoice, book)]
    for one in sorted(free, key=lambda one: (one.start, one.end)):
        last = spans[-1] if spans else None
        if last is not None and one.start < last.end:
            if one.end != last.end:  # one that starts inside another extends it
                spans[-1] = replace(last, ends=(*last.ends, (one.start, one.end)))
        else:
            spans.append(TrialSpan(one.start, ((one.start, one.end),), one.start))
    spans = [_cut(span, proofs, book) for span in spans]
    return _with_object(spans, anchor, proofs)


def pause_after_trial(
    anchor: State,
    spans: Sequence[TrialSpan],
    invoices: Sequence[Invoice],
    is_status_told: bool = True,
) -> tuple[int, int | None] | None:
    """The pause of a trial that ended without a payment method: no invoice until it resumed (M22).

    Args:
        anchor: the state at the end of the time that is rebuilt.
        spans: from `past_trials`.
        invoices: all invoices of the subscription.
        is_status_told: whether the anchor's status is known, not only what came after it.

    Returns:
        Its start and end, None for still open; None if there was no such pause.
    """
    if not spans or not (anchor.pauses_after_trial or anchor.status == "paused"):
        return None
    end = spans[-1].end
    later = [
        statement.start
        for invoice in invoices
        if invoice.is_evidence
        for statement in invoice.statements
        if statement.start > end - BIRTH_SECONDS
    ]
    if not later:
        is_over = anchor.has_ended or anchor.status == "paused" or not is_status_told
        return (end, None) if is_over else None
    return (end, min(later)) if min(later) > end + DAY_SECONDS else None


def _is_free(statement: Statement, invoice: Invoice, book: Book) -> bool:
    """Whether a period costs nothing that should cost something, as a whole (M41a)."""
    price = book.price(statement.price)
    if statement.amount or price is None or price.is_metered or statement.end <= statement.start:
        return False
    if any(statement.discounts.values()) or _is_beside_a_paid_one(statement, invoice, book):
        return False
    currencies = [price.currency, *price.other_currencies]
    return any(price.amount(statement.units(price, one), one) > 0 for one in currencies)


def _is_beside_a_paid_one(statement: Statement, invoice: Invoice, book: Book) -> bool:
    """A trial is the whole subscription's: nothing of its period is billed."""
    return any(
        other.amount > 0 and other.start == statement.start and not is_metered(other, book)
        for other in invoice.statements
    )


def _cut(span: TrialSpan, proofs: Sequence[Invoice], book: Book) -> TrialSpan:
    """A period that was billed inside a trial began when the trial was ended early.

    Not one of usage: that is billed for the time past, which may have been free.
    """
    billed = [
        one.start
        for invoice in proofs
        for one in invoice.statements
        if one.amount > 0 and span.start < one.start < span.end and not is_metered(one, book)
    ]
    return replace(span, cut_at=min(billed)) if billed else span


def _with_object(
    spans: list[TrialSpan], anchor: State, proofs: Sequence[Invoice]
) -> list[TrialSpan]:
    """The object tells the last trial, exactly, and alone where no line does."""
    start, end = anchor.trial_start, anchor.trial_end
    if start is None or end is None or end <= start:
        return spans
    for i, span in enumerate(spans):
        if span.start - BIRTH_SECONDS <= start < span.ends[-1][1]:
            since, announced = span.ends[-1]
            if end > announced:
                spans[i] = replace(span, ends=(*span.ends[:-1], (since, end)), trial_start=start)
            else:
                spans[i] = replace(span, cut_at=end, trial_start=start)
            return spans
    begins = start if _is_known_before(start, anchor, proofs) else anchor.created
    spans.append(TrialSpan(begins, ((begins, end),), start))
    return sorted(spans, key=lambda one: one.start)


def _is_known_before(start: int, anchor: State, proofs: Sequence[Invoice]) -> bool:
    """Whether anything shows it before its trial; else it was in it from birth (M24)."""
    if start <= anchor.created + BIRTH_SECONDS:
        return True
    return any(one.start < start for invoice in proofs for one in invoice.statements) or any(
        invoice.total > 0 and invoice.paid_at is not None and invoice.paid_at < start
        for invoice in proofs
    )
