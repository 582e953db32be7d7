"""Events that Stripe stopped keeping since the last sync -> an error that names the span."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from source_stripe_saas.api.refusal import EventsForgotten
from source_stripe_saas.streams.feed import day_of
from source_stripe_saas.streams.plan import EVENTS_KEPT_DAYS
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.task import Batch


@dataclass(frozen=True)
class RetentionGap:
    """Events that the stream of events lacks for good; the rest of the stream is still read."""

    name: str
    """The stream."""
    span: Span

    @property
    def label(self) -> str:
        return f"{self.name} forgotten {self.span}"

    @property
    def serves(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self) -> Iterator[Batch]:
        """No batches.

        Raises:
            EventsForgotten: always.
        """
        raise EventsForgotten(
            "events",
            f"the events from {day_of(self.span[0])} to {day_of(self.span[1])} are over "
            f"{EVENTS_KEPT_DAYS} days old, and gone",
            goes_on=True,
        )
