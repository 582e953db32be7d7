"""What is in force in, the arithmetic of its MRR in one line for a person out."""

from __future__ import annotations

from fractions import Fraction

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.counting import counts
from source_stripe_saas.mrr.currency import currency_exponent
from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.price import Price
from source_stripe_saas.mrr.standing import Standing
from source_stripe_saas.mrr.state import Item
from source_stripe_saas.mrr.value import list_value

_SHOWN_DIGITS = 4


def money(minor: Fraction | int, currency: str) -> str:
    """An amount of the smallest unit as a person writes it, `…` where digits are left out."""
    exponent = currency_exponent(currency)
    amount = Fraction(minor) / 10**exponent
    digits = exponent
    while digits < exponent + _SHOWN_DIGITS and (amount * 10**digits).denominator != 1:
        digits += 1
    scaled = amount * 10**digits
    whole = abs(scaled.numerator) // scaled.denominator
    text = str(whole).rjust(digits + 1, "0")
    text = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    sign = "-" if amount < 0 else ""
    return f"{sign}{text}{'…' if scaled.denominator != 1 else ''}"


def calculation(
    standing: Standing, book: Book, options: Options, has_paid: bool, exact: Fraction
) -> str:
    """Items with their factors, discounts, and the result (M1).

    Args:
        standing: what is in force.
        book: prices and discounts.
        options: how MRR is counted.
        has_paid: whether the first payment has been made (M26).
        exact: the result before its rounding.
    """
    reason = why_nothing(standing, options, has_paid)
    parts = [_item(item, standing, book, options) for item in standing.items]
    sum_of = " + ".join(part for part in parts if part) or "nothing that is counted"
    text = f"{sum_of} = {money(list_value(standing, book, options), standing.currency)}"
    if reason:
        return f"{text}, but it counts 0: {reason}"
    taken = [
        one
        for found in discounts_named(standing)
        if (one := _discount(found, standing, book, options))
    ]
    text = "".join([text, *(f", {one}" for one in taken)])
    if standing.is_free and standing.cap is not None:
        text += (
            f", no more than the {money(standing.cap, standing.currency)} before the free period"
        )
    if taken or standing.is_free or exact != list_value(standing, book, options):
        text += f": {money(exact, standing.currency)}"
    return text


def why_nothing(standing: Standing, options: Options, has_paid: bool) -> str | None:
    """Why a subscription does not count, in words; None if it does."""
    if counts(standing, has_paid, options):
        return None
    if standing.status != "active" and standing.status != "past_due":
        return {
            "trialing": "it is in a trial",
            "incomplete": "its first payment has not been made",
            "incomplete_expired": "its first payment was never made",
            "paused": "its trial ended without a way to pay, or it was paused",
            "unpaid": "its invoices are not collected any more",
            "canceled": "it has ended",
        }.get(standing.status, f"its status is {standing.status}")
    if standing.status == "past_due" and options.past_due == "exclude":
        return "a payment is overdue, and past_due is excluded"
    if standing.pause is not None:
        return f"collection is paused ({standing.pause})"
    if options.churn_at == "request" and standing.is_requested:
        return "its end has been requested, and churn counts from the request"
    return "nothing has been paid yet, and new MRR counts from the first payment"


def _item(item: Item, standing: Standing, book: Book, options: Options) -> str:
    price = book.price(item.price)
    if price is None:
        return f"{item.price} (an unknown price)"
    if item.quantity is None:
        return "usage" if options.metered == "last_invoice" else ""
    factor = _factor(price, options)
    return f"{_amount(price, item.quantity, standing.currency)}{factor}"


def _amount(price: Price, quantity: int, currency: str) -> str:
    amount = price.amount(quantity, currency)
    if price.is_tiered:
        mode = "volume" if price.is_volume else "graduated"
        return f"{money(amount, currency)} ({quantity} in {mode} tiers)"
    if price.divide_by is not None:
        return f"{money(amount, currency)} ({quantity} in packages of {price.divide_by})"
    unit = price.amount(1, currency)
    return f"{quantity} x {money(unit, currency)}"


def _factor(price: Price, options: Options) -> str:
    """How an interval is brought to a month, as a person would write it (M12)."""
    count = price.interval_count
    if price.interval == "month":
        return "" if count == 1 else f" / {count} months"
    if price.interval == "year":
        return f" / {12 * count} months"
    per_year = options.weeks_per_year if price.interval == "week" else options.days_per_year
    every = f"{count} {price.interval}s" if count > 1 else f"1 {price.interval}"
    return f" x {per_year} {price.interval}s / ({every} x 12)"


def discounts_named(standing: Standing) -> list[str]:
    """The discounts in force, those of a single invoice last."""
    return [*standing.discount_ids(), *(found for found, _ in standing.once)]


def _discount(found: str, standing: Standing, book: Book, options: Options) -> str:
    discount = book.discount(found)
    if discount is None:
        return f"less {found} (whose terms are unknown)"
    if discount.percent_off is not None:
        size = f"{_plain(discount.percent_off)} %"
    else:
        amount = discount.amounts_off_minor.get(standing.currency)
        if amount is None:
            return f"{found} is in another currency"
        size = f"{money(amount, standing.currency)} an invoice"
    if book.is_estimated(found):
        size = f"an estimated {size}"
    limited = " on some products" if discount.products is not None else ""
    if discount.duration not in options.counted_durations:
        return f"{size}{limited} {discount.duration} ({found}) not counted"
    return f"less {size}{limited} ({found})"


def _plain(number: Fraction) -> str:
    if number.denominator == 1:
        return str(number.numerator)
    return f"{float(number):.6f}".rstrip("0").rstrip(".")
