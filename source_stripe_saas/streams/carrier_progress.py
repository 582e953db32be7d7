"""A stream's `Progress`, as the reading of one of its carriers needs it.

A stream such as `discounts` has no list of its own: its records are taken out of the objects of
several other streams. Each of these is read like a list of children, under the stream's one state.
"""

from __future__ import annotations

from dataclasses import dataclass

from source_stripe_saas.streams.checkpoint import CLOCKS, REREAD, task_name, variant_name
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.position import Position
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.read_mode import ReadMode
from source_stripe_saas.streams.spans import Span


@dataclass(frozen=True)
class CarrierProgress:
    """What of a stream's progress one carrier's tasks ask for."""

    whole: Progress
    plan: StreamPlan
    """The carrier's, one of those of the whole plan's `carriers`."""

    @property
    def mode(self) -> ReadMode:
        return self.whole.mode

    @property
    def position(self) -> Position:
        return self.whole.position

    @property
    def further_tasks(self) -> tuple[str, ...]:
        known = self.whole.further_tasks
        names = (CLOCKS, REREAD)
        return tuple(name for name in names if task_name(name, self.plan.carrier) in known)

    def lists_by_window(self) -> bool:
        """True: each carrier's list can be cut by `created`."""
        return True

    def to_read(self, variant: str, span: Span) -> list[Span]:
        """What of a span of the carrier's list earlier attempts have left, newest first."""
        assert not variant, "a carrier's list has no variants"
        return self.whole.to_read(variant_name((("carrier", self.plan.carrier),)), span)

    def resume_after(self, variant: str) -> tuple[str | None, bool]:
        """Nothing: its list is read by windows."""
        return None, False
