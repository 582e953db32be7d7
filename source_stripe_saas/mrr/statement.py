"""Invoice lines in, what an invoice says of one item, price and period as a whole out (M39a).

Stripe itemises tiers: a line for each tier that is reached, one more of quantity 0 for each flat
fee. Only together do they say how many units an item has and what it costs.
"""

from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from source_stripe_saas.mrr.line import Line
from source_stripe_saas.mrr.price import Price

# So many lines of amount 0 are told apart by trying; nobody has that many included tiers.
_MOST_TRIED = 8


class Statement(NamedTuple):
    """Lines of one item, price, period and invoice, added up.

    Attributes:
        item: the subscription item.
        price: its price, or "" where the lines name none.
        start: Unix seconds, when the period begins.
        end: Unix seconds, when it ends.
        lines: what was added up, in the order of the invoice.
    """

    item: str
    price: str
    start: int
    end: int
    lines: tuple[Line, ...]

    @property
    def id(self) -> str:
        """The smallest id of its lines."""
        return min(line.id for line in self.lines)

    @property
    def amount(self) -> int:
        """Minor units before discounts."""
        return sum(line.amount for line in self.lines)

    @property
    def discounts(self) -> dict[str, int]:
        """Discount id -> minor units taken off, in the order of the lines."""
        found: dict[str, int] = {}
        for line in self.lines:
            for discount, amount in line.discounts:
                found[discount] = found.get(discount, 0) + amount
        return found

    def units(self, price: Price | None, currency: str) -> int:
        """The item's quantity, as the sum of the lines' (flat fees have none).

        Where a price of packages or tiers asks another amount for that sum than was billed, the
        lines count packages, or count 1 for a flat fee; what fits the amount is taken then.
        """
        total = _sum(self.lines)
        if price is None or not (price.is_tiered or price.divide_by):
            return total
        if price.divide_by:
            readings = [total, total * price.divide_by]
        else:
            fees = price.flat_amounts_minor(currency)
            units = [line for line in self.lines if line.amount not in fees]
            readings = [total, _sum(units) if units else 0]
        slack = Fraction(len(self.lines), 2)
        for quantity in readings:
            if abs(price.amount(quantity, currency) - self.amount) <= slack:
                return quantity
        return total


def period_statements(lines: Iterable[Line]) -> list[Statement]:
    """The lines of whole periods of one invoice as statements, in the order of the lines."""
    return _grouped(line for line in lines if line.is_period)


def proration_statements(lines: Iterable[Line], *, is_credit: bool) -> list[Statement]:
    """The prorations of one invoice, of one sign, as statements."""
    found = [line for line in lines if line.is_proration and line.is_credit == is_credit]
    return _grouped(found) if found else []


def debited_units(debits: Iterable[Line], price: Price, currency: str, held: int | None) -> int:
    """The quantity that debit prorations of one item, tiered price and start state together.

    A credit of an included tier has amount 0 and looks like a debit of one. Of the readings with
    and without such lines the one is taken whose price comes nearest to what was debited for the
    part of the period that was left; where that does not decide, the line that equals what was held
    is the credit.

    Args:
        debits: all lines that are no credits for certain.
        price: theirs.
        currency: of the subscription.
        held: the quantity before, if the item had this price.
    """
    lines = list(debits)
    billed = [line for line in lines if line.amount]
    free = [line for line in lines if not line.amount and line.quantity]
    if not free or len(free) > _MOST_TRIED:
        return _sum(lines)
    readings = {
        _sum([*billed, *some]) for n in range(len(free) + 1) for some in combinations(free, n)
    }
    asked = sum(line.amount for line in billed)
    length = max(line.end - line.start for line in lines)
    left = Fraction(length, max(price.interval_seconds, length, 1))
    is_credited = len(free) > 1 and any(line.quantity == held for line in free)
    likely = _sum(lines) - (held or 0 if is_credited else 0)

    def misfit(quantity: int) -> tuple[Fraction, bool]:
        return abs(price.amount(quantity, currency) * left - asked), quantity != likely

    return min(sorted(readings), key=misfit)


def _sum(lines: Iterable[Line]) -> int:
    """Quantities added up; a line without one is a fee, or, alone, one unit."""
    lines = list(lines)
    if len(lines) == 1:
        return 1 if lines[0].quantity is None else lines[0].quantity
    if all(line.quantity is None for line in lines):
        return 1 if lines else 0
    return sum(line.quantity or 0 for line in lines)


def _grouped(lines: Iterable[Line]) -> list[Statement]:
    groups: dict[tuple[str, str, int, int], list[Line]] = {}
    for line in lines:
        if line.item:
            key = (line.item, line.price or "", line.start, line.end)
            groups.setdefault(key, []).append(line)
    return [Statement(*key, tuple(found)) for key, found in groups.items()]
