"""A Stripe discount and its coupon in, what it takes off, from when and for how long, out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from source_stripe_saas.mrr.exact import exact


@dataclass(frozen=True, eq=False)
class Discount:
    """One redemption of a coupon."""

    id: str
    start: int | None
    end: int | None
    duration: str
    percent_off: Fraction | None
    amounts_off_minor: Mapping[str, Fraction] = field(default_factory=dict)
    products: frozenset[str] | None = None
    subscription_item: str | None = None
    is_of_customer: bool = False

    @property
    def is_once(self) -> bool:
        """Whether it exists only through the invoice lines that used it (M21)."""
        return self.duration == "once"

    def takes_from(self, product: str | None) -> bool:
        """Whether the coupon is limited to other products (M17)."""
        return self.products is None or product in self.products

    def lacks_amount_in(self, currency: str) -> bool:
        """Whether it takes an amount off, and nothing says how much in this currency (M19)."""
        is_amount = self.percent_off is None and bool(self.amounts_off_minor)
        return is_amount and currency not in self.amounts_off_minor

    def ended_by(self, at: int) -> bool:
        """Whether its end has come (M20)."""
        return self.end is not None and self.end <= at


def discount_id(raw: Any) -> str | None:
    """The id of a discount given by id, as an object, or as an old object without an id."""
    if raw is None or isinstance(raw, str):
        return raw or None
    if raw.get("id"):
        return str(raw["id"])
    coupon = coupon_reference(raw)
    name = coupon.get("id") if isinstance(coupon, dict) else coupon
    return f"{name}@{raw.get('start')}" if name else None


def coupon_reference(raw: Mapping[str, Any]) -> Any:
    """The coupon, by id or embedded, wherever this version of a discount keeps it (M28)."""
    source = raw.get("source") or {}
    return source.get("coupon") if source.get("coupon") is not None else raw.get("coupon")


def coupon_of(
    raw: Mapping[str, Any], coupons: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The coupon a discount was made from (M15).

    An embedded one wins. By id the catalog serves only a coupon that existed when the discount
    began: the id of a deleted coupon can be used again.
    """
    reference = coupon_reference(raw)
    if reference is None:
        return None
    embedded = reference if isinstance(reference, dict) else None
    listed = coupons.get(embedded["id"] if embedded and embedded.get("id") else str(reference))
    if listed is not None:
        created, start = listed.get("created"), raw.get("start")
        if created is not None and start is not None and created > start:
            listed = None
    if embedded is None or not _has_terms(embedded):
        return listed if listed is not None and _has_terms(listed) else None
    if listed is None:
        return embedded
    # Only an expanded coupon says which products and currencies it is for.
    extra = {key: listed.get(key) for key in ("applies_to", "currency_options")}
    return {**extra, **{key: value for key, value in embedded.items() if value is not None}}


def _has_terms(coupon: Mapping[str, Any]) -> bool:
    """Whether it says what it takes off; of a deleted coupon often nothing but the id is left."""
    return any(coupon.get(name) is not None for name in ("percent_off", "amount_off"))


def corrected(
    estimate: Mapping[str, Any], coupon: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """An estimated discount and coupon, with what the discount itself tells of its time and level.

    The terms of a deleted coupon have to be estimated (M42); the discount made from it is still
    there, and one that has an end is of a repeating coupon (M20).
    """
    names = ("start", "end", "subscription", "subscription_item", "customer", "invoice")
    known = {name: told[name] for name in names if told.get(name) is not None}
    if known.get("subscription") or known.get("customer"):
        known["subscription_item"] = told.get("subscription_item")
    if known.get("end"):
        coupon = {**coupon, "duration": "repeating"}
    elif "end" in told and coupon.get("duration") == "repeating":
        # It has no end of its own, so it was taken away.
        coupon, known["end"] = {**coupon, "duration": "forever"}, None
    return {**estimate, **known}, coupon


def with_amounts_of(coupon: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """A coupon that takes an amount off, with those in other currencies that it does not tell.

    They are expanded nowhere but on the coupon itself, which may be gone.
    """
    if coupon.get("amount_off") is None or other.get("amount_off") is None:
        return coupon
    told = {**(coupon.get("currency_options") or {}), coupon.get("currency"): coupon}
    extra = {other.get("currency"): {"amount_off": other["amount_off"]}}
    extra |= other.get("currency_options") or {}
    if not extra.keys() - told.keys():
        return coupon
    return {**coupon, "currency_options": {**extra, **(coupon.get("currency_options") or {})}}


def discount_from(raw: Mapping[str, Any], coupon: Mapping[str, Any]) -> Discount:
    """Reads a discount whose coupon has been found."""
    amounts: dict[str, Fraction] = {}
    for code, part in (coupon.get("currency_options") or {}).items():
        if part.get("amount_off") is not None:
            amounts[code.lower()] = exact(part["amount_off"])
    if coupon.get("amount_off") is not None and coupon.get("currency"):
        amounts[coupon["currency"].lower()] = exact(coupon["amount_off"])
    percent = coupon.get("percent_off")
    limited = (coupon.get("applies_to") or {}).get("products")
    # A discount put on one invoice alone works like a once coupon (M16).
    is_of_invoice = raw.get("invoice") and not raw.get("subscription")
    return Discount(
        id=discount_id(raw) or "",
        start=raw.get("start"),
        end=raw.get("end"),
        duration="once" if is_of_invoice else coupon.get("duration") or "forever",
        percent_off=None if percent is None else exact(percent),
        amounts_off_minor=amounts,
        products=frozenset(limited) if limited else None,
        subscription_item=raw.get("subscription_item"),
        is_of_customer=bool(raw.get("customer"))
        and not (raw.get("subscription") or raw.get("subscription_item") or raw.get("invoice")),
    )
