"""What can be offered: quotes, shipping rates, meters, features and what entitles to them."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.render import render
from stripe_sandbox.samples.maker import DAY, Maker
from stripe_sandbox.store import StripeObject


def shipping_rates(maker: Maker) -> None:
    """Fills shipping rates, some with prices in other currencies."""
    for number, moment in enumerate(maker.moments(12)):
        fields: dict[str, Any] = {
            "active": number % 4 != 3,
            "display_name": f"Shipping {number}",
            "fixed_amount": {"amount": 500 + number, "currency": "usd"},
        }
        if number % 2 == 0:
            fields["fixed_amount"]["currency_options"] = {
                "usd": {"amount": 500 + number, "tax_behavior": "unspecified"},
                "eur": {"amount": 450 + number, "tax_behavior": "unspecified"},
            }
        maker.make("shipping_rate", moment, fields)


def meters(maker: Maker) -> None:
    """Fills billing meters; they have no events that Stripe's specification knows."""
    for number, moment in enumerate(maker.moments(12)):
        maker.make(
            "billing.meter",
            moment,
            {
                "display_name": f"Meter {number}",
                "event_name": f"sample_meter_{number}",
                "status": ("active", "inactive")[number % 4 == 3],
                "status_transitions.deactivated_at": moment if number % 4 == 3 else None,
                "updated": moment,
            },
        )


def features(maker: Maker) -> None:
    """Fills features, the products that bring them and the customers entitled to them."""
    made = [
        maker.make(
            "entitlements.feature",
            moment,
            {"name": f"Feature {number}", "lookup_key": f"feature-{number}", "active": True},
        )
        for number, moment in enumerate(maker.moments(14))
    ]
    products = maker.all("product")[:6]
    for number, product in enumerate(products):
        for feature in made[: 12 if number == 0 else 1 + number % 3]:
            moment = max(product["created"], maker.start) + 60
            fields = {"entitlement_feature": feature}
            maker.make("product_feature", moment, fields, parent=product["id"])
    customers = [c for c in maker.all("customer") if c.get("test_clock") is None][-8:]
    for number, customer in enumerate(customers):
        moment = customer["created"] + 90
        for feature in made[: 12 if number == 0 else 1 + number % 4]:
            entitle(maker, customer, feature, moment)
        tell_entitlements(maker, customer["id"], moment)


def entitle(maker: Maker, customer: StripeObject, feature: StripeObject, moment: int) -> None:
    """Entitles a customer to a feature."""
    fields = {"feature": feature["id"], "lookup_key": feature["lookup_key"]}
    maker.make("entitlements.active_entitlement", moment, fields, parent=customer["id"])


def entitlements_of(maker: Maker, customer: str) -> StripeObject:
    """A customer's entitlements as an event shows them: the first ten."""
    entries = maker.store.of_parent("entitlements.active_entitlement", customer)
    return {
        "object": "list",
        "data": [render(maker.store, entry) for entry in entries[:10]],
        "has_more": len(entries) > 10,
        "url": f"/v1/customer/{customer}/entitlements",
    }


def tell_entitlements(
    maker: Maker, customer: str, moment: int, before: StripeObject | None = None
) -> None:
    """The event that a customer's entitlements changed; its object has no id."""
    summary = {
        "object": "entitlements.active_entitlement_summary",
        "customer": customer,
        "entitlements": entitlements_of(maker, customer),
        "livemode": maker.store.livemode,
    }
    previous = {"entitlements": before or {"object": "list", "data": [], "has_more": False}}
    maker.emit("entitlements.active_entitlement_summary.updated", summary, moment, previous)


def quotes(maker: Maker) -> None:
    """Fills quotes of every status, one with more lines than Stripe embeds."""
    for number, moment in enumerate(maker.moments(12)):
        customer = maker.any("customer")
        quote = maker.make(
            "quote",
            moment,
            {
                "customer": customer["id"],
                "expires_at": moment + 30 * DAY,
                "status": "draft",
                "metadata": {"number": str(number)},
            },
        )
        for _ in range(12 if number == 0 else 1 + number % 3):
            price = maker.any("price")
            a_line(maker, price["id"], moment, parent=quote["id"])
        maker.emit("quote.created", quote, moment)
        if number % 4:
            quote = _finalize(maker, quote, number, moment + 60)
        if number % 4 == 2:
            accept_quote(maker, quote, moment + 120)
        elif number % 4 == 3:
            changes = {"status": "canceled", "status_transitions.canceled_at": moment + 120}
            maker.change(quote, changes, moment + 120, "quote.canceled")


def a_line(maker: Maker, price: str, moment: int, parent: str) -> None:
    """A line of a quote or of a checkout session."""
    fields = {"price": price, "discounts": [], "taxes": []}
    maker.make("item", moment, fields, parent=parent)


def _finalize(maker: Maker, quote: StripeObject, number: int, moment: int) -> StripeObject:
    changes = {
        "number": f"QT-SAMPLE-{number:04}-1",
        "status": "open",
        "status_transitions.finalized_at": moment,
    }
    return maker.change(quote, changes, moment, "quote.finalized")


def accept_quote(maker: Maker, quote: StripeObject, moment: int) -> None:
    """The customer accepts."""
    changes = {"status": "accepted", "status_transitions.accepted_at": moment}
    maker.change(quote, changes, moment, "quote.accepted")


def payment_links(maker: Maker) -> None:
    """Fills payment links, some switched off, one with more lines than Stripe embeds."""
    for number, moment in enumerate(maker.moments(12)):
        fields = {"url": f"https://buy.example.com/{number}", "metadata": {"number": str(number)}}
        link = maker.make("payment_link", moment, fields)
        for _ in range(12 if number == 0 else 1 + number % 3):
            a_line(maker, maker.any("price")["id"], moment, parent=link["id"])
        maker.emit("payment_link.created", link, moment)
        if number % 4 == 3:
            switch_off(maker, link, moment + 60)


def switch_off(maker: Maker, link: StripeObject, moment: int) -> None:
    """Makes a payment link refuse further payments."""
    maker.change(link, {"active": False}, moment, "payment_link.updated")


def alerts(maker: Maker) -> None:
    """Fills alerts of use; they have no `created`, and no event tells that one was made."""
    for number, moment in enumerate(maker.moments(12)):
        meter = maker.any("billing.meter")
        fields = {
            "title": f"Alert {number}",
            "status": ("active", "archived")[number % 4 == 3],
            "usage_threshold": {
                "filters": None,
                "gte": 1_000 * (number + 1),
                "meter": meter["id"],
                "recurrence": "one_time",
            },
        }
        maker.make("billing.alert", moment, fields)
