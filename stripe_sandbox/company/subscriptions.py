"""A subscription as the simulation knows it: its state, its true value, its stored picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from stripe_sandbox.company.calendar import step
from stripe_sandbox.company.ledger import LedgerEntry, half_up
from stripe_sandbox.company.objects import subscription as objects
from stripe_sandbox.company.objects.catalog import discount as discount_object
from stripe_sandbox.company.people import Customer
from stripe_sandbox.company.valuation import (
    Discount,
    Part,
    Price,
    Snapshot,
    list_value,
)
from stripe_sandbox.company.world import World
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
    open_marks: list[int] = field(default_factory=list)
    """Ledger places of untraceable entries whose span is still open."""
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

    def snapshot(self) -> Snapshot:
        """What decides its MRR now."""
        counts = self.status in LIVE or self.free_cap is not None
        if self.is_paused and self.pause and self.pause[0] != "keep_as_draft":
            counts = False
        return Snapshot(
            tuple(self._parts()),
            tuple(self.effective_discounts),
            self.currency,
            counts,
            self.free_cap,
        )

    def _parts(self) -> list[Part]:
        return [Part(i.price, i.units, tuple(i.discounts)) for i in self.items]


class Subscriptions:
    """Shows subscriptions in the store and writes what happens to them into the ledger."""

    def __init__(self, world: World) -> None:
        """None yet."""
        self.world = world

    def picture(self, sub: Subscription) -> StripeObject | None:
        """What events show of it now; to be taken before a change."""
        return self.world.journal.picture(self.world.store.get("subscription", sub.id))

    def show(self, sub: Subscription, before: StripeObject | None, *kinds: str) -> None:
        """Writes the state into the store and records events.

        Args:
            sub: the subscription, already changed.
            before: `picture` before the change.
            kinds: event types.
        """
        store = self.world.store
        known = set(store.children.get(("subscription_item", sub.id), ()))
        for item in sub.items:
            known.discard(item.id)
            content = objects.subscription_item(
                item.id,
                sub.id,
                item.created,
                item.content,
                item.quantity,
                (item.start, item.end),
                [d.id for d in item.discounts],
                billed_until=item.billed_until,
            )
            if store.get("subscription_item", item.id) != content:
                store.put(content, parent=sub.id)
        for gone in sorted(known):
            store.remove("subscription_item", gone)
        content = self._content(sub)
        store.put(content)
        sub.shown_status = sub.status
        for kind in kinds:
            self.world.journal.record(kind, content, before)

    @staticmethod
    def _content(sub: Subscription) -> StripeObject:
        pause = sub.pause
        return {
            **sub.base,
            "billing_cycle_anchor": sub.anchor,
            "billing_schedules": [] if sub.prebilling is None else [sub.prebilling],
            "cancel_at": sub.cancel_at,
            "cancel_at_period_end": sub.cancel_at_period_end,
            "canceled_at": sub.canceled_at,
            "cancellation_details": {
                "comment": None,
                "feedback": sub.feedback,
                "reason": sub.reason,
            },
            "discounts": [d.id for d in sub.discounts],
            "ended_at": sub.ended_at,
            "latest_invoice": sub.latest_invoice,
            "pause_collection": (
                None if pause is None else {"behavior": pause[0], "resumes_at": pause[1]}
            ),
            "pending_update": sub.pending_update,
            "schedule": sub.schedule,
            "status": sub.status,
            "trial_end": sub.trial[1] if sub.trial else None,
            "trial_start": sub.trial[0] if sub.trial else None,
        }

    def note(
        self,
        sub: Subscription,
        event_type: str,
        *,
        at: int | None = None,
        untraceable: bool = False,
        is_open: bool = False,
        seen_by: int | None = None,
        note: str = "",
    ) -> int:
        """Writes one ledger entry: from the value before to the value now.

        Args:
            sub: the subscription, already changed.
            event_type: what happened, in the ledger's vocabulary.
            at: seconds, when not now.
            untraceable: the API will not show it, or not its moment, without events.
            is_open: it will be seen when `close_marks` is called next; otherwise never.
            seen_by: when it will be seen, where that is known already.
            note: why.

        Returns:
            The entry's place in the ledger.
        """
        moment = self.world.now if at is None else at
        snapshot, listed = sub.snapshot(), sub.true_list()
        exact = snapshot.value()
        place = self.world.ledger.add(
            LedgerEntry(
                subscription_id=sub.id,
                customer_id=sub.customer.id,
                currency=sub.currency,
                at=moment,
                event_type=event_type,
                mrr_before=sub.mrr,
                mrr_after=exact,
                mrr_before_minor=half_up(sub.mrr),
                mrr_after_minor=half_up(exact),
                list_mrr_before=sub.list_mrr,
                list_mrr_after=listed,
                status_before=sub.shown_status,
                status_after=sub.status,
                untraceable=untraceable,
                visible_from=moment if untraceable else None,
                visible_until=seen_by,
                note=note,
            ),
            snapshot,
        )
        sub.mrr, sub.list_mrr = exact, listed
        if sub.status in LIVE:
            sub.was_live = True
        if untraceable and is_open:
            sub.open_marks.append(place)
        return place

    def clear_mark(self, place: int | None) -> None:
        """An entry that can be traced after all."""
        if place is not None:
            self.world.ledger.amend(
                place, untraceable=False, visible_from=None, visible_until=None, note=""
            )

    def close_marks(self, sub: Subscription, *kinds: str) -> None:
        """Ends the spans of untraceable entries: from now on what is so can be seen.

        Args:
            sub: the subscription.
            kinds: only those of these event types; by default all.
        """
        left = []
        for place in sub.open_marks:
            if kinds and self.world.ledger.entries[place].event_type not in kinds:
                left.append(place)
            else:
                self.world.ledger.amend(place, visible_until=self.world.now)
        sub.open_marks[:] = left

    def lose_unseen(self, sub: Subscription, discount: Discount) -> None:
        """A discount goes before any invoice showed it: it never was, for those who look later."""
        place = sub.discount_marks.pop(discount.id, None)
        if place is not None:
            self.world.ledger.amend(
                place,
                untraceable=True,
                visible_from=self.world.ledger.entries[place].at,
                note="gone before any invoice",
            )

    def mark_unbilled(self, sub: Subscription, place: int, seen_by: int | None = None) -> None:
        """A change that only a proration shows, which is not on any invoice yet.

        Args:
            sub: the subscription.
            place: of the change in the ledger.
            seen_by: when something else will show it.
        """
        self.world.ledger.amend(
            place,
            untraceable=True,
            visible_from=self.world.ledger.entries[place].at,
            visible_until=seen_by,
            note="its prorations are not on any invoice yet",
        )
        sub.unbilled.append(place)

    def billed(self, sub: Subscription) -> None:
        """The waiting prorations are on an invoice, which shows exactly when they arose."""
        for place in sub.unbilled:
            self.clear_mark(place)
        sub.unbilled.clear()

    def hold_discount(
        self,
        sub: Subscription,
        facts: Discount,
        *,
        item: str | None = None,
        code: str | None = None,
    ) -> StripeObject:
        """Stores a discount of the subscription, or of one of its items."""
        content = discount_object(
            facts,
            sub.customer.id,
            subscription=sub.id,
            subscription_item=item,
            promotion_code=code,
        )
        self.world.create(content, "customer.discount.created", parent=item or sub.id)
        self._expire(sub, facts)
        return content

    def _expire(self, sub: Subscription, facts: Discount) -> None:
        if facts.end is not None and facts.coupon.duration == "repeating":
            self.world.queue.at(facts.end, self._expired, sub, facts, rank=0)

    def _expired(self, sub: Subscription, facts: Discount) -> None:
        facts.is_expired = True
        is_held = facts in sub.discounts or any(facts in item.discounts for item in sub.items)
        if is_held and facts.end is not None and sub.lives_on_at(facts.end):
            self.note(
                sub,
                "discount_expired",
                at=facts.end,
                untraceable=not facts.is_seen,
                note="" if facts.is_seen else "it never took anything off an invoice",
            )
            if not facts.is_seen:
                self.lose_unseen(sub, facts)
