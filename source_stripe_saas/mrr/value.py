"""What is in force, prices and options in, MRR out: the file to read to know what MRR is.

A subscription's MRR is the sum of its items, each brought to a month and lowered by the discounts
that count, times 1 if the subscription counts and 0 if not, rounded once:

    amount of an interval x monthly factor  =  list value of the item        (price.py)
    list value, discounted one by one       =  net value of the item         (net_values)
    C x sum of net values                   =  exact MRR                     (exact_mrr)

Tax, one-off charges, prorations, refunds and what was really paid never enter (M2).
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.counting import counts
from source_stripe_saas.mrr.discount import Discount
from source_stripe_saas.mrr.exact import ZERO
from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.standing import Standing

# Signs that name a row may not depend on the chosen weeks and days of a year (M53).
PLAIN = Options()


def list_values(standing: Standing, book: Book, options: Options) -> list[Fraction]:
    """Each item's undiscounted monthly value; metered items have none (M5, M12)."""
    values = []
    for item in standing.items:
        price = book.price(item.price)
        if price is None or item.quantity is None:
            if price is None:
                book.miss_price(item.price)
            values.append(ZERO)
        else:
            values.append(price.list_value(item.quantity, standing.currency, options))
    return values


def list_value(standing: Standing, book: Book, options: Options) -> Fraction:
    """The undiscounted monthly value, each item with its own interval (M13)."""
    return sum(list_values(standing, book, options), ZERO)


def net_values(standing: Standing, book: Book, options: Options) -> list[Fraction]:
    """Each item's monthly value after the discounts that count, one after the other (M18)."""
    values = list_values(standing, book, options)
    every = range(len(values))
    for i in every:
        for found in standing.items[i].discounts:
            _take(found, [i], values, standing, book, options)
    for found in standing.group:
        _take(found, every, values, standing, book, options)
    for found, item_ids in standing.once:
        used_on = [i for i in every if standing.items[i].id in item_ids]
        _take(found, used_on, values, standing, book, options)
    return values


def item_mrr(
    standing: Standing,
    metered_minor: Mapping[str, Fraction],
    book: Book,
    options: Options,
) -> list[Fraction]:
    """Each item's share before C: net values, and metered items by their last invoice (M14)."""
    values = net_values(standing, book, options)
    if options.metered == "last_invoice":
        for i, item in enumerate(standing.items):
            price = book.price(item.price)
            if item.id in metered_minor and price is not None and price.is_metered:
                values[i] = metered_minor[item.id] * price.monthly_factor(options)
    return values


def exact_mrr(
    standing: Standing,
    metered_minor: Mapping[str, Fraction],
    has_paid: bool,
    book: Book,
    options: Options,
) -> Fraction:
    """MRR before its rounding (M1), capped in a free period (M24)."""
    if not counts(standing, has_paid, options):
        return ZERO
    total = sum(item_mrr(standing, metered_minor, book, options), ZERO)
    if standing.is_free and standing.cap is not None:
        return min(total, standing.cap)
    return total


def _take(
    found: str,
    scope: Iterable[int],
    values: list[Fraction],
    standing: Standing,
    book: Book,
    options: Options,
) -> None:
    """Lowers the values in scope by one discount, if it counts in the chosen mode (M20)."""
    discount = book.discount(found)
    if discount is None or discount.duration not in options.counted_durations:
        return
    eligible = [i for i in scope if _is_eligible(standing, i, discount, book)]
    if discount.percent_off is not None:
        keeps = max(1 - discount.percent_off / 100, ZERO)  # never more than there is
        for i in eligible:
            values[i] *= keeps
        return
    amount_minor = discount.amounts_off_minor.get(standing.currency)
    if amount_minor is not None:
        _take_amount(amount_minor, eligible, values, standing, book, options)


def _is_eligible(standing: Standing, i: int, discount: Discount, book: Book) -> bool:
    price = book.price(standing.items[i].price)
    return discount.takes_from(None if price is None else price.product)  # M17


def _take_amount(
    amount_minor: Fraction,
    eligible: Sequence[int],
    values: list[Fraction],
    standing: Standing,
    book: Book,
    options: Options,
) -> None:
    """An amount is taken off every invoice: the shortest interval is on all of them (M19)."""
    factors = {}
    for i in eligible:
        price = book.price(standing.items[i].price)
        if values[i] > 0 and price is not None:
            factors[i] = price.monthly_factor(options)
    if not factors:
        return
    shortest = max(factors.values())
    scope = [i for i, factor in factors.items() if factor == shortest]
    together = sum((values[i] for i in scope), ZERO)
    take = min(amount_minor * shortest, together)
    for i in scope:
        values[i] -= take * values[i] / together
