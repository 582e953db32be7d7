"""A subscription as the simulation knows it: its items, its state, its true value."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from stripe_sandbox.company.calendar import step
from stripe_sandbox.company.objects import subscription as objects
from stripe_sandbox.company.people import Customer
from stripe_sandbox.company.valuation import (
    Discount,
    Part,
    Price,
    Snapshot,
    list_value,
)
from stripe_sandbox.store import StripeObject

LIVE = ("active", "past_due")
ENDED = ("canceled", "incomplete_expired")


@dataclass
class Ahead:
    """A later period that has been billed already."""

    start: int
    end: int
    billed: tuple[str, tuple[str, ...]] | None
    debited: str | None = None


@dataclass
class Item:
    """One price on a subscription, with its own billing periods."""

    id: str
    price: Price
    content: StripeObject
    """The price object that the item embeds."""
    quantity: int | None
    created: int
    anchor: int
    steps: int = 1
    """How many intervals after the anchor its current period ends."""
    start: int = 0
    discounts: list[Discount] = field(default_factory=list)
    billed: tuple[str, tuple[str, ...]] | None = None
    """The invoice and its lines that billed the current period."""
    debited: str | None = None
    """The invoice item that will bill it, as long as no line has."""
    ahead: list[Ahead] = field(default_factory=list)
    """Periods after the current one that are billed, oldest first."""
    billed_until: int | None = None
    """Where those end, until then."""

    def advance(self) -> bool:
        """Enters the next period; False if that has been billed ahead."""
        self.start = self.end
        self.steps += 1
        if self.ahead:
            period = self.ahead.pop(0)
            self.billed, self.debited = period.billed, period.debited
            return False
        self.billed_until = None
        return True

    @property
    def end(self) -> int:
        """Where the current period ends."""
        return step(self.anchor, self.price.interval, self.price.interval_count, self.steps)

    @property
    def units(self) -> int:
        """Quantity as it counts; metered items have none."""
        return 1 if self.quantity is None else self.quantity


@dataclass
class Subscription:
    """Everything that decides what happens to a subscription next."""

    id: str
    customer: Customer
    currency: str
    created: int
    base: StripeObject
    """The object's constant fields."""
    items: list[Item] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)
    status: str = "active"
    anchor: int = 0
    trial: tuple[int, int] | None = None
    """Start and end of the last trial, kept after it."""
    trial_until: int | None = None
    """End of the period given free by the trial that runs now."""
    free_cap: Fraction | None = None
    """In a free period: the value that it keeps."""
    pause: tuple[str, int | None] | None = None
    """Behavior and when collection resumes, as the object shows it."""
    is_paused: bool = False
    """Whether the pause holds now; it may have run out and still be shown."""
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    feedback: str | None = None
    latest_invoice: str | None = None
    schedule: str | None = None
    prebilling: StripeObject | None = None
    """Its billing schedule, as long as periods are billed ahead."""
    prebills_next: int = 0
    """How many periods the next renewal bills in all, if more than one."""
    settles_ahead: bool = True
    """Whether a change is prorated for the periods billed ahead too."""
    pending_update: StripeObject | None = None
    pending_items: list[str] = field(default_factory=list)
    """Prorations that wait for the next invoice."""
    unbilled: list[int] = field(default_factory=list)
    """Ledger places of changes that only those prorations will show."""
    discount_marks: dict[str, int] = field(default_factory=dict)
    """Discount id -> ledger place of its arrival, as long as no invoice has shown it."""
    open_marks: dict[int, Item | None] = field(default_factory=dict)
    """Ledger places of untraceable entries whose span is still open -> the item whose next bill
    ends it; None: any renewal does."""
    at_renewal: list[Any] = field(default_factory=list)
    """Calls to make at the next renewal, before it bills."""
    waiting: Any = None
    """The bill that is being dunned."""
    last_bill: Any = None
    """The newest bill with something due."""
    is_busy: bool = False
    """A longer story (dunning, pause, schedule) is running; no new one is begun."""
    ever_paid: bool = False
    was_live: bool = False
    """It has been active or past due."""
    past_due_mark: int | None = None
    mrr: Fraction = Fraction(0)
    list_mrr: Fraction = Fraction(0)
    shown_status: str | None = None

    @property
    def is_over(self) -> bool:
        """True once nothing can happen any more."""
        return self.status in ENDED

    @property
    def is_prebilled(self) -> bool:
        """True while periods after the current one are paid."""
        return self.prebilling is not None

    @property
    def next_boundary(self) -> int:
        """The next moment at which something is billed."""
        return min(item.end for item in self.items)

    @property
    def effective_discounts(self) -> list[Discount]:
        """Its own discounts, or else the customer's."""
        own = self.lasting_discounts
        if own:
            return own
        return [self.customer.discount] if self.customer.discount else []

    @property
    def lasting_discounts(self) -> list[Discount]:
        """Its own discounts for more than one invoice, as long as they last."""
        return [d for d in self.discounts if d.coupon.duration != "once" and not d.is_expired]

    def lives_on_at(self, moment: int) -> bool:
        """False when it is over, or ends in that very second."""
        ends = self.cancel_at == moment or (
            self.cancel_at_period_end and self.next_boundary == moment
        )
        return not self.is_over and not ends

    def billed_discounts(self, now: int) -> list[Discount]:
        """What comes off an invoice made now: its own discounts, or else the customer's."""
        own = [d for d in self.discounts if d.lives_at(now)]
        lasting = [d for d in own if d.coupon.duration != "once"]
        if lasting or self.customer.discount is None:
            return own
        return [*own, self.customer.discount]

    def show_prebilling(self, months: int) -> None:
        """Shows the schedule by which its items have been billed for so many months."""
        until = max(item.billed_until or 0 for item in self.items)
        key = self.customer.ids.text(12)
        self.prebilling = objects.billing_schedule(key, until, months)
        self.settles_ahead = self.customer.random.random() < 0.6

    def true_list(self) -> Fraction:
        """Undiscounted monthly value of the items."""
        return list_value(self._parts(), self.currency)

    def true_mrr(self) -> Fraction:
        """Exact MRR now, under default options."""
        return self.snapshot().value()

    @property
    def is_held_back(self) -> bool:
        """Whether a pause gives its invoices up, so that it does not count."""
        return self.is_paused and self.pause is not None and self.pause[0] != "keep_as_draft"

    def snapshot(self) -> Snapshot:
        """What decides its MRR now."""
        counts = self.status in LIVE or self.free_cap is not None
        if self.is_held_back:
            counts = False
        return Snapshot(
            tuple(self._parts()),
            tuple(self.effective_discounts),
            self.currency,
            counts,
            self.free_cap,
            is_held_back=self.is_held_back,
            is_leaving=self.reason == "cancellation_requested",
            tax_percent=_on_top(self.customer.tax_rate),
        )

    def _parts(self) -> list[Part]:
        return [Part(i.price, i.units, tuple(i.discounts)) for i in self.items]


def _on_top(rate: StripeObject | None) -> Fraction:
    """The percentage of a tax that is added to prices; one that is within them adds nothing."""
    return Fraction(0) if rate is None or rate["inclusive"] else Fraction(str(rate["percentage"]))
