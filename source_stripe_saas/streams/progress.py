"""What has been written out in this sync -> the state that may be printed.

Only the main thread uses it, after the records in question have left: so a state never runs ahead
of its records, and a window counts only for the part that was really read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from source_stripe_saas.streams.checkpoint import CHANGES, Checkpoint, task_name, variant_name
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.position import Backfill, Position
from source_stripe_saas.streams.read_mode import (
    LATENESS_SECONDS,
    FullRead,
    IncrementalRead,
    ReadMode,
)
from source_stripe_saas.streams.skipped import SkipLog
from source_stripe_saas.streams.spans import Span, joined, missing


@dataclass
class Progress:
    """One stream's progress in one sync."""

    plan: StreamPlan
    mode: ReadMode
    position: Position
    """Where the stream stood before."""
    further_tasks: tuple[str, ...] = ()
    """Names of tasks, beside the mode's own, without which it is not complete."""
    skip_log: SkipLog = field(init=False, default_factory=SkipLog)
    """The objects that this sync lacks."""
    _backfill: Backfill = field(init=False)
    _open_tasks: set[str] = field(init=False, default_factory=set)
    _oldest_open: int | None = field(init=False, default=None)
    _reread: int | None = field(init=False)
    _reread_now: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._open_tasks.update(self.further_tasks)
        self._reread = self.position.reread
        self.skip_log.more = self.position.retries.more
        if isinstance(self.mode, FullRead):
            self._backfill = self.mode.resumed
            is_resumed = self._backfill is self.position.backfill
            if self.position.backfill is not None:
                self._oldest_open = self.position.open_since
            if is_resumed:
                self.skip_log.remember(self.position.retries.keys)
            else:
                self.skip_log.more = 0
        else:
            self._backfill = Backfill(began=0)
            if self.mode.feed is not None:
                carriers = ("", *(each.carrier for each in self.plan.carriers))
                self._open_tasks.update(task_name(CHANGES, carrier) for carrier in carriers)

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
        if checkpoint.reread_down_to is not None:
            # Of several lists, the one that came least far decides.
            self._reread_now = max(checkpoint.reread_down_to, self._reread_now)
            self._reread = self._reread_now
        self.skip_log.add(checkpoint.skipped)

    def is_complete(self) -> bool:
        """True if everything that the mode asks for has been written or skipped."""
        if self._open_tasks:
            return False
        if isinstance(self.mode, FullRead) and not self.lists_by_window():
            names = [variant_name(variant) for variant in self.plan.variants]
            return all(name in self._backfill.finished for name in names)
        return not any(self._is_missing(span) for span in spans_listed(self.mode))

    def _is_missing(self, span: Span) -> bool:
        names = [variant_name(variant) for variant in self.plan.variants]
        return any(missing(span, self._backfill.done.get(name, [])) for name in names)

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
                return self._unfinished(self.mode).blob()
            return self._finished(self.mode.watermark).blob()
        if self.is_complete():
            return self._finished(self._backfill.began - LATENESS_SECONDS).blob()
        return Position(
            None, self._oldest_open, self._backfill, retries=self.skip_log.retries()
        ).blob()

    def _finished(self, watermark: int) -> Position:
        return Position(
            watermark,
            self._oldest_open,
            knows_open=bool(self.plan.open_while),
            start=self._start(),
            retries=self.skip_log.retries(),
            reread=self._reread,
        )

    def _start(self) -> int | None:
        """From which `created` on the stream has been read."""
        if not self.lists_by_window() or self.plan.keeps_days is not None:
            return None
        if isinstance(self.mode, FullRead):
            return self.mode.span[0]
        return self.mode.unread[0] if self.mode.unread else self.position.start

    def _unfinished(self, mode: IncrementalRead) -> Position:
        """Where the stream stood; what it had left out in the past counts as far as it was read."""
        if mode.unread is None:
            return self.position
        names = [variant_name(variant) for variant in self.plan.variants]
        left = [
            span[1]
            for name in names
            for span in missing(mode.unread, self._backfill.done.get(name, []))
        ]
        start = max(left) + 1 if left else mode.unread[0]
        if start > mode.unread[1]:
            return self.position
        opened = [self.position.open_since]
        if self.position.knows_open:
            opened.append(self._oldest_open)
        log = SkipLog(more=self.skip_log.more)
        log.remember((*self.position.retries.keys, *self.skip_log.keys))
        return replace(
            self.position,
            start=start,
            open_since=min((at for at in opened if at is not None), default=None),
            retries=log.retries(),
        )


def spans_listed(mode: ReadMode) -> list[Span]:
    """The spans of `created` that a mode has windows read."""
    if isinstance(mode, FullRead):
        return [mode.span]
    return [span for span in (mode.lookback, mode.unread) if span is not None]
