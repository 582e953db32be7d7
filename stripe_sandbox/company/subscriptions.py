"""A subscription -> its picture in the store, and what happens to it in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from stripe_sandbox.company.ledger import LedgerEntry, half_up
from stripe_sandbox.company.objects import subscription as objects
from stripe_sandbox.company.objects.catalog import discount as discount_object
from stripe_sandbox.company.subscription import LIVE, Item, Subscription
from stripe_sandbox.company.valuation import Discount
from stripe_sandbox.company.world import World
from stripe_sandbox.store import StripeObject


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
        shown_on: Item | None = None,
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
            shown_on: when it is open: only a renewal that bills this item shows it.
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
            sub.open_marks[place] = shown_on
        return place

    def clear_mark(self, place: int | None) -> None:
        """An entry that can be traced after all."""
        if place is not None:
            self.world.ledger.amend(
                place, untraceable=False, visible_from=None, visible_until=None, note=""
            )

    def reopen_mark(self, sub: Subscription, place: int, note: str) -> None:
        """An entry after which the API shows another state, until `close_marks` is called."""
        at = self.world.ledger.entries[place].at
        self.world.ledger.amend(place, untraceable=True, visible_from=at, note=note)
        sub.open_marks[place] = None

    def close_marks(
        self, sub: Subscription, *kinds: str, billed: Sequence[Item] | None = None
    ) -> None:
        """Ends the spans of untraceable entries: from now on what is so can be seen.

        Args:
            sub: the subscription.
            kinds: only those of these event types; by default all.
            billed: the items that a renewal bills; a change of another one stays hidden, unless
                that one is gone and what it paid for has ended. None: everything is shown.
        """
        now = self.world.now
        for place, item in list(sub.open_marks.items()):
            if kinds and self.world.ledger.entries[place].event_type not in kinds:
                continue
            if item is not None and billed is not None and item not in billed:
                has_ended = (item.billed_until or item.end) <= now
                if item in sub.items or not has_ended:
                    continue
            del sub.open_marks[place]
            self.world.ledger.amend(place, visible_until=now)

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

    def mark_drafted(self, places: Sequence[int]) -> None:
        """Changes whose prorations are on a draft: it proves nothing until it is final."""
        for place in places:
            self.world.ledger.amend(
                place,
                untraceable=True,
                visible_from=self.world.ledger.entries[place].at,
                visible_until=None,
                note="its prorations are on a draft",
            )

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
