"""A Stripe invoice of any age in, the few facts the ledger reads from it and its lines out."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from source_stripe_saas.mrr.catalog import FROM_INVOICE, Book
from source_stripe_saas.mrr.line import (
    Line,
    Owner,
    items_named,
    line_from,
    reference,
    subscription_of,
)
from source_stripe_saas.mrr.statement import Statement, period_statements

CREATE, CYCLE, UPDATE = "subscription_create", "subscription_cycle", "subscription_update"
MANUAL = "manual"
# The only reason of a subscription's invoices before May 2018 (M28).
_OLD = "subscription"


@dataclass(frozen=True)
class Taken:
    """What a discount took off a whole invoice, one-off charges included, in minor units.

    Attributes:
        amount: what it took.
        base: what its lines come to before discounts.
        others: what other discounts took off these lines.
    """

    amount: int
    base: int
    others: int


@dataclass(frozen=True)
class Invoice:
    """One invoice, with those of its lines that are of one subscription.

    `total` is what it bills for the subscription: of an invoice that somebody made by hand only the
    lines of items count, since the rest are one-off charges (M2).

    `discounts` are those of its lines, also where they took nothing; `named_discounts` all of it.
    """

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
    discounts: Mapping[str, Taken] = field(default_factory=dict)
    named_discounts: frozenset[str] = frozenset()

    @property
    def is_evidence(self) -> bool:
        """Whether its lines prove a state (M38): an update never paid was never applied."""
        return self.status != "draft" and not (self.status == "void" and self.reason == UPDATE)

    @cached_property
    def statements(self) -> list[Statement]:
        """What it says of whole periods of items that are known (M39a)."""
        return period_statements(self.lines)


def invoices_from(
    raws: Iterable[Mapping[str, Any]],
    invoiceitems: Mapping[str, Mapping[str, Any]],
    book: Book,
    subscription_id: str,
    items: Set[str] = frozenset(),
) -> list[Invoice]:
    """Reads the invoices of one subscription, oldest first, drafts and revised ones left out (M38).

    Args:
        raws: invoice objects, all lines present; also those that do not name the subscription but
            may bill it (M38a).
        invoiceitems: invoice item id -> invoice item, which knows the subscription item (M38).
        book: learns the discounts and prices that are spelled out.
        subscription_id: whose lines are wanted.
        items: the items of the subscription as it is now; where it has just one, lines that name
            none are of it, as the oldest do.
    """
    raws = list(raws)
    revised = set(map(_revised_by, raws))
    known = set(items)
    for raw in raws:
        known.update(item for item, own in items_named(raw).items() if own == subscription_id)
    found = []
    for raw in raws:
        revision = reference(raw.get("latest_revision"))
        if raw["id"] in revised or (revision and revision != raw["id"]):
            continue
        invoice = _invoice(raw, subscription_id, known, invoiceitems, book)
        if invoice.status != "draft":
            found.append(invoice)
    found.sort(key=lambda invoice: (invoice.created, invoice.id))
    only_item = next(iter(items)) if len(items) == 1 else None
    found = [_with_item(invoice, only_item) for invoice in found]
    old = [invoice.id for invoice in found if invoice.reason == _OLD]
    first = next((one.id for one in found if one.reason != MANUAL), None)
    return [
        replace(one, reason=CREATE if one.id == first else CYCLE) if one.id in old else one
        for one in found
    ]


def _revised_by(raw: Mapping[str, Any]) -> str | None:
    """The invoice that this one takes the place of; a draft does not yet (M38)."""
    origin = raw.get("from_invoice") or {}
    if origin.get("action") != "revision" or _status(raw) == "draft":
        return None
    return reference(origin.get("invoice"))


def _with_item(invoice: Invoice, only_item: str | None) -> Invoice:
    if only_item is None or invoice.reason == MANUAL or all(line.item for line in invoice.lines):
        return invoice
    # A proration may be of an item long replaced: better ignored than misread.
    lines = tuple(
        line._replace(item=only_item) if line.is_period and not line.item else line
        for line in invoice.lines
    )
    return replace(invoice, lines=lines)


def _invoice(
    raw: Mapping[str, Any],
    subscription_id: str,
    items: Set[str],
    invoiceitems: Mapping[str, Mapping[str, Any]],
    book: Book,
) -> Invoice:
    entries = [*(raw.get("discounts") or ()), raw.get("discount")]  # one in old payloads (M28)
    named = {book.learn_discount(entry, FROM_INVOICE) for entry in entries}
    listed = (raw.get("lines") or {}).get("data") or []
    times = raw.get("status_transitions") or {}
    status = _status(raw)
    is_own = subscription_of(raw) == subscription_id
    owner = Owner(subscription_id, items, is_own)
    read = (line_from(entry, owner, invoiceitems, book) for entry in listed)
    lines = tuple(line for line in read if line is not None)
    reason = (raw.get("billing_reason") or _OLD) if is_own else MANUAL
    taken = _taken(raw, listed, book)
    return Invoice(
        id=raw["id"],
        reason=CREATE if reason == "quote_accept" else reason,
        status=status,
        created=raw["created"],
        total=_total(raw, reason, lines, is_own),
        attempt_count=raw.get("attempt_count") or 0,
        is_sent=raw.get("collection_method") == "send_invoice",
        due_date=raw.get("due_date"),
        finalized_at=times.get("finalized_at") or raw["created"],
        paid_at=(times.get("paid_at") or raw["created"]) if status == "paid" else None,
        given_up_at=times.get("voided_at") or times.get("marked_uncollectible_at"),
        lines=lines,
        discounts=taken,
        named_discounts=frozenset(found for found in [*named, *taken] if found),
    )


def _taken(
    raw: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], book: Book
) -> dict[str, Taken]:
    """Discount -> what it took off; the totals are Stripe's, where it gives them."""
    base: dict[str, int] = {}
    amounts: dict[str, int] = {}
    others: dict[str, int] = {}
    for line in lines:
        entries = [
            (found, entry.get("amount") or 0)
            for entry in line.get("discount_amounts") or ()
            if (found := book.learn_discount(entry.get("discount"), FROM_INVOICE))
        ]
        for found, amount in entries:
            base[found] = base.get(found, 0) + (line.get("amount") or 0)
            amounts[found] = amounts.get(found, 0) + amount
            rest = sum(other for _, other in entries) - amount
            others[found] = others.get(found, 0) + rest
    for entry in raw.get("total_discount_amounts") or ():
        found = book.learn_discount(entry.get("discount"), FROM_INVOICE)
        if found:
            amounts[found] = entry.get("amount") or 0
    return {
        key: Taken(amount, base.get(key, 0), others.get(key, 0)) for key, amount in amounts.items()
    }


def _total(raw: Mapping[str, Any], reason: str, lines: tuple[Line, ...], is_own: bool) -> int:
    if reason != MANUAL:
        return raw.get("total") or 0
    if not is_own:
        return 0  # the payment of another subscription, or of none
    amounts = (line.amount - sum(off for _, off in line.discounts) for line in lines if line.item)
    return max(min(sum(amounts), raw.get("total") or 0), 0)


def _status(raw: Mapping[str, Any]) -> str:
    if raw.get("status"):
        return str(raw["status"])
    if raw.get("paid"):  # before invoices had a status (M28)
        return "paid"
    if raw.get("forgiven"):
        return "uncollectible"
    return "void" if raw.get("closed") else "open"
