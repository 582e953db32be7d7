"""A Stripe invoice of any age in, the few facts the ledger reads from it and its lines out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from source_stripe_saas.mrr.catalog import FROM_INVOICE, Book
from source_stripe_saas.mrr.exact import whole

CREATE, CYCLE, UPDATE = "subscription_create", "subscription_cycle", "subscription_update"
# Of these only prorations say anything about the subscription (M38).
_PRORATIONS_ONLY = frozenset({"automatic_pending_invoice_item_invoice", "subscription_threshold"})
_READ = frozenset({CREATE, CYCLE, UPDATE, "subscription"}) | _PRORATIONS_ONLY


@dataclass(frozen=True)
class Line:
    """One invoice line; `is_period` marks an item's own period, not a proration or a one-off."""

    id: str
    item: str | None
    price: str | None
    quantity: int
    amount: int
    start: int
    end: int
    is_period: bool
    is_proration: bool
    is_credit: bool
    unit_minor: str | None
    discounts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Invoice:
    """One invoice of a subscription."""

    id: str
    reason: str
    status: str
    created: int
    total: int
    attempt_count: int
    is_sent: bool
    due_date: int | None
    finalized_at: int | None
    paid_at: int | None
    given_up_at: int | None
    lines: tuple[Line, ...]

    @property
    def is_evidence(self) -> bool:
        """Whether its lines prove a state (M38): an update never paid was never applied."""
        return self.status != "draft" and not (self.status == "void" and self.reason == UPDATE)

    @property
    def period_lines(self) -> list[Line]:
        """Lines of whole periods, of items that are known."""
        return [line for line in self.lines if line.is_period and line.item]


def reference(raw: Any) -> str | None:
    """An id given as such or expanded."""
    if isinstance(raw, dict):
        return raw.get("id")
    return raw or None


def subscription_of(raw: Mapping[str, Any]) -> str | None:
    """The subscription an invoice or invoice item belongs to, in either shape (M28)."""
    details = (raw.get("parent") or {}).get("subscription_details") or {}
    return reference(details.get("subscription")) or reference(raw.get("subscription"))


def invoices_from(
    raws: Iterable[Mapping[str, Any]],
    invoiceitems: Mapping[str, Mapping[str, Any]],
    book: Book,
    only_item: str | None = None,
) -> list[Invoice]:
    """Reads the invoices of one subscription, oldest first, drafts and revised ones left out (M38).

    Args:
        raws: invoice objects, all lines present.
        invoiceitems: invoice item id -> invoice item, which knows the subscription item (M38).
        book: learns the discounts and prices that are spelled out.
        only_item: the subscription's item if it has just one; the oldest lines name none.
    """
    found = []
    for raw in raws:
        revision = reference(raw.get("latest_revision"))
        reason = raw.get("billing_reason") or "subscription"
        reason = CREATE if reason == "quote_accept" else reason
        if reason not in _READ or (revision and revision != raw["id"]):
            continue
        invoice = _invoice(raw, reason, invoiceitems, book)
        if invoice.status != "draft":
            found.append(invoice)
    found.sort(key=lambda invoice: (invoice.created, invoice.id))
    found = [_with_item(invoice, only_item) for invoice in found]
    return [_with_own_reason(invoice, i) for i, invoice in enumerate(found)]


def _with_item(invoice: Invoice, only_item: str | None) -> Invoice:
    if only_item is None or all(line.item for line in invoice.lines):
        return invoice
    # A proration may be of an item long replaced: better ignored than misread.
    lines = tuple(
        replace(line, item=only_item) if line.is_period and not line.item else line
        for line in invoice.lines
    )
    return replace(invoice, lines=lines)


def _with_own_reason(invoice: Invoice, position: int) -> Invoice:
    """`subscription` was the only reason before May 2018: the first creates, others renew (M28)."""
    if invoice.reason != "subscription":
        return invoice
    return replace(invoice, reason=CYCLE if position else CREATE)


def _invoice(
    raw: Mapping[str, Any],
    reason: str,
    invoiceitems: Mapping[str, Mapping[str, Any]],
    book: Book,
) -> Invoice:
    for entry in raw.get("discounts") or ():
        book.learn_discount(entry, FROM_INVOICE)
    for entry in raw.get("total_discount_amounts") or ():
        book.learn_discount(entry.get("discount"), FROM_INVOICE)
    times = raw.get("status_transitions") or {}
    status = _status(raw)
    own = subscription_of(raw)
    listed = (raw.get("lines") or {}).get("data") or []
    lines = [_line(entry, own, invoiceitems, book) for entry in listed]
    return Invoice(
        id=raw["id"],
        reason=reason,
        status=status,
        created=raw["created"],
        total=raw.get("total") or 0,
        attempt_count=raw.get("attempt_count") or 0,
        is_sent=raw.get("collection_method") == "send_invoice",
        due_date=raw.get("due_date"),
        finalized_at=times.get("finalized_at") or raw["created"],
        paid_at=(times.get("paid_at") or raw["created"]) if status == "paid" else None,
        given_up_at=times.get("voided_at") or times.get("marked_uncollectible_at"),
        lines=tuple(
            line
            for line in lines
            if line is not None and (line.is_proration or reason not in _PRORATIONS_ONLY)
        ),
    )


def _status(raw: Mapping[str, Any]) -> str:
    if raw.get("status"):
        return str(raw["status"])
    if raw.get("paid"):  # before invoices had a status (M28)
        return "paid"
    if raw.get("forgiven"):
        return "uncollectible"
    return "void" if raw.get("closed") else "open"


def _line(
    raw: Mapping[str, Any],
    own: str | None,
    invoiceitems: Mapping[str, Mapping[str, Any]],
    book: Book,
) -> Line | None:
    parent = raw.get("parent") or {}
    of_item = parent.get("subscription_item_details") or {}
    of_charge = parent.get("invoice_item_details") or {}
    details = of_item or of_charge
    theirs = reference(details.get("subscription")) or reference(raw.get("subscription"))
    if own and theirs and theirs != own:
        return None  # old invoices could bill several subscriptions
    is_proration = bool(details.get("proration") or raw.get("proration"))
    is_charge = bool(of_charge) or raw.get("type") == "invoiceitem"
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
        item=reference(of_item.get("subscription_item"))
        or reference(raw.get("subscription_item"))
        or _charged_item(of_charge, raw, invoiceitems),
        price=book.learn_price(price),
        quantity=1 if quantity is None else whole(quantity),
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


def _charged_item(
    of_charge: Mapping[str, Any],
    raw: Mapping[str, Any],
    invoiceitems: Mapping[str, Mapping[str, Any]],
) -> str | None:
    """The subscription item of a proration that only names its invoice item (M38)."""
    charged = reference(of_charge.get("invoice_item")) or reference(raw.get("invoice_item"))
    known = invoiceitems.get(charged or "") or {}
    details = (known.get("parent") or {}).get("subscription_details") or {}
    return reference(details.get("subscription_item")) or reference(known.get("subscription_item"))
