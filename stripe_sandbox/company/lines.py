"""Subscription items and waiting invoice items -> the drafted lines of an invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from stripe_sandbox.company.calendar import step
from stripe_sandbox.company.habits import TIERS
from stripe_sandbox.company.ledger import half_up
from stripe_sandbox.company.objects import invoice as objects
from stripe_sandbox.company.objects.catalog import decimal_text
from stripe_sandbox.company.people import Customer
from stripe_sandbox.company.pricing import DraftLine
from stripe_sandbox.company.subscription import Ahead, Item, Subscription
from stripe_sandbox.company.valuation import Price
from stripe_sandbox.company.world import World
from stripe_sandbox.store import StripeObject


def price_pricing(price: Price, quantity: int, currency: str) -> dict[str, object]:
    """The pricing of a line that sells so many units."""
    if price.tiers or price.divide_by != 1:
        unit = price.charge(quantity, currency) / quantity if quantity else Fraction(0)
    else:
        unit = price.units[currency]
    return objects.pricing(price.id, price.product, decimal_text(unit))


def period_lines(
    world: World,
    sub: Subscription,
    item: Item,
    invoice_id: str,
    period: tuple[int, int],
    *,
    is_free: bool = False,
) -> list[DraftLine]:
    """One licensed item for one whole period, or for nothing during a trial."""
    price, name = item.price, item.price.name
    parts = [
        _Part(
            f"Trial period for {name}" if is_free else f"{item.units} x {name}",
            item.units,
            0 if is_free else price.charge_minor(item.units, sub.currency),
            price_pricing(price, item.units, sub.currency),
        )
    ]
    if price.tiers and not is_free and TIERS in world.options.habits:
        parts = _tier_parts(price, item.units, sub.currency)
    drafts = [
        DraftLine(
            objects.line_item(
                sub.customer.ids.new("il"),
                invoice_id,
                part.amount,
                sub.currency,
                description=part.description,
                period=period,
                quantity=part.quantity,
                parent=objects.cycle_parent(sub.id, item.id),
                pricing=part.pricing,
                subscription=sub.id,
            ),
            price=price,
            own=() if is_free else tuple(item.discounts),
            item=item.id,
        )
        for part in parts
    ]
    item.billed = (invoice_id, tuple(draft.content["id"] for draft in drafts))
    return drafts


def is_monthly(item: Item) -> bool:
    """Whether a month of it can be billed ahead."""
    price = item.price
    return not price.is_metered and (price.interval, price.interval_count) == ("month", 1)


def ahead_lines(
    world: World, sub: Subscription, item: Item, invoice_id: str, periods: int
) -> list[DraftLine]:
    """Lines for so many periods after the current one, which are billed by them."""
    drafts, held = [], item.billed
    for _ in range(periods):
        steps = item.steps + len(item.ahead)
        start, end = (
            step(item.anchor, item.price.interval, item.price.interval_count, count)
            for count in (steps, steps + 1)
        )
        drafts += period_lines(world, sub, item, invoice_id, (start, end))
        item.ahead.append(Ahead(start, end, item.billed))
        item.billed_until = end
    item.billed = held
    return drafts


@dataclass(frozen=True)
class _Part:
    description: str
    quantity: int
    amount: int
    pricing: StripeObject


def _tier_parts(price: Price, quantity: int, currency: str) -> list[_Part]:
    """A line for each tier reached, followed by one of quantity 0 for the tier's fee."""
    parts = []
    for number, tier, units in price.tiers_reached(quantity, currency):
        words = f"{price.name} (Tier {number})"
        unit = objects.pricing(price.id, price.product, decimal_text(tier.unit))
        parts.append(_Part(f"{units} x {words}", units, half_up(units * tier.unit), unit))
        if tier.flat is not None:
            fee = objects.pricing(price.id, price.product, None)
            parts.append(_Part(words, 0, half_up(tier.flat), fee))
    return parts


def usage_line(
    sub: Subscription, item: Item, invoice_id: str, period: tuple[int, int], usage: int
) -> DraftLine:
    """What a metered item used in the period that has passed."""
    return DraftLine(
        objects.line_item(
            sub.customer.ids.new("il"),
            invoice_id,
            half_up(item.price.charge(usage, sub.currency)),
            sub.currency,
            description=f"{usage} x {item.price.name}",
            period=period,
            quantity=usage,
            parent=objects.cycle_parent(sub.id, item.id),
            pricing=price_pricing(item.price, usage, sub.currency),
            subscription=sub.id,
        ),
        price=item.price,
        own=tuple(item.discounts),
        item=item.id,
    )


def waiting_lines(
    world: World,
    who: Customer,
    waiting: Sequence[str],
    invoice_id: str,
    *,
    names_subscription_item: bool,
) -> list[DraftLine]:
    """Puts waiting invoice items on an invoice: newest first, as Stripe shows them."""
    drafts = []
    for identity in reversed(waiting):
        item = world.change("invoiceitem", identity, {"invoice": invoice_id})
        details = (item["parent"] or {}).get("subscription_details") or {}
        drafts.append(
            DraftLine(
                objects.line_item(
                    who.ids.new("il"),
                    invoice_id,
                    item["amount"],
                    item["currency"],
                    description=item["description"],
                    period=(item["period"]["start"], item["period"]["end"]),
                    quantity=item["quantity"],
                    parent=objects.invoice_item_parent(
                        item,
                        details.get("subscription_item"),
                        names_subscription_item=names_subscription_item,
                    ),
                    pricing=item["pricing"],
                    subscription=details.get("subscription"),
                    is_discountable=item["discountable"],
                )
            )
        )
    return drafts
