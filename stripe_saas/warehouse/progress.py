"""The records and streams of a sync -> its progress line."""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType
from typing import TextIO

from stripe_saas.progress import ProgressLine, in_words
from stripe_saas.warehouse.listener import SyncListener

_SECONDS_BETWEEN_LINES = 10.0
"""Where the output is not a terminal."""

_TRUSTED_SHARE = 0.05
"""With less than this share done, an estimate of what is left would vary too much."""


class SyncProgress(SyncListener):
    """Counts what a sync has read; shows it inside a `with` statement."""

    def __init__(self, out: TextIO) -> None:
        """Starts the clock.

        Args:
            out: where the progress goes.
        """
        self._line = ProgressLine(out, plain_every_seconds=_SECONDS_BETWEEN_LINES)
        self._streams = 0
        self._expected: int | None = None
        self._began = time.monotonic()
        self._records: Counter[str] = Counter()
        self._ended = 0

    def __enter__(self) -> SyncProgress:
        self._line.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._line.__exit__(kind, error, traceback)

    def begin(self, streams: int, expected: int | None = None) -> None:
        """Starts the clock anew; see `SyncListener`."""
        self._streams, self._expected = streams, expected
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def record(self, stream: str) -> None:
        """Counts one."""
        self._records[stream] += 1
        if self._records[stream] % 50 == 0:  # each time would cost as much as reading
            self._line.update(self.summary())

    def remark(self, text: str) -> None:
        """Writes a line about a stream."""
        self._line.write(f"  {text}")

    def stream_ended(self, stream: str, problem: str | None) -> None:
        """Writes a line: the stream was read, or why not."""
        self._ended += 1
        count = f"{self._records[stream]:,} records"
        self._line.write(
            f"  {stream:<30}{count:>18}" + (f"  incomplete: {problem}" if problem else "")
        )
        self._line.update(self.summary())

    def summary(self) -> str:
        """How far it is, without the time taken."""
        seconds, records = self.seconds, self._records.total()
        rate = f"{records / seconds:,.0f}/s" if seconds > 1 else ""
        parts = [
            f"{self._ended} of {self._streams} streams",
            f"{records:,} records",
            rate,
            self._left(seconds, records),
        ]
        return "  ".join(part for part in parts if part)

    def _left(self, seconds: float, records: int) -> str:
        if not self._expected or not self._expected * _TRUSTED_SHARE < records < self._expected:
            return ""
        return f"about {in_words(seconds * (self._expected - records) / records)} left"
