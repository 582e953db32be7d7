"""Where a company is registered for tax, and Stripe's exchange rates."""

from __future__ import annotations

from stripe_sandbox.samples.maker import DAY, Maker

_CURRENCIES = ("usd", "eur", "gbp", "jpy", "cad", "aud", "chf", "sek", "nok", "dkk", "pln", "inr")


def registrations(maker: Maker) -> None:
    """Fills tax registrations, some of them expired."""
    for number, moment in enumerate(maker.moments(12)):
        is_over = number % 4 == 3
        fields = {
            "active_from": moment,
            "expires_at": moment + DAY if is_over else None,
            "status": "expired" if is_over else "active",
        }
        maker.make("tax.registration", moment, fields)


def exchange_rates(maker: Maker) -> None:
    """Fills one object a currency; its id is the currency, and it has no `created`."""
    for number, currency in enumerate(_CURRENCIES):
        rates = dict.fromkeys(_CURRENCIES, 1 + number / 8)
        maker.make("exchange_rate", maker.start + number, {"id": currency, "rates": rates})
