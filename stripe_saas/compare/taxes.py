"""Subscriptions and their invoices in; the tax that comes on top of each one's price out; pure.

Tax within a price is part of MRR already (M2), so only exclusive rates count (M68). In this order:
the items' own rates, the subscription's, and those of its last invoice that was finalized before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from source_stripe_saas.mrr.exact import exact

Raw = Mapping[str, Any]


class TaxRates:
    """Which share tax adds to each subscription's MRR."""

    def __init__(
        self,
        subscriptions: Iterable[Raw],
        invoices: Mapping[str, list[Raw]],
        rates: Mapping[str, Raw],
    ) -> None:
        """Keeps what there is.

        Args:
            subscriptions: as they are now, with items.
            invoices: subscription -> its invoices with their lines.
            rates: Stripe's tax rates by id, as far as they are known.
        """
        self._subscriptions = {raw["id"]: raw for raw in subscriptions}
        self._invoices = invoices
        self._rates = rates

    def of(self, subscription_id: str, before: int) -> Fraction:
        """The share, 1/5 for 20 percent on top.

        Args:
            subscription_id: whose.
            before: Unix seconds; later invoices tell nothing.
        """
        raw = self._subscriptions.get(subscription_id) or {}
        own = raw.get("default_tax_rates") or []
        items = (raw.get("items") or {}).get("data") or []
        named = [item.get("tax_rates") or own for item in items]
        if named and any(named):
            # Items with other rates than their neighbours are rare: the mean of them is taken.
            shares = [sum(map(self._share, rates), Fraction(0)) for rates in named]
            return sum(shares, Fraction(0)) / len(shares)
        if own:
            return sum(map(self._share, own), Fraction(0))
        return self._billed(subscription_id, before)

    def _share(self, rate: Any) -> Fraction:
        known = rate if isinstance(rate, Mapping) else self._rates.get(str(rate)) or {}
        if known.get("inclusive") or known.get("percentage") is None:
            return Fraction(0)
        return exact(known["percentage"]) / 100

    def _billed(self, subscription_id: str, before: int) -> Fraction:
        """What the last invoice put on top, such as Stripe Tax does."""
        latest: tuple[int, Raw] | None = None
        for invoice in self._invoices.get(subscription_id, ()):
            at = int((invoice.get("status_transitions") or {}).get("finalized_at") or before)
            if at < before and (latest is None or at > latest[0]) and invoice.get("total_taxes"):
                latest = at, invoice
        if latest is None:
            return Fraction(0)
        share = Fraction(0)
        for tax in latest[1]["total_taxes"]:
            if tax.get("tax_behavior") != "exclusive":
                continue
            details = tax.get("tax_rate_details") or {}
            rate = self._rates.get(str(details.get("tax_rate")))
            if rate is not None:
                share += self._share(rate)
            elif tax.get("taxable_amount"):
                share += Fraction(int(tax["amount"]), int(tax["taxable_amount"]))
        return share
