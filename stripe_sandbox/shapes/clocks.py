"""Objects of a test clock: no list shows them unless it is scoped, events and GETs by id do.

Stripe's specification says so of customers, subscriptions and quotes, and its documentation of
search in general. What exactly other lists do is not documented: here no unscoped list shows any
object that belongs to a clock's customer. The times of such objects are taken to be the account's;
Stripe's are the clock's, which may lie anywhere.
"""

from __future__ import annotations

from stripe_sandbox.account import Account
from stripe_sandbox.samples.billing import add_item
from stripe_sandbox.samples.maker import DAY, QUIET_SECONDS, Maker
from stripe_sandbox.store import StripeObject

CLOCK = "clock_1SandboxTestClock0000001"
_LABEL = "test clock"


def add_clock(account: Account, seed: int) -> None:
    """Adds a clock with a customer and a subscription; each advance of the account bills it.

    Raises:
        ValueError: the account is in live mode, where there are no test clocks.
    """
    store = account.store
    if store.livemode:
        raise ValueError("there are no test clocks in live mode")
    if CLOCK in store.rows.get("test_helpers.test_clock", {}):
        return
    now = store.now - QUIET_SECONDS
    clock: StripeObject = {
        "id": CLOCK,
        "object": "test_helpers.test_clock",
        "created": now,
        "deletes_after": now + 30 * DAY,
        "frozen_time": now,
        "livemode": False,
        "name": "renewals",
        "status": "ready",
        "status_details": {},
    }
    store.put(clock)
    maker = Maker(store, seed, _LABEL, now)
    subscription_id = _subscribed(maker, now)
    _bill(maker, subscription_id, now)

    def move(seconds: int) -> None:
        if seconds > QUIET_SECONDS:
            moment = store.now - QUIET_SECONDS
            _bill(Maker(store, seed, f"{_LABEL}/{moment}", moment), subscription_id, moment)

    account.moves.append(move)
    account.shelf.forget()


def _clocked(maker: Maker, content: StripeObject) -> StripeObject:
    """The object, from now on hidden from lists that are not scoped."""
    maker.store.of_clock[content["object"], content["id"]] = CLOCK
    return content


def _subscribed(maker: Maker, moment: int) -> str:
    customer = maker.make(
        "customer",
        moment,
        {
            "cash_balance": None,
            "discount": None,
            "email": "clocked@example.com",
            "name": "clocked",
            "tax": {
                "automatic_tax": "unrecognized_location",
                "ip_address": None,
                "location": None,
                "provider": "stripe",
            },
            "test_clock": CLOCK,
        },
        event="customer.created",
    )
    _clocked(maker, customer)
    price = maker.first("price", type="recurring", active=True, billing_scheme="per_unit")
    subscription = maker.make(
        "subscription",
        moment,
        {
            "cancel_at": None,
            "cancel_at_period_end": False,
            "canceled_at": None,
            "customer": customer["id"],
            "discounts": [],
            "ended_at": None,
            "pause_collection": None,
            "pending_update": None,
            "status": "active",
            "test_clock": CLOCK,
            "trial_end": None,
            "trial_start": None,
        },
    )
    add_item(maker, subscription, price, moment)
    [item] = maker.store.of_parent("subscription_item", subscription["id"])
    _clocked(maker, subscription)
    _clocked(maker, item)
    maker.emit("customer.subscription.created", subscription, moment)
    return str(subscription["id"])


def _bill(maker: Maker, subscription_id: str, moment: int) -> None:
    """A period of the clock passes: an invoice, its charge, and a change of the subscription."""
    subscription = maker.store.rows["subscription"][subscription_id].content
    [item] = maker.store.of_parent("subscription_item", subscription_id)
    details = {"metadata": {}, "subscription": subscription_id}
    invoice = maker.make(
        "invoice",
        moment,
        {
            "amount_due": 7_000,
            "amount_paid": 7_000,
            "amount_remaining": 0,
            "billing_reason": "subscription_cycle",
            "customer": subscription["customer"],
            "discounts": [],
            "from_invoice": None,
            "number": f"CLOCK-{moment}",
            "parent": {
                "quote_details": None,
                "subscription_details": details,
                "type": "subscription_details",
            },
            "status": "paid",
            "test_clock": CLOCK,
            "total": 7_000,
        },
    )
    line = maker.make(
        "line_item",
        moment,
        {
            "amount": 7_000,
            "discounts": [],
            "invoice": invoice["id"],
            "parent": {
                "invoice_item_details": None,
                "subscription_item_details": {
                    "invoice_item": None,
                    "proration": False,
                    "proration_details": {"credited_items": None},
                    "subscription": subscription_id,
                    "subscription_item": item["id"],
                },
                "type": "subscription_item_details",
            },
            "period": {"start": moment, "end": moment + 30 * DAY},
        },
        parent=invoice["id"],
    )
    charge = maker.make(
        "charge",
        moment,
        {
            "amount": 7_000,
            "balance_transaction": None,
            "customer": subscription["customer"],
            "payment_intent": None,
            "refunded": False,
            "source": None,
            "status": "succeeded",
        },
    )
    for content in (invoice, line, charge):
        _clocked(maker, content)
    maker.emit("charge.succeeded", charge, moment)
    for event in ("invoice.created", "invoice.finalized", "invoice.paid"):
        maker.emit(event, invoice, moment)
    changes = {"latest_invoice": invoice["id"]}
    maker.change(subscription, changes, moment, "customer.subscription.updated")
