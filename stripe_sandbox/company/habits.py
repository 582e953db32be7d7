"""What real accounts do beside the plain course of things, by name, and what is known of it.

Each habit can be left out (`CompanyOptions.habits`). What Stripe really sends is known from its
documentation, its specification and invoices that people published; where it is not, this says so.

`tiers`: A licensed graduated or volume price is billed by one line for each tier reached (units,
unit price), followed by one of quantity 0 for the tier's flat fee; all name the same subscription
item, price and period. Recorded invoices show this order, a line for a fee that is 0, and none
where the tier has no fee. A trial is one line of amount 0, a proration one line with the whole
quantity. Not known: `pricing.unit_amount_decimal` of a fee's line (here null), and whether a
proration of a tiered price is ever itemised too.

`hand_billing`: Prorations that wait are put on an invoice made by hand (`billing_reason` manual)
instead of waiting for the renewal: the subscription's, if it is named when the invoice is made,
else the customer's own. Lines name the subscription item, or the invoice item that names it;
sometimes something billed once is on the invoice too. Not known: whether Stripe puts items of a
subscription on an invoice that does not name it in every API version (older ones did).

`deleted_coupons`: Coupons for ever, for some months and for once, shares and amounts, on items,
subscriptions and customers, are deleted four months after they were made; whoever has one keeps the
discount. Stripe then no longer lists the coupon. Whether a discount still expands to it is not
known: here half of them do, where a list can be asked to (the discounts of a subscription, not
those of its items or of an invoice: too deep), and of the others nothing but the id is left. What
can only be guessed then stands in the ledger (`knowable.py`). Events in the shape of versions
before 2025-09-30.clover have the coupon whole, as they always had.

`prebilling`: Billing schedules (flexible billing mode, API version 2026-05-27.dahlia) bill two to
six months of monthly licensed items at once: with the first invoice, on an update's invoice, or
from a renewal on. One line a month, each with its own period. Until `billed_until` renewals bill
only what is not billed ahead, and make no invoice where nothing is left. Changes meanwhile are
prorated: of six subscriptions in ten each month billed ahead is credited and billed anew, of the
others the running month alone, the later ones keeping what they were billed for. Not known: which
of the two Stripe does, what it names as credited, and whether a schedule stays on the object when
it is over (here it does not).

`standalone`: Usage, retainers, hours and licences are billed every month, quarter or year by
invoices made by hand, of customers without a subscription mostly. Their lines name no subscription
item, so nothing of it is MRR; what it came to is in `Company.standalone_revenue`.

`swaps`: A plan of another interval takes the place of the old one without proration, as a new
price of the same item or as a new item, and the billing cycle begins anew: one invoice of that
moment (`subscription_update`) bills every item that is left, and gives no credit. Add-ons of
another interval (flexible billing mode) come and go; their periods follow the subscription's
billing cycle anchor. Without proration such an item is first billed for its first whole period,
and the removal shows only by its not being billed at the end of the last paid one, on whichever
invoice that would be. Not known: whether a plan can be swapped in flexible mode without moving the
anchor and be billed at once; the company does not do that.
"""

from __future__ import annotations

from collections.abc import Collection

TIERS = "tiers"
HAND_BILLING = "hand_billing"
DELETED_COUPONS = "deleted_coupons"
PREBILLING = "prebilling"
STANDALONE = "standalone"
SWAPS = "swaps"

HABITS = {
    TIERS: "tiered prices are itemised, some include seats",
    HAND_BILLING: "prorations are put on invoices made by hand",
    DELETED_COUPONS: "coupons of every kind are deleted while customers have them",
    PREBILLING: "months are billed ahead, and changed meanwhile",
    STANDALONE: "customers are billed again and again without a subscription",
    SWAPS: "months become years without proration, add-ons have other intervals",
}
"""Name -> what the company does."""


def parse_habits(text: str) -> frozenset[str]:
    """Names with commas, `all` or `none` -> the habits.

    Raises:
        ValueError: a name is unknown.
    """
    if text in ("all", "none"):
        return frozenset(HABITS if text == "all" else ())
    return checked_habits(text.split(","))


def checked_habits(names: Collection[str]) -> frozenset[str]:
    """The names themselves.

    Raises:
        ValueError: one is unknown.
    """
    for name in names:
        if name not in HABITS:
            raise ValueError(f"no habit {name!r}; there are {', '.join(HABITS)}")
    return frozenset(names)
