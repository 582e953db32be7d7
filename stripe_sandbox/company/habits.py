"""What real accounts do beside the plain course of things, by name, and what is known of it.

Each habit can be left out (`CompanyOptions.habits`). What Stripe really sends is known from its
documentation, its specification and invoices that people published; where it is not, this says so.

`tiers`: A licensed graduated or volume price is billed by one line for each tier reached (units,
unit price), followed by one of quantity 0 for the tier's flat fee; all name the same subscription
item, price and period. Recorded invoices show this order, a line for a fee that is 0, and none
where the tier has no fee. A trial is one line of amount 0, a proration one line with the whole
quantity. Not known: `pricing.unit_amount_decimal` of a fee's line (here null), and whether a
proration of a tiered price is ever itemised too.
"""

from __future__ import annotations

from collections.abc import Collection

TIERS = "tiers"

HABITS = {
    TIERS: "tiered prices are itemised, some include seats",
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
