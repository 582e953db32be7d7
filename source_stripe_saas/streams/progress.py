"""What has been written out in this sync -> the state that may be printed.

Only the main thread uses it, after the records in question have left: so a state never runs ahead
of its records, and a window counts only for the part that was really read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from source_stripe_saas.streams.checkpoint import CHANGES, Checkpoint, variant_name
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.position import Backfill, Position
from source_stripe_saas.streams.read_mode import (
    LATENESS_SECONDS,
    FullRead,
    IncrementalRead,
    ReadMode,
)
from source_stripe_saas.streams.spans import Span, joined, missing


@dataclass
class Progress:
    """One stream's progress in one sync."""

    plan: StreamPlan
    mode: ReadMode
    position: Position
    """Where the stream stood before."""
    _backfill: Backfill = field(init=False)
    _open_tasks: set[str] = field(init=False, default_factory=set)
    _oldest_open: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if isinstance(self.mode, FullRead):
            self._backfill = self.mode.resumed
            if self.position.backfill is not None:
                self._oldest_open = self.position.open_since
        else:
            self._backfill = Backfill(began=0)
            if self.mode.feed is not None:
                self._open_tasks.add(CHANGES)

    @property
    def seconds_between_states(self) -> float:
        """0: the engine's own pause is enough."""
        return 0.0

    def apply(self, checkpoint: Checkpoint) -> None:
        """Records that the records of a checkpoint have been written."""
        backfill = self._backfill
        if checkpoint.span is not None:
            backfill.done[checkpoint.variant] = joined(
                [*backfill.done.get(checkpoint.variant, []), checkpoint.span]
            )
        if checkpoint.after is not None:
            backfill.after[checkpoint.variant] = checkpoint.after
        if checkpoint.finished:
            backfill.finished.append(checkpoint.variant)
            backfill.after.pop(checkpoint.variant, None)
        self._open_tasks.update(checkpoint.opened)
        if checkpoint.closed is not None:
            self._open_tasks.discard(checkpoint.closed)
        if checkpoint.oldest_open is not None:
            self._oldest_open = min(
                checkpoint.oldest_open, self._oldest_open or checkpoint.oldest_open
            )

    def is_complete(self) -> bool:
        """True if everything that the mode asks for has been written."""
        if self._open_tasks:
            return False
        span = self.mode.span if isinstance(self.mode, FullRead) else self.mode.lookback
        if span is None:
            return True
        names = [variant_name(variant) for variant in self.plan.variants]
        if isinstance(self.mode, FullRead) and not self.lists_by_window():
            return all(name in self._backfill.finished for name in names)
        return not any(missing(span, self._backfill.done.get(name, [])) for name in names)

    def is_new_backfill(self) -> bool:
        """True for a first read that no state has recorded yet."""
        return (
            self.plan.is_incremental
            and isinstance(self.mode, FullRead)
            and self.mode.resumed is not self.position.backfill
        )

    def lists_by_window(self) -> bool:
        """True if what is listed can be cut by `created`."""
        source = self.plan.parent or self.plan
        return source.created_filter and not source.single

    def to_read(self, variant: str, span: Span) -> list[Span]:
        """What of a span earlier attempts have left, newest first."""
        return missing(span, self._backfill.done.get(variant, []))

    def resume_after(self, variant: str) -> tuple[str | None, bool]:
        """For lists without windows: (id to go on after, whether the list is finished)."""
        return self._backfill.after.get(variant), variant in self._backfill.finished

    def blob(self) -> dict[str, Any]:
        """The state that is true at this moment."""
        if isinstance(self.mode, IncrementalRead):
            if not self.is_complete():
                return self.position.blob()
            return Position(self.mode.watermark, self._oldest_open).blob()
        if self.is_complete():
            began = self._backfill.began
            return Position(began - LATENESS_SECONDS, self._oldest_open).blob()
        return Position(None, self._oldest_open, self._backfill).blob()
