"""A span of `created` -> everything in it, newest first; dense windows give their older half away.

The first page tells how dense the window is. If much is left, the older half of the rest becomes a
window of its own that another thread may take, and so on, down to single seconds. A window costs
half a page on average, so small rests are not cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from source_stripe_saas.streams.progress import Step, variant_name
from source_stripe_saas.streams.records import AnyRecord
from source_stripe_saas.streams.spans import Span, halves
from source_stripe_saas.streams.work import Batch, StreamWork, Unit
from source_stripe_saas.stripe.listing import PAGE_SIZE, ListPage, ListReader
from source_stripe_saas.stripe.rows import Row, StripeObject

_PAGES_WORTH_CUTTING = 8
"""Estimated pages left from which on a window is cut in two."""

_ROWS_WITH_CALLS_WORTH_CUTTING = 20
"""The same in rows, where each of them costs a request of its own."""


@dataclass(frozen=True)
class Window:
    """One span of one variant of a list."""

    work: StreamWork
    variant: tuple[tuple[str, str], ...]
    span: Span
    updated: int
    """Goes into the records: the second from which on their content holds."""

    @property
    def label(self) -> str:
        """Stream, variant and span."""
        return f"{self.work.plan.name} {variant_name(self.variant)} {self.span}".replace("  ", " ")

    def read(self) -> Iterator[Batch]:
        """The records of the window, page by page."""
        lo, hi = self.span
        source = self.work.plan.parent or self.work.plan
        reader = ListReader(self.work.client, self.work.plan.listing(self.variant), lo=lo, hi=hi)
        for page in reader.pages():
            if self.work.failed.is_set():
                return
            oldest = min((row[source.created_field] for row in page.objects), default=lo)
            spawned: tuple[Unit, ...] = ()
            # Cutting lists the oldest second again; a crowded one would cost more than it brings,
            # and a page from within one second tells nothing of the seconds before.
            if page.has_more and 2 * reader.repeats <= PAGE_SIZE:
                given = self._to_give(page, (lo, oldest), hi)
                if given is not None:
                    lo = given.span[1] + 1
                    reader.narrow(lo)
                    spawned = (given,)
            # The oldest second of a page may go on on the next one.
            span = (oldest + 1, hi) if page.has_more else (lo, hi)
            yield from batches(self.work, page.objects, self.updated, self.variant, span, spawned)
            hi = span[0] - 1

    def _to_give(self, page: ListPage, rest: Span, hi: int) -> Window | None:
        """The older half of what is left, if it is worth a window of its own."""
        lo, oldest = rest
        # No account has objects from before it existed, so the search for them starts there.
        floor = min(max(lo, self.work.account_created), oldest)
        per_second = len(page.objects) / max(1, hi - oldest)
        rows_left = per_second * (oldest - floor)
        calls = self.work.plan.call is not None
        worth = _ROWS_WITH_CALLS_WORTH_CUTTING if calls else _PAGES_WORTH_CUTTING * PAGE_SIZE
        if rows_left < worth or oldest - floor < 2:
            return None
        older, _ = halves((floor, oldest - 1))
        return Window(self.work, self.variant, (lo, older[1]), self.updated)


def batches(
    work: StreamWork,
    rows: list[Row | StripeObject],
    updated: int,
    variant: tuple[tuple[str, str], ...],
    span: Span,
    spawned: tuple[Unit, ...] = (),
) -> Iterator[Batch]:
    """A page's objects as batches of records; the span counts with the last one.

    A parent with very many children makes more than one batch, so that memory stays flat.
    """
    plan = work.plan
    oldest_open = min((row[plan.created_field] for row in rows if plan.is_open(row)), default=None)
    if spawned:
        yield Batch(spawned=spawned)
    records: list[AnyRecord] = []
    for row in rows:
        if work.failed.is_set():
            return
        for record in work.maker.records(row, updated):
            records.append(record)
            if len(records) >= 5 * PAGE_SIZE:
                yield Batch(records)
                records = []
    yield Batch(records, Step(variant=variant_name(variant), span=span, oldest_open=oldest_open))
