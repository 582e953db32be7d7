"""Plays the life of one subscription as Stripe would show it, and keeps its own account of MRR.

The account is written from the actions, with its own arithmetic; it shares no code with the rules.
Longer than most files: a life is one table of acts, and what each shows must agree with the rest.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from fractions import Fraction

from hypothesis import strategies as st

DAY = 86_400
STATE_TYPES = tuple(f"customer.subscription.{name}" for name in ("created", "updated", "deleted"))
BORN = 1_735_689_600  # 2025-01-01
PRICES = {
    "p10": (1000, "month"),
    "p25": (2500, "month"),
    "p33": (3333, "month"),
    "y99": (99_900, "year"),
    "w3": (300, "week"),
    "zero": (0, "month"),
}
PER_MONTH = {"month": Fraction(1), "year": Fraction(1, 12), "week": Fraction(52, 12)}
COUPONS = {"F20": (20, "forever"), "F33": (33, "forever"), "R50": (50, "repeating")}
COUPONS["O50"] = (50, "once")


def price_catalog():
    return {
        key: {
            "id": key,
            "currency": "usd",
            "product": f"prod_{key}",
            "billing_scheme": "per_unit",
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
            "recurring": {"interval": interval, "interval_count": 1, "usage_type": "licensed"},
        }
        for key, (amount, interval) in PRICES.items()
    }


def coupon_catalog():
    return {
        key: {"id": key, "percent_off": percent, "duration": duration}
        for key, (percent, duration) in COUPONS.items()
    }


def cycle(number):
    """The first of the month, that many months after birth; weeks and years are kept to months."""
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return BORN + DAY * (365 * (number // 12) + sum(days[: number % 12]))


@dataclass(frozen=True)
class Account:
    """What the life itself knows to be true from a moment on."""

    status: str
    items: tuple  # (item id, price id, quantity)
    discounts: tuple  # (coupon, end)
    customer: tuple | None = None  # (coupon, end) of the customer, for want of an own one
    paused: str | None = None
    resumes_at: int | None = None
    is_free: bool = False
    cap: Fraction | None = None
    once: tuple = ()  # (start, end)

    def net(self, at, mode=("forever",)):
        total = sum(
            (Fraction(q) * PRICES[p][0] * PER_MONTH[PRICES[p][1]] for _, p, q in self.items),
            Fraction(0),
        )
        held = [one for one in self.discounts if one[1] is None or at < one[1]]
        if not held and self.customer and (self.customer[1] is None or at < self.customer[1]):
            held = [self.customer]
        for coupon, _ in held:
            percent, duration = COUPONS[coupon]
            if duration in mode:
                total = total * (100 - percent) / 100
        return total

    def is_paused(self, at):
        return self.paused is not None and (self.resumes_at is None or at < self.resumes_at)

    def mrr(self, at, mode=("forever",)):
        if self.is_paused(at) and self.paused in ("void", "mark_uncollectible"):
            return Fraction(0)
        if self.status == "trialing":
            return min(self.net(at, mode), self.cap) if self.is_free else Fraction(0)
        return self.net(at, mode) if self.status in ("active", "past_due") else Fraction(0)


@dataclass
class Life:
    """One subscription, played forward by calling its actions."""

    trial_days: int = 0
    price: str = "p10"
    quantity: int = 1
    lag: int = 0
    events: list = field(default_factory=list)
    invoices: list = field(default_factory=list)
    discounts: dict = field(default_factory=dict)
    log: list = field(default_factory=list)
    pending: list = field(default_factory=list)
    customer_discount: dict | None = None

    def __post_init__(self):
        self.now, self.cycles, self.serial, self.unpaid = BORN, 0, 0, None
        self.given = {}
        self.account = Account(
            "trialing" if self.trial_days else "active", (("si_1", self.price, self.quantity),), ()
        )
        trial = {"trial_start": BORN, "trial_end": BORN + self.trial_days * DAY}
        self.sub = {
            "id": "sub_1",
            "customer": "cus_1",
            "currency": "usd",
            "created": BORN,
            "start_date": BORN,
            "status": self.account.status,
            "items": {"object": "list", "data": self._item_objects(BORN)},
            "discounts": [],
            "pause_collection": None,
            "cancel_at_period_end": False,
            "cancel_at": None,
            "canceled_at": None,
            "ended_at": None,
            "cancellation_details": {"reason": None, "feedback": None, "comment": None},
            **(trial if self.trial_days else {"trial_start": None, "trial_end": None}),
        }
        self.log.append((BORN, self.account))
        self._event("customer.subscription.created", self.sub, None)
        self._bill("subscription_create", free_until=self.sub["trial_end"])

    @property
    def is_over(self):
        return self.account.status == "canceled"

    # --- actions ---

    def live(self, until):
        """Lets time pass: trials end, renewals come."""
        while not self.is_over:
            trial_end = self.sub["trial_end"]
            due = []
            if self.account.status == "trialing":
                due.append((trial_end, self._end_trial))
            if self.sub["cancel_at"]:
                due.append((self.sub["cancel_at"], self._end))
            due.append((cycle(self.cycles + 1), self._renew))
            at, step = min(due, key=lambda one: one[0])
            if at > until:
                break
            self.now = at
            step()
        self.now = until

    def set_quantity(self, i, quantity):
        items = list(self.account.items)
        i %= len(items)
        item_id, price, old = items[i]
        if quantity == old:
            return
        items[i] = (item_id, price, quantity)
        self._change_items(items, [(items[i], (item_id, price, old))])

    def set_price(self, i, price):
        items = list(self.account.items)
        i %= len(items)
        item_id, old, quantity = items[i]
        if price == old:
            return
        items[i] = (item_id, price, quantity)
        self._change_items(items, [(items[i], (item_id, old, quantity))])

    def add_item(self, price, quantity):
        if len(self.account.items) >= 3:
            return
        self.serial += 1
        added = (f"si_{self.serial + 1}", price, quantity)
        self._change_items([*self.account.items, added], [(added, None)])

    def remove_item(self, i):
        items = list(self.account.items)
        if len(items) > 1:
            gone = items.pop(i % len(items))
            self._change_items(items, [(None, gone)])

    def apply(self, coupon):
        if len(self.sub["discounts"]) >= 2:
            return
        self.serial += 1
        key, (_, duration) = f"di_{self.serial}", COUPONS[coupon]
        end = self.now + 75 * DAY if duration == "repeating" else None
        self.discounts[key] = {
            "id": key,
            "source": {"coupon": coupon},
            "start": self.now,
            "end": end,
            "customer": "cus_1",
            "subscription": "sub_1",
        }
        self._event("customer.discount.created", self.discounts[key], None)
        if duration != "once":
            self._account(discounts=(*self.account.discounts, (coupon, end)))
        self._update(discounts=[*self.sub["discounts"], key])

    def drop_discount(self):
        keys = [key for key in self.sub["discounts"] if self._duration(key) != "once"]
        if keys:
            gone = keys[0]
            left = list(self.account.discounts)
            left.pop(keys.index(gone))
            self._event("customer.discount.deleted", self.discounts[gone], None)
            self._account(discounts=tuple(left))
            self._update(discounts=[key for key in self.sub["discounts"] if key != gone])

    def rebate(self, coupon):
        """A discount for the customer, of which no event of the subscription tells."""
        if self.customer_discount is None:
            self.serial += 1
            end = self.now + 75 * DAY if COUPONS[coupon][1] == "repeating" else None
            raw = {
                "id": f"di_c{self.serial}",
                "customer": "cus_1",
                "source": {"coupon": coupon},
                "start": self.now,
                "end": end,
            }
            self.customer_discount = self.given[raw["id"]] = raw
            self._account(customer=(coupon, end))
            self._event("customer.discount.created", raw, None)

    def take_rebate(self):
        if self.customer_discount is not None:
            gone, self.customer_discount = self.customer_discount, None
            self._account(customer=None)
            self._event("customer.discount.deleted", gone, None)

    def pause(self, behavior, days=None):
        resumes_at = None if days is None else self.now + days * DAY
        if self.account.paused != behavior or self.account.resumes_at != resumes_at:
            self._account(paused=behavior, resumes_at=resumes_at)
            self._update(pause_collection={"behavior": behavior, "resumes_at": resumes_at})

    def unpause(self):
        if self.account.paused:
            self._account(paused=None, resumes_at=None)
            self._update(pause_collection=None)

    def move_trial_end(self, days):
        """More time to try, or less."""
        if self.account.status == "trialing" and not self.account.is_free:
            end = max(self.now + DAY, self.sub["trial_end"] + days * DAY)
            self._update(trial_end=end)
            self._bill("subscription_update", free_until=end)

    def free_month(self, days):
        if self.account.status != "active" or self.sub["cancel_at"]:
            return
        if self.account.net(self.now) == 0:
            return  # a trial of nothing leaves an invoice like any other of nothing
        start = {"trial_start": self.now, "trial_end": self.now + days * DAY}
        self._account(status="trialing", is_free=True, cap=self.account.mrr(self.now))
        self._update(status="trialing", **start)
        self._bill("subscription_update", free_until=start["trial_end"])

    def schedule_end(self):
        if self.sub["cancel_at"] is None and self.account.status in ("active", "past_due"):
            self._update(
                cancel_at_period_end=True,
                cancel_at=cycle(self.cycles + 1),
                canceled_at=self.now,
                cancellation_details={"reason": "cancellation_requested"},
            )

    def revoke_end(self):
        if self.sub["cancel_at"]:
            self._update(
                cancel_at_period_end=False,
                cancel_at=None,
                canceled_at=None,
                cancellation_details={"reason": None},
            )

    def waver(self, days):
        """Asks for the end and takes it back some days later."""
        self.schedule_end()
        self.live(self.now + days * DAY)
        if not self.is_over:
            self.revoke_end()

    def fail(self):
        """A renewal fails; only some time later is it paid."""
        if self.account.status == "active":
            self.serial += 1
            late = {"id": f"in_f{self.serial}", "created": self.now, "attempt_count": 1}
            self._event("invoice.payment_failed", self._invoice(late, [], "open"), None)
            self._account(status="past_due")
            self._update(status="past_due")

    def give_up(self):
        if self.account.status == "past_due":
            self._account(status="unpaid")
            self._update(status="unpaid")

    def recover(self):
        if self.account.status in ("past_due", "unpaid"):
            self._account(status="active")
            self._update(status="active")

    def end_now(self):
        self._end()

    def bill_pending(self):
        """Prorations not yet billed would be seen on no invoice."""
        if self.pending:
            self._bill("subscription_update", only_pending=True)

    # --- what Stripe does ---

    def _end_trial(self):
        self.now = self.sub["trial_end"]
        self._account(status="active", is_free=False, cap=None)
        self._update(status="active")
        self._bill("subscription_cycle", is_first=True)  # a trial's end starts the billing anew

    def _renew(self):
        self.cycles += 1
        if self.account.status == "trialing":
            return
        self._update(items={"object": "list", "data": self._item_objects(self.now)})
        self._bill("subscription_cycle")

    def _end(self):
        self.bill_pending()
        self._account(status="canceled")
        self.sub.update(status="canceled", ended_at=self.now)
        if self.sub["canceled_at"] is None:
            self.sub["canceled_at"] = self.now
        self._event("customer.subscription.deleted", self.sub, None)

    def _change_items(self, items, pairs):
        self._account(items=tuple(items))
        self._update(items={"object": "list", "data": self._item_objects(self.now)})
        for new, old in pairs:
            item_id = (new or old)[0]
            end = self._period_end((new or old)[1])
            if old:
                self.pending.append(self._line(old, self.now, end, -7, item_id, proration=True))
            if new:
                self.pending.append(self._line(new, self.now, end, 11, item_id, proration=True))
        if self.serial % 2:
            self._bill("subscription_update", only_pending=True)

    def _period_end(self, price):
        if PRICES[price][1] == "year":
            return cycle(12 * (self.cycles // 12 + 1))
        return cycle(self.cycles + 1)

    def _bill(self, reason, free_until=None, only_pending=False, is_first=False):
        self.serial += 1
        lines, once = self.pending, []
        self.pending = []
        is_free = free_until is not None
        for item in self.account.items if not only_pending else ():
            is_due = PRICES[item[1]][1] != "year" or self.cycles % 12 == 0 or is_free or is_first
            if reason == "subscription_cycle" and not is_due:
                continue
            amount = 0 if is_free else item[2] * PRICES[item[1]][0]
            end = free_until or self._period_end(item[1])
            line = self._line(item, self.now, end, amount, item[0])
            if not is_free:
                for key in self.sub["discounts"]:
                    percent, duration = COUPONS[self.discounts[key]["source"]["coupon"]]
                    line["discount_amounts"].append(
                        {"discount": key, "amount": amount * percent // 100}
                    )
                    if duration == "once":
                        once.append((key, self.now, end))
            lines.append(line)
        paid_at = self.now + (3600 if reason == "subscription_cycle" else 0)
        raw = {"id": f"in_{self.serial}", "created": self.now, "attempt_count": 1}
        status = "paid"
        if self.account.is_paused(self.now) and self.account.paused != "keep_as_draft":
            status = "void" if self.account.paused == "void" else "uncollectible"
            raw["attempt_count"] = 0
        invoice = self._invoice(raw, lines, status, reason, paid_at)
        self.invoices.append(invoice)
        if once:
            self._update(
                discounts=[key for key in self.sub["discounts"] if self._duration(key) != "once"]
            )
        if status == "paid":
            now, self.now = self.now, paid_at
            self._event("invoice.paid", invoice, None)
            self.now = now

    def _duration(self, key):
        return COUPONS[self.discounts[key]["source"]["coupon"]][1]

    # --- Stripe's JSON ---

    def _item_objects(self, at):
        return [
            {
                "id": key,
                "price": price,
                "quantity": quantity,
                "current_period_start": at,
                "discounts": [],
            }
            for key, price, quantity in self.account.items
        ]

    def _line(self, item, start, end, amount, item_id, proration=False):
        self.serial += 1
        return {
            "id": f"il_{self.serial:05}",
            "amount": amount,
            "quantity": item[2],
            "period": {"start": start, "end": end},
            "pricing": {"type": "price_details", "price_details": {"price": item[1]}},
            "parent": {
                "type": "subscription_item_details",
                "subscription_item_details": {
                    "subscription_item": item_id,
                    "proration": proration,
                },
            },
            "discount_amounts": [],
        }

    def _invoice(self, raw, lines, status, reason="subscription_cycle", paid_at=None):
        given_up = None if status in ("paid", "open") else self.now + 60
        return {
            **raw,
            "billing_reason": reason,
            "status": status,
            "total": max(sum(line["amount"] for line in lines), 0),
            "parent": {
                "type": "subscription_details",
                "subscription_details": {"subscription": "sub_1"},
            },
            "status_transitions": {
                "finalized_at": paid_at or self.now,
                "paid_at": paid_at if status == "paid" else None,
                "voided_at": given_up if status == "void" else None,
                "marked_uncollectible_at": given_up if status == "uncollectible" else None,
            },
            "lines": {"data": lines},
        }

    def _account(self, **changes):
        self.account = replace(self.account, **changes)
        self.log.append((self.now, self.account))

    def _update(self, **changes):
        before = {}
        for key, new in changes.items():
            old = self.sub[key]
            if isinstance(old, dict) and isinstance(new, dict) and key != "items":
                # Stripe lists only the keys of a hash that changed.
                before[key] = {name: old.get(name) for name in new if old.get(name) != new[name]}
                new = {**old, **new}
            elif old != new:
                before[key] = deepcopy(old)
            self.sub[key] = new
        self._event("customer.subscription.updated", self.sub, before)

    def _event(self, event_type, raw, before):
        data = {"object": deepcopy(raw)}
        if before is not None:
            data["previous_attributes"] = before
        self.events.append(
            {
                "id": f"evt_{len(self.events):05}",
                "type": event_type,
                "created": self.now + self.lag,
                "data": data,
            }
        )

    # --- what a reader sees ---

    def seen_at(self, at):
        """What a sync at a moment is given: the object, its customer and invoices as of then."""
        told = [one for one in self.events if one["created"] <= at]
        state = [one["data"]["object"] for one in told if one["type"] in STATE_TYPES][-1]
        held = [one for one in told if one["type"].startswith("customer.discount.")]
        held = [one for one in held if not one["data"]["object"].get("subscription")]
        is_given = bool(held) and held[-1]["type"].endswith("created")
        listed = state["discounts"]
        invoices = []
        for raw in self.invoices:
            times = raw["status_transitions"]
            if (times["paid_at"] or 0) > at:
                raw = {**raw, "status": "open", "status_transitions": {**times, "paid_at": None}}
            if raw["created"] <= at:
                invoices.append(raw)
        return {
            **self.input(),
            "discounts": {key: self.discounts[key] for key in listed},
            "subscriptions": [
                {
                    **deepcopy(state),
                    "customer": {
                        "id": "cus_1",
                        "discount": held[-1]["data"]["object"] if is_given else None,
                    },
                }
            ],
            "invoices": invoices,
            "events": told[::-1],
        }

    def input(self, **more):
        return {
            "prices": price_catalog(),
            "coupons": coupon_catalog(),
            "discounts": self.discounts,
            "subscriptions": [
                {
                    **deepcopy(self.sub),
                    "customer": {"id": "cus_1", "discount": self.customer_discount},
                }
            ],
            "invoices": self.invoices,
            "events": self.events[::-1],  # newest first, as lists are
            **more,
        }

    def truth(self, at, mode=("forever",)):
        account = [account for since, account in self.log if since <= at][-1]
        return account.mrr(at, mode)


TRACEABLE = [
    ("set_quantity", st.tuples(st.integers(0, 2), st.integers(0, 9))),
    ("set_price", st.tuples(st.integers(0, 2), st.sampled_from(sorted(PRICES)))),
    ("add_item", st.tuples(st.sampled_from(sorted(PRICES)), st.integers(1, 5))),
    ("remove_item", st.tuples(st.integers(0, 2))),
    ("apply", st.tuples(st.sampled_from(["F20", "F33", "R50"]))),
    ("free_month", st.tuples(st.integers(5, 70))),
    ("schedule_end", st.just(())),
    ("waver", st.tuples(st.integers(1, 9))),
    ("add_item", st.tuples(st.sampled_from(["p25", "y99"]), st.integers(1, 3))),
    ("move_trial_end", st.tuples(st.integers(-20, 20))),
]
ACTIONS = [
    *TRACEABLE,
    ("apply", st.just(("O50",))),
    ("drop_discount", st.just(())),
    ("pause", st.tuples(st.sampled_from(["void", "keep_as_draft", "mark_uncollectible"]))),
    ("pause", st.tuples(st.sampled_from(["void", "keep_as_draft"]), st.integers(3, 70))),
    ("unpause", st.just(())),
    ("rebate", st.tuples(st.sampled_from(["F20", "R50"]))),
    ("take_rebate", st.just(())),
    ("fail", st.just(())),
    ("give_up", st.just(())),
    ("recover", st.just(())),
]


def _action(entry):
    name, arguments = entry
    return st.tuples(st.integers(1, 45), st.just(name), arguments)


@st.composite
def lives(draw, actions=None, longest=18):
    """A valid life: actions some days apart, at noon, when no renewal runs."""
    chosen = actions or ACTIONS
    life = Life(
        trial_days=draw(st.sampled_from([0, 0, 14, 40])),
        price=draw(st.sampled_from(["p10", "p33", "y99", "w3"])),
        quantity=draw(st.integers(1, 4)),
        lag=draw(st.sampled_from([0, 0, 3])),
    )
    at = BORN + DAY // 2
    least = draw(st.integers(0, longest))
    steps = draw(
        st.lists(st.one_of([_action(entry) for entry in chosen]), min_size=least, max_size=longest)
    )
    for days, name, arguments in steps:
        at = max(at, life.now) + days * DAY
        life.live(at)
        if life.is_over:
            break
        getattr(life, name)(*arguments)
    life.live(max(at, life.now) + 20 * DAY)
    if not life.is_over and draw(st.booleans()):
        life.end_now()
        life.live(life.now + 5 * DAY)
    life.bill_pending()
    return life
