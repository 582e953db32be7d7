"""Drafted lines with their discounts and tax -> finished lines and the invoice's totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from stripe_sandbox.company.ledger import half_up
from stripe_sandbox.company.objects.common import applied_tax, discount_amount
from stripe_sandbox.company.valuation import Discount, Price, Taken
from stripe_sandbox.store import StripeObject


@dataclass
class DraftLine:
    """One line before discounts and tax are worked out."""

    content: StripeObject
    price: Price | None = None
    own: Sequence[Discount] = ()
    """Discounts of the subscription item, which come before those of the whole invoice."""
    item: str | None = None
    """The subscription item; its lines share its discounts."""
    taken: dict[str, int] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """The amount that no discount has taken yet."""
        amount: int = self.content["amount"]
        return amount - sum(self.taken.values())


@dataclass(frozen=True)
class Totals:
    """What an invoice's lines add up to."""

    subtotal: int
    subtotal_excluding_tax: int
    total: int
    total_excluding_tax: int
    discounts: list[StripeObject]
    taxes: list[StripeObject]

    def as_fields(self) -> dict[str, Any]:
        """The invoice's fields of the same names."""
        return {
            "subtotal": self.subtotal,
            "subtotal_excluding_tax": self.subtotal_excluding_tax,
            "total": self.total,
            "total_discount_amounts": self.discounts,
            "total_excluding_tax": self.total_excluding_tax,
            "total_taxes": self.taxes,
        }


def finish(
    drafts: Sequence[DraftLine], group: Sequence[Discount], tax_rate: StripeObject | None
) -> tuple[list[StripeObject], Totals]:
    """Applies item discounts, then the invoice's, then tax, each rounded line by line."""
    for siblings in _by_item(drafts):
        for discount in siblings[0].own:
            _apply(discount, siblings)
    for discount in group:
        _apply(discount, drafts)
    lines: list[StripeObject] = []
    sums: dict[str, int] = {}
    taxed = tax = 0
    for draft in drafts:
        changes: dict[str, Any] = {}
        if draft.taken:
            changes["discount_amounts"] = [discount_amount(k, v) for k, v in draft.taken.items()]
            changes["discounts"] = list(draft.taken)
            for identity, amount in draft.taken.items():
                sums[identity] = sums.get(identity, 0) + amount
        if tax_rate is not None:
            base, amount = _tax(draft.left, tax_rate)
            changes["taxes"] = [applied_tax(tax_rate, base, amount)]
            taxed, tax = taxed + base, tax + amount
        lines.append({**draft.content, **changes} if changes else draft.content)
    subtotal = sum(draft.content["amount"] for draft in drafts)
    net = subtotal - sum(sums.values())
    is_inclusive = tax_rate is not None and tax_rate["inclusive"]
    total = net if is_inclusive else net + tax
    return lines, Totals(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - tax if is_inclusive else subtotal,
        total=total,
        total_excluding_tax=total - tax,
        discounts=[discount_amount(identity, amount) for identity, amount in sums.items()],
        taxes=[applied_tax(tax_rate, taxed, tax)] if tax_rate is not None else [],
    )


def _by_item(drafts: Sequence[DraftLine]) -> list[list[DraftLine]]:
    """Lines of one subscription item together; a line of none alone."""
    groups: dict[str | int, list[DraftLine]] = {}
    for place, draft in enumerate(drafts):
        groups.setdefault(place if draft.item is None else draft.item, []).append(draft)
    return list(groups.values())


def _apply(discount: Discount, drafts: Sequence[DraftLine]) -> None:
    coupon = discount.coupon
    scope = [
        draft
        for draft in drafts
        if draft.left > 0
        and draft.content["discountable"]
        and (draft.price is None or coupon.covers(draft.price))
    ]
    discount.is_seen = discount.is_seen or bool(scope)
    bases = [draft.left for draft in scope]
    _share_out(discount, scope)
    for draft, base in zip(scope, bases, strict=True):
        product = None if draft.price is None else draft.price.product
        amount = draft.taken[discount.id]
        discount.taken.append(Taken(draft.content["invoice"], product, base, amount))


def _share_out(discount: Discount, scope: Sequence[DraftLine]) -> None:
    """Takes a share of each line, or an amount of all of them together."""
    coupon = discount.coupon
    if coupon.percent_off is not None:
        for draft in scope:
            draft.taken[discount.id] = half_up(draft.left * coupon.percent_off / 100)
        return
    if not scope:
        return
    whole = sum(draft.left for draft in scope)
    amount = min(coupon.amounts_off.get(scope[0].content["currency"], 0), whole)
    shares = [amount * draft.left // whole for draft in scope]
    # The cents that are left go to the lines that lost most by rounding down.
    rest = sorted(range(len(scope)), key=lambda i: (-(amount * scope[i].left % whole), i))[
        : amount - sum(shares)
    ]
    for i, draft in enumerate(scope):
        draft.taken[discount.id] = shares[i] + (i in rest)


def _tax(amount: int, rate: StripeObject) -> tuple[int, int]:
    """The taxable amount and the tax of one line."""
    percentage = Fraction(str(rate["percentage"]))
    if rate["inclusive"]:
        tax = half_up(amount * percentage / (100 + percentage))
        return amount - tax, tax
    return amount, half_up(amount * percentage / 100)
