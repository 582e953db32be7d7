"""Invoice lines and the current object in, which discounts were on from when to when out (M42)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from source_stripe_saas.mrr.catalog import FROM_ESTIMATE, Book
from source_stripe_saas.mrr.evidence import cycle_start
from source_stripe_saas.mrr.invoice import CREATE, CYCLE, Invoice, Line
from source_stripe_saas.mrr.standing import OnceWindow
from source_stripe_saas.mrr.state import State

OF_ITEM, OF_SUBSCRIPTION, OF_CUSTOMER = "item", "subscription", "customer"


@dataclass(frozen=True)
class DiscountSpan:
    """One discount, what it is on, and the time between its two rows."""

    id: str
    level: str
    item: str | None
    applied_at: int
    removed_at: int | None


def carried(invoices: Sequence[Invoice]) -> dict[str, list[tuple[Invoice, Line, int]]]:
    """Discount id -> the period lines that carry it; prorations may be net and show 0 (M42)."""
    found: dict[str, list[tuple[Invoice, Line, int]]] = {}
    for invoice in invoices:
        if invoice.is_evidence:
            for line in invoice.period_lines:
                for discount, amount in line.discounts:
                    found.setdefault(discount, []).append((invoice, line, amount))
    return found


def estimate_unknown(invoices: Sequence[Invoice], book: Book) -> None:
    """A discount nothing tells of is taken for the percentage its first line shows (M42)."""
    for discount, uses in carried(invoices).items():
        if book.discount(discount) is not None:
            continue
        known = [use for use in uses if use[1].amount > 0 and use[2] > 0]
        if not known:
            continue
        _, line, amount = known[0]
        seen_on = {invoice.id for invoice, _, _ in uses}
        coupon: dict[str, Any] = {
            "percent_off": str(Fraction(100 * amount, line.amount)),
            "duration": "forever" if len(seen_on) > 1 else "once",
        }
        items = {use[1].item for use in uses}
        _limit_to_carriers(coupon, [use[1] for use in uses], book)
        book.learn_discount(
            {
                "id": discount,
                "start": line.start,
                "subscription_item": items.pop() if len(items) == 1 else None,
                "source": {"coupon": coupon},
            },
            FROM_ESTIMATE,
        )


def _limit_to_carriers(coupon: dict[str, Any], lines: Sequence[Line], book: Book) -> None:
    """What is on several items, and nothing says which, is on the products of those (M42)."""
    prices = [book.price(line.price or "") for line in lines]
    products = {price.product for price in prices if price is not None and price.product}
    if products and all(price is not None and price.product for price in prices):
        coupon["applies_to"] = {"products": sorted(products)}


def once_windows(invoice: Invoice, book: Book) -> list[OnceWindow]:
    """The periods for which an invoice used up once coupons (M21)."""
    if not invoice.is_evidence:
        return []
    found = []
    for line in invoice.period_lines:
        for discount, amount in line.discounts:
            known = book.discount(discount)
            if amount > 0 and known is not None and known.is_once and line.end > line.start:
                found.append(OnceWindow(discount, line.item or "", line.start, line.end))
    return found


def past_discounts(anchor: State, invoices: Sequence[Invoice], book: Book) -> list[DiscountSpan]:
    """The discounts of the past, those of the current object in its order, then the others."""
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
        removed_at = None if found in still_on else _removed_at(found, level, mine, invoices, book)
        spans.append(DiscountSpan(found, level, item_id, applied_at, removed_at))
    return spans


def _level(found: str, book: Book) -> tuple[str, str | None]:
    known = book.discount(found)
    if known is not None and known.subscription_item:
        return OF_ITEM, known.subscription_item
    is_of_customer = known is not None and known.is_of_customer
    return (OF_CUSTOMER if is_of_customer else OF_SUBSCRIPTION), None


def _applied_at(
    found: str, uses: list[tuple[Invoice, Line, int]], anchor: State, book: Book
) -> int:
    if any(invoice.reason == CREATE for invoice, _, _ in uses):
        return anchor.created
    known = book.discount(found)
    start = known.start if known is not None else None
    if start is None:
        start = min((line.start for _, line, _ in uses), default=anchor.created)
    return max(start, anchor.created)


def _removed_at(
    found: str,
    level: str,
    uses: list[tuple[Invoice, Line, int]],
    invoices: Sequence[Invoice],
    book: Book,
) -> int | None:
    """The first renewal that bills an item which had it, without it, unless it had ended (M42)."""
    known = book.discount(found)
    items = {line.item for _, line, _ in uses}
    first = min((line.start for _, line, _ in uses), default=0)
    for invoice in invoices:
        if invoice.reason != CYCLE or not invoice.is_evidence:
            continue
        start = cycle_start(invoice, book)
        if start <= first or (known is not None and known.ended_by(start)):
            continue
        for line in invoice.period_lines:
            had_it = line.item in items and line.amount > 0 and line.start > first
            names = {one for one, _ in line.discounts}
            # A customer's discount is silent while the subscription has one of its own (M16).
            if had_it and found not in names and (level != OF_CUSTOMER or not names):
                return start
    return None
