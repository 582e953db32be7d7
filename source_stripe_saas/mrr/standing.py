"""A state and a moment in, what is in force then out: discounts not over, pause not past."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.state import Item, State


@dataclass(frozen=True)
class OnceWindow:
    """The period of one item that a once coupon was used on (M21)."""

    discount: str
    item: str
    start: int
    end: int


@dataclass(frozen=True)
class Standing:
    """What MRR is computed from (M1): nothing in it depends on an option but `cap`."""

    currency: str
    status: str
    items: tuple[Item, ...]
    group: tuple[str, ...]
    once: tuple[tuple[str, tuple[str, ...]], ...]
    pause: str | None
    cancel_at_period_end: bool
    cancel_at: int | None
    is_requested: bool
    trial_end: int | None
    is_free: bool = False
    # The exact MRR a free period may keep and not exceed; None: first seen inside it (M24).
    cap: Fraction | None = None

    @property
    def is_to_end(self) -> bool:
        """Whether an end has been set, by request or as a fixed term."""
        return self.cancel_at_period_end or self.cancel_at is not None

    def discount_ids(self) -> list[str]:
        """Discounts in force in array order: items first, then the group, without once coupons."""
        named = [found for item in self.items for found in item.discounts]
        return list(dict.fromkeys([*named, *self.group]))


def standing_of(state: State, at: int, book: Book, windows: Sequence[OnceWindow] = ()) -> Standing:
    """What of a state is in force at a moment (M16, M20, M21, M31)."""

    def in_force(found: str) -> bool:
        known = book.discount(found)
        return known is None or not (known.is_once or known.ended_by(at))

    items = tuple(
        Item(
            item.id,
            item.price,
            _quantity(item, book),
            tuple(found for found in item.discounts if in_force(found)),
        )
        for item in state.items
    )
    # M16: a subscription's own discounts replace the customer's, they do not add to it.
    group = tuple(found for found in state.own_discounts if in_force(found))
    if not group and state.customer_discount and in_force(state.customer_discount):
        group = (state.customer_discount,)
    is_paused = state.pause is not None and (state.resumes_at is None or state.resumes_at > at)
    once: dict[str, list[str]] = {}
    for window in windows:
        if window.start <= at < window.end:
            once.setdefault(window.discount, []).append(window.item)
    return Standing(
        currency=state.currency,
        status=state.status,
        items=items,
        group=group,
        once=tuple((found, tuple(sorted(set(ids)))) for found, ids in sorted(once.items())),
        pause=state.pause if is_paused else None,
        cancel_at_period_end=state.cancel_at_period_end,
        cancel_at=state.cancel_at,
        is_requested=state.cancel_at_period_end
        or (state.cancel_at is not None and state.cancel_reason == "cancellation_requested"),
        trial_end=state.trial_end,
    )


def next_boundary(
    state: State, after: int, book: Book, windows: Sequence[OnceWindow]
) -> int | None:
    """The next moment at which something ends without any event (M31)."""
    if state.has_ended:
        return None
    ends = [window.end for window in windows]
    if state.pause is not None and state.resumes_at is not None:
        ends.append(state.resumes_at)
    for found in state.discount_ids():
        known = book.discount(found)
        if known is not None and known.end is not None and not known.is_once:
            ends.append(known.end)
    return min((end for end in ends if end > after), default=None)


def _quantity(item: Item, book: Book) -> int | None:
    price = book.price(item.price)
    if price is not None and price.is_metered:
        return None  # a metered item has usage, not a quantity (M5)
    return 1 if item.quantity is None else item.quantity
