"""How many subscriptions -> an account of them with ten monthly invoices each, all agreeing.

The other benchmarks' objects are good to be moved; the ledger reads what is in them. So here each
invoice bills the one item of its subscription, at the price and quantity of the time: one
subscription in four doubles its quantity with the sixth invoice.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from functools import cache
from operator import itemgetter
from typing import Any

from benchmarks.samples import KINDS, Template, listed, shape

INVOICES_EACH = 10
PRICES = 20
MONTH_SECONDS = 30 * 86_400
_GROWN_WITH = 5
"""The number of the invoice, counted from 0, that bills twice as much."""

_MARKS = ("@@number@@", "@@subscription@@", "@@price@@", "@@reason@@")
_NUMBERS = range(7777777771, 7777777778)
_CREATED, _START, _END, _PAID, _QUANTITY, _AMOUNT, _UNIT = _NUMBERS
_GAPS = re.compile("|".join((*_MARKS, *map(str, _NUMBERS))).encode())
_PLACES = {mark.encode(): place for place, mark in enumerate((*_MARKS, *map(str, _NUMBERS)))}


def unit_amount(price: int) -> int:
    """What a price costs a month, in cents."""
    return 1_000 + 700 * price


def price_of(subscription: int) -> int:
    """The price of a subscription's item."""
    return subscription % PRICES


def quantity_of(subscription: int, invoice: int = INVOICES_EACH) -> int:
    """How many of it are bought, as of one of its invoices."""
    doubles = subscription % 4 == 0 and invoice >= _GROWN_WITH
    return (1 + subscription % 3) * (2 if doubles else 1)


def rows_expected(subscriptions: int) -> int:
    """Activation, first payment, nine renewals; one in four grows."""
    return subscriptions * (INVOICES_EACH + 1) + (subscriptions + 3) // 4


def mrr_expected(subscriptions: int) -> int:
    """Cents a month in the end."""
    return sum(unit_amount(price_of(s)) * quantity_of(s) for s in range(subscriptions))


class Layout:
    """When the objects of a collection were created, and whose they are."""

    def __init__(self, path: str, subscriptions: int, began: int, until: int) -> None:
        """Lays them out.

        Args:
            path: subscriptions, invoices or prices.
            subscriptions: how many.
            began: when the first was created, Unix seconds.
            until: nothing is younger.
        """
        self.path = path
        self.created = array("q")
        self._owners = array("q")
        self._turns = array("b")
        span = until - began - INVOICES_EACH * MONTH_SECONDS
        births = [began + n * span // max(1, subscriptions) for n in range(subscriptions)]
        if path == "invoices":
            order = sorted(
                (births[n] + turn * MONTH_SECONDS, n, turn)
                for n in range(subscriptions)
                for turn in range(INVOICES_EACH)
            )
            for created, n, turn in order:
                self.created.append(created)
                self._owners.append(n)
                self._turns.append(turn)
        else:
            # Prices are older than whatever bills them.
            self.created.extend(births if path == "subscriptions" else [began - 1] * PRICES)

    def render(self, number: int) -> bytes:
        """An object as a list's reply holds it."""
        return _template(self.path).render(self._values(number))

    def _values(self, number: int) -> tuple[bytes, ...]:
        owner = self._owners[number] if self._owners else number
        turn = self._turns[number] if self._turns else 0
        created = self.created[number]
        quantity = quantity_of(owner, turn) if self._turns else quantity_of(owner)
        price = price_of(owner)
        if self.path == "prices":
            price, quantity = number, 1
        return (
            b"%014d" % number,
            b"%014d" % owner,
            b"%02d" % price,
            b"cycle" if turn else b"create",
            b"%d" % created,
            b"%d" % created,
            b"%d" % (created + MONTH_SECONDS),
            b"%d" % (created + 3),
            b"%d" % quantity,
            b"%d" % (quantity * unit_amount(price)),
            b"%d" % unit_amount(price),
        )


def ledger_counts(subscriptions: int) -> dict[str, int]:
    """Collection -> number of objects."""
    return {
        "subscriptions": subscriptions,
        "invoices": subscriptions * INVOICES_EACH,
        "prices": PRICES,
    }


@cache
def _template(path: str) -> Template:
    text = listed(_SHAPES[path]())
    places = [_PLACES[gap] for gap in _GAPS.findall(text)]
    pattern = b"%b".join(part.replace(b"%", b"%%") for part in _GAPS.split(text))
    return Template(pattern, itemgetter(*places))


def _price() -> dict[str, Any]:
    row = shape(KINDS["prices"], 0)
    row |= {
        "id": "price_@@price@@",
        "created": _CREATED,
        "currency": "usd",
        "billing_scheme": "per_unit",
        "transform_quantity": None,
        "tiers_mode": None,
        "unit_amount": _UNIT,
        "unit_amount_decimal": f"{_UNIT}",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    }
    return row


def _subscription() -> dict[str, Any]:
    row = shape(KINDS["subscriptions"], 0)
    ends = ("cancel_at", "canceled_at", "ended_at", "trial_start", "trial_end", "schedule")
    row |= dict.fromkeys((*ends, "pause_collection", "pending_update", "billing_schedules"))
    [item] = row["items"]["data"][:1]
    item |= {
        "id": "si_@@number@@",
        "created": _CREATED,
        "quantity": _QUANTITY,
        "price": _price(),
        "plan": {**item["plan"], "id": "price_@@price@@"},
        "subscription": "sub_@@number@@",
        "discounts": [],
    }
    row["items"]["data"] = [item]
    row |= {
        "created": _CREATED,
        "start_date": _CREATED,
        "status": "active",
        "currency": "usd",
        "cancel_at_period_end": False,
        "discounts": [],
        "customer": "cus_@@number@@",
    }
    return row


def _invoice() -> dict[str, Any]:
    row = shape(KINDS["invoices"], 0)
    [line] = row["lines"]["data"][:1]
    line |= {
        "id": "il_@@number@@",
        "amount": _AMOUNT,
        "quantity": _QUANTITY,
        "period": {"start": _START, "end": _END},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": "price_@@price@@", "product": "prod_1"},
            "unit_amount_decimal": None,
        },
        "parent": {
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": None,
                "subscription": "sub_@@subscription@@",
                "subscription_item": "si_@@subscription@@",
            },
        },
    }
    row["lines"]["data"] = [line]
    details = {"metadata": {}, "subscription": "sub_@@subscription@@"}
    row |= {
        "created": _CREATED,
        "status": "paid",
        "customer": "cus_@@subscription@@",
        "billing_reason": "subscription_@@reason@@",
        "collection_method": "charge_automatically",
        "attempt_count": 1,
        "total": _AMOUNT,
        "latest_revision": None,
        "discounts": [],
        "parent": {"type": "subscription_details", "subscription_details": details},
        "status_transitions": {
            "finalized_at": _CREATED,
            "paid_at": _PAID,
            "marked_uncollectible_at": None,
            "voided_at": None,
        },
    }
    return row


_SHAPES: Mapping[str, Any] = {
    "prices": _price,
    "subscriptions": _subscription,
    "invoices": _invoice,
}
