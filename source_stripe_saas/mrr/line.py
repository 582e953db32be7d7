"""A Stripe invoice line of any age in, the few facts the ledger reads from it out."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from source_stripe_saas.mrr.catalog import FROM_INVOICE, Book
from source_stripe_saas.mrr.exact import whole

Raw = Mapping[str, Any]


class Line(NamedTuple):
    """One invoice line; `is_period` marks an item's own period, not a proration or a one-off."""

    id: str
    item: str | None
    price: str | None
    quantity: int | None
    amount: int
    start: int
    end: int
    is_period: bool
    is_proration: bool
    is_credit: bool
    unit_minor: str | None
    discounts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Owner:
    """Whose lines are read.

    Attributes:
        subscription: the subscription's id.
        items: its items as far as they are known from elsewhere.
        is_own_invoice: whether the invoice names this subscription, so that a line which names
            none is one of its own.
    """

    subscription: str
    items: Container[str]
    is_own_invoice: bool


def reference(raw: Any) -> str | None:
    """An id given as such or expanded."""
    if isinstance(raw, dict):
        return raw.get("id")
    return raw or None


def subscription_of(raw: Raw) -> str | None:
    """The subscription an invoice or invoice item belongs to, in either shape (M28)."""
    details = (raw.get("parent") or {}).get("subscription_details") or {}
    return reference(details.get("subscription")) or reference(raw.get("subscription"))


def line_from(raw: Raw, owner: Owner, invoiceitems: Mapping[str, Raw], book: Book) -> Line | None:
    """Reads a line of an invoice; None if it is of another subscription (M38a).

    Args:
        raw: the line.
        owner: whose lines are wanted.
        invoiceitems: invoice item id -> invoice item, which knows the subscription item (M38).
        book: learns the discounts and prices that are spelled out.
    """
    details = _details(raw)
    charge = _charge(details, raw, invoiceitems)
    item = _item(details, raw) or _item_of(charge)
    if not _is_of(owner, _named(details, raw) or subscription_of(charge), item):
        return None
    is_proration = bool(details.get("proration") or raw.get("proration"))
    is_charge = raw.get("type") == "invoiceitem" or not _is_of_item(raw)
    pricing = raw.get("pricing") or {}
    price = (pricing.get("price_details") or {}).get("price") or raw.get("price") or raw.get("plan")
    credited = details.get("proration_details") or raw.get("proration_details") or {}
    period = raw.get("period") or {}
    amounts = []
    for entry in raw.get("discount_amounts") or ():
        found = book.learn_discount(entry.get("discount"), FROM_INVOICE)
        if found:
            amounts.append((found, entry.get("amount") or 0))
    for entry in raw.get("discounts") or ():
        book.learn_discount(entry, FROM_INVOICE)
    quantity = raw.get("quantity")
    return Line(
        id=raw["id"],
        item=item,
        price=book.learn_price(price),
        quantity=None if quantity is None else whole(quantity),
        amount=raw.get("amount") or 0,
        start=period.get("start") or 0,
        end=period.get("end") or 0,
        is_period=not is_proration and not is_charge,
        is_proration=is_proration,
        is_credit=is_proration
        and ((raw.get("amount") or 0) < 0 or bool(credited.get("credited_items"))),
        unit_minor=pricing.get("unit_amount_decimal"),
        discounts=tuple(amounts),
    )


def subscriptions_named(raw: Raw, invoiceitems: Mapping[str, Raw]) -> set[str]:
    """Every subscription that an invoice or one of its lines names (M38a)."""
    found = {subscription_of(raw)}
    for line in _lines(raw):
        details = _details(line)
        found.add(_named(details, line))
        found.add(subscription_of(_charge(details, line, invoiceitems)))
    return {one for one in found if one}


def items_named(raw: Raw) -> dict[str, str | None]:
    """Subscription item -> its subscription, if that is told, of the lines of an invoice."""
    own = subscription_of(raw)
    found: dict[str, str | None] = {}
    for line in _lines(raw):
        details = _details(line)
        item = _item(details, line)
        if item:
            found[item] = _named(details, line) or own
    return found


def _is_of_item(line: Raw) -> bool:
    """False for what Stripe bills as an invoice item, a proration or a one-off charge."""
    parent = line.get("parent") or {}
    return bool(parent.get("subscription_item_details") or not parent.get("invoice_item_details"))


def _lines(raw: Raw) -> list[Raw]:
    return (raw.get("lines") or {}).get("data") or []


def _details(line: Raw) -> Raw:
    parent = line.get("parent") or {}
    return parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}


def _item(details: Raw, line: Raw) -> str | None:
    return reference(details.get("subscription_item")) or reference(line.get("subscription_item"))


def _named(details: Raw, line: Raw) -> str | None:
    return reference(details.get("subscription")) or reference(line.get("subscription"))


def _is_of(owner: Owner, named: str | None, item: str | None) -> bool:
    if named is not None:
        return named == owner.subscription
    return owner.is_own_invoice or (item is not None and item in owner.items)


def _charge(details: Raw, raw: Raw, invoiceitems: Mapping[str, Raw]) -> Raw:
    """The invoice item that a line was made from, if it is known."""
    charged = reference(details.get("invoice_item")) or reference(raw.get("invoice_item"))
    return invoiceitems.get(charged or "") or {}


def _item_of(charge: Raw) -> str | None:
    """The subscription item of a proration that only names its invoice item (M38)."""
    details = (charge.get("parent") or {}).get("subscription_details") or {}
    return reference(details.get("subscription_item")) or reference(charge.get("subscription_item"))
