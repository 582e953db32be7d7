"""A kind, a moment and what matters in; a sample object made from these and stored out."""

from __future__ import annotations

import string
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

from stripe_sandbox import stripe_spec
from stripe_sandbox.embedded import LISTS
from stripe_sandbox.render import render
from stripe_sandbox.samples.mend import mended
from stripe_sandbox.samples.settle import settle
from stripe_sandbox.store import EVENT_WINDOW_SECONDS, Store, StripeObject

API_VERSION = "2026-05-27.dahlia"
QUIET_SECONDS = 120
"""How long before the account's now nothing happens."""
DAY = 86_400

_LETTERS = string.ascii_letters + string.digits

PREFIXES = {
    "account": "acct",
    "application_fee": "fee",
    "balance_transaction": "txn",
    "bank_account": "ba",
    "billing.alert": "alrt",
    "billing.credit_balance_transaction": "cbtxn",
    "billing.credit_grant": "credgr",
    "billing.meter": "mtr",
    "card": "card",
    "charge": "ch",
    "checkout.session": "cs",
    "coupon": "co",
    "credit_note": "cn",
    "credit_note_line_item": "cnli",
    "customer": "cus",
    "customer_balance_transaction": "cbtxn",
    "customer_cash_balance_transaction": "ccsbtxn",
    "discount": "di",
    "dispute": "du",
    "entitlements.active_entitlement": "ent",
    "entitlements.feature": "feat",
    "event": "evt",
    "exchange_rate": "rate",
    "fee_refund": "fr",
    "file": "file",
    "file_link": "link",
    "invoice": "in",
    "invoice_payment": "inpay",
    "invoiceitem": "ii",
    "issuing.authorization": "iauth",
    "issuing.card": "ic",
    "issuing.cardholder": "ich",
    "issuing.dispute": "idp",
    "issuing.transaction": "ipi",
    "item": "li",
    "line_item": "il",
    "payment_intent": "pi",
    "payment_link": "plink",
    "payment_method": "pm",
    "payout": "po",
    "person": "person",
    "plan": "price",
    "price": "price",
    "product": "prod",
    "product_feature": "prodft",
    "promotion_code": "promo",
    "quote": "qt",
    "radar.early_fraud_warning": "issfr",
    "radar.value_list": "rsl",
    "radar.value_list_item": "rsli",
    "refund": "re",
    "review": "prv",
    "setup_attempt": "setatt",
    "setup_intent": "seti",
    "shipping_rate": "shr",
    "subscription": "sub",
    "subscription_item": "si",
    "subscription_schedule": "sub_sched",
    "tax.registration": "taxreg",
    "tax_id": "txi",
    "tax_rate": "txr",
    "topup": "tu",
    "transfer": "tr",
    "transfer_reversal": "trr",
}


class Maker:
    """Makes sample objects for one store, all its choices drawn from one seed."""

    def __init__(self, store: Store, seed: int, label: str, start: int) -> None:
        """Makes objects between `start` and the store's now."""
        self.store = store
        self.random = Random(f"{seed}/{label}")
        self.start = start
        self._made: set[str] = set()

    def identity(self, prefix: str) -> str:
        """A new id."""
        return f"{prefix}_1" + "".join(self.random.choices(_LETTERS, k=23))

    def moments(self, number: int) -> list[int]:
        """So many moments over the account's life, rising; the last three of them recent.

        Two fall into one second, as they do in life.
        """
        recent = [self.store.now - 25 * DAY, self.store.now - 8 * DAY, self.store.now - 7_200]
        old = max(0, number - len(recent))
        span = self.store.now - 31 * DAY - self.start
        moments = [
            self.start + span * i // max(1, old) + self.random.randrange(DAY) for i in range(old)
        ]
        if old > 3:
            moments[2] = moments[3]
        return sorted(moments) + [moment - self.random.randrange(600) for moment in recent]

    def make(
        self,
        name: str,
        moment: int,
        fields: dict[str, Any] | None = None,
        *,
        parent: str | None = None,
        hidden: bool = False,
        event: str | None = None,
    ) -> StripeObject:
        """Makes and stores one object.

        Args:
            name: its object name.
            moment: when it comes to be.
            fields: dotted path -> value, over what the sample says; `id` for a chosen id.
            parent: its parent's id, for children.
            hidden: keep it out of lists.
            event: type of its event.
        """
        content = mended(name)
        for schema_name, key in LISTS:
            if schema_name == name:
                content.pop(key, None)
        if name in self._made:
            _bare(content)
        # The first of its kind keeps all that the sample shows, sensible together or not.
        self._made.add(name)
        content["id"] = self.identity(PREFIXES[name])
        # What is given may be another object's own content, which stays as it is.
        fields = deepcopy(fields or {})
        for path, value in fields.items():
            put_at(content, path, value)
        times = {path: value for path, value in fields.items() if isinstance(value, int)}
        chosen = frozenset(_texts(fields))

        def pick(names: list[str], identity: str) -> str | None:
            return identity if identity in chosen else self._pick(names, identity)

        settle(content, moment=moment, livemode=self.store.livemode, pick=pick)
        for path, value in times.items():
            put_at(content, path, value)
        self.put(content, moment, parent=parent, hidden=hidden)
        if event is not None:
            self.emit(event, content, moment)
        return content

    def put(
        self, content: StripeObject, moment: int, *, parent: str | None = None, hidden: bool = False
    ) -> None:
        """Stores an object at a moment, which it takes as its own if it has no `created`."""
        now = self.store.now
        self.store.now = moment
        self.store.put(content, parent=parent, hidden=hidden)
        self.store.now = now

    def change(
        self, content: StripeObject, fields: dict[str, Any], moment: int, event: str | None = None
    ) -> StripeObject:
        """Changes an object, and records an event with the former values of the fields."""
        previous = {path.split(".")[0]: content.get(path.split(".")[0]) for path in fields}
        changed = dict(content)
        for path, value in fields.items():
            head = path.split(".")[0]
            if isinstance(changed.get(head), dict):
                changed[head] = dict(changed[head])
            put_at(changed, path, value)
        self.put(changed, moment)
        if event is not None:
            self.emit(event, changed, moment, previous if event.endswith("updated") else None)
        return changed

    def emit(
        self,
        kind: str,
        content: StripeObject,
        moment: int,
        previous: dict[str, Any] | None = None,
    ) -> None:
        """Stores an event, unless it is past reading already."""
        if moment < self.store.now - EVENT_WINDOW_SECONDS:
            return
        known = content["object"] in stripe_spec.load()["schemas"]
        data: dict[str, Any] = {"object": render(self.store, content) if known else content}
        if previous is not None:
            data["previous_attributes"] = previous
        event = {
            "id": self.identity("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": moment,
            "data": data,
            "livemode": self.store.livemode,
            "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.store.put(event)

    def all(self, name: str) -> list[StripeObject]:
        """Every object of a name, in order of arrival."""
        return list(self.store.contents(name))

    def any(self, name: str) -> StripeObject:
        """Some object of a name.

        Raises:
            LookupError: there is none.
        """
        found = list(self.store.rows.get(name, {}))
        if not found:
            raise LookupError(f"The account holds no {name} to refer to.")
        return self.store.rows[name][self.random.choice(found)].content

    def first(self, name: str, **fields: Any) -> StripeObject:
        """The oldest object of a name whose fields have these values.

        Raises:
            LookupError: there is none.
        """
        for content in self.store.contents(name):
            if all(content.get(key) == value for key, value in fields.items()):
                return content
        raise LookupError(f"The account holds no {name} with {fields}.")

    def _pick(self, names: list[str], identity: str) -> str | None:
        for name in names:
            if identity in self.store.rows.get(name, {}):
                return identity
        for name in names:
            if self.store.rows.get(name):
                return str(next(iter(self.store.rows[name])))
        return None


def _bare(content: StripeObject) -> None:
    """Empties the optional parts that a sample fills with whatever fits its schema."""
    properties = stripe_spec.load()["schemas"][content["object"]]["properties"]
    for key, value in content.items():
        if isinstance(value, dict) and properties.get(key, {}).get("nullable"):
            content[key] = None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)


def put_at(content: StripeObject, path: str, value: Any) -> None:
    """Sets the value at a dotted path, making the objects on the way."""
    keys = path.split(".")
    for key in keys[:-1]:
        if not isinstance(content.get(key), dict):
            content[key] = {}
        content = content[key]
    content[keys[-1]] = value
