"""A Stripe price or plan of any age in, its amount for a quantity and its monthly factor out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from source_stripe_saas.mrr.exact import ZERO, exact, whole
from source_stripe_saas.mrr.moment import DAY_SECONDS
from source_stripe_saas.mrr.options import Options

_TWELFTHS_OF_DAYS = {"day": 12, "week": 84, "month": 365, "year": 4380}
"""How long an interval is on average, in twelfths of a day."""


@dataclass(frozen=True)
class Tier:
    """One step of a tiered price; `up_to` is inclusive, None has no end."""

    up_to: Fraction | None
    unit_minor: Fraction
    flat_minor: Fraction


@dataclass(frozen=True)
class Amounts:
    """What a price asks in one currency."""

    unit_minor: Fraction
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, eq=False)
class Price:
    """The few facts of a price that MRR needs."""

    id: str
    currency: str
    product: str | None
    is_tiered: bool
    is_volume: bool
    divide_by: int | None
    rounds_up: bool
    interval: str
    interval_count: int
    is_metered: bool
    is_tax_inclusive: bool
    amounts: Amounts
    other_currencies: Mapping[str, Amounts] = field(default_factory=dict)
    _list_values: dict[tuple[Fraction | int, str, str], Fraction] = field(default_factory=dict)

    def amount(self, quantity: Fraction | int, currency: str) -> Fraction:
        """The undiscounted amount of one interval, in minor units, unrounded (M6 to M10)."""
        amounts = self._in(currency)
        if self.is_tiered:
            pick = _volume if self.is_volume else _graduated
            return pick(Fraction(quantity), amounts.tiers)
        return self._packages(Fraction(quantity)) * amounts.unit_minor

    def monthly_factor(self, options: Options) -> Fraction:
        """What one interval's amount is multiplied by to be a month's (M12)."""
        per_year = {
            "month": Fraction(12),
            "year": Fraction(1),
            "week": options.weeks_per_year,
            "day": options.days_per_year,
        }[self.interval]
        return per_year / (12 * self.interval_count)

    def list_value(self, quantity: int, currency: str, options: Options) -> Fraction:
        """The undiscounted value of a month; kept, since the same one is asked for again."""
        key = (quantity, currency, options.year)
        found = self._list_values.get(key)
        if found is None:
            found = self.amount(quantity, currency) * self.monthly_factor(options)
            self._list_values[key] = found
        return found

    @property
    def interval_seconds(self) -> int:
        """How long one interval lasts on average."""
        return _TWELFTHS_OF_DAYS[self.interval] * self.interval_count * DAY_SECONDS // 12

    def flat_amounts_minor(self, currency: str) -> frozenset[Fraction]:
        """What its tiers ask once, however many units are in them."""
        return frozenset(tier.flat_minor for tier in self._in(currency).tiers if tier.flat_minor)

    def uses_other_currency(self, currency: str) -> bool:
        """Whether the amount comes from `currency_options`, the one part that can be edited."""
        return bool(self.currency) and currency != self.currency

    def _in(self, currency: str) -> Amounts:
        if self.uses_other_currency(currency):
            # M10: a price shows its default currency; without the option there is nothing to count.
            return self.other_currencies.get(currency, Amounts(ZERO, ()))
        return self.amounts

    def _packages(self, quantity: Fraction) -> Fraction:
        if self.divide_by is None:
            return quantity
        packages = quantity / self.divide_by
        return Fraction(ceil(packages) if self.rounds_up else floor(packages))  # M7


def _graduated(quantity: Fraction, tiers: tuple[Tier, ...]) -> Fraction:
    """Each tier prices its own units; the first is always entered, with its flat fee (M8)."""
    total, low = ZERO, ZERO
    for position, tier in enumerate(tiers):
        if position and quantity <= low:
            break
        top = quantity if tier.up_to is None else min(quantity, tier.up_to)
        total += (top - low) * tier.unit_minor + tier.flat_minor
        if tier.up_to is None:
            break
        low = tier.up_to
    return total


def _volume(quantity: Fraction, tiers: tuple[Tier, ...]) -> Fraction:
    """The tier that the whole quantity reaches prices all of it (M9)."""
    for tier in tiers:
        if tier.up_to is None or quantity <= tier.up_to:
            return quantity * tier.unit_minor + tier.flat_minor
    return ZERO


def price_from(raw: Mapping[str, Any]) -> Price:
    """Reads a price, or a plan of older payloads, by the fields it has (M28).

    Raises:
        ValueError: an amount is no number, an interval none of Stripe's, a count not above 0, or a
            field holds another kind of value than an object.
    """
    recurring = _part(raw, "recurring") or raw
    transform = _part(raw, "transform_quantity") or _part(raw, "transform_usage") or {}
    product = raw.get("product")
    options = _part(raw, "currency_options") or {}
    interval = recurring.get("interval") or "month"
    if interval not in _TWELFTHS_OF_DAYS:
        raise ValueError(f"no interval: {interval}")
    return Price(
        id=raw["id"],
        currency=(raw.get("currency") or "").lower(),
        product=product.get("id") if isinstance(product, dict) else product,
        is_tiered=raw.get("billing_scheme") == "tiered",
        is_volume=raw.get("tiers_mode") == "volume",
        divide_by=_count(transform, "divide_by"),
        rounds_up=transform.get("round") == "up",
        interval=interval,
        interval_count=_count(recurring, "interval_count") or 1,
        is_metered=recurring.get("usage_type") == "metered",
        is_tax_inclusive=raw.get("tax_behavior") == "inclusive",
        amounts=_amounts(raw),
        other_currencies={code.lower(): _amounts(part) for code, part in options.items()},
    )


def _amounts(raw: Mapping[str, Any]) -> Amounts:
    return Amounts(
        _first(raw, "unit_amount_decimal", "unit_amount", "amount_decimal", "amount"),
        tuple(_tier(tier) for tier in raw.get("tiers") or ()),
    )


def _part(raw: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"`{name}` is {value!r}, not an object")
    return value


def _count(raw: Mapping[str, Any], name: str) -> int | None:
    if raw.get(name) is None:
        return None
    count = whole(raw[name])
    if count == 0:
        raise ValueError(f"{name}: is 0")
    return count


def _tier(raw: Mapping[str, Any]) -> Tier:
    up_to = raw.get("up_to")
    return Tier(
        None if up_to is None or up_to == "inf" else exact(up_to),
        # `amount` is the name before 2018-08-23 (M28).
        _first(raw, "unit_amount_decimal", "unit_amount", "amount"),
        _first(raw, "flat_amount_decimal", "flat_amount"),
    )


def _first(raw: Mapping[str, Any], *names: str) -> Fraction:
    for name in names:
        if raw.get(name) is not None:
            return exact(raw[name])
    return ZERO
