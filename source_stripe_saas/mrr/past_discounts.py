"""Invoice lines and the current object in, which discounts were on from when to when out (M42)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.discount import Discount
from source_stripe_saas.mrr.evidence import cycle_start
from source_stripe_saas.mrr.invoice import CREATE, CYCLE, UPDATE, Invoice
from source_stripe_saas.mrr.moment import DAY_SECONDS
from source_stripe_saas.mrr.standing import OnceWindow
from source_stripe_saas.mrr.state import State
from source_stripe_saas.mrr.statement import Statement
from source_stripe_saas.mrr.timeline import ItemsAt

OF_ITEM, OF_SUBSCRIPTION, OF_CUSTOMER = "item", "subscription", "customer"


@dataclass(frozen=True)
class DiscountSpan:
    """One discount, what it is on, and the time between its two rows."""

    id: str
    level: str
    item: str | None
    applied_at: int
    removed_at: int | None


@dataclass(frozen=True)
class Use:
    """What a discount took off one statement, in minor units."""

    invoice: Invoice
    statement: Statement
    amount: int


def carried(invoices: Sequence[Invoice]) -> dict[str, list[Use]]:
    """Discount id -> the periods that carry it; prorations may be net and show 0 (M42)."""
    found: dict[str, list[Use]] = {}
    for invoice in invoices:
        if invoice.is_evidence:
            for statement in invoice.statements:
                for discount, amount in statement.discounts.items():
                    found.setdefault(discount, []).append(Use(invoice, statement, amount))
    return found


def once_windows(invoice: Invoice, book: Book) -> list[OnceWindow]:
    """The periods for which an invoice used up once coupons (M21)."""
    if not invoice.is_evidence:
        return []
    found = []
    for one in invoice.statements:
        for discount, amount in one.discounts.items():
            known = book.discount(discount)
            if amount > 0 and known is not None and known.is_once and one.end > one.start:
                found.append(OnceWindow(discount, one.item, one.start, one.end))
    return found


def lacking(
    invoices: Sequence[Invoice],
    uses: Sequence[Use],
    discount: str,
    book: Book,
    *,
    alone: bool,
    gone_at: int | None = None,
) -> Iterator[int]:
    """When an invoice bills a new period of an item that had a discount, without it (M42).

    Args:
        invoices: all of the subscription.
        uses: what the discount was taken off.
        discount: its id.
        book: prices.
        alone: only where no other discount is taken off, since a customer's is silent while the
            subscription has one of its own (M16).
        gone_at: from when on the items that showed it are gone, so that it goes over to the others
            if it is on the whole subscription; else None.
    """
    items = {use.statement.item for use in uses}
    first = min((use.statement.start for use in uses), default=0)
    for invoice in invoices:
        if not invoice.is_evidence:
            continue
        start = cycle_start(invoice, book)
        for one in invoice.statements:
            is_ahead = one.start > invoice.created + DAY_SECONDS
            is_renewal = invoice.reason in (CYCLE, UPDATE) or is_ahead
            if not is_renewal or one.amount <= 0 or one.start <= first:
                continue
            if one.item not in items and (gone_at is None or one.start < gone_at):
                continue
            if start > first and discount not in one.discounts and not (alone and one.discounts):
                yield max(start, one.start)


def surely_lacking(
    invoices: Sequence[Invoice], uses: Sequence[Use], discount: Discount, book: Book
) -> Iterator[int]:
    """When a renewal of any item is billed without a share that it could not lack (M42).

    Args:
        invoices: all of the subscription.
        uses: what the discount was taken off.
        discount: of the subscription or the customer, never of an item.
        book: prices, and what the coupon is on.
    """
    if discount.percent_off is None or not uses or not book.is_on_everything(discount.id):
        return
    last = max(use.statement.start for use in uses)
    for invoice in invoices:
        # One that it names has it; one that names others may be theirs alone (M16).
        if not invoice.is_evidence or invoice.reason != CYCLE or invoice.named_discounts:
            continue
        for one in invoice.statements:
            # Of a tiny amount the share may be rounded to nothing.
            is_shown = max(line.amount for line in one.lines) * discount.percent_off >= 100
            # A bill that has it later says that somebody took it off this one by hand.
            if is_shown and last < one.start and abs(one.start - invoice.created) <= DAY_SECONDS:
                yield one.start


def _gone_at(held: Sequence[ItemsAt], items: set[str]) -> int | None:
    """From when on none of these items is there any more; None while one is."""
    found = None
    for moment in held:
        if items & moment.items.keys():
            found = None
        elif found is None:
            found = moment.at
    return found


def past_discounts(
    anchor: State, invoices: Sequence[Invoice], book: Book, held: Sequence[ItemsAt]
) -> list[DiscountSpan]:
    """The discounts of the past, those of the current object in its order, then the others.

    Args:
        anchor: the state at the horizon, or the last one.
        invoices: all of the subscription, oldest first.
        book: prices and discounts.
        held: which items there were from when on, oldest first.
    """
    uses = carried(invoices)
    levels: dict[str, tuple[str, str | None]] = {}
    levels.update(dict.fromkeys(anchor.own_discounts, (OF_SUBSCRIPTION, None)))
    for item in anchor.items:
        levels.update(dict.fromkeys(item.discounts, (OF_ITEM, item.id)))
    if anchor.customer_discount:
        levels.setdefault(anchor.customer_discount, (OF_CUSTOMER, None))
    still_on = set(levels)
    for found in uses:
        levels.setdefault(found, _level(found, book))
    spans = []
    for found, (level, item_id) in levels.items():
        known = book.discount(found)
        if known is not None and known.is_once:
            continue
        mine = uses.get(found, [])
        applied_at = _applied_at(found, mine, anchor, book)
        removed_at = None
        if found not in still_on:
            removed_at = _removed_at(found, level, mine, invoices, book, held)
        spans.append(DiscountSpan(found, level, item_id, applied_at, removed_at))
    return spans


def _level(found: str, book: Book) -> tuple[str, str | None]:
    known = book.discount(found)
    if known is not None and known.subscription_item:
        return OF_ITEM, known.subscription_item
    is_of_customer = known is not None and known.is_of_customer
    return (OF_CUSTOMER if is_of_customer else OF_SUBSCRIPTION), None


def _applied_at(found: str, uses: list[Use], anchor: State, book: Book) -> int:
    if any(use.invoice.reason == CREATE for use in uses):
        return anchor.created
    known = book.discount(found)
    start = known.start if known is not None else None
    if start is None:
        start = min((use.statement.start for use in uses), default=anchor.created)
    return max(start, anchor.created)


def _removed_at(
    found: str,
    level: str,
    uses: list[Use],
    invoices: Sequence[Invoice],
    book: Book,
    held: Sequence[ItemsAt],
) -> int | None:
    """The first new period of an item that had it, billed without it, unless it had ended (M42)."""
    known = book.discount(found)
    is_on_all = level != OF_ITEM and known is not None and known.products is None
    gone_at = _gone_at(held, {use.statement.item for use in uses}) if is_on_all else None
    times = [*lacking(invoices, uses, found, book, alone=level == OF_CUSTOMER, gone_at=gone_at)]
    if level != OF_ITEM and known is not None:
        times += surely_lacking(invoices, uses, known, book)
    return min((at for at in times if known is None or not known.ended_by(at)), default=None)
