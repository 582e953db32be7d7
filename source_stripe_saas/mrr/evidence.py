"""Invoice lines in, what they prove about items at which moment out: the evidence of M39."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.invoice import CREATE, CYCLE, UPDATE, Invoice, Line
from source_stripe_saas.mrr.moment import DAY_SECONDS
from source_stripe_saas.mrr.step import EXACT, PERIOD_START

# item id -> (price id, quantity); a metered item's quantity is None.
Holding = tuple[str, int | None]


@dataclass(frozen=True)
class Observation:
    """At `at`, the item had this holding, or (None) was gone."""

    at: int
    item: str
    holding: Holding | None
    precision: str
    line: str | None
    invoice: str


@dataclass(frozen=True)
class ItemsAt:
    """The items from a moment on, and what proved the change."""

    at: int
    items: Mapping[str, Holding]
    precision: str
    key: str | None


def observations(invoices: Sequence[Invoice], book: Book, currency: str) -> list[Observation]:
    """Everything the lines prove about items, oldest first (M39).

    Prices and quantities are those that the lines name, never worked back from amounts.
    """
    proofs = [invoice for invoice in invoices if invoice.is_evidence]
    _price_the_gone(proofs, book, currency)
    found = [*_periods(proofs, book), *_debits(proofs), *_credits(proofs), *_absences(proofs, book)]
    # Where a period and a debit begin together the debit is the later word.
    return sorted(found, key=lambda one: one.at)


def cycle_start(invoice: Invoice, book: Book) -> int:
    """When the cycle an invoice bills begins; metered lines look back and end there."""
    starts = [line.end if is_metered(line, book) else line.start for line in invoice.period_lines]
    return max(starts, default=invoice.created)


def timeline(
    found: Iterable[Observation], born_by: int, initial: Mapping[str, Holding] | None
) -> list[ItemsAt]:
    """Builds the items at each moment at which evidence changes them (M40, M46).

    Args:
        found: from `observations`, only those that may be used.
        born_by: what is dated up to then belongs to the first entry.
        initial: the items known before, where the history does not begin at birth (M49).

    Returns:
        The moments in order; the first is the birth. Its time is later than `born_by` where no
        evidence reaches back to it: then these items are carried back.
    """
    held: dict[str, Holding] = dict(initial or {})
    moments: list[ItemsAt] = []
    for at, group in groupby(found, key=lambda one: one.at):
        changed = _apply(list(group), held)
        if not changed:
            continue
        is_birth = initial is None and (at <= born_by or not moments)
        precision = EXACT
        if not is_birth and any(one.precision == PERIOD_START for one in changed):
            precision = PERIOD_START
        if is_birth and moments:
            moments.pop()
        lines = [one.line for one in changed if one.line]
        key = min(lines) if lines else changed[0].invoice
        moments.append(ItemsAt(at, dict(held), precision, key))
    return moments


def _apply(together: list[Observation], held: dict[str, Holding]) -> list[Observation]:
    """Brings the items up to date with one moment's evidence and returns what changed them."""
    changed = []
    for item in dict.fromkeys(one.item for one in together):
        # Of several, the one that differs from what was held counts (M39.2).
        differing = [
            one
            for one in together
            if one.item == item and one.holding and one.holding != held.get(item)
        ]
        if differing and differing[-1].holding:
            held[item] = differing[-1].holding
            changed.append(differing[-1])
    proven = {one.item for one in together if one.holding}
    # A credit stands against a renewal of its second, an absence does not.
    gone = [one for one in together if not one.holding and (one.line or one.item not in proven)]
    gone = [one for one in gone if one.item in held]
    # A subscription has at least one item: credits for all of them are the end, not a removal.
    if gone and set(held) - {one.item for one in gone}:
        for one in gone:
            if held.pop(one.item, None) is not None:
                changed.append(one)
    return changed


def _periods(proofs: Sequence[Invoice], book: Book) -> list[Observation]:
    """M39.1: a line that is no proration states the item for its period."""
    found = []
    for invoice in proofs:
        is_exact = invoice.reason in (CREATE, UPDATE)
        for line in invoice.period_lines:
            found.append(_holding(line, invoice, EXACT if is_exact else PERIOD_START, book))
    return found


def _debits(proofs: Sequence[Invoice]) -> list[Observation]:
    """M39.2: a debit proration is dated by the change itself, whenever it is billed."""
    return [
        Observation(line.start, line.item, (line.price, line.quantity), EXACT, line.id, invoice.id)
        for invoice in proofs
        for line in invoice.lines
        if line.is_proration and not line.is_credit and line.item and line.price
    ]


def _credits(proofs: Sequence[Invoice]) -> list[Observation]:
    """M39.3: a credit alone is a removal."""
    debited = {
        (line.item, line.start)
        for invoice in proofs
        for line in invoice.lines
        if line.is_proration and not line.is_credit
    }
    found = []
    for invoice in proofs:
        billed_anew: set[str | None] = set()
        if invoice.reason == UPDATE:
            billed_anew = {line.item for line in invoice.period_lines}
        for line in invoice.lines:
            if not (line.is_proration and line.is_credit and line.item):
                continue
            if (line.item, line.start) not in debited and line.item not in billed_anew:
                gone = Observation(line.start, line.item, None, EXACT, line.id, invoice.id)
                found.append(gone)
    return found


def _absences(proofs: Sequence[Invoice], book: Book) -> list[Observation]:
    """M39.4: an item whose last billed period is over and that a renewal does not bill is gone."""
    # A debit may be billed on the very renewal that does not bill the item's own period.
    billed: dict[str, list[tuple[int, int]]] = {}
    for invoice in proofs:
        for line in invoice.lines:
            if line.item and (line.is_period or (line.is_proration and not line.is_credit)):
                billed.setdefault(line.item, []).append((line.start, line.end))
    found = []
    for invoice in proofs:
        present = {line.item for line in invoice.period_lines}
        if invoice.reason != CYCLE or not present:
            continue
        start = cycle_start(invoice, book)
        for item, periods in billed.items():
            ends = [end for since, end in periods if since < start] if item not in present else []
            if ends and max(ends) <= start + DAY_SECONDS:
                gone = Observation(start, item, None, PERIOD_START, None, invoice.id)
                found.append(gone)
    return found


def _holding(line: Line, invoice: Invoice, precision: str, book: Book) -> Observation:
    quantity = None if is_metered(line, book) else line.quantity
    assert line.item is not None
    if is_metered(line, book):
        precision = PERIOD_START
    return Observation(
        line.start, line.item, (line.price or "", quantity), precision, line.id, invoice.id
    )


def is_metered(line: Line, book: Book) -> bool:
    """Whether a line bills usage, of the time before its invoice."""
    price = book.price(line.price) if line.price else None
    return price is not None and price.is_metered


def _price_the_gone(proofs: Sequence[Invoice], book: Book, currency: str) -> None:
    """A price that is gone is read from its lines: unit amount and length of period (M39)."""
    lines = [line for invoice in proofs for line in invoice.period_lines]
    # A line of amount 0 may be a trial's, as long as the trial and not as the interval.
    for line in sorted(lines, key=lambda line: line.amount == 0):
        if line.price and line.unit_minor is not None and book.price(line.price) is None:
            interval, count = interval_of(line.end - line.start)
            book.learn_price(
                {
                    "id": line.price,
                    "currency": currency,
                    "billing_scheme": "per_unit",
                    "unit_amount_decimal": line.unit_minor,
                    "recurring": {"interval": interval, "interval_count": count},
                }
            )


def interval_of(length_seconds: int) -> tuple[str, int]:
    """The interval that a period of this length is one of (M39)."""
    days = round(length_seconds / DAY_SECONDS)
    for low, high, months in ((27, 31, 1), (89, 92, 3), (180, 184, 6)):
        if low <= days <= high:
            return "month", months
    if days in (365, 366):
        return "year", 1
    if days and days % 7 == 0:
        return "week", days // 7
    return "day", max(days, 1)
