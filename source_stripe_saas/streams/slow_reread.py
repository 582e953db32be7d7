"""The past, a part in each sync -> its records as they are now, for changes that no event told of.

Option `reread_days`: everything that a list shows is read again at least once in so many days, from
the newest to the oldest, then from the beginning; each sync reads the share of the time that has
passed since the last one. A list costs a page at least and `_MOST_PAGES` at most, whatever is due.
Streams that ask parent by parent are left out: theirs would be a request for each parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from source_stripe_saas.api.listing import ListPage, ListReader
from source_stripe_saas.streams.checkpoint import REREAD, Checkpoint, variant_name
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.position import Position
from source_stripe_saas.streams.read_mode import DAY_SECONDS, IncrementalRead, ReadMode
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch

_MOST_PAGES = 25
"""Of one variant of a list, in one sync: the budget."""


def rereads(plan: StreamPlan, mode: ReadMode) -> bool:
    """True for a stream whose past can be read again by its list."""
    source = plan.parent or plan
    is_incremental = isinstance(mode, IncrementalRead)
    return is_incremental and source.created_filter and plan.call is None and not plan.keeps_days


def span_due(position: Position, floor: int, began: int, days: int) -> Span:
    """The seconds of `created` whose turn it is.

    Args:
        position: where the stream stood; its `reread` is where the last sync stopped.
        floor: nothing is older, Unix seconds.
        began: now, Unix seconds.
        days: in which everything is read again.
    """
    is_new_round = position.reread is None or position.reread <= floor
    top = began if is_new_round else min(position.reread or began, began)
    passed = max(0, began - (position.watermark or began))
    share = min(1.0, passed / (days * DAY_SECONDS))
    return max(floor, top - round(share * (began - floor))), max(floor, top)


@dataclass(frozen=True)
class SlowReread:
    """A part of a list's past, for a stream and those that it feeds."""

    reader: StreamReader
    due: Span
    floor: int
    """Nothing is older: here a round ends."""

    @property
    def label(self) -> str:
        return f"{self.reader.plan.name} again {self.due}"

    @property
    def serves(self) -> tuple[str, ...]:
        return self.reader.names

    def read(self) -> Iterator[Batch]:
        reached: list[int] = []
        for variant in self.reader.plan.variants:
            second = self.due[1]
            for number, page in enumerate(self._pages(variant), 1):
                if self.reader.is_over:
                    return
                for reader in self.reader.served:
                    yield from reader.take(page, reader.began, variant_name(variant), None)
                if page.oldest is not None:
                    second = page.oldest
                if not page.has_more:
                    second = self.floor  # a round has come to its end
                elif second <= self.due[0] or number >= _MOST_PAGES:
                    break
            reached.append(second)
        # The variant that came least far decides.
        checkpoint = Checkpoint(closed=REREAD, reread_down_to=max(reached))
        for reader in self.reader.served:
            yield reader.batch(checkpoint=checkpoint)

    def _pages(self, variant: Sequence[tuple[str, str]]) -> Iterator[ListPage]:
        plans = [reader.plan for reader in self.reader.served]
        own = next((plan for plan in plans if plan.parent is None), plans[0])
        listing = own.listing(variant, [path for plan in plans for path in plan.expand])
        return ListReader(self.reader.client, listing, lo=self.floor, hi=self.due[1]).pages()
