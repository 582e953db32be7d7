"""A subscription's object as it is now in, its MRR out: what its rows must add up to (M51)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from source_stripe_saas.mrr.catalog import Book, Catalog
from source_stripe_saas.mrr.context import Context
from source_stripe_saas.mrr.exact import round_half_up
from source_stripe_saas.mrr.long_items import in_order
from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.standing import standing_of
from source_stripe_saas.mrr.state import state_from
from source_stripe_saas.mrr.value import exact_mrr


def current_mrr(
    raw: Mapping[str, Any], at: int, catalog: Catalog, options: Options, context: Context
) -> int:
    """Values an object directly, without any row being made.

    Args:
        raw: the current object, with all items, its discounts expanded, and its customer if that
            has a discount.
        at: Unix seconds; nothing may have ended by the clock between `context.through` and here.
        catalog: prices, with tiers and `currency_options`, and coupons.
        options: how MRR is counted.
        context: what the last sync remembered: some of it no object shows (M14, M21, M24, M26).

    Returns:
        MRR in minor units of the subscription's currency.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: the object cannot be read.
    """
    book = Book(catalog)
    book.recall(context.learned)
    book.recall_silent(context.silent)
    state = state_from(in_order(raw) or raw, book)
    customer = raw.get("customer")
    if not (isinstance(customer, Mapping) and "discount" in customer):
        state = replace(state, customer_discount=context.customer_discount)
    standing = standing_of(state, at, book, context.windows)
    if standing.status == "trialing" and context.is_free:
        standing = replace(standing, is_free=True, cap=context.cap)
    return round_half_up(
        exact_mrr(standing, context.metered_minor, context.has_paid, book, options)
    )
