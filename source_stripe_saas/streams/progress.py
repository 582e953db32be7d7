"""What has been written out in this sync -> the state that may be printed.

Only the main thread uses it, after the records in question have left: so a state never runs ahead
of its records, and a window counts only for the part that was really read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.position import Backfill, Position
from source_stripe_saas.streams.route import LATENESS_SECONDS, Follow, ReadAll, Route
from source_stripe_saas.streams.spans import Span, joined, missing

CHANGES = "changes"
"""Name of the unit of work that reads the change feed."""


@dataclass(frozen=True)
class Step:
    """What is done once the records that come with it have been written."""

    variant: str = ""
    span: Span | None = None
    """Seconds of `created` read to the end."""
    after: str | None = None
    """Last id written of a list without a `created` filter."""
    finished: bool = False
    """... and whether that was its end."""
    opened: tuple[str, ...] = ()
    """Units of work that this step adds."""
    closed: str | None = None
    """The unit of work that this step ends."""
    oldest_open: int | None = None
    """`created` of the oldest object among the records that may change silently."""


def variant_name(variant: tuple[tuple[str, str], ...]) -> str:
    """The name under which a variant's progress is kept."""
    return "&".join(f"{name}={value}" for name, value in variant)


@dataclass
class Progress:
    """One stream's progress in one sync."""

    plan: StreamPlan
    route: Route
    position: Position
    """Where the stream stood before."""
    _work: Backfill = field(init=False)
    _open_units: set[str] = field(init=False, default_factory=set)
    _oldest_open: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if isinstance(self.route, ReadAll):
            self._work = self.route.resumed
            if self.position.backfill is not None:
                self._oldest_open = self.position.open_since
        else:
            self._work = Backfill(began=0)
            if self.route.feed is not None:
                self._open_units.add(CHANGES)

    @property
    def seconds_between_states(self) -> float:
        """As often as the engine likes."""
        return 0.0

    def apply(self, step: Step) -> None:
        """Takes note that the records of a step have been written."""
        work = self._work
        if step.span is not None:
            work.done[step.variant] = joined([*work.done.get(step.variant, []), step.span])
        if step.after is not None:
            work.after[step.variant] = step.after
        if step.finished:
            work.finished.append(step.variant)
            work.after.pop(step.variant, None)
        self._open_units.update(step.opened)
        if step.closed is not None:
            self._open_units.discard(step.closed)
        if step.oldest_open is not None:
            self._oldest_open = min(step.oldest_open, self._oldest_open or step.oldest_open)

    def is_complete(self) -> bool:
        """True if everything that the route asks for has been written."""
        if self._open_units:
            return False
        span = self.route.span if isinstance(self.route, ReadAll) else self.route.lookback
        if span is None:
            return True
        names = [variant_name(variant) for variant in self.plan.variants]
        if isinstance(self.route, ReadAll) and not self.lists_by_window():
            return all(name in self._work.finished for name in names)
        return not any(missing(span, self._work.done.get(name, [])) for name in names)

    def is_new_backfill(self) -> bool:
        """True for a first read that no state tells of yet."""
        return (
            self.plan.is_incremental
            and isinstance(self.route, ReadAll)
            and self.route.resumed is not self.position.backfill
        )

    def lists_by_window(self) -> bool:
        """True if what is listed can be cut by `created`."""
        source = self.plan.parent or self.plan
        return source.created_filter and not source.single

    def to_read(self, variant: str, span: Span) -> list[Span]:
        """What of a span earlier attempts have left, newest first."""
        return missing(span, self._work.done.get(variant, []))

    def resume_after(self, variant: str) -> tuple[str | None, bool]:
        """For lists without windows: (id to go on after, whether the list is finished)."""
        return self._work.after.get(variant), variant in self._work.finished

    def blob(self) -> dict[str, Any]:
        """The state that is true at this moment."""
        if isinstance(self.route, Follow):
            if not self.is_complete():
                return self.position.blob()
            return Position(self.route.covered_until, self._oldest_open).blob()
        if self.is_complete():
            began = self._work.began
            return Position(began - LATENESS_SECONDS, self._oldest_open).blob()
        return Position(None, self._oldest_open, self._work).blob()
