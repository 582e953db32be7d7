"""Prices, coupons and discounts by id: what the account lists, and what payloads add to it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from source_stripe_saas.mrr.discount import (
    Discount,
    corrected,
    coupon_of,
    coupon_reference,
    discount_from,
    discount_id,
    with_amounts_of,
)
from source_stripe_saas.mrr.price import Price, price_from

Raw = Mapping[str, Any]
ODD_FIELD = "a field of it holds another kind of value than Stripe's API describes"
"""What is said in place of a Python error about the type of a value."""
# Where a discount may be read, best first (M15).
FROM_PAYLOAD, FROM_EVENT, FROM_LIVE, FROM_INVOICE = range(1, 5)
# What an earlier sync knew from one of these; then what is worked back, or known to be nothing.
FROM_MEMORY, FROM_ESTIMATE, _FROM_SILENT = range(5, 8)
# A price or plan that has none of these is only named.
_TERMS = frozenset({"unit_amount", "unit_amount_decimal", "amount", "amount_decimal"}) | frozenset(
    {"tiers", "billing_scheme", "recurring", "interval"}
)


class Catalog:
    """What the account lists, shared by all subscriptions and never added to (M11)."""

    def __init__(
        self,
        prices: Mapping[str, Raw] | None = None,
        coupons: Mapping[str, Raw] | None = None,
        discounts: Mapping[str, Raw] | None = None,
        customer_discounts: Mapping[str, Any] | None = None,
    ) -> None:
        """Keeps the maps as they are; entries are read when first asked for.

        Args:
            prices: price id -> price or plan, with tiers and currency_options.
            coupons: coupon id -> coupon, with applies_to and currency_options.
            discounts: discount id -> discount, of live subscriptions, items and customers.
            customer_discounts: customer id -> its discount now (id or object), or None.
        """
        self.prices = prices or {}
        self.coupons = coupons or {}
        self.discounts = discounts or {}
        self.customer_discounts = customer_discounts or {}
        self.missed_prices: set[str] = set()
        """Prices that an item names and nothing tells of: such an item is worth 0."""
        self._read: dict[str, Price] = {}

    def price(self, price_id: str) -> Price | None:
        """The listed price, if there is one."""
        found = self._read.get(price_id)
        if found is None and price_id in self.prices:
            found = _price({**self.prices[price_id], "id": price_id})
            self._read[price_id] = found
        return found


class Book:
    """One subscription's view: the catalog, and what its own payloads say besides."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._prices: dict[str, Raw] = {}
        self._read_prices: dict[str, Price] = {}
        self._discounts: dict[str, dict[int, Raw]] = {}
        self._read_discounts: dict[str, Discount | None] = {}

    def learn_price(self, raw: Any) -> str | None:
        """Remembers a price or plan found in a payload and returns its id; the first one stays."""
        if raw is None or isinstance(raw, str):
            return raw or None
        price_id: str | None = raw.get("id")
        # What only names a price says nothing of it: a later payload, or a line, may.
        if price_id and price_id not in self.catalog.prices and _TERMS.intersection(raw):
            self._prices.setdefault(price_id, raw)
        return price_id

    def learn_discount(self, raw: Any, place: int) -> str | None:
        """Remembers a discount found in a payload and returns its id."""
        found = discount_id(raw)
        if found and not isinstance(raw, str):
            places = self._discounts.setdefault(found, {})
            if place not in places:
                places[place] = raw
                self._read_discounts.pop(found, None)
        return found

    def price(self, price_id: str) -> Price | None:
        """The price, from the catalog before any payload (M11)."""
        listed = self.catalog.price(price_id)
        if listed is not None:
            return listed
        if price_id in self._prices and price_id not in self._read_prices:
            self._read_prices[price_id] = _price(self._prices[price_id])
        return self._read_prices.get(price_id)

    def miss_price(self, price_id: str) -> None:
        """Notes that an item was valued 0 because nothing tells of its price."""
        self.catalog.missed_prices.add(price_id)

    def discount(self, wanted: str) -> Discount | None:
        """The discount with its coupon, from the best place that has both (M15)."""
        if wanted not in self._read_discounts:
            self._read_discounts[wanted] = self._resolve(wanted)
        return self._read_discounts[wanted]

    def is_on_everything(self, wanted: str) -> bool:
        """Whether it is known, and not only assumed, that a discount is limited to no products.

        An embedded coupon is silent about that unless it was expanded (M15); a list of coupons asks
        for it.
        """
        place, _, coupon = self._best(wanted) or (FROM_ESTIMATE, {}, {})
        if place >= FROM_ESTIMATE or coupon.get("applies_to") is not None:
            return False
        return "applies_to" in coupon or coupon is self.catalog.coupons.get(str(coupon.get("id")))

    def is_estimated(self, wanted: str) -> bool:
        """Whether the terms of a discount are worked back from what it took off, or unknown (M42a).

        Nothing tells those of a deleted coupon that no invoice has shown yet: they count as none.
        """
        best = self._best(wanted)
        return best is None or best[0] == FROM_ESTIMATE

    def estimate(self, wanted: str) -> Raw | None:
        """The discount with its coupon, if the terms are estimated or a part of them is."""
        place, raw, coupon = self._best(wanted) or (0, {}, {})
        return {**raw, "source": {"coupon": coupon}} if place == FROM_ESTIMATE else None

    def estimate_again(self, wanted: str, raw: Raw) -> None:
        """Puts better terms in the place of estimated ones."""
        self._discounts.setdefault(wanted, {})[FROM_ESTIMATE] = raw
        self._read_discounts.pop(wanted, None)

    def learned(self, price_ids: set[str], discount_ids: set[str], currency: str) -> dict[str, Any]:
        """What the next sync may not be able to look up of these ids, to be carried there.

        A coupon may be deleted, and a discount of it removed, before anything is read again. So the
        terms of every discount are carried, as far as they matter in a currency.
        """
        prices = {key: self._prices[key] for key in sorted(price_ids) if key in self._prices}
        discounts: dict[str, Any] = {}
        for key in sorted(discount_ids):
            places = self._discounts.get(key)
            if not places:
                continue
            best, raw, coupon = self._best(key) or (min(places), places[min(places)], {})
            if best >= FROM_ESTIMATE:
                # Its invoices will not be read again. One that takes nothing is in `silent`.
                if coupon.get("percent_off") or coupon.get("amount_off"):
                    discounts[key] = [best, {**raw, "source": {"coupon": coupon}}]
            elif coupon:
                carried = _in_currency(coupon, currency)
                discounts[key] = [FROM_MEMORY, {**raw, "source": {"coupon": carried}}]
            elif key not in self.catalog.discounts:
                discounts[key] = [best, raw]
        return {"prices": prices, "discounts": discounts} if prices or discounts else {}

    def recall(self, learned: Mapping[str, Any]) -> None:
        """Takes back what `learned` gave."""
        for raw in (learned.get("prices") or {}).values():
            self.learn_price(raw)
        for key, (place, raw) in (learned.get("discounts") or {}).items():
            self._discounts.setdefault(key, {})[place] = raw

    def silent(self, discount_ids: set[str], at: int) -> dict[str, int]:
        """Of these discounts those without any effect at a moment, with their end (0: none).

        An object goes on naming them: one that is over until its next renewal (M31), one for a
        single invoice until that is made (M21). Once it does not, nothing else may tell what they
        were, so this is carried to the next sync.
        """
        found = {}
        for key in sorted(discount_ids):
            known = self.discount(key)
            if known is not None and (known.is_once or known.ended_by(at)):
                found[key] = 0 if known.is_once else known.end or 0
        return found

    def recall_silent(self, silent: Mapping[str, int]) -> None:
        """Takes back what `silent` gave; whatever else tells of such a discount is better."""
        for key, end in silent.items():
            coupon = {"duration": "repeating" if end else "once", "percent_off": 0}
            raw = {"id": key, "end": end or None, "source": {"coupon": coupon}}
            self._discounts.setdefault(key, {}).setdefault(_FROM_SILENT, raw)

    def _resolve(self, wanted: str) -> Discount | None:
        best = self._best(wanted)
        if best is None:
            return None
        _, raw, coupon = best
        with _named("discount", wanted):
            return discount_from({**raw, "id": wanted}, coupon)

    def _best(self, wanted: str) -> tuple[int, Raw, Raw] | None:
        """The first place that knows a discount with the terms of its coupon, and both (M15)."""
        places = dict(self._discounts.get(wanted, {}))
        if wanted in self.catalog.discounts:
            places[FROM_LIVE] = {"id": wanted, **self.catalog.discounts[wanted]}
        told: Raw = {}
        for place in sorted(places):
            raw = places[place]
            coupon = coupon_of(raw, self.catalog.coupons)
            if coupon is not None:
                if place < FROM_MEMORY and FROM_MEMORY in places:
                    coupon = _completed(coupon, coupon_reference(places[FROM_MEMORY]))
                if place >= FROM_ESTIMATE:
                    raw, coupon = corrected(raw, coupon, told)
                elif FROM_ESTIMATE in places:
                    guessed = coupon_reference(places[FROM_ESTIMATE])
                    whole = with_amounts_of(coupon, guessed)
                    place, coupon = (place if whole is coupon else FROM_ESTIMATE), whole
                return place, raw, coupon
            told = told or raw
        return None


def _completed(coupon: Raw, remembered: Raw) -> Raw:
    """A coupon with what only the list of coupons shows, of one that may be gone from it."""
    whole = with_amounts_of(coupon, remembered)
    if whole.get("id") == remembered.get("id") and "applies_to" not in whole:
        return {**whole, "applies_to": remembered.get("applies_to")}
    return whole


def _in_currency(coupon: Raw, currency: str) -> Raw:
    """A coupon without its amounts in other currencies than its own and one more."""
    options = coupon.get("currency_options")
    if not options:
        return coupon
    kept = {code: part for code, part in options.items() if code.lower() == currency}
    return {**coupon, "currency_options": kept or None}


def _price(raw: Raw) -> Price:
    with _named("price", raw["id"]):
        return price_from(raw)


@contextmanager
def _named(kind: str, key: str) -> Iterator[None]:
    """Lets an error say which object cannot be read, in words of our own."""
    try:
        yield
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{kind} {key}: {ODD_FIELD}") from error
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{kind} {key}: {error}") from error
