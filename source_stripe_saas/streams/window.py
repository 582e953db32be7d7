"""A span of `created` -> everything in it, newest first; dense windows are split.

The first page shows how dense the window is. If much is left, the older half of the rest becomes a
window of its own for another thread, and so on, down to single seconds. A window costs half a page
on average, so small rests are not split.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from source_stripe_saas.api.listing import PAGE_SIZE, Listing, ListPage, ListReader
from source_stripe_saas.api.refusal import PermissionRefused
from source_stripe_saas.streams.checkpoint import variant_name
from source_stripe_saas.streams.reader_slots import ReaderSlots
from source_stripe_saas.streams.spans import Span, halves
from source_stripe_saas.streams.stream_reader import StreamReader
from source_stripe_saas.streams.task import Batch, Task

_PAGES_WORTH_CUTTING = 8
"""Estimated pages left from which on a window is cut in two."""

_ROWS_WITH_CALLS_WORTH_CUTTING = 20
"""The same in rows, where each of them costs a request of its own."""


@dataclass
class _Forecast:
    """How many pages one reader is estimated to have left of its endpoint."""

    slots: ReaderSlots
    endpoint: str
    reported: float = 0.0

    def pages_left(self, pages: float) -> None:
        """Replaces this reader's last estimate."""
        self.slots.expect(self.endpoint, pages - self.reported)
        self.reported = pages


@dataclass(frozen=True)
class Window:
    """One span of one variant of a list."""

    reader: StreamReader
    variant: tuple[tuple[str, str], ...]
    span: Span
    updated: int
    """Goes into the records: the second from which on their content holds."""
    promised_pages: float | None = None
    """What the window that it was split from expects in it, and has counted already."""

    @property
    def label(self) -> str:
        return f"{self.reader.plan.name} {variant_name(self.variant)} {self.span}".replace(
            "  ", " "
        )

    @property
    def serves(self) -> tuple[str, ...]:
        """The stream and those that it feeds."""
        return self.reader.names

    def read(self) -> Iterator[Batch]:
        """The records of the window, page by page."""
        lo, hi = self.span
        source = self.reader.plan.parent or self.reader.plan
        walk = ListReader(self.reader.client, self._listing(), lo=lo, hi=hi)
        if self.promised_pages is None:
            self.reader.slots.acquire(source.endpoint)
        forecast = _Forecast(self.reader.slots, source.endpoint, self.promised_pages or 0.0)
        try:
            yield from self._read(walk, forecast)
        except PermissionRefused:
            # What another stream needs of the objects may be the one thing that is not allowed.
            if not self.reader.fed:
                raise
            yield self.reader.batch(spawned=self._apart())
        finally:
            forecast.pages_left(0.0)
            self.reader.slots.release(source.endpoint)

    def _listing(self) -> Listing:
        """The list, with what all streams need of its objects."""
        plans = [reader.plan for reader in self.reader.served]
        # The objects' own stream asks for the list in a form that need not be decoded.
        own = next((plan for plan in plans if plan.parent is None), plans[0])
        return own.listing(self.variant, [path for plan in plans for path in plan.expand])

    def _apart(self) -> tuple[Window, ...]:
        """The same window for each stream by itself."""
        return tuple(
            replace(self, reader=reader.alone(), promised_pages=None)
            for reader in self.reader.served
        )

    def _read(self, walk: ListReader, forecast: _Forecast) -> Iterator[Batch]:
        lo, hi = self.span
        source = self.reader.plan.parent or self.reader.plan
        for page in walk.pages():
            if self.reader.is_over:
                return
            # Where no object of a page says when it was created, nothing is known of its seconds.
            oldest = page.oldest if page.oldest is not None else hi if page.has_more else lo
            spawned: tuple[Task, ...] = ()
            # Cutting lists the oldest second again; a crowded one would cost more than it brings,
            # and a page from within one second says nothing of the seconds before.
            if page.has_more and page.oldest is not None and 2 * walk.repeats <= PAGE_SIZE:
                rows_left = self._rows_left(page, (lo, oldest), hi)
                forecast.pages_left(rows_left / PAGE_SIZE)
                given = self._split_off(rows_left, (lo, oldest))
                if given is not None:
                    self.reader.slots.acquire(source.endpoint)
                    # What was split off stays in the sum, as the other window's.
                    forecast.reported = rows_left / PAGE_SIZE / 2
                    lo = given.span[1] + 1
                    walk.narrow(lo)
                    spawned = (given,)
            # The oldest second of a page may go on on the next one.
            span = (oldest + 1, hi) if page.has_more else (lo, hi)
            if spawned:
                yield self.reader.batch(spawned=spawned)
            for reader in self.reader.served:
                yield from reader.take(page, self.updated, variant_name(self.variant), span)
            hi = span[0] - 1

    def _floor(self, rest: Span) -> int:
        # No account has objects from before it existed, so the search for them starts there.
        return min(max(rest[0], self.reader.account_created), rest[1])

    def _rows_left(self, page: ListPage, rest: Span, hi: int) -> float:
        """How many objects are left if they lie as dense as on this page."""
        per_second = len(page.objects) / max(1, hi - rest[1])
        return per_second * (rest[1] - self._floor(rest))

    def _split_off(self, rows_left: float, rest: Span) -> Window | None:
        """The older half of what is left, if it is large enough for a window of its own."""
        lo, oldest = rest
        floor = self._floor(rest)
        calls = self.reader.plan.call is not None
        fewest = _ROWS_WITH_CALLS_WORTH_CUTTING if calls else _PAGES_WORTH_CUTTING * PAGE_SIZE
        if rows_left < fewest or oldest - floor < 2:
            return None
        source = self.reader.plan.parent or self.reader.plan
        if not self.reader.slots.has_room(source.endpoint):
            return None
        older, _ = halves((floor, oldest - 1))
        promised = rows_left / PAGE_SIZE / 2
        return replace(self, span=(lo, older[1]), promised_pages=promised)
