"""Time that passes in; changes to the core of a samples account, each with its events, out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from stripe_sandbox.render import render
from stripe_sandbox.samples.billing import add_item, bill, pending_item
from stripe_sandbox.samples.changes import breadth_advance, spread
from stripe_sandbox.samples.core import a_price, a_product, sign_up, ways_to_pay
from stripe_sandbox.samples.maker import DAY, QUIET_SECONDS, Maker
from stripe_sandbox.samples.money import balance_transaction, pay, refund
from stripe_sandbox.store import Store, StripeObject

PaidOut = dict[str, list[str]]


def advance(store: Store, seed: int, from_seconds: int, to_seconds: int, paid_out: PaidOut) -> None:
    """Changes a samples account, core and breadth, between two moments.

    Args:
        store: its clock stands at `to_seconds` already.
        seed: same seed and moments, same changes.
        from_seconds: where the clock stood before.
        to_seconds: where it stands now; the last two minutes stay quiet.
        paid_out: automatic payout -> its balance transactions; new ones are added.
    """
    last = to_seconds - QUIET_SECONDS
    if last > from_seconds:
        maker = Maker(store, seed, f"evolution/{from_seconds}", from_seconds)
        for change, moment in zip(_CHANGES, spread(len(_CHANGES), from_seconds, last), strict=True):
            # What there is nothing left of to change stays as it is.
            with suppress(LookupError):
                change(maker, moment)
        _pay_out(maker, paid_out, last)
    _make_available(store)
    breadth_advance(store, seed, from_seconds, to_seconds)


def _make_available(store: Store) -> None:
    """Pending balance becomes available with time, without an event."""
    for content in list(store.contents("balance_transaction")):
        if content["status"] == "pending" and content["available_on"] <= store.now:
            store.put({**content, "status": "available"})


def _annotate(maker: Maker, name: str, event: str, moment: int) -> None:
    content = maker.any(name)
    changes: dict[str, Any] = {
        "metadata": {**(content.get("metadata") or {}), "seen_at": str(moment)}
    }
    if "updated" in content:
        changes["updated"] = moment
    maker.change(content, changes, moment, event)


def _touch_many(maker: Maker, moment: int) -> None:
    """Metadata of one object of each kind that has an event for it."""
    for name, event in (
        ("customer", "customer.updated"),
        ("product", "product.updated"),
        ("coupon", "coupon.updated"),
        ("promotion_code", "promotion_code.updated"),
        ("tax_rate", "tax_rate.updated"),
        ("payment_method", "payment_method.updated"),
        ("subscription_schedule", "subscription_schedule.updated"),
        ("invoice", "invoice.updated"),
        ("charge", "charge.updated"),
        ("refund", "refund.updated"),
        ("payout", "payout.updated"),
        ("dispute", "charge.dispute.updated"),
        ("credit_note", "credit_note.updated"),
        ("setup_intent", "setup_intent.requires_action"),
    ):
        _annotate(maker, name, event, moment)


def _launch_product(maker: Maker, moment: int) -> None:
    """A product and its price, named anew at once; no subscription holds either yet."""
    product = a_product(maker, f"Product of {moment}", True, moment)
    price = a_price(maker, product, 1, moment)
    named = {"nickname": f"Price of {moment}"}
    maker.change(price, named, moment + 1, "price.updated")
    plan = maker.store.rows["plan"][price["id"]].content
    maker.change(plan, named, moment + 1, "plan.updated")


def _new_customer(maker: Maker, moment: int) -> None:
    customer = sign_up(maker, f"newcomer{moment}", moment)
    ways_to_pay(maker, customer, 1, moment)


def _lose_customer(maker: Maker, moment: int) -> None:
    """A customer without subscriptions goes, and what was theirs alone goes with them."""
    subscribed = {subscription["customer"] for subscription in maker.all("subscription")}
    entitled = {
        parent for name, parent in maker.store.children if name == "entitlements.active_entitlement"
    }
    for customer in maker.all("customer"):
        if customer["id"] in subscribed or customer["id"] in entitled:
            continue
        for name, event in (
            ("card", "customer.source.deleted"),
            ("bank_account", "customer.source.deleted"),
            ("tax_id", "customer.tax_id.deleted"),
        ):
            for content in maker.all(name):
                if content.get("customer") == customer["id"]:
                    _delete(maker, content, event, moment)
        for content in maker.all("customer_balance_transaction"):
            if content["customer"] == customer["id"]:
                maker.store.remove("customer_balance_transaction", content["id"])
        for content in maker.all("payment_method"):
            if content["customer"] == customer["id"]:
                _detach(maker, content, moment)
        _delete(maker, customer, "customer.deleted", moment)
        return


def _delete(maker: Maker, content: StripeObject, event: str, moment: int) -> None:
    # The event shows the object whole, as it was before.
    maker.emit(event, content, moment)
    maker.store.remove(content["object"], content["id"])


def _detach(maker: Maker, method: StripeObject, moment: int) -> None:
    detached = maker.change(method, {"customer": None}, moment)
    previous = {"customer": method["customer"]}
    maker.emit("payment_method.detached", detached, moment, previous)


def _detach_some(maker: Maker, moment: int) -> None:
    attached = [m for m in maker.all("payment_method") if m["customer"] is not None]
    _detach(maker, maker.random.choice(attached), moment)


def _retire_coupon(maker: Maker, moment: int) -> None:
    used = {d["source"]["coupon"] for d in maker.all("discount")}
    used |= {code["promotion"]["coupon"] for code in maker.all("promotion_code")}
    for coupon in maker.all("coupon"):
        if coupon["id"] not in used:
            _delete(maker, coupon, "coupon.deleted", moment)
            return


def _change_sources(maker: Maker, moment: int) -> None:
    owned = [card for card in maker.all("card") if card.get("customer") is not None]
    card = maker.random.choice(owned)
    maker.change(card, {"exp_year": card["exp_year"] + 1}, moment, "customer.source.updated")
    accounts = [a for a in maker.all("bank_account") if a.get("customer") is not None]
    _delete(maker, maker.random.choice(accounts), "customer.source.deleted", moment)


def _drop_tax_id(maker: Maker, moment: int) -> None:
    _delete(maker, maker.any("tax_id"), "customer.tax_id.deleted", moment)


def _running(maker: Maker) -> StripeObject:
    running = [s for s in maker.all("subscription") if s["status"] == "active"]
    return maker.random.choice(running)


def _items(maker: Maker, subscription: StripeObject) -> StripeObject:
    """All items as they are, though one alone is about to change: events show lists as a whole."""
    return {"data": render(maker.store, subscription)["items"]["data"]}


def _change_quantity(maker: Maker, moment: int) -> None:
    subscription = _running(maker)
    item = maker.store.of_parent("subscription_item", subscription["id"])[0]
    previous = {"items": _items(maker, subscription), "quantity": item.get("quantity")}
    maker.change(item, {"quantity": (item.get("quantity") or 1) + 3}, moment)
    maker.emit("customer.subscription.updated", subscription, moment, previous)


def _swap_item(maker: Maker, moment: int) -> None:
    subscription = _running(maker)
    gone = maker.store.of_parent("subscription_item", subscription["id"])[-1]
    previous = {"items": _items(maker, subscription)}
    maker.store.remove("subscription_item", gone["id"])
    prices = [price for price in maker.all("price") if price["type"] == "recurring"]
    add_item(maker, subscription, maker.random.choice(prices), moment)
    maker.emit("customer.subscription.updated", subscription, moment, previous)


def _cancel_subscription(maker: Maker, moment: int) -> None:
    changes = {"status": "canceled", "canceled_at": moment, "ended_at": moment}
    maker.change(_running(maker), changes, moment, "customer.subscription.deleted")


def _bill_again(maker: Maker, moment: int) -> None:
    invoice = bill(maker, _running(maker), moment % 10_000, 12, moment)
    charge = pay(maker, invoice, 12_000, moment + 5)
    refund(maker, charge, 100, moment + 10)


def _void_invoice(maker: Maker, moment: int) -> None:
    changes = {"status": "void", "status_transitions.voided_at": moment}
    maker.change(maker.first("invoice", status="open"), changes, moment, "invoice.voided")


def _draft_and_delete(maker: Maker, moment: int) -> None:
    """A draft that was never finalized, gone within the day with its line."""
    invoice = bill(maker, _running(maker), moment % 10_000, 1, moment)
    draft = maker.change(invoice, {"status": "draft", "number": None}, moment, "invoice.updated")
    subscription = draft["parent"]["subscription_details"]["subscription"]
    holder = maker.store.rows["subscription"][subscription].content
    maker.change(holder, {"latest_invoice": None}, moment, "customer.subscription.updated")
    maker.emit("invoice.deleted", draft, moment + 30)
    for line in maker.store.of_parent("line_item", draft["id"]):
        maker.store.remove("line_item", line["id"])
        item = line["parent"]["invoice_item_details"]["invoice_item"]
        _delete(maker, maker.store.rows["invoiceitem"][item].content, "invoiceitem.deleted", moment)
    maker.store.remove("invoice", draft["id"])


def _change_pending(maker: Maker, moment: int) -> None:
    pending = [item for item in maker.all("invoiceitem") if item["invoice"] is None]
    _delete(maker, pending[0], "invoiceitem.deleted", moment)
    fields = {"customer": maker.any("customer")["id"], "date": moment, "invoice": None}
    pending_item(maker, fields, moment)


def _close_dispute(maker: Maker, moment: int) -> None:
    dispute = maker.first("dispute", status="warning_needs_response")
    maker.change(dispute, {"status": "lost"}, moment, "charge.dispute.closed")


def _void_credit_note(maker: Maker, moment: int) -> None:
    changes = {"status": "void", "voided_at": moment}
    maker.change(maker.first("credit_note", status="issued"), changes, moment, "credit_note.voided")


def _complete_checkout(maker: Maker, moment: int) -> None:
    session = maker.first("checkout.session", status="open")
    changes = {"status": "complete", "payment_status": "paid"}
    maker.change(session, changes, moment, "checkout.session.completed")


def _pay_out(maker: Maker, paid_out: PaidOut, moment: int) -> None:
    covered = {identity for transactions in paid_out.values() for identity in transactions}
    waiting: list[dict[str, Any]] = [
        content
        for content in maker.all("balance_transaction")
        if content["id"] not in covered and content["type"] != "payout"
    ]
    amount = max(100, sum(content["net"] for content in waiting))
    fields = {
        "amount": amount,
        "arrival_date": moment - moment % DAY + 2 * DAY,
        "automatic": True,
        "balance_transaction": None,
        "destination": None,
        "reconciliation_status": "completed",
        "status": "paid",
    }
    payout = maker.make("payout", moment, fields)
    own = balance_transaction(maker, payout["id"], "payout", -amount, 0, moment)
    payout = maker.change(payout, {"balance_transaction": own["id"]}, moment, "payout.created")
    paid_out[payout["id"]] = [own["id"], *(content["id"] for content in waiting)]
    maker.emit("payout.paid", payout, moment)
    maker.emit("payout.reconciliation_completed", payout, moment)


_CHANGES = (
    _touch_many,
    _launch_product,
    _new_customer,
    _lose_customer,
    _detach_some,
    _retire_coupon,
    _change_sources,
    _drop_tax_id,
    _change_quantity,
    _swap_item,
    _cancel_subscription,
    _bill_again,
    _void_invoice,
    _draft_and_delete,
    _change_pending,
    _close_dispute,
    _void_credit_note,
    _complete_checkout,
)
