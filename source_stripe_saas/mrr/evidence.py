"""Invoices in, what they prove about items at which moment out: the evidence of M38a and M39."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.invoice import CREATE, UPDATE, Invoice
from source_stripe_saas.mrr.line import Line
from source_stripe_saas.mrr.moment import DAY_SECONDS
from source_stripe_saas.mrr.statement import Statement, debited_units, proration_statements
from source_stripe_saas.mrr.step import EXACT, PERIOD_START

# item id -> (price id, quantity); a metered item's quantity is None.
Holding = tuple[str, int | None]
# What an item may have had, and the line that says so.
Choice = tuple[Holding, str | None]


@dataclass(frozen=True)
class TieredDebits:
    """The debits of one item and moment on an itemised price."""

    price: str
    lines: tuple[Line, ...]
    book: Book
    currency: str

    def choices(self, held: Holding | None) -> tuple[Choice, ...]:
        """The one quantity they come to."""
        price = self.book.price(self.price)
        assert price is not None
        before = held[1] if held is not None and held[0] == self.price else None
        units = debited_units(self.lines, price, self.currency, before)
        return (((self.price, units), min(line.id for line in self.lines)),)


@dataclass(frozen=True)
class Observation:
    """What one invoice says of one item from a moment on.

    Attributes:
        at: Unix seconds.
        item: the subscription item.
        made: when the invoice was made, which is when this became known (M39b).
        precision: how exact `at` is (M48).
        invoice: its id.
        holdings: what the item may have had from then on, each with the line that says so; of
            several the one that changes something counts. None of them: the item was gone.
        line: the line that says it is gone; None where only its absence does.
        tiered: debits of a price whose tiers are itemised, which only together say a quantity.
    """

    at: int
    item: str
    made: int
    precision: str
    invoice: str
    holdings: tuple[Choice, ...] = ()
    line: str | None = None
    tiered: TieredDebits | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it says that the item was removed."""
        return not self.holdings and self.tiered is None

    @property
    def is_ahead(self) -> bool:
        """Whether it was made before the moment it is about."""
        return self.made < self.at

    def choices(self, held: Holding | None) -> tuple[Choice, ...]:
        """What the item may have had, given what it had before."""
        return self.tiered.choices(held) if self.tiered else self.holdings


def observations(invoices: Sequence[Invoice], book: Book, currency: str) -> list[Observation]:
    """Everything that lines prove about items, oldest first (M39); removed_items are told apart.

    Prices and quantities are those that the lines name, never worked back from amounts.
    """
    proofs = [invoice for invoice in invoices if invoice.is_evidence]
    _price_the_gone(proofs, book, currency)
    found = [*_periods(proofs, book, currency), *_debits(proofs, book, currency)]
    found += _removals(proofs, book)
    # Where a period and a debit begin together the debit is the later word.
    return sorted(found, key=lambda one: one.at)


def valid(found: Collection[Observation]) -> list[Observation]:
    """Without what later knowledge has overtaken (M39b), oldest first.

    Of two statements about one item and moment the one billed later wins. A statement made ahead
    yields to what was billed later and happened before it, but after it was made.
    """
    by_item: dict[str, list[Observation]] = {}
    for one in found:
        by_item.setdefault(one.item, []).append(one)
    kept = []
    for theirs in by_item.values():
        latest: dict[int, int] = {}
        for one in theirs:
            if not one.is_gone:
                latest[one.at] = max(one.made, latest.get(one.at, one.made))
        for one in theirs:
            is_overtaken = one.made < latest.get(one.at, one.made)
            is_overtaken |= one.is_ahead and any(
                one.made <= other.at < one.at and other.made > one.made for other in theirs
            )
            if not is_overtaken:
                kept.append(one)
    return sorted(kept, key=lambda one: one.at)


def cycle_start(invoice: Invoice, book: Book) -> int:
    """When the cycle that an invoice bills begins.

    Metered periods look back and end there; of periods billed ahead it is the first.
    """
    starts = [one.end if is_metered(one, book) else one.start for one in invoice.statements]
    return min(starts, key=lambda start: abs(start - invoice.created), default=invoice.created)


def is_metered(line: Line | Statement, book: Book) -> bool:
    """Whether a line bills usage, of the time before its invoice."""
    price = book.price(line.price) if line.price else None
    return price is not None and price.is_metered


def _periods(proofs: Sequence[Invoice], book: Book, currency: str) -> Iterable[Observation]:
    """M39.1: a statement of a whole period tells the item for that period."""
    for invoice in proofs:
        for one in invoice.statements:
            is_usage = is_metered(one, book)
            is_exact = invoice.reason in (CREATE, UPDATE) and not is_usage
            units = None if is_usage else one.units(book.price(one.price), currency)
            yield Observation(
                one.start,
                one.item,
                invoice.created,
                EXACT if is_exact else PERIOD_START,
                invoice.id,
                (((one.price, units), one.id),),
            )


def _debits(proofs: Sequence[Invoice], book: Book, currency: str) -> Iterable[Observation]:
    """M39.2: a debit proration is dated by the change itself, whenever it is billed."""
    for invoice in proofs:
        credited = _prorated(invoice, book, is_credit=True)
        for (item, at), lines in _debits_of(invoice).items():
            start = (at, item, invoice.created, EXACT, invoice.id)
            holdings: list[Choice] = []
            by_price: dict[str, list[Line]] = {}
            for line in lines:
                if _is_tiered(line, book):
                    by_price.setdefault(line.price or "", []).append(line)
                else:
                    quantity = 1 if line.quantity is None else line.quantity
                    holdings.append(((line.price or "", quantity), line.id))
            for price, tiers in by_price.items():
                is_billed = any(line.amount for line in tiers)
                if is_billed or not (holdings or len(by_price) > 1):
                    debits = TieredDebits(price, tuple(tiers), book, currency)
                    yield Observation(*start, tiered=debits)
            if holdings:
                # What one update debits and the next one credits was only passed through.
                passed = [one.holding for one in credited if (one.item, one.at) == (item, at)]
                yield Observation(*start, tuple(_without(holdings, passed) or holdings))


def _without(holdings: Sequence[Choice], credited: Sequence[Holding]) -> list[Choice]:
    left = list(credited)
    kept = []
    for holding, line in holdings:
        if holding in left:
            left.remove(holding)
        else:
            kept.append((holding, line))
    return kept


@dataclass(frozen=True)
class _Prorated:
    """What one line, or the lines of one itemised price, prorate of an item from a moment on."""

    item: str
    at: int
    holding: Holding
    line: str


def _prorated(invoice: Invoice, book: Book, *, is_credit: bool) -> list[_Prorated]:
    found = []
    for one in proration_statements(invoice.lines, is_credit=is_credit):
        price = book.price(one.price)
        if price is not None and price.is_tiered:
            units = one.units(None, "")
            found.append(_Prorated(one.item, one.start, (one.price, units), one.id))
            continue
        for line in one.lines:
            holding = (one.price, 1 if line.quantity is None else line.quantity)
            found.append(_Prorated(one.item, one.start, holding, line.id))
    return found


def _removals(proofs: Sequence[Invoice], book: Book) -> Iterable[Observation]:
    """M39.3: a credit alone is a removal."""
    debited: dict[tuple[str, int], list[Holding]] = {}
    made: dict[tuple[str, int], int] = {}
    anew: dict[tuple[str, int], str] = {}
    for invoice in proofs:
        for debit in _prorated(invoice, book, is_credit=False):
            key = (debit.item, debit.at)
            debited.setdefault(key, []).append(debit.holding)
            made[key] = max(invoice.created, made.get(key, 0))
        if invoice.reason == UPDATE:
            anew.update({(one.item, one.start): one.price for one in invoice.statements})
    for invoice in proofs:
        billed_anew = {one.item for one in invoice.statements if invoice.reason == UPDATE}
        for credit in _prorated(invoice, book, is_credit=True):
            key = (credit.item, credit.at)
            # A later update may credit in full what an earlier one has debited.
            is_undone = credit.holding in debited.get(key, ()) and invoice.created > made[key]
            # The credit for an interval that was given up may be billed after the new one.
            is_replaced = anew.get(key, credit.holding[0]) != credit.holding[0]
            if (key in debited and not is_undone) or is_replaced or credit.item in billed_anew:
                continue
            yield Observation(
                credit.at, credit.item, invoice.created, EXACT, invoice.id, line=credit.line
            )


def _debits_of(invoice: Invoice) -> dict[tuple[str, int], list[Line]]:
    """(item, moment) -> the lines that debit a change of then."""
    found: dict[tuple[str, int], list[Line]] = {}
    for line in invoice.lines:
        if line.is_proration and not line.is_credit and line.item and line.price:
            found.setdefault((line.item, line.start), []).append(line)
    return found


def _is_tiered(line: Line, book: Book) -> bool:
    price = book.price(line.price or "")
    return price is not None and price.is_tiered


def _price_the_gone(proofs: Sequence[Invoice], book: Book, currency: str) -> None:
    """A price that is gone is read from its lines: unit amount and length of period (M39)."""
    lines = [line for invoice in proofs for line in invoice.lines if line.is_period and line.item]
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
