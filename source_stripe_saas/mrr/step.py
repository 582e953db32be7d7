"""One known state of a subscription on its time line, with how and how well it is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from source_stripe_saas.mrr.state import State

EVENTS, RECONSTRUCTED, CLOCK, SNAPSHOT = "events", "reconstructed", "clock", "snapshot"
EXACT, PERIOD_START, BOUNDED = "exact", "period_start", "bounded"


@dataclass(frozen=True)
class Step:
    """The state from `at` on.

    Attributes:
        at: when it is known to hold from.
        state: the whole state.
        source: where it comes from (M36).
        precision: how exact `at` is (M48), for every part of the state not in `precisions`.
        precisions: the same for single parts.
        event_id: the Stripe event that tells it.
        item_key: the identity of a change of items where no event tells it (M35).
        is_dated_by_object: whether a single change may take the time its object carries (M31).
        is_at_end: whether the subscription ends at the same moment, right after.
    """

    at: int
    state: State
    source: str
    precision: str = EXACT
    precisions: Mapping[str, str] = field(default_factory=dict)
    event_id: str | None = None
    item_key: str | None = None
    is_dated_by_object: bool = False
    is_at_end: bool = False

    def precision_of(self, part: str) -> str:
        """How exactly a change of this part is dated."""
        return self.precisions.get(part, self.precision)


def joined(at: int, anchor: State, source: str) -> Step:
    """The anchor at the horizon: what differs happened before it, an end has its own time (M47)."""
    precision = EXACT if anchor.has_ended else BOUNDED
    return Step(at, anchor, source, precision, is_dated_by_object=anchor.has_ended)
