"""Invoices in, what payments tell of the past out: failed signups, dunning, paused collection."""

from collections.abc import Sequence
from dataclasses import dataclass

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.evidence import cycle_start
from source_stripe_saas.mrr.invoice import CREATE, CYCLE, UPDATE, Invoice
from source_stripe_saas.mrr.moment import BIRTH_SECONDS

# An unpaid signup expires after 23 hours; a bank debit that settles later was active meanwhile.
SIGNUP_SECONDS = 23 * 3600
# A pause gives a renewal up as soon as it would be finalized.
_GIVEN_UP_SECONDS = 2 * 3600
_BEHAVIORS = {"void": "void", "uncollectible": "mark_uncollectible"}


@dataclass(frozen=True)
class Span:
    """A stretch of time, open-ended with None."""

    start: int
    end: int | None
    what: str


def incomplete_until(invoices: Sequence[Invoice]) -> int | None:
    """When a signup that did not go through at once was paid (M43)."""
    if not invoices or invoices[0].reason != CREATE:
        return None
    first = invoices[0]
    if first.is_sent or first.total <= 0 or first.paid_at is None:
        return None
    took = first.paid_at - first.created
    return first.paid_at if BIRTH_SECONDS < took <= SIGNUP_SECONDS else None


def past_dues(invoices: Sequence[Invoice]) -> list[Span]:
    """Renewals that were paid late, from when they may have failed to when they were paid (M43)."""
    found = []
    for invoice in invoices:
        if invoice.reason != CYCLE or invoice.paid_at is None:
            continue
        start: int | None = None
        if invoice.is_sent:
            if invoice.due_date is not None and invoice.paid_at > invoice.due_date:
                start = invoice.due_date
        elif invoice.attempt_count > 1:
            start = invoice.finalized_at
        if start is not None and start < invoice.paid_at:
            found.append(Span(start, invoice.paid_at, "past_due"))
    return found


def past_pauses(invoices: Sequence[Invoice], book: Book) -> list[Span]:
    """Runs of renewals that were given up unattempted, up to what was collected again (M44)."""
    told = sorted(
        (
            (invoice.created if invoice.reason == UPDATE else cycle_start(invoice, book), invoice)
            for invoice in invoices
            if invoice.reason == CYCLE or _is_collected_update(invoice)
        ),
        key=lambda pair: (pair[0], pair[1].created),
    )
    spans: list[Span] = []
    for start, invoice in told:
        behavior = _paused_behavior(invoice)
        is_open = bool(spans) and spans[-1].end is None
        if is_open and spans[-1].what != behavior:
            spans[-1] = Span(spans[-1].start, start, spans[-1].what)
            is_open = False
        if behavior is not None and not is_open:
            spans.append(Span(start, None, behavior))
    return spans


def _is_collected_update(invoice: Invoice) -> bool:
    """Whether a change was billed and paid, which no pause but that of drafts allows.

    One of amount 0 is paid whatever is paused; one that was given up may be paid by hand later.
    """
    is_paid = invoice.paid_at is not None and invoice.given_up_at is None
    return invoice.reason == UPDATE and invoice.total > 0 and is_paid


def _paused_behavior(invoice: Invoice) -> str | None:
    given_up = invoice.given_up_at
    if invoice.attempt_count or given_up is None:
        return None
    if given_up - invoice.created > _GIVEN_UP_SECONDS:
        return None
    return _BEHAVIORS.get(invoice.status)
