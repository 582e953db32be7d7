"""A subscription payload of any age in, the state vector of M28 out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.mrr.catalog import FROM_PAYLOAD, Book
from source_stripe_saas.mrr.exact import whole

ENDED = frozenset({"canceled", "incomplete_expired"})
LIVE = frozenset({"active", "past_due"})
# The item of a payload so old that it has only `plan` and `quantity`.
PLAN_ITEM = "(plan)"
UNKNOWN = object()


@dataclass(frozen=True)
class Item:
    """One line of a subscription; `quantity` None is what Stripe leaves out."""

    id: str
    price: str
    quantity: int | None
    discounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """A subscription at one moment; fields that are not compared date rows and fill columns."""

    id: str
    customer: str | None
    currency: str
    status: str
    items: tuple[Item, ...] = ()
    own_discounts: tuple[str, ...] = ()
    customer_discount: str | None = None
    pause: str | None = None
    resumes_at: int | None = None
    cancel_at_period_end: bool = False
    cancel_at: int | None = None
    cancel_reason: str | None = None
    trial_end: int | None = None
    trial_start: int | None = field(default=None, compare=False)
    created: int = field(default=0, compare=False)
    start_date: int | None = field(default=None, compare=False)
    canceled_at: int | None = field(default=None, compare=False)
    ended_at: int | None = field(default=None, compare=False)
    feedback: str | None = field(default=None, compare=False)
    # Whether a trial that ends without a payment method pauses the subscription (M22).
    pauses_after_trial: bool = field(default=False, compare=False)

    @property
    def has_ended(self) -> bool:
        """Whether the subscription is over for good."""
        return self.status in ENDED

    def before_end(self, at: int) -> "State":
        """Known by its end alone: as it may have been before, its schedule only if older (M47)."""
        is_scheduled_before = self.canceled_at is None or self.canceled_at < at
        return replace(
            self,
            status="active" if self.has_ended or self.status == "paused" else self.status,
            ended_at=None,
            cancel_at_period_end=self.cancel_at_period_end and is_scheduled_before,
            cancel_at=self.cancel_at if is_scheduled_before else None,
            canceled_at=self.canceled_at if is_scheduled_before else None,
        )

    def discount_ids(self) -> set[str]:
        """Every discount the payload names, counted or not."""
        named = {found for item in self.items for found in item.discounts}
        named.update(self.own_discounts)
        if self.customer_discount:
            named.add(self.customer_discount)
        return named


def state_from(raw: Mapping[str, Any], book: Book, customer_discount: Any = UNKNOWN) -> State:
    """Reads a payload by the fields it has, never by its API version (M28).

    Args:
        raw: the subscription object, its customer and discounts expanded or not.
        book: learns the prices and discounts the payload spells out.
        customer_discount: the customer's discount id to assume where the payload does not tell.
    """
    items = _items(raw, book)
    pause = raw.get("pause_collection") or {}
    details = raw.get("cancellation_details") or {}
    after_trial = (raw.get("trial_settings") or {}).get("end_behavior") or {}
    return State(
        id=raw["id"],
        customer=_customer(raw),
        currency=_currency(raw, items, book),
        status=raw["status"],
        items=items,
        own_discounts=_discounts(raw, book),
        customer_discount=_customer_discount(raw, book, customer_discount),
        pause=pause.get("behavior"),
        resumes_at=pause.get("resumes_at"),
        cancel_at_period_end=bool(raw.get("cancel_at_period_end")),
        cancel_at=raw.get("cancel_at"),
        cancel_reason=details.get("reason"),
        trial_end=raw.get("trial_end"),
        trial_start=raw.get("trial_start"),
        created=raw["created"],
        start_date=raw.get("start_date") or raw.get("start"),
        canceled_at=raw.get("canceled_at"),
        ended_at=raw.get("ended_at"),
        feedback=details.get("feedback"),
        pauses_after_trial=after_trial.get("missing_payment_method") == "pause",
    )


def _items(raw: Mapping[str, Any], book: Book) -> tuple[Item, ...]:
    listed = raw.get("items")
    data = listed.get("data") or [] if isinstance(listed, dict) else listed or []
    found = [_item(entry, book) for entry in data if not entry.get("deleted")]
    if not found and raw.get("plan"):
        price = book.learn_price(raw["plan"])
        found = [Item(PLAN_ITEM, price or "", _quantity(raw))]
    return tuple(found)


def _item(raw: Mapping[str, Any], book: Book) -> Item:
    price = book.learn_price(raw.get("price")) or book.learn_price(raw.get("plan"))
    return Item(raw["id"], price or "", _quantity(raw), _discounts(raw, book))


def _quantity(raw: Mapping[str, Any]) -> int | None:
    quantity = raw.get("quantity")
    return None if quantity is None else whole(quantity)


def _discounts(raw: Mapping[str, Any], book: Book) -> tuple[str, ...]:
    # The single field of older payloads: beside a list it is the same discount (M16), and it spells
    # out what the list may only name.
    single = book.learn_discount(raw.get("discount"), FROM_PAYLOAD)
    listed = raw.get("discounts") or ([single] if single else [])
    found = (book.learn_discount(entry, FROM_PAYLOAD) for entry in listed)
    return tuple(dict.fromkeys(key for key in found if key))


def _customer(raw: Mapping[str, Any]) -> str | None:
    customer = raw.get("customer") or raw.get("customer_account")
    return customer.get("id") if isinstance(customer, dict) else customer


def _customer_discount(raw: Mapping[str, Any], book: Book, assumed: Any) -> str | None:
    customer = raw.get("customer")
    if isinstance(customer, dict) and ("discount" in customer or assumed is UNKNOWN):
        return book.learn_discount(customer.get("discount"), FROM_PAYLOAD)
    return None if assumed is UNKNOWN else assumed


def _currency(raw: Mapping[str, Any], items: tuple[Item, ...], book: Book) -> str:
    if raw.get("currency"):
        return str(raw["currency"]).lower()
    prices = (book.price(item.price) for item in items)
    return next((price.currency for price in prices if price is not None), "")
