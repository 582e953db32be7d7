"""What is in force in, its MRR in the forms that a row needs out, each worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.exact import allocate, round_half_up
from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.standing import Standing
from source_stripe_saas.mrr.value import exact_mrr, item_mrr, list_value


@dataclass(frozen=True)
class MrrAmounts:
    """The exact and the rounded MRR, the list value, and the items with their shares."""

    exact: Fraction
    mrr_minor: int
    list_minor: int
    items: list[dict[str, Any]]


NOTHING = MrrAmounts(Fraction(0), 0, 0, [])


class MrrCalculator:
    """Values one subscription's standings by what its payments have shown so far."""

    def __init__(self, book: Book, options: Options) -> None:
        self._book = book
        self._options = options
        self._found: dict[Standing, MrrAmounts] = {}
        self._last: tuple[Standing, MrrAmounts] | None = None

    def forget(self) -> None:
        """To be called when a payment changes what values hang on (M14, M26)."""
        self._found.clear()
        self._last = None

    def exact(
        self, standing: Standing, metered_minor: Mapping[str, Fraction], has_paid: bool
    ) -> Fraction:
        """MRR before its rounding."""
        return exact_mrr(standing, metered_minor, has_paid, self._book, self._options)

    def amounts(
        self, standing: Standing, metered_minor: Mapping[str, Fraction], has_paid: bool
    ) -> MrrAmounts:
        """Everything a row says about a standing."""
        if self._last is not None and self._last[0] is standing:
            return self._last[1]
        found = self._found.get(standing)
        if found is None:
            exact = self.exact(standing, metered_minor, has_paid)
            total = round_half_up(exact)
            shares = item_mrr(standing, metered_minor, self._book, self._options)
            items = [
                {"id": item.id, "price": item.price, "quantity": item.quantity, "mrr": part}
                for item, part in zip(standing.items, allocate(total, shares), strict=True)
            ]
            undiscounted = round_half_up(list_value(standing, self._book, self._options))
            found = self._found[standing] = MrrAmounts(exact, total, undiscounted, items)
        self._last = standing, found
        return found
