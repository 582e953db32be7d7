"""Discounts whose coupon is gone in, terms estimated from what they took off out (M42a)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Any

from source_stripe_saas.mrr.catalog import FROM_ESTIMATE, Book
from source_stripe_saas.mrr.invoice import Invoice
from source_stripe_saas.mrr.past_discounts import Use, carried, lacking

# The field of an estimated share that may as well be an amount, with that amount.
OR_AMOUNT = "or_amount_off"
# Each line is rounded for itself, or so that the lines add up to what is rounded as a whole.
_ROUNDED_ALONE, _ROUNDED_TOGETHER = Fraction(1, 2), Fraction(1)
Base = Callable[[Use], int]
# Percentages with more digits than these are given as the fraction that was seen.
_MOST_DIGITS = 4


def estimate_unknown(
    invoices: Sequence[Invoice],
    book: Book,
    currency: str,
    present: Collection[str],
    left_out: Collection[str] = (),
) -> set[str]:
    """Teaches the book the terms of discounts whose coupon has been deleted.

    Args:
        invoices: all of the subscription, oldest first.
        book: is asked which discounts are known, and learns the others.
        currency: of the subscription.
        present: discounts that the object still names: none of them is of a once coupon (M21).
        left_out: discounts to leave unknown.

    Returns:
        The discounts that were estimated.
    """
    found = set()
    for discount, uses in carried(invoices).items():
        if discount in left_out:
            continue
        known = book.discount(discount)
        # Of a coupon in another currency it is known that it takes an amount, if not which (M19).
        is_amount = known is not None and known.lacks_amount_in(currency)
        if known is not None and not is_amount:
            continue
        counted = [use for use in uses if use.statement.amount > 0 and use.amount > 0]
        if not counted:
            continue
        duration, end = _duration(discount, uses, invoices, book, discount in present)
        terms = _terms(discount, counted, book, currency, is_amount=is_amount)
        coupon = {**terms, "duration": duration}
        _limit_to_carriers(coupon, uses, book)
        items = {use.statement.item for use in uses}
        raw = {
            "id": discount,
            "start": counted[0].statement.start,
            "end": end,
            "subscription_item": items.pop() if len(items) == 1 else None,
            "source": {"coupon": coupon},
        }
        if "percent_off" in terms:
            # What else it may be: a later invoice of another base decides.
            raw[OR_AMOUNT] = _one_amount(discount, counted)
        book.learn_discount(raw, FROM_ESTIMATE)
        found.add(discount)
    return found


def better_terms(invoice: Invoice, book: Book, currency: str) -> dict[str, dict[str, Any]]:
    """Estimates of an earlier sync that an invoice refutes, with what it shows instead.

    Args:
        invoice: a later one.
        book: knows the estimates.
        currency: of the subscription.

    Returns:
        Discount id -> the discount with its better coupon.
    """
    found = {}
    for discount, uses in carried([invoice]).items():
        raw, known = book.estimate(discount), book.discount(discount)
        if raw is None or known is None:
            continue
        held = dict(raw["source"]["coupon"])
        better, amount = dict(held), raw.get(OR_AMOUNT)
        counted = [use for use in uses if use.statement.amount > 0]
        percent, taken = known.percent_off, invoice.discounts[discount]
        left, shown = taken.base - taken.others, None
        if amount is not None and taken.amount == min(amount, left):
            shown = amount
        elif amount is None and percent == 100 and taken.amount < left:
            # An amount took all there was, until there was more.
            shown = taken.amount
        off = known.amounts_off_minor.get(currency) if percent is None else None
        if off is not None and taken.amount > off:
            # It took all there was so far, so nothing told how much it takes (M19).
            better.update(_amount(held, taken.amount, currency))
        is_refuted = percent is not None and not _is_share(percent, discount, counted, book)
        if is_refuted and shown is not None:
            better.update(amount_off=shown, currency=currency)
            del better["percent_off"]
            amount = None
        elif percent is not None:
            lines = list(_by_line(discount, counted))
            if is_refuted:
                closer = _share_of_both(percent, amount, discount, lines, book)
            else:
                closer = _closer_share(percent, discount, lines, book)
            if closer is not None:
                better["percent_off"], amount = str(closer), None
        _add_carriers(better, uses, book)
        if better != held:
            found[discount] = {**raw, "source": {"coupon": better}, OR_AMOUNT: amount}
    return found


def _amount(coupon: Mapping[str, Any], amount_minor: int, currency: str) -> dict[str, Any]:
    """The fields of a coupon that takes this amount in a currency; that of another one stays."""
    if str(coupon.get("currency") or currency).lower() == currency:
        return {"amount_off": amount_minor, "currency": currency}
    options = {**(coupon.get("currency_options") or {}), currency: {"amount_off": amount_minor}}
    return {"currency_options": options}


def _add_carriers(coupon: dict[str, Any], uses: Iterable[Use], book: Book) -> None:
    """Products that it was not known to be on: another plan has taken the place of the old one."""
    known = (coupon.get("applies_to") or {}).get("products")
    prices = [book.price(use.statement.price) for use in uses if use.amount > 0]
    shown = {price.product for price in prices if price is not None and price.product}
    if known is not None and not shown <= set(known):
        coupon["applies_to"] = {"products": sorted({*known, *shown})}


def _is_share(percent: Fraction, discount: str, uses: Sequence[Use], book: Book) -> bool:
    """Whether a percentage takes off what was taken, of whatever it may have been taken from."""

    def is_near(use: Use, base: Base) -> bool:
        slack = len(use.statement.lines) * _ROUNDED_TOGETHER
        return abs(base(use) * percent / 100 - use.amount) <= slack

    return any(all(is_near(use, base) for use in uses) for base in _bases(discount, book))


def _closer_share(
    percent: Fraction, discount: str, lines: Sequence[Use], book: Book
) -> Fraction | None:
    """The share that fits to half a minor unit where the estimate is only near, if there is one."""

    def is_within(base: Base, slack: Fraction) -> bool:
        return all(abs(base(use) * percent / 100 - use.amount) <= slack for use in lines)

    bases = [base for base in _bases(discount, book) if is_within(base, _ROUNDED_TOGETHER)]
    if not bases or any(is_within(base, _ROUNDED_ALONE) for base in bases):
        return None
    return _one_share(lines, bases[0], _ROUNDED_ALONE)


def _share_of_both(
    percent: Fraction, amount: int | None, discount: str, lines: Sequence[Use], book: Book
) -> Fraction | None:
    """The share that fits larger lines and, to half a minor unit, what the estimate was made from.

    Args:
        percent: estimated from lines that all had one base.
        amount: what was taken off that base, in minor units; None where it is not known.
        discount: its id.
        lines: of the later invoice.
        book: prices and discounts.
    """
    if not amount:
        return None
    half = percent * _ROUNDED_ALONE / amount
    for base in _bases(discount, book):
        seen = _span_of_shares(lines, base, _ROUNDED_ALONE)
        if seen is None:
            continue
        low, high = max(seen[0], percent - half), min(seen[1], percent + half)
        if low <= high:
            return _shortest(low, high)
    return None


def _terms(
    discount: str, uses: Sequence[Use], book: Book, currency: str, *, is_amount: bool
) -> dict[str, Any]:
    """A share that stays a share is a percentage, an amount that stays an amount is one.

    Bases that are all equal decide nothing: then it is the share, which at least gives back what
    was billed.
    """
    last = uses[-1]
    lines = list(_by_line(discount, uses))
    percent = None if is_amount else _percentage(discount, lines, book, _ROUNDED_ALONE)
    amount_minor = None if percent is not None else _one_amount(discount, uses)
    if is_amount and amount_minor is None:
        amount_minor = last.invoice.discounts[discount].amount
    if amount_minor is not None:
        return {"amount_off": amount_minor, "currency": currency}
    if percent is None:
        percent = _percentage(discount, uses, book, _ROUNDED_TOGETHER)
    if percent is None:
        base = _left_by_earlier(discount, book)
        percent = Fraction(100 * last.amount, max(base(last), last.amount))
    return {"percent_off": str(percent)}


def _by_line(discount: str, uses: Iterable[Use]) -> Iterator[Use]:
    """What was taken off each line, since each tier of a price has one that is rounded alone."""
    for use in uses:
        for line in use.statement.lines:
            if line.amount > 0:
                alone = use.statement._replace(lines=(line,))
                yield Use(use.invoice, alone, alone.discounts.get(discount, 0))


def _percentage(
    discount: str, uses: Sequence[Use], book: Book, slack_of_line: Fraction
) -> Fraction | None:
    """The first share that all uses show, of whatever it may have been taken from."""
    found = (_one_share(uses, base, slack_of_line) for base in _bases(discount, book))
    return next((percent for percent in found if percent is not None), None)


def _bases(discount: str, book: Book) -> list[Base]:
    """What a percentage may have been taken from where other discounts are on the same period."""
    return [
        _left_by_earlier(discount, book),
        lambda use: use.statement.amount,
        lambda use: use.statement.amount - sum(_others(discount, use).values()),
    ]


def _left_by_earlier(discount: str, book: Book) -> Base:
    """What was left by those before it, as their amounts show, or else their order."""

    def base(use: Use) -> int:
        full, order = use.statement.amount, list(use.statement.discounts)
        left = full
        for other, amount in _others(discount, use).items():
            known = book.discount(other)
            is_before = order.index(other) < order.index(discount)
            if known is not None and known.percent_off is not None:
                if_first = abs(full * known.percent_off / 100 - amount)
                if_later = abs((full - use.amount) * known.percent_off / 100 - amount)
                is_before = if_first < if_later or (if_first == if_later and is_before)
            left -= amount if is_before else 0
        return left

    return base


def _others(discount: str, use: Use) -> dict[str, int]:
    return {key: amount for key, amount in use.statement.discounts.items() if key != discount}


def _one_share(uses: Sequence[Use], base: Base, slack_of_line: Fraction) -> Fraction | None:
    """The percentage that all of them show, each within what rounding its lines can move."""
    span = _span_of_shares(uses, base, slack_of_line)
    if span is None:
        return None
    shares = {Fraction(100 * use.amount, base(use)) for use in uses}
    return shares.pop() if len(shares) == 1 else _shortest(*span)


def _span_of_shares(
    uses: Iterable[Use], base: Base, slack_of_line: Fraction
) -> tuple[Fraction, Fraction] | None:
    """The lowest and the highest percentage that all of them may show; None: there is none."""
    lows, highs = [], []
    for use in uses:
        of, slack = base(use), len(use.statement.lines) * slack_of_line
        if of <= 0 or use.amount > of + slack:
            return None
        lows.append(100 * (use.amount - slack) / of)
        highs.append(100 * (use.amount + slack) / of)
    if not lows:
        return None
    low, high = max(lows), min(min(highs), Fraction(100))
    return None if low > high else (low, high)


def _shortest(low: Fraction, high: Fraction) -> Fraction:
    """The percentage of the fewest digits in a span, or else its middle."""
    for digits in range(_MOST_DIGITS + 1):
        rounded = Fraction(ceil(low * 10**digits), 10**digits)
        if 0 < rounded <= high:
            return rounded
    return (low + high) / 2


def _one_amount(discount: str, uses: Iterable[Use]) -> int | None:
    """The amount that it took off every invoice, or all there was where that was less.

    Of a whole invoice, since one-off charges on it take a part of the amount.
    """
    amounts, uncut = set(), set()
    for invoice in {use.invoice.id: use.invoice for use in uses}.values():
        taken = invoice.discounts[discount]
        amounts.add(taken.amount)
        if taken.amount < taken.base - taken.others:
            uncut.add(taken.amount)
    return max(amounts) if uncut == {max(amounts)} else None


def _duration(
    discount: str,
    uses: Sequence[Use],
    invoices: Sequence[Invoice],
    book: Book,
    is_present: bool,
) -> tuple[str, int | None]:
    """How long it was for, and its end where that was a number of months."""
    if is_present:
        return "forever", None
    seen = {use.invoice.id for use in uses}
    starts: dict[str, set[int]] = {}
    for use in uses:
        starts.setdefault(use.statement.item, set()).add(use.statement.start)
    if len(seen) == 1 and all(len(theirs) == 1 for theirs in starts.values()):
        return "once", None
    last = max(uses, key=lambda use: (use.statement.start, -use.statement.end)).statement
    times = lacking(invoices, uses, discount, book, alone=False)
    if any(at > last.start for at in times):
        return "repeating", last.end
    return "forever", None


def _limit_to_carriers(coupon: dict[str, Any], uses: Sequence[Use], book: Book) -> None:
    """What is on several items, and nothing says which, is on the products of those (M42)."""
    prices = [book.price(use.statement.price) for use in uses]
    products = {price.product for price in prices if price is not None and price.product}
    if products and all(price is not None and price.product for price in prices):
        coupon["applies_to"] = {"products": sorted(products)}
