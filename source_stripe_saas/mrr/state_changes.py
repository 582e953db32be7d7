"""Two standings of one subscription in, the ordered single changes between them out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.standing import Standing
from source_stripe_saas.mrr.state import ENDED, LIVE, Item
from source_stripe_saas.mrr.value import PLAIN, list_value

ITEMS, DISCOUNTS, TRIAL, STATUS, PAUSE, CANCELLATION = (
    "items",
    "discounts",
    "trial",
    "status",
    "pause",
    "cancellation",
)
Edit = Callable[[Standing], Standing]


@dataclass(frozen=True)
class Change:
    """One typed change (M33), what it changes, and how."""

    event_type: str
    part: str
    apply: Edit
    discount: str | None = None


@dataclass(frozen=True)
class Past:
    """What a subscription has been before: two row types ask for it."""

    was_live: bool = False
    had_trial: bool = False


def begins_free_period(old: Standing, new: Standing, book: Book) -> bool:
    """Whether a trial was put on a paying subscription (M24)."""
    return new.status == "trialing" and old.status in LIVE and list_value(old, book, PLAIN) > 0


def changes_between(
    old: Standing, new: Standing, at: int, past: Past, book: Book, is_tail_first: bool
) -> list[Change]:
    """The changes from old to new, in the order in which their rows are chained (M32).

    Args:
        old: what was in force.
        new: what is in force now, its free period already decided.
        at: the moment of the change, which tells a removed discount from an expired one.
        past: what the subscription has been before.
        book: prices and discounts.
        is_tail_first: whether C falls to 0 or a free period begins, so that the status carries
            the old value.
    """
    if new.status in ENDED:
        if old.status in ENDED:
            return []
        return [Change(_end_type(old, past), STATUS, lambda _: new)]
    head = [*_item_changes(old, new, book), *_discount_changes(old, new, at, book)]
    tail = [*_trial_changes(old, new), *_status_changes(old, new), *_pause_changes(old, new)]
    tail += _cancellation_changes(old, new)
    return tail + head if is_tail_first else head + tail


def birth_type(new: Standing) -> str:
    """The one row that absorbs everything present at first sight (M32)."""
    if new.status == "trialing" and not new.is_free:
        return "trial_started"
    return "signup_incomplete" if new.status == "incomplete" else "activated"


def _end_type(old: Standing, past: Past) -> str:
    if old.status == "incomplete":
        return "signup_expired"
    return "trial_expired" if past.had_trial and not past.was_live else "canceled"


def _item_changes(old: Standing, new: Standing, book: Book) -> list[Change]:
    before = {item.id: item.price for item in old.items}
    after = {item.id: item.price for item in new.items}
    quantities = [{item.id: item.quantity for item in one.items} for one in (old, new)]
    if before == after and quantities[0] == quantities[1]:
        return []
    if before != after:
        change = list_value(new, book, PLAIN) - list_value(old, book, PLAIN)
        names = ("upgraded", "downgraded")
    else:
        totals = [sum(item.quantity or 0 for item in one.items) for one in (old, new)]
        change = Fraction(totals[1] - totals[0])
        names = ("quantity_increased", "quantity_decreased")
    event_type = names[0] if change > 0 else names[1] if change < 0 else "plan_changed"
    kept = {item.id: item.discounts for item in old.items}
    items = tuple(
        Item(item.id, item.price, item.quantity, kept.get(item.id, ())) for item in new.items
    )
    return [Change(event_type, ITEMS, lambda s: replace(s, items=items))]


def _discount_changes(old: Standing, new: Standing, at: int, book: Book) -> list[Change]:
    before, after = old.discount_ids(), new.discount_ids()
    changes = []
    for gone in sorted(set(before) - set(after)):
        known = book.discount(gone)
        has_ended = known is not None and known.ended_by(at)
        event_type = "discount_expired" if has_ended else "discount_removed"
        changes.append(Change(event_type, DISCOUNTS, _only_without(gone), gone))
    present = set(before) & set(after)
    for added in after:
        if added not in before:
            present = present | {added}
            edit = _as_in(new, frozenset(present))
            changes.append(Change("discount_applied", DISCOUNTS, edit, added))
    return changes


def _only_without(gone: str) -> Edit:
    def apply(standing: Standing) -> Standing:
        items = tuple(
            replace(item, discounts=tuple(d for d in item.discounts if d != gone))
            for item in standing.items
        )
        return replace(standing, items=items, group=tuple(d for d in standing.group if d != gone))

    return apply


def _as_in(new: Standing, present: frozenset[str]) -> Edit:
    """Brings in a discount at its place in the array of the new state."""
    listed = {item.id: item.discounts for item in new.items}

    def apply(standing: Standing) -> Standing:
        items = tuple(
            replace(item, discounts=tuple(d for d in listed.get(item.id, ()) if d in present))
            for item in standing.items
        )
        return replace(standing, items=items, group=tuple(d for d in new.group if d in present))

    return apply


def _trial_changes(old: Standing, new: Standing) -> list[Change]:
    if not (old.status == new.status == "trialing"):
        return []
    if old.trial_end == new.trial_end or old.trial_end is None or new.trial_end is None:
        return []
    event_type = "trial_extended" if new.trial_end > old.trial_end else "trial_shortened"
    return [Change(event_type, TRIAL, lambda s: replace(s, trial_end=new.trial_end))]


def _status_changes(old: Standing, new: Standing) -> list[Change]:
    event_type = _status_type(old, new)
    if event_type is None:
        return []

    def apply(standing: Standing) -> Standing:
        return replace(
            standing,
            status=new.status,
            trial_end=new.trial_end,
            is_free=new.is_free,
            cap=new.cap,
        )

    return [Change(event_type, STATUS, apply)]


def _status_type(old: Standing, new: Standing) -> str | None:
    """The name of a change of status (M33)."""
    before, after = old.status, new.status
    if before == after:
        return None
    if after == "trialing":
        return "free_period_started" if new.is_free else "trial_started"
    if after in ("paused", "unpaid"):
        return after
    if after not in LIVE:
        return None
    if before == "trialing":
        return "free_period_ended" if old.is_free else "trial_converted"
    return {
        "incomplete": "activated",
        "unpaid": "reactivated",
        "paused": "resumed",
        "active": "past_due",
        "past_due": "payment_recovered",
    }.get(before)


def _pause_changes(old: Standing, new: Standing) -> list[Change]:
    if old.pause == new.pause:
        return []
    event_type = "resumed" if new.pause is None else "paused"
    return [Change(event_type, PAUSE, lambda s: replace(s, pause=new.pause))]


def _cancellation_changes(old: Standing, new: Standing) -> list[Change]:
    def end(standing: Standing) -> tuple[bool, int | None, bool]:
        return standing.cancel_at_period_end, standing.cancel_at, standing.is_requested

    if end(old) == end(new):
        return []
    event_type = "cancellation_scheduled" if new.is_to_end else "cancellation_revoked"

    def apply(standing: Standing) -> Standing:
        return replace(
            standing,
            cancel_at_period_end=new.cancel_at_period_end,
            cancel_at=new.cancel_at,
            is_requested=new.is_requested,
        )

    return [Change(event_type, CANCELLATION, apply)]
