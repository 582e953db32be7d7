"""An empty store in; an account that holds a dozen or so of everything out."""

from __future__ import annotations

from stripe_sandbox.samples.billing import checkouts, invoices, subscriptions
from stripe_sandbox.samples.connect import connect, own_account, persons
from stripe_sandbox.samples.core import catalogue, customers
from stripe_sandbox.samples.credits import cash_balances, credits
from stripe_sandbox.samples.issuing import issuing
from stripe_sandbox.samples.maker import DAY, Maker
from stripe_sandbox.samples.money import payouts
from stripe_sandbox.samples.offers import (
    alerts,
    features,
    meters,
    payment_links,
    quotes,
    shipping_rates,
)
from stripe_sandbox.samples.rates import exchange_rates, registrations
from stripe_sandbox.samples.risk import documents, risk, top_ups, value_lists
from stripe_sandbox.store import Store

SAMPLES_NOW = 1_781_524_800
"""2026-06-15T12:00:00Z: where the clock of a samples account starts."""
LIFE_SECONDS = 730 * DAY
BREADTH_SECONDS = 365 * DAY


def fill(store: Store, seed: int) -> dict[str, list[str]]:
    """Fills every stream with objects made from Stripe's published samples.

    Args:
        store: empty but for its clock.
        seed: same seed, same objects.

    Returns:
        Automatic payout -> the balance transactions it paid out.
    """
    own_account(store, seed)
    maker = Maker(store, seed, "samples", store.now - LIFE_SECONDS)
    catalogue(maker)
    customers(maker)
    subscriptions(maker)
    invoices(maker)
    checkouts(maker)
    paid_out = payouts(maker)
    breadth(store, seed)
    return paid_out


def breadth(store: Store, seed: int) -> None:
    """Adds what a SaaS company hardly has to an account that has customers and charges."""
    own = own_account(store, seed)
    maker = Maker(store, seed, "breadth", store.now - BREADTH_SECONDS)
    shipping_rates(maker)
    meters(maker)
    features(maker)
    quotes(maker)
    risk(maker)
    top_ups(maker)
    documents(maker)
    connect(maker, own)
    issuing(maker)
    payment_links(maker)
    credits(maker)
    alerts(maker)
    cash_balances(maker)
    registrations(maker)
    exchange_rates(maker)
    value_lists(maker)
    persons(maker)
